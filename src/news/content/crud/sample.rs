//! Writes of the sample content, without a request.

use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use super::Resource;
use super::read::existing;
use super::write::record;
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
    R::insert(conn, id, new).await?;
    record::<R>(conn, id, 1, Action::Created, None).await?;
    existing::<R>(conn, id).await
}

/// Replaces a resource.
pub async fn rewrite<R: Resource>(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    mut new: R::New,
) -> Result<(), Problem> {
    R::validate(&mut new).map_err(Problem::Invalid)?;
    R::update(conn, id, new.into()).await?;
    let version = existing::<R>(conn, id).await?.version();
    record::<R>(conn, id, version, Action::Updated, None).await
}
