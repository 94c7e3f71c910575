//! The id of a request: given by the client in `X-Request-Id`, or made here; logs, problems and the audit name it.

use actix_web::http::header::{HeaderMap, HeaderName};
use uuid::Uuid;

use crate::redact::contains_secret;

pub static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A request's id. The middleware puts it into the request's extensions.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

impl RequestId {
    /// A new, unique id.
    pub fn generate() -> Self {
        Self(Uuid::now_v7().to_string())
    }

    /// The client's id if it is short, plain and not a secret, so that it can be logged; otherwise a new one.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let is_loggable = |id: &&str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
            (1..=128).contains(&id.len()) && id.bytes().all(plain) && !contains_secret(id)
        };
        headers
            .get(&X_REQUEST_ID)
            .and_then(|id| id.to_str().ok())
            .filter(is_loggable)
            .map_or_else(Self::generate, |id| Self(id.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}
