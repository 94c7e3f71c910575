//! The JSON types of search results.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{Object, RefOr, Schema};

use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::http::page_schema::PageExtra;
use crate::http::parameter_types::Word;
use crate::http::schema::{HasFields, Listed};
use crate::news::articles::Article;
use crate::news::headlines::Headline;

/// An article as lists have it.
type ListedArticle = Listed<Article>;

/// An article or a headline that was found; `type` tells which.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(discriminator(property_name = "type", mapping(
    ("article" = "#/components/schemas/ArticleHit"),
    ("headline" = "#/components/schemas/HeadlineHit"),
)))]
pub enum SearchHit {
    Article(Box<ArticleHit>),
    Headline(Box<HeadlineHit>),
}

/// An article that was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArticleHit {
    #[serde(rename = "type")]
    #[schema(rename = "type", schema_with = article_type)]
    pub(super) kind: HitKind,
    /// The title as HTML: `<mark>` around what matched, everything else escaped.
    #[schema(example = "Les premières pluies relancent les <mark>semailles</mark>")]
    pub(super) title_highlighted: String,
    /// The passage that contains the words, as HTML in the same way.
    #[schema(example = "Dans la plaine, les <mark>semailles</mark> ont repris.")]
    pub(super) snippet: Option<String>,
    /// The article as in lists, with bodies if `fields` names them (`article.body_text`).
    #[schema(value_type = ListedArticle)]
    pub(super) article: Option<Article>,
}

/// A headline that was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeadlineHit {
    #[serde(rename = "type")]
    #[schema(rename = "type", schema_with = headline_type)]
    pub(super) kind: HitKind,
    /// The title as HTML: `<mark>` around what matched, everything else escaped.
    #[schema(example = "Les premières pluies relancent les <mark>semailles</mark>")]
    pub(super) title_highlighted: String,
    #[schema(value_type = Headline)]
    pub(super) headline: Option<Headline>,
}

fn article_type() -> Object {
    HitKind::constant("article")
}

fn headline_type() -> Object {
    HitKind::constant("headline")
}

impl HitKind {
    fn constant(word: &str) -> Object {
        let string = ObjectBuilder::new().schema_type(Type::String);
        string.enum_values(Some([word])).build()
    }
}

impl HasFields for SearchHit {}

impl CacheTagged for SearchHit {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        match self {
            Self::Article(hit) => cache_tags.extend(&hit.article),
            Self::Headline(hit) => cache_tags.extend(&hit.headline),
        }
    }
}

/// Beside a page of results: a corrected query.
#[derive(Debug, Serialize)]
pub struct Suggestion {
    pub(super) suggestion: Option<String>,
}

impl PageExtra for Suggestion {
    fn fields() -> Vec<(&'static str, RefOr<Schema>)> {
        let suggestion = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .max_length(Some(400))
            .description(Some(
                "A corrected query, if this one found next to nothing and a word of it seems to be misspelt.",
            ));
        vec![("suggestion", suggestion.into())]
    }
}

crate::text_enum! {
    /// The kind of a search result.
    #[schema(as = SearchHitType)]
    HitKind {
        Article = "article",
        Headline = "headline",
    }
}

impl Word for HitKind {}
