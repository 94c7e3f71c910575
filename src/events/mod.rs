//! The log of changes: one row for every committed write, inserted in the transaction of the write; and its follower.

pub mod follow;
mod log_reader;
pub mod position;
pub mod retention;
pub mod settings;
pub mod snapshot;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Timestamptz};
use uuid::Uuid;

use crate::db::Fragment;

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

crate::text_enum! {
    /// What a change did to the public.
    PublicEffect {
        Published = "published",
        Updated = "updated",
        Withdrawn = "withdrawn",
        Expired = "expired",
        /// Moved to the trash.
        Deleted = "deleted",
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

/// What a change means to answers that were kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// The cache tags of the answers that it affects; none if it may affect any.
    pub tags: Option<Vec<i64>>,
    /// The moments, past or to come, at which the public sees something else without another change.
    pub moments: Vec<DateTime<Utc>>,
}

/// Where a statement finds what a change did to its readers: the columns of a row, named `changed`.
pub enum ReaderEffects {
    /// Content, whose row says so.
    OfRow(&'static str),
    /// A resource that is public while it exists.
    Same(PublicEffect),
}

/// The statement that records a change, in the transaction that makes it.
pub fn insert(change: Change, readers: &ReaderEffects, effects: &Effects) -> Fragment {
    let tags = effects.tags.clone();
    let sql = Fragment::new(
        "INSERT INTO events (resource, resource_id, version, action, tags, moments, effect, early_effect, previous) SELECT ",
    )
    .text(change.resource)
    .sql(", ")
    .id(change.id)
    .sql(", ")
    .query(change.version.into_sql::<Integer>())
    .sql(", ")
    .text(change.action.as_str())
    .sql(", ")
    .query(tags.into_sql::<Nullable<Array<BigInt>>>())
    .sql(", ")
    .query(effects.moments.clone().into_sql::<Array<Timestamptz>>());
    match readers {
        ReaderEffects::OfRow(table) => sql
            .sql(", changed.public_effect, changed.early_effect, changed.previous FROM ")
            .sql(table)
            .sql(" AS changed WHERE changed.id = ")
            .id(change.id),
        ReaderEffects::Same(effect) => sql
            .sql(", of_all.effect, of_all.effect, NULL::jsonb FROM (SELECT ")
            .text(effect.as_str())
            .sql("::text AS effect) AS of_all"),
    }
}
