//! The one error type: every refusal and every failure, sent as `application/problem+json` (RFC 9457).

pub mod catalogue;
mod database;
mod fault_code;
mod problem_type;
mod response;

use std::error::Error;

use actix_web::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::pooler::SharedSessions;
pub use catalogue::{KINDS, Kind};
pub use database::{ConstraintViolation, OnConstraint};
pub use fault_code::FaultCode;
pub use response::ProblemBody;

/// The reason why a request was refused, or failed.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// Broken JSON or percent-encoding.
    #[error("{0}")]
    Malformed(String),
    /// A CORS preflight for a request that pages of this origin may not send.
    #[error("{0}")]
    CrossOrigin(String),
    #[error("{}", count(.0, "invalid parameter"))]
    InvalidParameters(Vec<Fault>),
    #[error("{0}")]
    Unauthorized(&'static str),
    /// The key lacks this scope.
    #[error("this needs a key with the scope `{0}`")]
    Forbidden(&'static str),
    #[error("not found, or not visible to this caller")]
    NotFound,
    /// The new address of the resource.
    #[error("moved permanently to {0}")]
    Moved(String),
    /// The allowed methods, as in `Allow`.
    #[error("allowed methods: {0}")]
    MethodNotAllowed(String),
    #[error("{0}")]
    Conflict(String, Vec<Fault>),
    #[error("this was withdrawn")]
    Gone,
    #[error("version mismatch: the current version is {}", .0.version)]
    Outdated(Current),
    #[error("no resource that `If-Match` could match")]
    NothingMatches,
    #[error("`If-Match` is required, with the entity tag of the version to change")]
    PreconditionRequired,
    #[error("the first request with this `Idempotency-Key` is still in progress")]
    InProgress,
    #[error("this `Idempotency-Key` was used for another address or another body")]
    KeyReused,
    /// More than this number of bytes.
    #[error("the body has more than {0} bytes")]
    TooLarge(usize),
    /// Timeout in seconds.
    #[error("the body did not arrive within {0} seconds")]
    TooSlow(u64),
    /// Timeout in seconds.
    #[error("the head did not arrive within {0} seconds")]
    HeadTooSlow(u64),
    #[error("the URI has more than {0} bytes")]
    UriTooLong(usize),
    #[error("{0}")]
    HeadersTooLarge(String),
    #[error(transparent)]
    TooManyRequests(Box<RateExceeded>),
    #[error(
        "responses to earlier requests from this address wait to be received: read those first"
    )]
    TooMuchUnsent,
    #[error("{0}")]
    UnsupportedMediaType(&'static str),
    #[error("{}", count(.0, "invalid field"))]
    Invalid(Vec<Fault>),
    #[error("the database is unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// A prepared statement was missing or another one: the connection's session was replaced.
    #[error("the database is unavailable")]
    SessionLost(#[source] Box<dyn Error + Send + Sync>),
    #[error(transparent)]
    SharedSessions(#[from] SharedSessions),
    #[error("the database's disk is full")]
    StorageFull(#[source] Box<dyn Error + Send + Sync>),
    /// A limit of the server is reached, or it is shutting down.
    #[error("{0}")]
    Overloaded(&'static str),
    /// The keys to verify a JWT with can't be fetched.
    #[error("the identity provider is unavailable")]
    NoIdentityProvider,
    /// The server is busy with this.
    #[error("{0}: try again")]
    Busy(&'static str),
    /// A violated constraint that no resource has turned into a problem of its own.
    #[error("internal error")]
    Constraint(#[source] Box<ConstraintViolation>),
    #[error("internal error")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

/// One fault of a request, and its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[schema(example = json!({"pointer": "/title", "parameter": null, "code": "too_long", "detail": "at most 300 characters"}))]
pub struct Fault {
    /// Place in the body (JSON Pointer, RFC 6901).
    #[schema(example = "/title")]
    pub pointer: Option<String>,
    /// Name of the query parameter.
    #[schema(example = "limit")]
    pub parameter: Option<String>,
    pub code: FaultCode,
    /// Description, for people.
    #[schema(example = "at most 300 characters")]
    pub detail: String,
}

impl Fault {
    /// A fault at a place in the body.
    pub fn at(pointer: impl Into<String>, code: FaultCode, detail: impl Into<String>) -> Self {
        Self {
            pointer: Some(pointer.into()),
            parameter: None,
            code,
            detail: detail.into(),
        }
    }

    /// A fault in a query parameter.
    pub fn of(parameter: impl Into<String>, code: FaultCode, detail: impl Into<String>) -> Self {
        Self {
            pointer: None,
            parameter: Some(parameter.into()),
            code,
            detail: detail.into(),
        }
    }

    /// A fault without a place.
    pub fn general(code: FaultCode, detail: impl Into<String>) -> Self {
        Self {
            pointer: None,
            parameter: None,
            code,
            detail: detail.into(),
        }
    }
}

/// The detail for any invalid credential: it doesn't disclose which keys exist or existed.
pub const INVALID_KEY: &str = "this key is unknown, expired or revoked";

/// The current version of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"version": 3, "etag": "\"3-5f0c2b7a9e1d-6d1f0a2c4b7e8f9012345678\""}))]
pub struct Current {
    #[schema(minimum = 1)]
    pub version: i32,
    /// The entity tag for the `If-Match` of a change to it.
    pub etag: String,
}

/// A limit that a caller has exceeded.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{policy}: at most {requests} in {seconds} seconds; try again in {wait}")]
pub struct RateExceeded {
    pub policy: &'static str,
    pub requests: u32,
    pub seconds: u32,
    /// Seconds until the next request is allowed.
    pub wait: u64,
}

fn count(faults: &[Fault], what: &str) -> String {
    match faults.len() {
        1 => format!("1 {what}"),
        many => format!("{many} {what}s"),
    }
}

impl Problem {
    /// A failure of the server that should not happen.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// The problem for an error of the framework.
    pub fn of_status(status: StatusCode, cause: String) -> Option<Self> {
        Some(match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            status if status.is_client_error() => Self::Malformed(cause),
            status if status.is_server_error() => Self::internal(cause),
            _ => return None,
        })
    }
}
