//! The JSON types of search results.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};

use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::http::page_schema::PageExtra;
use crate::http::parameter_types::Word;
use crate::http::schema::{HasFields, Selected};
use crate::news::articles::Article;
use crate::news::headlines::Headline;

/// The resources as lists have them.
type ListedArticle = Selected<Article>;
type ListedHeadline = Selected<Headline>;

/// An article or a headline that was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "headline",
    "title_highlighted": "Les premières pluies relancent les <mark>semailles</mark>",
    "snippet": null, "article": null,
    "headline": {"id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d13", "title": "Les premières pluies relancent les semailles", "language": "fr"},
}))]
pub struct SearchHit {
    /// The kind of content.
    #[serde(rename = "type")]
    #[schema(inline, rename = "type")]
    pub(super) kind: HitKind,
    /// The title as HTML: `<mark>` around what matched, everything else escaped.
    pub(super) title_highlighted: String,
    /// The passage of an article that contains the words, as HTML in the same way; null for a headline.
    pub(super) snippet: Option<String>,
    /// The article as in lists, with bodies if `fields` names them (`article.body_text`); null for a headline.
    #[schema(value_type = Option<ListedArticle>)]
    pub(super) article: Option<Article>,
    /// The headline; null for an article.
    #[schema(value_type = Option<ListedHeadline>)]
    pub(super) headline: Option<Headline>,
}

impl HasFields for SearchHit {}

impl CacheTagged for SearchHit {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        cache_tags.extend(&self.article);
        cache_tags.extend(&self.headline);
    }
}

/// Beside a page of results: a corrected query.
#[derive(Debug, Serialize)]
pub struct Suggestion {
    pub(super) suggestion: Option<String>,
}

impl PageExtra for Suggestion {
    fn fields() -> Vec<(&'static str, RefOr<Schema>, Value)> {
        let suggestion = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .max_length(Some(400))
            .description(Some(
                "A corrected query, if this one found next to nothing and a word of it seems to be misspelt.",
            ));
        vec![("suggestion", suggestion.into(), Value::Null)]
    }
}

crate::text_enum! {
    /// The kind of a search result.
    HitKind {
        Article = "article",
        Headline = "headline",
    }
}

impl Word for HitKind {}
