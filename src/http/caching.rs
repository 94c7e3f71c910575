//! What caches may do with an answer, by its kind.

use actix_web::http::header::{HeaderName, HeaderValue};
use clap::{Args, ValueEnum};

/// What an answer is, to a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A page of a list.
    List,
    /// One resource.
    One,
    /// What was searched for: results, completions, what is related.
    Search,
    /// A page for people, or the contract.
    Page,
}

const PUBLIC: &str = "public, max-age=5, stale-while-revalidate=30, stale-if-error=86400";

/// `Cache-Control` for each kind of answer.
#[derive(Clone, Debug, Args)]
pub struct Caching {
    /// `Cache-Control` of lists, as the public sees them.
    #[arg(long, env = "MANCHETTE_CACHE_LISTS", default_value = PUBLIC, value_parser = value, global = true)]
    pub cache_lists: HeaderValue,

    /// `Cache-Control` of single resources, as the public sees them.
    #[arg(long, env = "MANCHETTE_CACHE_ITEMS", default_value = PUBLIC, value_parser = value, global = true)]
    pub cache_items: HeaderValue,

    /// `Cache-Control` of searches, completions and related articles, as the public sees them.
    #[arg(long, env = "MANCHETTE_CACHE_SEARCH", default_value = PUBLIC, value_parser = value, global = true)]
    pub cache_search: HeaderValue,

    /// `Cache-Control` of the documentation and the OpenAPI document.
    #[arg(long, env = "MANCHETTE_CACHE_PAGES", default_value = PUBLIC, value_parser = value, global = true)]
    pub cache_pages: HeaderValue,

    /// `Cache-Control` of whatever is answered to a request with a key.
    #[arg(long, env = "MANCHETTE_CACHE_WITH_KEY", default_value = "private, no-store", value_parser = value, global = true)]
    pub cache_with_key: HeaderValue,

    /// Headers that name what an answer is made of, by comma: those that the cache in front of the server reads. Each
    /// costs 40 bytes for each thing named, so leave out the other.
    #[arg(long, env = "MANCHETTE_CACHE_TAG_HEADERS", value_enum, value_delimiter = ',', default_values_t = [Names::SurrogateKey, Names::CacheTag], global = true)]
    pub cache_tag_headers: Vec<Names>,
}

/// A header by which caches drop what they keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Names {
    /// `Surrogate-Key`, with spaces between.
    SurrogateKey,
    /// `Cache-Tag`, with commas between.
    CacheTag,
    /// Neither.
    None,
}

impl Names {
    /// The header, and what stands between the names.
    pub fn header(self) -> Option<(HeaderName, &'static str)> {
        match self {
            Self::SurrogateKey => Some((HeaderName::from_static("surrogate-key"), " ")),
            Self::CacheTag => Some((HeaderName::from_static("cache-tag"), ",")),
            Self::None => None,
        }
    }
}

impl Caching {
    /// The policy for what anybody may see.
    pub fn public(&self, kind: Kind) -> &HeaderValue {
        match kind {
            Kind::List => &self.cache_lists,
            Kind::One => &self.cache_items,
            Kind::Search => &self.cache_search,
            Kind::Page => &self.cache_pages,
        }
    }
}

fn value(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text).map_err(|_| "not something that a header can say".to_owned())
}
