//! The kinds of problems, as the pages at `/problems/{name}` show them.

mod kinds;

use actix_web::http::StatusCode;

use super::Problem;
use super::text::StaticText;
pub use kinds::*;

/// A kind of problem: the text of its page at `/problems/{name}`.
#[derive(Debug)]
pub struct Kind {
    pub name: &'static str,
    pub status: StatusCode,
    pub title: StaticText,
    pub explanation: StaticText,
    pub remedy: StaticText,
}

impl Problem {
    /// The kind of this problem.
    pub fn kind(&self) -> &'static Kind {
        match self {
            Self::Malformed(_) => &MALFORMED,
            Self::CrossOrigin(_) => &CROSS_ORIGIN,
            Self::InvalidParameters(_) => &INVALID_PARAMETERS,
            Self::Unauthorized(_) => &UNAUTHORIZED,
            Self::Forbidden(_) => &FORBIDDEN,
            Self::NotFound => &NOT_FOUND,
            Self::Moved(_) => &MOVED,
            Self::MethodNotAllowed(_) => &METHOD_NOT_ALLOWED,
            Self::Conflict(..) => &CONFLICT,
            Self::Gone(_) => &GONE,
            Self::CursorExpired => &CURSOR_EXPIRED,
            Self::Outdated(_) | Self::NothingMatches => &PRECONDITION_FAILED,
            Self::PreconditionRequired => &PRECONDITION_REQUIRED,
            Self::InProgress => &IN_PROGRESS,
            Self::KeyReused => &KEY_REUSED,
            Self::TooLarge(_) => &TOO_LARGE,
            Self::TooSlow(_) | Self::HeadTooSlow(_) => &TOO_SLOW,
            Self::UriTooLong(_) => &URI_TOO_LONG,
            Self::HeadersTooLarge(_) => &HEADERS_TOO_LARGE,
            Self::TooManyRequests(_) | Self::TooMuchUnsent | Self::TooManyStreams(_) => {
                &TOO_MANY_REQUESTS
            }
            Self::UnsupportedMediaType(_) => &UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid(_) => &INVALID,
            Self::Unavailable(_)
            | Self::Overloaded(_)
            | Self::NoIdentityProvider
            | Self::Busy(_)
            | Self::SessionLost(_)
            | Self::SharedSessions(_) => &UNAVAILABLE,
            Self::StorageFull(_) => &STORAGE_FULL,
            Self::Constraint(_) | Self::Internal(_) => &INTERNAL,
        }
    }
}
