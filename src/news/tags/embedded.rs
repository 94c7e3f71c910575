//! Tags embedded in other resources, selected as records in the same statement.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::sql_types::{Jsonb, Record, Text, Uuid as SqlUuid};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::Json;
use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::http::locale::LanguagePreference;
use crate::news::content::crud::Resource;
use crate::news::content::names::{self, Names};

use super::{Tag, TagKind};

/// A tag, embedded in another resource.
#[derive(Clone, Debug, Serialize, ToSchema, FromSqlRow)]
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

/// A tag as it is selected.
pub type TagRecord = Record<(SqlUuid, Text, Text, Text, Jsonb)>;

impl FromSql<TagRecord, Pg> for TagRef {
    fn from_sql(record: PgValue<'_>) -> deserialize::Result<Self> {
        let (id, slug, name, kind, Json(names)) = FromSql::<TagRecord, Pg>::from_sql(record)?;
        Ok(Self {
            id,
            slug,
            name,
            kind,
            names,
        })
    }
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
