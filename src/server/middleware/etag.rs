//! Entity tags of answers, and 304 for a client that has the answer already (RFC 9110, section 13).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::web::Bytes;

use super::context::RequestContext;
use crate::cache::Variant;
use crate::http::cache_tags::{CACHE_TAG, SURROGATE_KEY};
use crate::http::content_coding::ContentCoding;
use crate::http::preconditions::{Version, entity_tag, none_match_has};

/// Headers that a 304 leaves out: the client has them with the stored answer (RFC 9110, section 15.4.5).
const NOT_REPEATED: [&str; 5] = [
    "content-type",
    "content-language",
    "link",
    SURROGATE_KEY,
    CACHE_TAG,
];

/// Adds the `ETag` of a successful read, or of a write that shows the resource; returns it. `ready` is the cached response in this
/// coding.
pub fn add<B>(
    context: &RequestContext,
    response: &mut HttpResponse<B>,
    body: &Bytes,
    coding: Option<ContentCoding>,
    ready: Option<&Variant>,
) -> Option<HeaderValue> {
    let version = response.extensions().get::<Version>().cloned();
    if !response.status().is_success() || (!context.is_read() && version.is_none()) {
        return None;
    }
    let tag = ready.map(|ready| ready.etag.clone()).unwrap_or_else(|| {
        let tag = entity_tag(version.as_ref(), body, coding);
        HeaderValue::from_str(&tag).expect("an entity tag is plain ASCII")
    });
    response.headers_mut().insert(header::ETAG, tag.clone());
    Some(tag)
}

/// Whether a read's `If-None-Match` names this tag.
pub fn is_known(context: &RequestContext, tag: &HeaderValue) -> bool {
    context.is_read()
        && tag
            .to_str()
            .is_ok_and(|tag| none_match_has(&context.if_none_match, tag))
}

/// Turns an answer into a 304, whose body the caller leaves out.
pub fn make_not_modified<B>(response: &mut HttpResponse<B>) {
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    remove_not_repeated(response.headers_mut());
}

/// Removes the headers that a 304 leaves out.
pub fn remove_not_repeated(headers: &mut HeaderMap) {
    for name in NOT_REPEATED {
        headers.remove(name);
    }
}
