//! What a write means to answers that were kept.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::Resource;
use crate::events::Effects;
use crate::http::cache_tags::CacheTag;

/// The effects of a change of a resource: from its state before, if there was one, and after, unless it is deleted.
pub(super) fn of_change<R: Resource>(id: Uuid, old: Option<&R>, new: Option<&R>) -> Effects {
    let mut tags = BTreeSet::from([CacheTag::of_id(id)]);
    let is_public = |resource: &&R| !resource.is_private();
    for resource in [old, new].into_iter().flatten().filter(is_public) {
        let Some(affected) = resource.affected_tags() else {
            return Effects::default();
        };
        tags.extend(affected);
    }
    Effects {
        tags: Some(tags.into_iter().map(CacheTag::as_i64).collect()),
        // Past or to come: the database's clock decides.
        moments: new.filter(is_public).map(R::moments).unwrap_or_default(),
    }
}

/// The effects of a change that another resource brought about: whatever its lists are.
pub(super) fn of_cascade(name: &'static str, id: Uuid) -> Effects {
    let tags = [
        CacheTag::of_id(id),
        CacheTag::of_kind(name),
        CacheTag::of_filtered(name),
    ];
    Effects {
        tags: Some(tags.map(CacheTag::as_i64).to_vec()),
        moments: Vec::new(),
    }
}
