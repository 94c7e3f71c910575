//! The items of a list of categories, and their schema.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::http::schema::{HasFields, NamedSchema, reference};

use super::{Category, CategoryNode};

/// The maximum number of categories in a response.
const MAX_CATEGORIES: usize = 1000;

/// A category in a list: alone or, with `tree=true`, with its descendants.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum CategoryItem {
    Category(Category),
    Node(CategoryNode),
}

impl PartialSchema for CategoryItem {
    fn schema() -> RefOr<Schema> {
        Category::schema()
    }
}

impl ToSchema for CategoryItem {
    fn name() -> Cow<'static, str> {
        Category::name()
    }

    fn schemas(schemas: &mut Vec<NamedSchema>) {
        Category::schemas(schemas);
    }
}

impl HasFields for CategoryItem {
    const MAX_ITEMS: usize = Category::MAX_ITEMS;

    fn list_fields(schemas: &mut Vec<NamedSchema>) -> Vec<(&'static str, RefOr<Schema>)> {
        Category::list_fields(schemas)
    }
}

impl CacheTagged for CategoryItem {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        match self {
            Self::Category(category) => category.add_cache_tags(cache_tags),
            Self::Node(node) => node.add_cache_tags(cache_tags),
        }
    }
}

impl HasFields for Category {
    const MAX_ITEMS: usize = MAX_CATEGORIES;

    fn list_fields(schemas: &mut Vec<NamedSchema>) -> Vec<(&'static str, RefOr<Schema>)> {
        CategoryNode::schemas(schemas);
        schemas.push((CategoryNode::name().into_owned(), CategoryNode::schema()));
        let children = ArrayBuilder::new()
            .description(Some("The categories directly below it, with `tree=true`."))
            .items(reference::<CategoryNode>())
            .max_items(Some(MAX_CATEGORIES));
        vec![("children", children.into())]
    }
}
