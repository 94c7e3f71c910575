//! `Cache-Control` of public answers, by the kind of answer.

use actix_web::http::header::HeaderValue;
use clap::Args;

use crate::http::cache_tags::CacheTagHeader;

/// The kind of an answer, which selects its `Cache-Control`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheKind {
    /// A page of a list.
    List,
    /// One resource.
    One,
    /// Search results, completions, related articles.
    Search,
    /// A documentation page, or the OpenAPI document.
    Page,
}

const PUBLIC: &str = "public, max-age=5, stale-while-revalidate=30, stale-if-error=86400";

/// `Cache-Control` for each kind of answer.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Caching")]
pub struct Caching {
    /// `Cache-Control` of lists, for requests without a key.
    #[arg(long, env = "MANCHETTE_CACHE_LISTS", default_value = PUBLIC, value_parser = parse_header_value, global = true)]
    pub cache_lists: HeaderValue,

    /// `Cache-Control` of single resources, for requests without a key.
    #[arg(long, env = "MANCHETTE_CACHE_ITEMS", default_value = PUBLIC, value_parser = parse_header_value, global = true)]
    pub cache_items: HeaderValue,

    /// `Cache-Control` of search results, completions and related articles, for requests without a key.
    #[arg(long, env = "MANCHETTE_CACHE_SEARCH", default_value = PUBLIC, value_parser = parse_header_value, global = true)]
    pub cache_search: HeaderValue,

    /// `Cache-Control` of the documentation and the OpenAPI document.
    #[arg(long, env = "MANCHETTE_CACHE_PAGES", default_value = PUBLIC, value_parser = parse_header_value, global = true)]
    pub cache_pages: HeaderValue,

    /// `Cache-Control` of every answer to a request with a key.
    #[arg(long, env = "MANCHETTE_CACHE_WITH_KEY", default_value = "private, no-store", value_parser = parse_header_value, global = true)]
    pub cache_with_key: HeaderValue,

    /// Headers for cache tags, comma-separated: those that the cache in front of the server reads. Each header takes 12 bytes
    /// for each resource in the answer.
    #[arg(long, env = "MANCHETTE_CACHE_TAG_HEADERS", value_enum, value_delimiter = ',', default_values_t = [CacheTagHeader::CacheTag], global = true)]
    pub cache_tag_headers: Vec<CacheTagHeader>,
}

impl Caching {
    /// The policy for a public answer.
    pub fn public(&self, kind: CacheKind) -> &HeaderValue {
        match kind {
            CacheKind::List => &self.cache_lists,
            CacheKind::One => &self.cache_items,
            CacheKind::Search => &self.cache_search,
            CacheKind::Page => &self.cache_pages,
        }
    }
}

fn parse_header_value(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text).map_err(|_| "not a valid header value".to_owned())
}
