//! Cached responses (see [`crate::cache`]): a request without credentials is answered from memory, or its answer is kept.

use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use std::sync::Arc;

use super::context::RequestContext;
use crate::cache::{CACHE_STATUS, CacheStatus, CachedResponse, Lookup};
use crate::http::cache_tags::CacheTags;
use crate::http::preconditions::Version;
use crate::problem::Problem;

/// What is never kept: requests that are held, and streams. None waits for another.
const UNCACHED: [&str; 3] = ["/v1/changes", "/v1/stream", "/v1/headlines/stream"];

/// A cached response for this request. Otherwise the answer to it is to be kept, if that is possible now.
pub async fn find(context: &RequestContext) -> Option<HttpResponse> {
    let path = context.address.split('?').next().unwrap_or_default();
    let is_content = path.starts_with("/v1/") && !UNCACHED.contains(&path);
    if !is_content || !context.is_read() || context.has_credentials {
        return None;
    }
    let cache = &context.app.cache;
    match cache.lookup(&context.address, &context.language()).await {
        Lookup::Hit(kept, is_collapsed) => {
            let status = match is_collapsed {
                true => CacheStatus::Collapsed,
                false => CacheStatus::Hit,
            };
            Some(response(&kept, status))
        }
        Lookup::Fetch(forwarded) => {
            context.forwarded.replace(Some(forwarded));
            None
        }
        Lookup::Bypass => None,
    }
}

/// A cached response in place of a problem that the absence of the database is the reason for.
pub fn instead_of(context: &RequestContext, problem: &Problem) -> Option<HttpResponse> {
    let is_outage = matches!(problem, Problem::Unavailable(_) | Problem::SessionLost(_));
    if !is_outage || !context.is_read() || context.has_credentials {
        return None;
    }
    let kept = context
        .app
        .cache
        .get_stale(&context.address, &context.language())?;
    Some(response(&kept, CacheStatus::Stale))
}

/// Keeps an answer that the database gave, and says in `Cache-Status` what was done.
pub fn keep<B>(
    context: &RequestContext,
    response: &mut HttpResponse<B>,
    body: &Bytes,
) -> Option<Arc<CachedResponse>> {
    let extensions = response.extensions();
    if let Some(kept) = extensions.get::<Arc<CachedResponse>>() {
        return Some(kept.clone());
    }
    let version = extensions.get::<Version>().cloned();
    let tags = extensions.get::<CacheTags>().cloned();
    drop(extensions);
    let forwarded = context.forwarded.take();
    let tags = tags?;
    if !context.is_read() || context.has_credentials {
        return None;
    }
    let is_whole = response.status() == StatusCode::OK;
    let place = (context.address.as_str(), context.language());
    let kept = forwarded
        .as_ref()
        .filter(|_| is_whole)
        .and_then(|forwarded| {
            let place = (place.0, place.1.as_str());
            context
                .app
                .cache
                .keep(forwarded, place, response.headers(), body, version, &tags)
        });
    let status = match (&forwarded, &kept) {
        (None, _) => CacheStatus::Bypassed,
        (Some(_), None) => CacheStatus::Missed,
        (Some(_), Some(_)) => CacheStatus::Stored,
    };
    set_status(response.headers_mut(), status);
    kept
}

/// Waits until this node serves nothing from before a change.
pub async fn follow_change(context: &RequestContext, status: StatusCode) {
    let changes = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    // A problem of the server's may hide a change that was committed.
    if changes.contains(&context.method) && !status.is_client_error() {
        context.app.cache.catch_up().await;
    }
}

fn response(kept: &Arc<CachedResponse>, status: CacheStatus) -> HttpResponse {
    let mut response = HttpResponse::with_body(StatusCode::OK, BoxBody::new(kept.body.clone()));
    *response.headers_mut() = kept.headers.clone();
    set_status(response.headers_mut(), status);
    if let Some(version) = kept.version.clone() {
        response.extensions_mut().insert(version);
    }
    response.extensions_mut().insert(kept.clone());
    response
}

fn set_status(headers: &mut HeaderMap, status: CacheStatus) {
    headers.insert(CACHE_STATUS.clone(), status.header());
}
