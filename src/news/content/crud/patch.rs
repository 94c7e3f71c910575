//! Changing some fields of a resource, from a `PATCH`: the patched document replaces the old one.

use serde_json::{Map, Value};

use super::constraints::constraint_problem;
use super::lock::find_and_lock;
use super::read::{existing, unlocalized};
use super::write::{check_preconditions, check_scopes, parse_new, parse_patch, save};
use super::{Resource, Write};
use crate::access::extractors::Editor;
use crate::db::{Database, pool};
use crate::http::id_or_slug::ResourcePath;
use crate::http::patch_body::PatchBody;
use crate::http::preconditions::Preconditions;
use crate::http::resource_response::ResourceResponse;
use crate::http::validation::{is_no_op, merge};
use crate::problem::messages;
use crate::problem::{OnConstraint, Problem};

/// How often a patched document is prepared again because the resource changed meanwhile.
const MAX_PREPARATIONS: usize = 4;

/// Applies a merge patch to the resource at a path.
pub async fn patch<R: Resource>(
    db: &Database,
    preparer: &R::Preparer,
    editor: &Editor,
    path: &ResourcePath,
    preconditions: &Preconditions,
    body: PatchBody,
) -> Result<ResourceResponse<R>, Problem> {
    let body = body.at_most(R::MAX_BODY);
    let patch = body.read::<R::New, _>(parse_patch::<R>).await?;
    let patch = MergePatch {
        editor,
        path,
        preconditions,
        patch,
    };
    let mut prepared = None;
    for _ in 0..=MAX_PREPARATIONS {
        let conn = db.connection().await?;
        match patch.attempt::<R>(conn, prepared).await? {
            PatchAttempt::Saved(response) => return Ok(response),
            PatchAttempt::Unprepared(new) => prepared = Some(R::prepare(db, preparer, *new).await?),
        }
    }
    Err(Problem::Busy(messages::modified_concurrently()))
}

struct MergePatch<'a> {
    editor: &'a Editor,
    path: &'a ResourcePath,
    preconditions: &'a Preconditions,
    patch: Map<String, Value>,
}

enum PatchAttempt<R: Resource> {
    Saved(ResourceResponse<R>),
    /// The patched document has to be prepared first, without a connection and without locks.
    Unprepared(Box<R::New>),
}

impl MergePatch<'_> {
    async fn attempt<R: Resource>(
        &self,
        mut conn: pool::Connection,
        prepared: Option<R::Prepared>,
    ) -> Result<PatchAttempt<R>, Problem> {
        conn.write(async |conn| {
            let write = Write::<R>::Patch(&self.patch);
            let (id, locked) = find_and_lock(conn, self.path, write).await?;
            check_preconditions::<R>(conn, self.preconditions, id, Some(locked)).await?;
            let old = existing::<R>(conn, id).await?;
            // A patch without any effect needs the same scopes.
            check_scopes(conn, self.editor, id, Some(&old), None).await?;
            let Some(patched) = self.apply_to(&old)? else {
                return Ok(PatchAttempt::Saved(ResourceResponse::ok(unlocalized(old))));
            };
            let new = parse_new::<R>(Value::Object(patched))?;
            Ok(match R::reuse_prepared(&old, new, prepared) {
                Ok(new) => {
                    PatchAttempt::Saved(save::<R>(conn, self.editor, id, Some(locked), new).await?)
                }
                Err(new) => PatchAttempt::Unprepared(new),
            })
        })
        .await
        .on_constraint(constraint_problem::<R>)
    }

    /// The patched document; none if the patch changes nothing.
    fn apply_to<R: Resource>(&self, old: &R) -> Result<Option<Map<String, Value>>, Problem> {
        let before = match serde_json::to_value(old).map_err(Problem::internal)? {
            Value::Object(document) => document,
            _ => return Err(Problem::internal("a resource is not an object")),
        };
        let mut patched = before.clone();
        merge(&mut patched, self.patch.clone());
        Ok((!is_no_op(&before, &patched)).then_some(patched))
    }
}
