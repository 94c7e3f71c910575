//! Categories embedded in other resources, selected as records in the same statement.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::sql_types::{Jsonb, Nullable, Record, Text, Uuid as SqlUuid};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::statement::Typed;
use crate::db::{Fragment, Json};
use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::http::locale::LanguagePreference;
use crate::news::content::crud::Resource;
use crate::news::content::names::{self, Names};

use super::Category;

/// A category, embedded in another resource.
#[derive(Clone, Debug, Serialize, ToSchema, FromSqlRow)]
pub struct CategoryRef {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    /// The parent category; null at the top level.
    pub parent: Option<ParentRef>,
    /// Its name by language, including the first.
    #[serde(skip_serializing)]
    #[schema(ignore)]
    names: Names,
}

/// A parent category, embedded in another resource.
#[derive(Clone, Debug, Serialize, ToSchema, FromSqlRow)]
pub struct ParentRef {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    /// Its name by language, including the first.
    #[serde(skip_serializing)]
    #[schema(ignore)]
    names: Names,
}

/// A category and its parent, as they are selected.
pub type CategoryRecord = Record<(SqlUuid, Text, Text, Jsonb, Nullable<ParentRecord>)>;
pub type ParentRecord = Record<(SqlUuid, Text, Text, Jsonb)>;

impl FromSql<CategoryRecord, Pg> for CategoryRef {
    fn from_sql(record: PgValue<'_>) -> deserialize::Result<Self> {
        type Fields = (Uuid, String, String, Json<Names>, Option<ParentRef>);
        let (id, slug, name, Json(names), parent): Fields =
            FromSql::<CategoryRecord, Pg>::from_sql(record)?;
        Ok(Self {
            id,
            slug,
            name,
            parent,
            names,
        })
    }
}

impl FromSql<ParentRecord, Pg> for ParentRef {
    fn from_sql(record: PgValue<'_>) -> deserialize::Result<Self> {
        let (id, slug, name, Json(names)): (Uuid, String, String, Json<Names>) =
            FromSql::<ParentRecord, Pg>::from_sql(record)?;
        Ok(Self {
            id,
            slug,
            name,
            names,
        })
    }
}

/// The fields of the record of a category with the alias `c`, and of its parent with the alias `p`.
const CATEGORY: &str = "c.id, c.slug, c.name, CASE WHEN c.names = '{}' THEN c.names \
    ELSE c.names || jsonb_build_object((SELECT languages[1] FROM site), c.name) END";
const PARENT: &str = "p.id, p.slug, p.name, CASE WHEN p.names = '{}' THEN p.names \
    ELSE p.names || jsonb_build_object((SELECT languages[1] FROM site), p.name) END";

impl ParentRef {
    /// A subquery for the parent whose id is in this column.
    fn subquery(column: &'static str) -> Fragment {
        Fragment::new("(SELECT ROW(")
            .sql(PARENT)
            .sql(") FROM categories AS p WHERE p.id = ")
            .sql(column)
            .sql(")")
    }

    /// The parent of the selected categories.
    pub fn of_categories() -> Typed<Nullable<ParentRecord>> {
        Self::subquery("categories.parent_id").typed()
    }

    /// Translates its name into the preferred language.
    pub fn localize(&mut self, locale: &LanguagePreference) {
        names::localize_embedded(&mut self.name, &self.names, locale);
    }
}

impl CacheTagged for ParentRef {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        cache_tags.one(Category::NAME, self.id);
    }
}

impl CategoryRef {
    /// Joins the category whose id is in this column, as `of_category.category`.
    pub fn join(column: &'static str) -> Fragment {
        Fragment::new(" LEFT JOIN LATERAL (SELECT ROW(")
            .sql(CATEGORY)
            .sql(", CASE WHEN p.id IS NOT NULL THEN ROW(")
            .sql(PARENT)
            .sql(") END) AS category FROM categories AS c LEFT JOIN categories AS p ON p.id = c.parent_id WHERE c.id = ")
            .sql(column)
            .sql(") AS of_category ON true")
    }

    /// Replaces the join if the category is not requested.
    pub fn join_nothing() -> Fragment {
        Fragment::new(" CROSS JOIN (SELECT NULL::record AS category) AS of_category")
    }

    /// Translates its name, and its parent's, into the preferred language.
    pub fn localize(&mut self, locale: &LanguagePreference) {
        names::localize_embedded(&mut self.name, &self.names, locale);
        if let Some(parent) = &mut self.parent {
            parent.localize(locale);
        }
    }
}

impl CacheTagged for CategoryRef {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        cache_tags.one(Category::NAME, self.id);
        cache_tags.extend(&self.parent);
    }
}
