//! Why a caller is not known: what the 401 says.

use super::messages;
use super::text::Text;

/// The reason for which a caller is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unauthenticated {
    /// The request has no credentials.
    Missing,
    /// The request has none, but an `X-Api-Key`, which is not read.
    OtherHeader,
    /// The filter `status` needs a key.
    StatusFilter,
    /// No key or JWT that is valid: the detail doesn't disclose which keys exist or existed.
    Invalid,
    /// A key without `Bearer`, or after another word.
    WithoutBearer,
    /// Another scheme, such as `Basic`.
    OtherScheme,
    /// `Authorization` more than once.
    Several,
}

impl Unauthenticated {
    /// Whether the request had credentials: only then is it told that they are invalid (RFC 6750, section 3.1).
    pub fn has_credentials(self) -> bool {
        !matches!(self, Self::Missing | Self::OtherHeader | Self::StatusFilter)
    }

    pub(super) fn detail(self) -> Text {
        match self {
            Self::Missing => messages::no_credentials(),
            Self::OtherHeader => messages::key_in_other_header(),
            Self::StatusFilter => messages::status_needs_key(),
            Self::Invalid => messages::invalid_key(),
            Self::WithoutBearer => messages::no_bearer(),
            Self::OtherScheme => messages::other_scheme(),
            Self::Several => messages::several_credentials(),
        }
    }
}
