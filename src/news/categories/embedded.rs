//! Categories embedded in other resources, selected as JSON in the same statement.

use diesel::sql_types::{Json as SqlJson, Nullable};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::Fragment;
use crate::db::statement::Typed;
use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::http::locale::LanguagePreference;
use crate::news::content::crud::Resource;
use crate::news::content::names::{self, Names};

use super::Category;

/// A category, embedded in another resource.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
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
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ParentRef {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    /// Its name by language, including the first.
    #[serde(skip_serializing)]
    #[schema(ignore)]
    names: Names,
}

/// The members of the JSON object of a category with the alias `c`, and of its parent with the alias `p`.
const CATEGORY: &str = "'id', c.id, 'slug', c.slug, 'name', c.name, 'names', CASE WHEN c.names = '{}' THEN c.names \
    ELSE c.names || jsonb_build_object((SELECT languages[1] FROM site), c.name) END";
const PARENT: &str = "'id', p.id, 'slug', p.slug, 'name', p.name, 'names', CASE WHEN p.names = '{}' THEN p.names \
    ELSE p.names || jsonb_build_object((SELECT languages[1] FROM site), p.name) END";

impl ParentRef {
    /// A subquery for the parent whose id is in this column.
    fn subquery(column: &'static str) -> Fragment {
        Fragment::new("(SELECT json_build_object(")
            .sql(PARENT)
            .sql(") FROM categories AS p WHERE p.id = ")
            .sql(column)
            .sql(")")
    }

    /// The parent of the selected categories.
    pub fn of_categories() -> Typed<Nullable<SqlJson>> {
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
        Fragment::new(" LEFT JOIN LATERAL (SELECT json_build_object(")
            .sql(CATEGORY)
            .sql(", 'parent', ")
            .append(&ParentRef::subquery("c.parent_id"))
            .sql(") AS category FROM categories AS c WHERE c.id = ")
            .sql(column)
            .sql(") AS of_category ON true")
    }

    /// Replaces the join if the category is not requested.
    pub fn join_nothing() -> Fragment {
        Fragment::new(" CROSS JOIN (SELECT NULL::json AS category) AS of_category")
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
