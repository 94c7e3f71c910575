//! Locks of writes, in the order in which all take them: siblings, then the row, then a free id.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::read::find_id;
use super::{Resource, Write};
use crate::db::{Fragment, Statement, advisory_lock};
use crate::http::id_or_slug::ResourcePath;
use crate::problem::Problem;

/// A row that the transaction has locked.
#[derive(Clone, Copy, Debug)]
pub struct Locked {
    pub version: i32,
    /// Whether it is in the trash.
    pub is_deleted: bool,
    pub updated_at: DateTime<Utc>,
}

/// Locks a row, deleted or not, until the transaction ends.
pub async fn lock_row(
    conn: &mut AsyncPgConnection,
    table: &'static str,
    id: Uuid,
) -> QueryResult<Option<Locked>> {
    let sql = Fragment::new("SELECT version, deleted_at IS NOT NULL, updated_at FROM ")
        .sql(table)
        .sql(" WHERE id = ")
        .id(id)
        .sql(" FOR NO KEY UPDATE");
    let row: Option<(i32, bool, DateTime<Utc>)> =
        Statement::<(Integer, Bool, Timestamptz)>::new(sql)
            .get_result(conn)
            .await
            .optional()?;
    Ok(row.map(|(version, is_deleted, updated_at)| Locked {
        version,
        is_deleted,
        updated_at,
    }))
}

/// The live row at a path, locked for a write. A slug is looked up first: if it changes hands meanwhile, the row that had it
/// is written.
pub(super) async fn find_and_lock<R: Resource>(
    conn: &mut AsyncPgConnection,
    path: &ResourcePath,
    write: Write<'_, R>,
) -> Result<(Uuid, Locked), Problem> {
    let id = find_id::<R>(conn, path).await?;
    if R::affects_siblings(conn, id, write).await? {
        lock_siblings::<R>(conn).await?;
    }
    let locked = R::lock(conn, id).await?;
    let live = locked.filter(|locked| !locked.is_deleted);
    Ok((id, live.ok_or(Problem::NotFound)?))
}

/// Serialises writes that change other rows of the table, until the transaction ends.
pub(super) async fn lock_siblings<R: Resource>(conn: &mut AsyncPgConnection) -> QueryResult<()> {
    advisory_lock::lock_in_transaction(conn, R::SIBLING_LOCK).await
}

/// Locks the row with this id or, if there is none, serialises concurrent PUTs to the same unused id: the second one replaces
/// what the first one created.
pub(super) async fn lock_row_or_id<R: Resource>(
    conn: &mut AsyncPgConnection,
    id: Uuid,
) -> QueryResult<Option<Locked>> {
    if let Some(locked) = R::lock(conn, id).await? {
        return Ok(Some(locked));
    }
    advisory_lock::lock_in_transaction(conn, &format!("id:{id}")).await?;
    R::lock(conn, id).await
}
