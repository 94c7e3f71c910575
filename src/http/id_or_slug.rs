//! The `{id}` of a path: an id or a slug.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use uuid::Uuid;

use crate::news::content::slug::is_slug;
use crate::problem::Problem;

/// What of a path segment stands as it is (RFC 3986, unreserved).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Which one of a resource is meant.
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
    /// What is always at the same place.
    pub fn of(name: IdOrSlug) -> Self {
        Self {
            name,
            query: String::new(),
        }
    }

    /// The same request's address with another slug, under `path`.
    pub fn moved(&self, path: &str, slug: &str) -> String {
        let slug = utf8_percent_encode(slug, SEGMENT);
        if self.query.is_empty() {
            format!("{path}/{slug}")
        } else {
            format!("{path}/{slug}?{}", self.query)
        }
    }

    /// The id, where it is one.
    pub fn id(&self) -> Option<Uuid> {
        match self.name {
            IdOrSlug::Id(id) => Some(id),
            IdOrSlug::Slug(_) => None,
        }
    }
}

impl ResourcePath {
    /// The address whose path goes on with an ending.
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
        let address = Self::read(request.uri().path(), request.query_string());
        ready(address.ok_or(Problem::NotFound))
    }
}
