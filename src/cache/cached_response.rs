//! A cached response: its headers and its body, in each content coding that was asked for.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use chrono::{DateTime, Utc};

use super::index::Number;
use crate::http::cache_tags::CacheTag;
use crate::http::content_coding::ContentCoding;
use crate::http::preconditions::Version;

/// A cached response with the status 200.
#[derive(Debug)]
pub struct CachedResponse {
    /// The headers of the answer whatever its coding.
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The version that its entity tag begins with.
    pub version: Option<Version>,
    variants: [OnceLock<Variant>; 4],
    pub(super) tags: Vec<CacheTag>,
    pub(super) number: Number,
    pub(super) valid_until: DateTime<Utc>,
    /// Set once it is certain that no change came between.
    pub(super) is_confirmed: AtomicBool,
}

/// All headers of an answer that are the same for each request.
pub type CompleteHeaders = Vec<(HeaderName, HeaderValue)>;

/// The body in one coding.
#[derive(Debug)]
pub struct Variant {
    pub body: Bytes,
    pub etag: HeaderValue,
    pub coding: Option<ContentCoding>,
    /// All headers of a 200 and of a 304 that are the same for each request, once they were asked for.
    pub complete: OnceLock<[CompleteHeaders; 2]>,
}

impl CachedResponse {
    pub fn new(
        headers: HeaderMap,
        body: Bytes,
        version: Option<Version>,
        tags: Vec<CacheTag>,
        (number, valid_until): (Number, DateTime<Utc>),
    ) -> Self {
        Self {
            headers,
            body,
            version,
            variants: Default::default(),
            tags,
            number,
            valid_until,
            is_confirmed: AtomicBool::new(false),
        }
    }

    /// The coding to send it in to a client that accepts this one.
    pub fn coding(&self, accepted: Option<ContentCoding>) -> Option<ContentCoding> {
        let media_type = self.headers.get(header::CONTENT_TYPE);
        let media_type = media_type.and_then(|value| value.to_str().ok());
        accepted
            .filter(|_| ContentCoding::is_worth(media_type.unwrap_or_default(), self.body.len()))
    }

    /// The body in this coding, if it was asked for before.
    pub fn variant(&self, coding: Option<ContentCoding>) -> Option<&Variant> {
        self.variants[place(coding)].get()
    }

    /// Keeps the body in this coding, too.
    pub fn set_variant(&self, coding: Option<ContentCoding>, headers: &HeaderMap, body: &Bytes) {
        // A body that can't be encoded is sent as it is.
        let is_encoded = headers.contains_key(header::CONTENT_ENCODING) == coding.is_some();
        if let Some(etag) = headers.get(header::ETAG).filter(|_| is_encoded) {
            let (body, etag) = (body.clone(), etag.clone());
            // Another request may have been faster, with the same bytes.
            let _ = self.variants[place(coding)].set(Variant {
                body,
                etag,
                coding,
                complete: OnceLock::new(),
            });
        }
    }

    /// Whether it holds while the database's clock shows at most this time.
    pub(super) fn holds_at(&self, latest: DateTime<Utc>) -> bool {
        self.is_confirmed.load(Ordering::Acquire) && latest < self.valid_until
    }

    /// The memory that it takes, in bytes: with all codings, and its places in the index.
    pub(super) fn weight(&self) -> u32 {
        let headers: usize = self
            .headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + 64)
            .sum();
        let bytes = self.body.len() * 2 + headers * 4 + self.tags.len() * 160 + 512;
        bytes.try_into().unwrap_or(u32::MAX)
    }
}

fn place(coding: Option<ContentCoding>) -> usize {
    match coding {
        None => 0,
        Some(ContentCoding::Gzip) => 1,
        Some(ContentCoding::Brotli) => 2,
        Some(ContentCoding::Zstd) => 3,
    }
}
