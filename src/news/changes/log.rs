//! Reads the log of changes from a place on.

use chrono::{DateTime, Utc};
use diesel::sql_types::{
    BigInt, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_64;

use super::ResourceKind;
use super::selection::Facets;
use crate::db::{Fragment, Statement};
use crate::events::position::{Position, shown_by};
use crate::events::snapshot::Snapshot;
use crate::events::{Action, PublicEffect};
use crate::problem::Problem;

/// One change, as the log has it.
#[derive(Clone, Debug)]
pub struct Entry {
    pub xid: u64,
    pub id: i64,
    pub kind: ResourceKind,
    pub resource_id: Uuid,
    pub version: i32,
    pub action: Action,
    pub effect: Option<PublicEffect>,
    pub early_effect: Option<PublicEffect>,
    /// The properties of content before the change.
    pub previous: Option<Facets>,
    pub at: DateTime<Utc>,
    /// Whether its transaction began after the one that reads it, which has an older `now()` than its snapshot: what it published
    /// is not yet visible there. Not where the clock was set back.
    pub is_ahead: bool,
}

/// The log as the database shows it now.
#[derive(Clone, Debug)]
pub struct Head {
    pub at: DateTime<Utc>,
    pub log: u32,
    pub now: Snapshot,
    /// The latest transaction whose events were removed.
    pub cleared: u64,
}

impl Head {
    /// The place where everything is read.
    pub fn position(&self) -> Position {
        Position::at(self.log, self.now.clone())
    }

    pub fn can_resume(&self, position: &Position) -> bool {
        position.can_be_resumed(self.log, &self.now, self.cleared)
    }
}

type HeadColumns = (Text, Text, Text, Timestamptz);
type EntryColumns = (
    Text,
    BigInt,
    Text,
    SqlUuid,
    Integer,
    Text,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Jsonb>,
    Timestamptz,
    Bool,
);
type EntryRow = (
    String,
    i64,
    String,
    Uuid,
    i32,
    Action,
    Option<PublicEffect>,
    Option<PublicEffect>,
    Option<Value>,
    DateTime<Utc>,
    bool,
);

/// The log now.
pub async fn head(conn: &mut AsyncPgConnection) -> Result<Head, Problem> {
    let sql = Fragment::new(
        "SELECT pg_current_snapshot()::text, id::text || left(pg_walfile_name(pg_current_wal_lsn()), 8), cleared::text, \
         clock_timestamp() FROM change_log",
    );
    let (now, log, cleared, at): (String, String, String, DateTime<Utc>) =
        Statement::<HeadColumns>::new(sql).get_result(conn).await?;
    Ok(Head {
        at,
        // The identity of the database and of its history, which is another after a failover: half a hash of both.
        log: u32::try_from(xxh3_64(log.as_bytes()) >> 32).unwrap_or_default(),
        now: now.parse().map_err(Problem::internal)?,
        cleared: cleared.parse().map_err(Problem::internal)?,
    })
}

/// Up to `limit` entries that follow a place, as far as `until` shows them.
pub(super) async fn entries(
    conn: &mut AsyncPgConnection,
    position: &Position,
    until: &Snapshot,
    limit: usize,
) -> Result<Vec<Entry>, Problem> {
    // Planned anew: how much follows depends on the values.
    let sql = Fragment::new(
        "SELECT xid::text, id, resource, resource_id, version, action, effect, early_effect, previous, at, \
         at > now() AND at <= clock_timestamp() FROM events WHERE ",
    )
    .append(&position.unread())
    .sql(" AND ")
    .append(&shown_by(until))
    .sql(" ORDER BY events.xid, events.id LIMIT ")
    .number(limit)
    .uncached();
    let rows: Vec<EntryRow> = Statement::<EntryColumns>::new(sql).load(conn).await?;
    rows.into_iter().map(entry).collect()
}

fn entry(row: EntryRow) -> Result<Entry, Problem> {
    let (xid, id, kind, resource_id, version, action, effect, early_effect, previous, at, is_ahead) =
        row;
    Ok(Entry {
        xid: xid.parse().map_err(Problem::internal)?,
        id,
        kind: kind.parse().map_err(Problem::internal)?,
        resource_id,
        version,
        action,
        effect,
        early_effect,
        previous: previous
            .map(serde_json::from_value)
            .transpose()
            .map_err(Problem::internal)?,
        at,
        is_ahead,
    })
}

#[cfg(test)]
impl Entry {
    pub fn with_effect(effect: Option<PublicEffect>) -> Self {
        Self {
            xid: 1,
            id: 1,
            kind: ResourceKind::Headline,
            resource_id: Uuid::nil(),
            version: 1,
            action: Action::Updated,
            effect,
            early_effect: effect,
            previous: None,
            at: DateTime::<Utc>::UNIX_EPOCH,
            is_ahead: false,
        }
    }
}
