//! The parts that every write is made of: bodies, preconditions, scopes, the row itself.

use diesel_async::AsyncPgConnection;
use serde_json::{Map, Value};
use uuid::Uuid;

use std::borrow::Borrow;

use super::lock::Locked;
use super::read::{existing, unlocalized};
use super::record::{record, record_cascaded};
use super::{Resource, effects};
use crate::access::extractors::Editor;
use crate::events::{Action, Change};
use crate::http::preconditions::{PreconditionFailure, Preconditions, Version};
use crate::http::resource_response::ResourceResponse;
use crate::http::schema::Patch;
use crate::http::validation::SchemaValidator;
use crate::problem::Problem;

/// Parses and validates the body of a new resource.
pub(super) fn parse_new<R: Resource>(document: Value) -> Result<R::New, Problem> {
    let mut new = SchemaValidator::of_written::<R::New, R>().read(document)?;
    R::validate(&mut new).map_err(Problem::Invalid)?;
    Ok(new)
}

/// Checks the body of a patch.
pub(super) fn parse_patch<R: Resource>(mut patch: Value) -> Result<Map<String, Value>, Problem> {
    SchemaValidator::of_written::<Patch<R::New>, R>().check(&mut patch)?;
    Ok(match patch {
        Value::Object(patch) => patch,
        _ => Map::new(),
    })
}

/// Checks the preconditions of a request. The row is locked, so they hold until the transaction ends.
pub(super) async fn check_preconditions<R: Resource>(
    conn: &mut AsyncPgConnection,
    preconditions: &Preconditions,
    id: Uuid,
    live: Option<Locked>,
) -> Result<(), Problem> {
    let current = live.map(|locked| (Version::of(id, locked.version), locked.updated_at));
    match preconditions.check(current) {
        Ok(()) => Ok(()),
        Err(failure @ PreconditionFailure::VersionMismatch) => {
            let current = unlocalized(existing::<R>(conn, id).await?);
            Err(failure.problem(Some((id, current.version(), &current))))
        }
        Err(failure) => Err(failure.problem::<R>(None)),
    }
}

/// Refuses a write that needs the scope `publish` to an editor without it.
pub(super) async fn check_scopes<R: Resource>(
    conn: &mut AsyncPgConnection,
    editor: &Editor,
    id: Uuid,
    old: Option<&R>,
    new: Option<&R::New>,
) -> Result<(), Problem> {
    if R::requires_publish_scope(old, new)
        || (old.is_some() && R::is_publicly_referenced(conn, id).await?)
    {
        editor.may_publish()?;
    }
    if let (Some(slugs), Some(slug)) = (R::SLUGS, new.and_then(R::chosen_slug)) {
        let former = slugs.former(conn, slug).await?;
        if former.is_some_and(|former| former != id) {
            editor.may_publish()?;
        }
    }
    Ok(())
}

/// Inserts, updates or restores a row, and records it.
pub(super) async fn save<R: Resource>(
    conn: &mut AsyncPgConnection,
    editor: &Editor,
    id: Uuid,
    locked: Option<Locked>,
    new: R::Prepared,
) -> Result<ResourceResponse<R>, Problem> {
    let is_live = locked.is_some_and(|locked| !locked.is_deleted);
    let old = match is_live {
        true => Some(existing::<R>(conn, id).await?),
        false => None,
    };
    check_scopes(conn, editor, id, old.as_ref(), Some(new.borrow())).await?;
    let (action, version, resource) = match locked {
        None => {
            let resource = R::insert_and_read(conn, id, new).await?;
            (Action::Created, 1, resource)
        }
        Some(locked) => {
            R::update(conn, id, new).await?;
            let action = match locked.is_deleted {
                true => Action::Restored,
                false => Action::Updated,
            };
            (action, locked.version + 1, existing::<R>(conn, id).await?)
        }
    };
    let resource = unlocalized(resource);
    let effects = effects::of_change(id, old.as_ref(), Some(&resource));
    let change = change_of::<R>(id, version, action);
    record::<R>(conn, change, &effects, Some(editor.actor())).await?;
    if locked.is_some() {
        record_cascaded::<R>(conn, editor, id).await?;
    }
    Ok(match is_live {
        true => ResourceResponse::ok(resource),
        false => ResourceResponse::created(resource),
    })
}

/// A change of a resource.
pub(super) fn change_of<R: Resource>(id: Uuid, version: i32, action: Action) -> Change {
    Change {
        resource: R::NAME,
        id,
        version,
        action,
    }
}
