//! Replacing a resource, or creating it under an id of the client's, from a `PUT`.

use std::borrow::Borrow;

use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use super::constraints::constraint_problem;
use super::lock::{lock_row_or_id, lock_siblings};
use super::read::find_id;
use super::write::{check_preconditions, parse_new, save};
use super::{Resource, Write};
use crate::access::extractors::Editor;
use crate::db::{Database, pool};
use crate::http::id_or_slug::ResourcePath;
use crate::http::json_body::{Body, JSON};
use crate::http::preconditions::Preconditions;
use crate::http::resource_response::ResourceResponse;
use crate::problem::{OnConstraint, Problem};

/// Replaces the resource at a path, or creates it if its id is unused.
pub async fn replace<R: Resource>(
    db: &Database,
    preparer: &R::Preparer,
    editor: &Editor,
    path: &ResourcePath,
    preconditions: &Preconditions,
    body: Body,
) -> Result<ResourceResponse<R>, Problem> {
    let body = body.at_most(R::MAX_BODY);
    let (new, _) = body.read_as(JSON, parse_new::<R>).await?;
    let mut new = R::prepare(db, preparer, new).await?;
    let put = Put {
        editor,
        path,
        preconditions,
    };
    let mut conn = db.connection().await?;
    let mut siblings_first = false;
    loop {
        match put.attempt::<R>(&mut conn, new, siblings_first).await? {
            ReplaceAttempt::Saved(response) => return Ok(response),
            ReplaceAttempt::SiblingsAffected(unsaved) => new = unsaved,
        }
        siblings_first = true;
    }
}

struct Put<'a> {
    editor: &'a Editor,
    path: &'a ResourcePath,
    preconditions: &'a Preconditions,
}

enum ReplaceAttempt<R: Resource> {
    Saved(ResourceResponse<R>),
    /// A concurrent write made this one change siblings too: it has to lock them before the row, in a new transaction.
    SiblingsAffected(R::Prepared),
}

impl Put<'_> {
    async fn attempt<R: Resource>(
        &self,
        conn: &mut pool::Connection,
        new: R::Prepared,
        siblings_first: bool,
    ) -> Result<ReplaceAttempt<R>, Problem> {
        conn.write(async |conn| {
            let id = self.find_id::<R>(conn).await?;
            let put = || Write::<R>::Put(new.borrow());
            let siblings_locked = siblings_first || R::affects_siblings(conn, id, put()).await?;
            if siblings_locked {
                lock_siblings::<R>(conn).await?;
            }
            let locked = lock_row_or_id::<R>(conn, id).await?;
            if !siblings_locked && R::affects_siblings(conn, id, put()).await? {
                return Ok(ReplaceAttempt::SiblingsAffected(new));
            }
            let live = locked.filter(|locked| !locked.is_deleted);
            check_preconditions::<R>(conn, self.preconditions, id, live).await?;
            let response = save::<R>(conn, self.editor, id, locked, new).await?;
            Ok(ReplaceAttempt::Saved(response))
        })
        .await
        .on_constraint(constraint_problem::<R>)
    }

    /// The id to write: only an id can be chosen by a client, a slug has to exist.
    async fn find_id<R: Resource>(&self, conn: &mut AsyncPgConnection) -> Result<Uuid, Problem> {
        let id = match find_id::<R>(conn, self.path).await {
            Err(Problem::NotFound) => self.path.id().ok_or(Problem::NotFound)?,
            id => id?,
        };
        match id.is_nil() || id.is_max() {
            true => Err(Problem::NotFound),
            false => Ok(id),
        }
    }
}
