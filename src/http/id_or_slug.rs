//! Ids and slugs, and the `{id}` of a path, which may be either.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use unicode_normalization::char::is_combining_mark;
use unicode_normalization::is_nfc;
use uuid::Uuid;

use crate::problem::Problem;

/// The characters of a path segment that are percent-encoded: all but the unreserved ones (RFC 3986).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The longest slug, in characters.
pub const LONGEST_SLUG: usize = 200;

/// Whether this can be a slug: letters and digits, lower-case where there is a case, joined by single hyphens, and not
/// of the shape of an id. The database's `is_slug` draws the same line more coarsely.
pub fn is_slug(slug: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(is_letter) && word.chars().all(|c| is_letter(c) || is_combining_mark(c))
    };
    slug.chars().count() <= LONGEST_SLUG
        && slug.split('-').all(is_word)
        && slug.to_lowercase() == slug
        && is_nfc(slug)
        && (slug.len() != 36 || Uuid::try_parse(slug).is_err())
}

/// A letter or digit that can be seen: the fillers of Hangul count as letters to Unicode, and show nothing.
pub fn is_letter(c: char) -> bool {
    let filler = matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}');
    c.is_alphanumeric() && !is_combining_mark(c) && !filler
}

/// Identifies a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdOrSlug {
    Id(Uuid),
    Slug(String),
}

impl IdOrSlug {
    /// Reads an id in its usual form, or a slug.
    pub fn read(text: &str) -> Option<Self> {
        match Uuid::try_parse(text) {
            // `Uuid` reads other forms too (without hyphens, in braces): those are slugs or nothing.
            Ok(id) if text.len() == 36 => Some(Self::Id(id)),
            _ => is_slug(text).then(|| Self::Slug(text.to_owned())),
        }
    }
}

impl std::fmt::Display for IdOrSlug {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Slug(slug) => f.write_str(slug),
        }
    }
}

/// The `{id}` of this request's path, and the query that came with it.
#[derive(Clone, Debug)]
pub struct ResourcePath {
    pub name: IdOrSlug,
    query: String,
}

impl ResourcePath {
    /// A path without a query.
    pub fn of(name: IdOrSlug) -> Self {
        Self {
            name,
            query: String::new(),
        }
    }

    /// The URL of the same request for another slug, under `path`.
    pub fn moved(&self, path: &str, slug: &str) -> String {
        let slug = utf8_percent_encode(slug, SEGMENT);
        if self.query.is_empty() {
            format!("{path}/{slug}")
        } else {
            format!("{path}/{slug}?{}", self.query)
        }
    }

    /// The id; none if the path names a slug.
    pub fn id(&self) -> Option<Uuid> {
        match self.name {
            IdOrSlug::Id(id) => Some(id),
            IdOrSlug::Slug(_) => None,
        }
    }

    /// The path before an ending, such as `/related`.
    pub fn before(request: &HttpRequest, ending: &str) -> Option<Self> {
        let path = request.uri().path().strip_suffix(ending)?;
        Self::read(path, request.query_string())
    }

    fn read(path: &str, query: &str) -> Option<Self> {
        let raw = path.rsplit('/').next().unwrap_or_default();
        let text = percent_decode_str(raw).decode_utf8().ok()?;
        Some(Self {
            name: IdOrSlug::read(&text)?,
            query: query.to_owned(),
        })
    }
}

impl FromRequest for ResourcePath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let path = Self::read(request.uri().path(), request.query_string());
        ready(path.ok_or(Problem::NotFound))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_slugs_are_recognised() {
        for wrong in [
            "",
            "-a",
            "a-",
            "a--b",
            "A",
            "É",
            "a b",
            "a/b",
            "a%b",
            "a_b",
            "a\u{0}",
            "a\u{a0}b",
            "a\u{202e}b",
            "😀",
            "a·b",
            "e\u{301}te",
            "\u{345}",
            "\u{115f}a",
        ] {
            assert!(!is_slug(wrong), "{wrong:?}");
        }
        assert!(is_slug("0199f0a26c1e7d6e9f301f6a0b7c2d11"));
    }
}
