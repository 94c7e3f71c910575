//! The one log of changes: a row for every committed write, in the write's own transaction.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::access::audit::{self, By};
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

/// One change of a resource.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// What kind of resource.
    pub resource: &'static str,
    pub id: Uuid,
    /// The version that it has now.
    pub version: i32,
    pub action: Action,
}

/// Notes a change, and who made it: nobody's key where the program did it by itself. To be called in the transaction that
/// makes it.
pub async fn record(
    conn: &mut AsyncPgConnection,
    change: Change,
    by: Option<&By>,
) -> QueryResult<()> {
    diesel::insert_into(events::table)
        .values((
            events::resource.eq(change.resource),
            events::resource_id.eq(change.id),
            events::version.eq(change.version),
            events::action.eq(change.action),
            events::key_id.eq(by.and_then(|by| by.caller.key_id)),
        ))
        .execute(conn)
        .await?;
    match by {
        Some(by) => audit::done(conn, change, by).await,
        None => Ok(()),
    }
}
