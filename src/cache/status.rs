//! `Cache-Status` (RFC 9211): what the cache of this server did for an answer.

use actix_web::http::header::{HeaderName, HeaderValue};

pub static CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// What the cache did for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheStatus {
    /// The answer was kept.
    Hit,
    /// It was kept, and could not be checked, as the database is away.
    Stale,
    /// It was not kept, and is now.
    Stored,
    /// It was not kept, and another request for it was on its way already.
    Collapsed,
    /// It was not kept, and is not now: it changed meanwhile, or is too large.
    Missed,
    /// Nothing is kept at the moment, or ever.
    Bypassed,
}

impl CacheStatus {
    pub fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Hit => "manchette; hit",
            Self::Stale => "manchette; hit; fwd=stale",
            Self::Stored => "manchette; fwd=uri-miss; stored",
            Self::Collapsed => "manchette; fwd=uri-miss; collapsed",
            Self::Missed => "manchette; fwd=uri-miss",
            Self::Bypassed => "manchette; fwd=bypass",
        })
    }
}
