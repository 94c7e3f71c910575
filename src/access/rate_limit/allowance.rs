//! The allowance that a caller has left, as JSON (`/v1/me`), as headers, and as the problem of a request beyond the limit.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{Problem, RateExceeded};

/// A limit, and what one caller has left of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"policy": "reads", "requests": 2000, "seconds": 10, "remaining": 1999, "full_in": 1}))]
pub struct Allowance {
    /// The requests that it counts: `reads` (`GET` and `HEAD`), `writes` (other methods), `wrong-keys` or `unknown-keys`.
    #[schema(example = "reads", max_length = 20)]
    pub policy: &'static str,
    /// Requests that may be sent at once.
    #[schema(minimum = 1)]
    pub requests: u32,
    /// Seconds over which as many are refilled, evenly.
    #[schema(minimum = 1)]
    pub seconds: u32,
    /// Remaining requests.
    #[schema(minimum = 0)]
    pub remaining: u32,
    /// Seconds until the whole quota is available again.
    #[schema(minimum = 0)]
    pub full_in: u32,
    /// Seconds until the next request may be sent, where none may be sent now.
    #[serde(skip)]
    pub(super) wait: Option<u64>,
}

impl Allowance {
    /// The problem for a request beyond the limit.
    pub fn refused(&self) -> Option<Problem> {
        self.wait.map(|wait| {
            Problem::TooManyRequests(Box::new(RateExceeded {
                policy: self.policy,
                requests: self.requests,
                seconds: self.seconds,
                wait,
            }))
        })
    }

    /// Writes `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10).
    pub fn write(&self, headers: &mut HeaderMap) {
        let Self {
            policy,
            requests,
            seconds,
            remaining,
            full_in,
            ..
        } = self;
        let mut insert = |name: &'static str, value: String| {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        insert(
            "ratelimit-policy",
            format!("\"{policy}\";q={requests};w={seconds}"),
        );
        let until = self.wait.unwrap_or_else(|| (*full_in).into());
        insert("ratelimit", format!("\"{policy}\";r={remaining};t={until}"));
    }
}

impl From<&RateExceeded> for Allowance {
    /// The exhausted allowance.
    fn from(exceeded: &RateExceeded) -> Self {
        Self {
            policy: exceeded.policy,
            requests: exceeded.requests,
            seconds: exceeded.seconds,
            remaining: 0,
            full_in: exceeded.seconds,
            wait: Some(exceeded.wait),
        }
    }
}
