//! Content codings of answers (RFC 9110, section 8.4); which ones, and from what size: see [`crate::http::content_coding`].

use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::web::Bytes;

use super::context::RequestContext;
use crate::http::content_coding::ContentCoding;

/// The coding to send a body in; none where it is encoded already, or gains nothing.
pub fn choose(
    context: &RequestContext,
    headers: &HeaderMap,
    bytes: usize,
) -> Option<ContentCoding> {
    let media_type = headers.get(header::CONTENT_TYPE);
    let media_type = media_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let is_encoded = headers.contains_key(header::CONTENT_ENCODING);
    context
        .accepted_coding
        .filter(|_| !is_encoded && ContentCoding::is_worth(media_type, bytes))
}

/// Encodes a body. One that can't be encoded is sent as it is.
pub async fn encode(
    context: &RequestContext,
    headers: &mut HeaderMap,
    body: Bytes,
    coding: Option<ContentCoding>,
) -> Bytes {
    let Some(coding) = coding else {
        return body;
    };
    match coding.apply(body.clone()).await {
        Ok(encoded) => {
            set_coding(headers, Some(coding));
            encoded
        }
        Err(error) => {
            log::error!("{}: not compressed: {error}", context.id.as_str());
            body
        }
    }
}

/// Sets `Content-Encoding`.
pub fn set_coding(headers: &mut HeaderMap, coding: Option<ContentCoding>) {
    if let Some(coding) = coding {
        let token = HeaderValue::from_static(coding.token());
        headers.insert(header::CONTENT_ENCODING, token);
    }
}
