//! What a problem says about its occurrence.

use std::fmt;

use super::messages;
use super::text::Text;
use super::{Fault, GoneReason, Problem, RateExceeded};

impl Problem {
    /// What this occurrence is about, for people.
    pub fn detail(&self) -> Text {
        match self {
            Self::Malformed(detail)
            | Self::CrossOrigin(detail)
            | Self::Conflict(detail, _)
            | Self::HeadersTooLarge(detail)
            | Self::UnsupportedMediaType(detail)
            | Self::Overloaded(detail)
            | Self::Busy(detail) => detail.clone(),
            Self::InvalidParameters(faults) => match faults.len() {
                1 => messages::one_parameter(),
                count => messages::parameters(count),
            },
            Self::Invalid(faults) => match faults.len() {
                1 => messages::one_field(),
                count => messages::fields(count),
            },
            Self::Unauthorized(why) => why.detail(),
            Self::Forbidden(scope) => messages::scope_needed(*scope),
            Self::NotFound => messages::not_found(),
            Self::Moved(to) => messages::moved(to),
            Self::MethodNotAllowed(methods) => messages::allowed_methods(methods),
            Self::TooManyStreams(most) => messages::too_many_streams(*most),
            Self::CursorExpired => messages::cursor_expired(),
            Self::Gone(GoneReason::Withdrawn) => messages::withdrawn(),
            Self::Gone(GoneReason::Expired) => messages::expired(),
            Self::Outdated(current) => messages::outdated(current.version),
            Self::NothingMatches => messages::nothing_matches(),
            Self::PreconditionRequired => messages::if_match_required(),
            Self::InProgress => messages::in_progress(),
            Self::KeyReused => messages::key_reused(),
            Self::TooLarge(bytes) => messages::body_too_large(*bytes),
            Self::TooSlow(seconds) => messages::body_too_slow(*seconds),
            Self::HeadTooSlow(seconds) => messages::head_too_slow(*seconds),
            Self::UriTooLong(bytes) => messages::uri_too_long(*bytes),
            Self::TooManyRequests(exceeded) => exceeded.detail(),
            Self::TooMuchUnsent => messages::too_much_unsent(),
            Self::Unavailable(_) | Self::SessionLost(_) => messages::database_unavailable(),
            Self::SharedSessions(shared) => messages::shared_sessions(shared.to_string()),
            Self::StorageFull(_) => messages::disk_full(),
            Self::NoIdentityProvider => messages::no_identity_provider(),
            Self::Constraint(_) | Self::Internal(_) => messages::internal(),
        }
    }

    pub(super) fn faults(&self) -> &[Fault] {
        match self {
            Self::InvalidParameters(faults) | Self::Invalid(faults) | Self::Conflict(_, faults) => {
                faults
            }
            _ => &[],
        }
    }
}

/// In English, for logs and the command line.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.detail().fmt(f)
    }
}

impl RateExceeded {
    fn detail(&self) -> Text {
        messages::rate_exceeded(self.policy, self.requests, self.seconds, self.wait)
    }
}
