//! The one error type: every refusal and every failure, sent as `application/problem+json` (RFC 9457).

pub mod catalogue;
mod database;
mod detail;
mod fault;
mod fault_code;
pub mod messages;
mod problem_type;
mod response;
pub mod text;
mod unauthenticated;

use std::error::Error;

use actix_web::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::pooler::SharedSessions;
pub use catalogue::{KINDS, Kind};
pub use database::{ConstraintViolation, OnConstraint};
pub use fault::{Fault, FaultBody};
pub use fault_code::FaultCode;
pub use response::ProblemBody;
pub use text::{Language, Text};
pub use unauthenticated::Unauthenticated;

/// The reason why a request was refused, or failed.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// Broken JSON or percent-encoding.
    Malformed(Text),
    /// A CORS preflight for a request that pages of this origin may not send.
    CrossOrigin(Text),
    InvalidParameters(Vec<Fault>),
    Unauthorized(Unauthenticated),
    /// The key lacks this scope.
    Forbidden(&'static str),
    NotFound,
    /// The new address of the resource.
    Moved(String),
    /// The allowed methods, as in `Allow`.
    MethodNotAllowed(String),
    Conflict(Text, Vec<Fault>),
    Gone(GoneReason),
    Outdated(Current),
    NothingMatches,
    PreconditionRequired,
    InProgress,
    KeyReused,
    /// More than this number of bytes.
    TooLarge(usize),
    /// Timeout in seconds.
    TooSlow(u64),
    /// Timeout in seconds.
    HeadTooSlow(u64),
    UriTooLong(usize),
    HeadersTooLarge(Text),
    TooManyRequests(Box<RateExceeded>),
    TooMuchUnsent,
    /// More than this number of open streams.
    TooManyStreams(u32),
    /// A place in the log of changes that can't be resumed.
    CursorExpired,
    UnsupportedMediaType(Text),
    Invalid(Vec<Fault>),
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// A prepared statement was missing or another one: the connection's session was replaced.
    SessionLost(#[source] Box<dyn Error + Send + Sync>),
    SharedSessions(#[from] SharedSessions),
    StorageFull(#[source] Box<dyn Error + Send + Sync>),
    /// A limit of the server is reached, or it is shutting down.
    Overloaded(Text),
    /// The keys to verify a JWT with can't be fetched.
    NoIdentityProvider,
    /// The server is busy with this.
    Busy(Text),
    /// A violated constraint that no resource has turned into a problem of its own.
    Constraint(#[source] Box<ConstraintViolation>),
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

/// Why a resource that was public is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum GoneReason {
    /// Taken down.
    Withdrawn,
    /// Its `expires_at` has come.
    Expired,
}

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
#[derive(Clone, Debug)]
pub struct RateExceeded {
    pub policy: &'static str,
    pub requests: u32,
    pub seconds: u32,
    /// Seconds until the next request is allowed.
    pub wait: u64,
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
            status if status.is_client_error() => Self::Malformed(messages::framework(cause)),
            status if status.is_server_error() => Self::internal(cause),
            _ => return None,
        })
    }
}
