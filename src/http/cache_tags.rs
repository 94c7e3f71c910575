//! Cache tags: the resources in an answer, so that a cache in front of the server can purge exactly the answers that a
//! change affects.

use std::collections::BTreeSet;

use actix_web::http::header::{HeaderName, HeaderValue};
use clap::ValueEnum;
use uuid::Uuid;

pub const SURROGATE_KEY: &str = "surrogate-key";
pub const CACHE_TAG: &str = "cache-tag";

/// The longest header, in bytes: below the 16 KiB that Fastly and Cloudflare accept.
const MAX_LENGTH: usize = 12 * 1024;

/// The resources that an answer shows, and the kinds of which a new one would change it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheTags {
    ones: BTreeSet<(&'static str, Uuid)>,
    all: BTreeSet<&'static str>,
}

impl CacheTags {
    /// Adds one resource.
    pub fn one(&mut self, kind: &'static str, id: Uuid) {
        self.ones.insert((kind, id));
    }

    /// Adds a kind as a whole: a list also changes when a resource is created.
    pub fn all(&mut self, kind: &'static str) {
        self.all.insert(kind);
    }

    /// Adds the tags of several parts.
    pub fn extend<'a, P: CacheTagged + 'a>(&mut self, parts: impl IntoIterator<Item = &'a P>) {
        parts.into_iter().for_each(|part| part.add_cache_tags(self));
    }

    /// The header's value; none without tags. If it would be too long, each resource is replaced by its kind.
    pub fn header(&self, separator: &str) -> Option<HeaderValue> {
        let mut tags: Vec<String> = self.all.iter().map(ToString::to_string).collect();
        tags.extend(self.ones.iter().map(|(kind, id)| format!("{kind}-{id}")));
        let mut text = tags.join(separator);
        if text.len() > MAX_LENGTH {
            let kinds: BTreeSet<&str> = self
                .ones
                .iter()
                .map(|(kind, _)| *kind)
                .chain(self.all.iter().copied())
                .collect();
            text = kinds.into_iter().collect::<Vec<_>>().join(separator);
        }
        HeaderValue::from_str(&text)
            .ok()
            .filter(|_| !text.is_empty())
    }
}

/// A header whose tags a cache can purge by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CacheTagHeader {
    /// `Surrogate-Key`, tags separated by spaces (Fastly, Varnish).
    SurrogateKey,
    /// `Cache-Tag`, tags separated by commas (Cloudflare, Akamai).
    CacheTag,
    /// No header.
    None,
}

impl CacheTagHeader {
    /// The header's name and its separator.
    pub fn header(self) -> Option<(HeaderName, &'static str)> {
        match self {
            Self::SurrogateKey => Some((HeaderName::from_static(SURROGATE_KEY), " ")),
            Self::CacheTag => Some((HeaderName::from_static(CACHE_TAG), ",")),
            Self::None => None,
        }
    }
}

/// A part of an answer that contributes cache tags.
pub trait CacheTagged {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_listed_once_and_too_many_are_replaced_by_kinds() {
        let mut cache_tags = CacheTags::default();
        assert_eq!(cache_tags.header(" "), None);
        let id = Uuid::nil();
        cache_tags.all("article");
        cache_tags.one("article", id);
        cache_tags.one("article", id);
        assert_eq!(
            cache_tags.header(",").unwrap(),
            format!("article,article-{id}").as_str()
        );
        for _ in 0..400 {
            cache_tags.one("tag", Uuid::now_v7());
        }
        assert_eq!(cache_tags.header(" ").unwrap(), "article tag");
    }
}
