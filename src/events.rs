//! The one log of changes: a row for every committed write, in the write's own transaction.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::schema::events;

crate::text_enum! {
    /// What happened to a resource.
    Action {
        Created = "created",
        Updated = "updated",
        /// To the trash.
        Deleted = "deleted",
        /// Out of the trash.
        Restored = "restored",
    }
}

/// Notes a change. To be called in the transaction that makes it.
pub async fn record(
    conn: &mut AsyncPgConnection,
    resource: &'static str,
    resource_id: Uuid,
    version: i32,
    action: Action,
    key_id: Option<Uuid>,
) -> QueryResult<()> {
    diesel::insert_into(events::table)
        .values((
            events::resource.eq(resource),
            events::resource_id.eq(resource_id),
            events::version.eq(version),
            events::action.eq(action),
            events::key_id.eq(key_id),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
