//! Authors embedded in other resources, selected as records in the same statement.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::sql_types::{Jsonb, Nullable, Record, Text, Uuid as SqlUuid};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::Json;
use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::http::locale::LanguagePreference;
use crate::news::content::crud::Resource;
use crate::news::content::names::{self, Names};

use super::Author;

/// An author, embedded in another resource.
#[derive(Clone, Debug, Serialize, ToSchema, FromSqlRow)]
pub struct AuthorRef {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    /// The URL of a portrait.
    #[schema(format = "uri", max_length = 2048)]
    pub image_url: Option<String>,
    /// Its name by language, including the first.
    #[serde(skip_serializing)]
    #[schema(ignore)]
    names: Names,
}

/// An author as it is selected.
pub type AuthorRecord = Record<(SqlUuid, Text, Text, Nullable<Text>, Jsonb)>;

impl FromSql<AuthorRecord, Pg> for AuthorRef {
    fn from_sql(record: PgValue<'_>) -> deserialize::Result<Self> {
        let (id, slug, name, image_url, Json(names)) =
            FromSql::<AuthorRecord, Pg>::from_sql(record)?;
        Ok(Self {
            id,
            slug,
            name,
            image_url,
            names,
        })
    }
}

impl AuthorRef {
    /// Translates the name into the preferred language.
    pub fn localize(&mut self, locale: &LanguagePreference) {
        names::localize_embedded(&mut self.name, &self.names, locale);
    }
}

impl CacheTagged for AuthorRef {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        cache_tags.one(Author::NAME, self.id);
    }
}
