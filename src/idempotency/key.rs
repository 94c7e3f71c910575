//! The `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header).

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{FromRequest, HttpRequest};
use sha2::{Digest as _, Sha256};

use super::messages;
use crate::http::json_body::Digest;
use crate::idempotency::IdempotentRequest;
use crate::problem::Problem;

pub static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest key, in characters.
pub const LONGEST_KEY: usize = 255;

/// The key of a request, if it has one, and the request's path.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    key: Option<String>,
    path: String,
}

impl IdempotencyKey {
    /// The request that this key stands for: of which account, and with which body.
    pub fn request(self, account: String, body: Digest) -> IdempotentRequest {
        let mut hash = Sha256::new();
        hash.update(&self.path);
        hash.update([0]);
        hash.update(body);
        IdempotentRequest::new(account, self.key, hash.finalize().to_vec())
    }
}

impl FromRequest for IdempotencyKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut values = request.headers().get_all(&IDEMPOTENCY_KEY);
        let key = match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => parse(value).map(Some),
            (Some(_), Some(_)) => Err(Problem::Malformed(messages::key_twice())),
        };
        ready(key.map(|key| Self {
            key,
            path: request.path().to_owned(),
        }))
    }
}

/// Parses visible ASCII, in the quotes of a structured field (RFC 9651) or without.
fn parse(value: &HeaderValue) -> Result<String, Problem> {
    let text = value.to_str().unwrap_or_default().trim_matches(' ');
    let key = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text);
    let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    if visible && (1..=LONGEST_KEY).contains(&key.len()) {
        Ok(key.to_owned())
    } else {
        Err(Problem::Malformed(messages::key_malformed()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_with_quotes_or_without() {
        let parse = |text: &str| parse(&HeaderValue::from_str(text).unwrap()).ok();
        assert_eq!(parse("\"a-b\"").as_deref(), Some("a-b"));
        assert_eq!(parse("a-b"), parse("\"a-b\""));
        assert_eq!(parse(&"x".repeat(255)).map(|key| key.len()), Some(255));
        for wrong in ["", "\"\"", "a b", "é", &"x".repeat(256)] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
