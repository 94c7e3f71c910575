//! The tree of categories. Each has a key of fixed-length hexadecimal parts, so that the descendants of a category follow it
//! in the order of keys, up to its key with `g` appended.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::Fragment;
use crate::db::statement::Typed;
use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::http::id_or_slug::IdOrSlug;
use crate::http::locale::LanguagePreference;
use crate::news::content::crud::Resource;
use crate::news::content::slug::SlugTable;
use crate::schema::category_tree;

use super::Category;

/// A category and its descendants.
#[derive(Debug, Serialize, ToSchema)]
pub struct CategoryNode {
    #[serde(flatten)]
    pub category: Category,
    /// The categories directly below it.
    #[schema(no_recursion, max_items = 1000)]
    pub children: Vec<CategoryNode>,
}

impl CategoryNode {
    /// Translates all names into the preferred language.
    pub fn localize(&mut self, locale: &LanguagePreference) {
        self.category.localize(locale);
        for child in &mut self.children {
            child.localize(locale);
        }
    }
}

impl CacheTagged for CategoryNode {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        self.category.add_cache_tags(cache_tags);
        for child in &self.children {
            child.add_cache_tags(cache_tags);
        }
    }
}

/// Nests each category in its parent. They must be in descending order of keys: the children of a category precede it.
pub fn nest(rows: Vec<Category>) -> Vec<CategoryNode> {
    let mut children_of: HashMap<Uuid, Vec<CategoryNode>> = HashMap::new();
    let mut roots = Vec::new();
    let ids: HashSet<Uuid> = rows.iter().map(|row| row.id).collect();
    for category in rows {
        let mut children = children_of.remove(&category.id).unwrap_or_default();
        children.reverse();
        let parent = category.parent_id.filter(|parent| ids.contains(parent));
        let node = CategoryNode { category, children };
        match parent {
            Some(parent) => children_of.entry(parent).or_default().push(node),
            None => roots.push(node),
        }
    }
    roots.reverse();
    roots
}

/// Joins the descendants of `root`, and `root` itself, as `below`, and begins a condition on the id of `root`.
const BELOW: &str = " JOIN categories AS below ON below.deleted_at IS NULL AND below.tree_key >= root.tree_key \
     AND below.tree_key < root.tree_key || 'g' WHERE root.deleted_at IS NULL AND root.id = ";

/// The condition that the selected category is this one or a descendant.
pub fn is_in_branch(name: &IdOrSlug) -> Typed<Bool> {
    Fragment::new("categories.id IN (SELECT below.id FROM categories AS root")
        .sql(BELOW)
        .append(&SlugTable::Categories.id_of(name))
        .sql(")")
        .typed()
}

impl Category {
    /// Selects the ids of the categories whose id equals the SQL expression and, unless `direct`, of their descendants.
    pub fn below(value: &'static str, direct: bool) -> Fragment {
        let sql = if direct {
            Fragment::new("SELECT id FROM categories WHERE deleted_at IS NULL AND id = ")
        } else {
            Fragment::new("SELECT DISTINCT below.id FROM categories AS root").sql(BELOW)
        };
        sql.sql(value)
    }
}

/// Serialises writes of categories. It comes before the lock of a row, because a move also writes the descendants.
pub async fn lock(conn: &mut AsyncPgConnection) -> QueryResult<()> {
    category_tree::table
        .select(category_tree::singleton)
        .for_update()
        .execute(conn)
        .await?;
    Ok(())
}
