//! The log of changes: one row for every committed write, inserted in the transaction of the write; and its follower.

pub mod follow;
mod log_reader;
pub mod retention;
pub mod settings;
mod snapshot;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use uuid::Uuid;

use crate::db::Fragment;
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

/// The statement that records a change, in the transaction that makes it. `public_effect` is an expression of a
/// [`PublicEffect`] or of null.
pub fn insert(change: Change, public_effect: Fragment, effects: &Effects) -> Fragment {
    Fragment::default().query(diesel::insert_into(events::table).values((
        events::resource.eq(change.resource),
        events::resource_id.eq(change.id),
        events::version.eq(change.version),
        events::action.eq(change.action),
        events::effect.eq(public_effect.typed::<Nullable<Text>>()),
        events::tags.eq(effects.tags.clone()),
        events::moments.eq(effects.moments.clone()),
    )))
}
