//! Writes of the sample content, without a request.

use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use super::read::existing;
use super::record::record;
use super::write::change_of;
use super::{Resource, effects};
use crate::events::Action;
use crate::problem::Problem;

/// Inserts a resource with this id.
pub async fn insert<R: Resource>(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    mut new: R::New,
    prepare: impl FnOnce(R::New) -> Result<R::Prepared, Problem>,
) -> Result<R, Problem> {
    R::validate(&mut new).map_err(Problem::Invalid)?;
    let new = prepare(new)?;
    let resource = R::insert_and_read(conn, id, new).await?;
    let effects = effects::of_change(id, None, Some(&resource));
    let change = change_of::<R>(id, 1, Action::Created);
    record::<R>(conn, change, &effects, None).await?;
    Ok(resource)
}

/// Replaces a resource.
pub async fn rewrite<R: Resource>(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    mut new: R::New,
) -> Result<(), Problem> {
    R::validate(&mut new).map_err(Problem::Invalid)?;
    let old = existing::<R>(conn, id).await?;
    R::update(conn, id, new.into()).await?;
    let new = existing::<R>(conn, id).await?;
    let effects = effects::of_change(id, Some(&old), Some(&new));
    let change = change_of::<R>(id, new.version(), Action::Updated);
    record::<R>(conn, change, &effects, None).await
}
