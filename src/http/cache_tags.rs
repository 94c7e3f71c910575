//! Cache tags: what an answer is made of, so that a cache can drop exactly the answers that a change affects.
//!
//! A change of a resource affects the answers that show it, which have the tag of its id, and the lists that it enters, leaves
//! or moves in. Those have the tag of a kind of resource (`article`), or of the part of a kind that a filter selects
//! (`article?category=<id>`).

use std::collections::BTreeSet;
use std::fmt;

use actix_web::http::header::{HeaderName, HeaderValue};
use base64::display::Base64Display;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::ValueEnum;
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub const SURROGATE_KEY: &str = "surrogate-key";
pub const CACHE_TAG: &str = "cache-tag";

/// The longest header, in bytes: below the 16 KiB that Fastly and Cloudflare accept.
const MAX_LENGTH: usize = 12 * 1024;

/// A tag: eight bytes, written as eleven characters (base64url, RFC 4648). Two things share one only by chance, and then a
/// cache drops an answer that it could have kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheTag(u64);

impl CacheTag {
    /// The tag of one resource: the last eight bytes of its id.
    pub fn of_id(id: Uuid) -> Self {
        Self(id.as_u64_pair().1)
    }

    /// The tag of a kind of resource: every change of such a resource affects the answer.
    pub fn of_kind(kind: &str) -> Self {
        Self::of_text(kind)
    }

    /// The tag of a filtered list of a kind: changes beyond those of the filter affect it only where a change reaches further
    /// than its own resource tells.
    pub fn of_filtered(kind: &str) -> Self {
        Self::of_text(&format!("{kind}?"))
    }

    /// The tag of the resources of a kind that have these properties, such as `category=<id>`.
    pub fn of_part(kind: &str, properties: &str) -> Self {
        Self::of_text(&format!("{kind}?{properties}"))
    }

    /// The first eight bytes of the text's SHA-256.
    fn of_text(text: &str) -> Self {
        let digest: [u8; 32] = Sha256::digest(text).into();
        let (first, _) = digest.split_first_chunk().expect("a digest has 32 bytes");
        Self(u64::from_be_bytes(*first))
    }

    /// The tag as a database's integer.
    pub fn as_i64(self) -> i64 {
        self.0.cast_signed()
    }

    pub fn from_i64(number: i64) -> Self {
        Self(number.cast_unsigned())
    }
}

impl fmt::Display for CacheTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Base64Display::new(&self.0.to_be_bytes(), &URL_SAFE_NO_PAD).fmt(f)
    }
}

/// What an answer is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheTags {
    public: BTreeSet<CacheTag>,
    /// Tags of resources that the caller may not see, but would see after a change.
    hidden: BTreeSet<CacheTag>,
    /// The kinds of the resources.
    kinds: BTreeSet<&'static str>,
}

impl CacheTags {
    /// Adds one resource.
    pub fn one(&mut self, kind: &'static str, id: Uuid) {
        self.kinds.insert(kind);
        self.public.insert(CacheTag::of_id(id));
    }

    /// Adds a resource that the answer does not show because it isn't public.
    pub fn hidden(&mut self, id: Uuid) {
        self.hidden.insert(CacheTag::of_id(id));
    }

    /// Adds a kind as a whole: a list also changes when a resource is created.
    pub fn all(&mut self, kind: &'static str) {
        self.kinds.insert(kind);
        self.public.insert(CacheTag::of_kind(kind));
    }

    /// Replaces a kind as a whole by parts of it.
    pub fn narrow(&mut self, kind: &'static str, parts: impl IntoIterator<Item = CacheTag>) {
        self.public.remove(&CacheTag::of_kind(kind));
        self.public.insert(CacheTag::of_filtered(kind));
        self.public.extend(parts);
    }

    /// Adds tags of any kind.
    pub fn add(&mut self, tags: impl IntoIterator<Item = CacheTag>) {
        self.public.extend(tags);
    }

    /// Adds the tags of several parts of the answer.
    pub fn extend<'a, P: CacheTagged + 'a>(&mut self, parts: impl IntoIterator<Item = &'a P>) {
        parts.into_iter().for_each(|part| part.add_cache_tags(self));
    }

    /// All tags, with those that no header shows.
    pub fn iter(&self) -> impl Iterator<Item = CacheTag> + '_ {
        self.public.union(&self.hidden).copied()
    }

    /// The header's value; none without tags. If it would be too long, it has the kinds as wholes.
    pub fn header(&self, separator: &str) -> Option<HeaderValue> {
        let join = |tags: &mut dyn Iterator<Item = CacheTag>| {
            let tags: Vec<String> = tags.map(|tag| tag.to_string()).collect();
            tags.join(separator)
        };
        let mut text = join(&mut self.public.iter().copied());
        if text.len() > MAX_LENGTH {
            text = join(&mut self.kinds.iter().map(|kind| CacheTag::of_kind(kind)));
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
    fn tags_stay_what_the_documentation_says() {
        let id = Uuid::try_parse("0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d14").unwrap();
        // python3: base64.urlsafe_b64encode(bytes.fromhex("9f301f6a0b7c2d14")).rstrip(b"=")
        assert_eq!(CacheTag::of_id(id).to_string(), "nzAfagt8LRQ");
        assert_eq!(CacheTag::of_kind("article").to_string(), "hDk63YxInTM");
        let tag = CacheTag::of_id(id);
        assert_eq!(CacheTag::from_i64(tag.as_i64()), tag);
    }

    #[test]
    fn tags_are_listed_once_and_too_many_are_replaced_by_kinds() {
        let mut cache_tags = CacheTags::default();
        assert_eq!(cache_tags.header(" "), None);
        cache_tags.all("article");
        cache_tags.one("article", Uuid::nil());
        cache_tags.one("article", Uuid::nil());
        cache_tags.hidden(Uuid::max());
        let length = |cache_tags: &CacheTags| cache_tags.header(",").unwrap().len();
        assert_eq!(length(&cache_tags), 2 * 11 + 1);
        assert_eq!(cache_tags.iter().count(), 3);
        for _ in 0..1200 {
            cache_tags.one("tag", Uuid::now_v7());
        }
        let kinds = format!(
            "{} {}",
            CacheTag::of_kind("article"),
            CacheTag::of_kind("tag")
        );
        assert_eq!(cache_tags.header(" ").unwrap(), kinds.as_str());
    }
}
