//! Tags embedded in other resources, selected as JSON in the same statement.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::http::locale::LanguagePreference;
use crate::news::content::crud::Resource;
use crate::news::content::names::{self, Names};

use super::{Tag, TagKind};

/// A tag, embedded in another resource.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TagRef {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub kind: TagKind,
    /// Its name by language, including the first.
    #[serde(skip_serializing)]
    #[schema(ignore)]
    names: Names,
}

impl TagRef {
    /// Translates its name into the preferred language.
    pub fn localize(&mut self, locale: &LanguagePreference) {
        names::localize_embedded(&mut self.name, &self.names, locale);
    }
}

impl CacheTagged for TagRef {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        cache_tags.one(Tag::NAME, self.id);
    }
}
