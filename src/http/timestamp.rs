//! How times are sent: RFC 3339 in UTC, always to the microsecond, so that they have one length and sort as text.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};

/// For `#[serde(serialize_with = "timestamp::serialize")]`, on a time or an optional one.
///
/// # Errors
/// The serializer's.
pub fn serialize<T: Timestamp, S: Serializer>(time: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let text = time
        .time()
        .map(|time| time.to_rfc3339_opts(SecondsFormat::Micros, true));
    text.serialize(serializer)
}

/// A time, or none.
pub trait Timestamp {
    fn time(&self) -> Option<DateTime<Utc>>;
}

impl Timestamp for DateTime<Utc> {
    fn time(&self) -> Option<DateTime<Utc>> {
        Some(*self)
    }
}

impl Timestamp for Option<DateTime<Utc>> {
    fn time(&self) -> Option<DateTime<Utc>> {
        *self
    }
}
