//! `X-Request-Id` on every answer: the client's, or the one that was made for it (see [`crate::http::request_id`]).

use actix_web::http::header::{HeaderMap, HeaderValue};

use super::context::RequestContext;
use crate::http::request_id::X_REQUEST_ID;

pub fn add(context: &RequestContext, headers: &mut HeaderMap) {
    if let Ok(id) = HeaderValue::from_str(context.id.as_str()) {
        headers.insert(X_REQUEST_ID.clone(), id);
    }
}
