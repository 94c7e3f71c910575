//! The query parameters of streams.

use utoipa::IntoParams;
use utoipa::openapi::Object;

use crate::http::paging::Limit;
use crate::http::query_parameters::ParameterType;
use crate::news::changes::parameters::{ContentFilter, KindsParameter, Since};
use crate::news::headlines::Priority;
use crate::problem::Text;
use crate::query_parameters;

query_parameters! {
    /// The parameters of every stream.
    pub struct StreamParameters {
        ..filter: ContentFilter,

        /// Headlines with this priority; no articles.
        pub priority: Option<Priority>,
        /// How many of the newest to send first, the oldest of them first.
        #[example(20)]
        pub snapshot: Option<SnapshotSize>,
        /// The place to go on from: the `id` of an event, or `page.next` of changes. The header `Last-Event-ID` takes precedence.
        pub since: Option<Since>,
    }
}

query_parameters! {
    /// The parameters of the stream of everything.
    pub struct AllParameters {
        ..kinds: KindsParameter,
        ..stream: StreamParameters,
    }
}

/// How many items a stream begins with: 1 to 100.
#[derive(Clone, Copy, Debug)]
pub struct SnapshotSize(pub u8);

impl ParameterType for SnapshotSize {
    fn parse(text: &str) -> Result<Self, Text> {
        Limit::parse(text).map(|limit| Self(limit.0))
    }

    fn schema() -> Object {
        Limit::schema()
    }
}

/// The header that browsers send when they connect again.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(
    dead_code,
    reason = "it describes the parameter; the value is read from the request"
)]
pub struct LastEventId {
    /// The place to go on from: the `id` of the last event. A browser's `EventSource` sends it by itself.
    #[param(rename = "Last-Event-ID", required = false, max_length = 4000)]
    last_event_id: String,
}
