//! `Vary`, `Cache-Control` and cache tags: what shared and private caches may do with an answer.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderMap, HeaderValue};

use super::context::RequestContext;
use crate::cache::CachedResponse;
use crate::http::cache_control::CacheKind;
use crate::http::cache_tags::CacheTags;

/// Adds `Vary` to the answer to a read and, if it succeeded without credentials, the public policy and the cache tags.
pub fn add<B>(context: &RequestContext, response: &mut HttpResponse<B>) {
    if !context.is_read() {
        return;
    }
    let extensions = response.extensions();
    // A cached response has them.
    if extensions.contains::<Arc<CachedResponse>>() {
        return;
    }
    let kind = extensions.get::<CacheKind>().copied();
    let cache_tags = extensions.get::<CacheTags>().cloned();
    drop(extensions);
    let success = response.status().is_success() || response.status().is_redirection();
    let headers = response.headers_mut();
    let negotiates_language = headers.contains_key(header::VARY);
    headers.insert(
        header::VARY,
        HeaderValue::from_static(if negotiates_language {
            "Accept-Encoding, Accept-Language, Authorization"
        } else {
            "Accept-Encoding, Authorization"
        }),
    );
    if !success || context.has_credentials {
        return;
    }
    let caching = &context.app.caching;
    if !headers.contains_key(header::CACHE_CONTROL) {
        let policy = caching.public(kind.unwrap_or(CacheKind::Page));
        headers.insert(header::CACHE_CONTROL, policy.clone());
    }
    let Some(cache_tags) = cache_tags else {
        return;
    };
    for (name, separator) in caching
        .cache_tag_headers
        .iter()
        .filter_map(|it| it.header())
    {
        if let Some(value) = cache_tags.header(separator) {
            headers.insert(name, value);
        }
    }
}

/// Adds the `Cache-Control` of every other answer: errors, writes, and whatever was sent to a caller with credentials.
pub fn add_default(context: &RequestContext, headers: &mut HeaderMap) {
    if headers.contains_key(header::CACHE_CONTROL) {
        return;
    }
    let policy = if context.has_credentials {
        context.app.caching.cache_with_key.clone()
    } else {
        HeaderValue::from_static("no-store")
    };
    headers.insert(header::CACHE_CONTROL, policy);
}
