//! The log of changes: one row for every committed write, inserted in the transaction of the write.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::schema::events;

crate::text_enum! {
    /// The kind of a change.
    Action {
        Created = "created",
        Updated = "updated",
        /// Moved to the trash.
        Deleted = "deleted",
        /// Taken out of the trash.
        Restored = "restored",
    }
}

/// One change of a resource.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// The kind of resource.
    pub resource: &'static str,
    pub id: Uuid,
    /// The new version.
    pub version: i32,
    pub action: Action,
}

/// Records a change in the transaction that makes it. `key_id` is the caller's API key, if a caller with one made the change.
pub async fn record(
    conn: &mut AsyncPgConnection,
    change: Change,
    key_id: Option<Uuid>,
) -> QueryResult<()> {
    diesel::insert_into(events::table)
        .values((
            events::resource.eq(change.resource),
            events::resource_id.eq(change.id),
            events::version.eq(change.version),
            events::action.eq(change.action),
            events::key_id.eq(key_id),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
