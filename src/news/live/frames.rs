//! Server-sent events as bytes (HTML Living Standard, section 9.2).

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Responder};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Response};
use utoipa::{IntoResponses, ToSchema};
use uuid::Uuid;

use crate::events::position::Position;
use crate::http::responses::{self, CONTENT_SCHEMA};
use crate::http::schema::{TypeSchema, reference};
use crate::http::timestamp;
use crate::news::articles::Article;
use crate::news::authors::Author;
use crate::news::categories::Category;
use crate::news::changes::{Change, ChangesCursor, Ending, Outcome, ResourceKind, Selected};
use crate::news::headlines::Headline;
use crate::news::site::Site;
use crate::news::tags::Tag;

/// How long a client waits before it connects again.
pub const RETRY: Duration = Duration::from_secs(3);

/// The data of the events `withdrawn`, `expired`, `deleted` and `left`: remove the resource.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "resource": "headline", "id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d13", "reason": "withdrawn", "at": "2026-11-23T14:05:00.000000Z",
}))]
pub struct Tombstone {
    pub resource: ResourceKind,
    pub id: Uuid,
    pub reason: Ending,
    /// The time of the change.
    #[serde(serialize_with = "timestamp::serialize")]
    pub at: DateTime<Utc>,
}

/// The data of the event `reset`: the stream can't go on from the place that was asked for, and goes on from now. Read again what
/// you show.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"reason": "cursor-expired", "changes": "/v1/changes?snapshot=true"}))]
pub struct StreamReset {
    /// The kind of problem.
    #[schema(value_type = String, max_length = 50)]
    pub reason: &'static str,
    /// Where to begin again.
    #[schema(value_type = String, max_length = 100)]
    pub changes: &'static str,
}

/// The response of a stream of headlines, or of all kinds of resources.
pub struct EventStream<const ALL: bool>(pub HttpResponse);

impl<const ALL: bool> Responder for EventStream<ALL> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.0
    }
}

impl<const ALL: bool> IntoResponses for EventStream<ALL> {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut data = vec![
            reference::<Headline>(),
            reference::<Tombstone>(),
            reference::<StreamReset>(),
        ];
        if ALL {
            data.extend([
                reference::<Article>(),
                reference::<Category>(),
                reference::<Author>(),
            ]);
            data.extend([reference::<Tag>(), reference::<Site>()]);
        }
        let data: Vec<Value> = data.iter().map(|data| json!(data)).collect();
        // The document takes the schemas from those that are known.
        TypeSchema::sent::<Tombstone>();
        TypeSchema::sent::<StreamReset>();
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(
                "Server-sent events; `contentSchema` describes the data of one. Resources have `resource` before their other fields.",
            ))
            .extensions(Some(
                ExtensionsBuilder::new()
                    .add(CONTENT_SCHEMA, json!({"anyOf": data}))
                    .build(),
            ))
            .build();
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let ok = responses::empty("Events, for as long as the stream is open.")
            .content("text/event-stream", content);
        [responses::entry("200", ok)].into()
    }
}

/// One event.
pub fn event(id: Option<&str>, event: &str, data: &str) -> Bytes {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("{id}event: {event}\ndata: {data}\n\n").into()
}

/// A place alone: a client that connects again begins there.
pub fn place(position: &Position) -> Bytes {
    format!("id: {}\n\n", cursor(position)).into()
}

/// A sign of life, with the place.
pub fn heartbeat(position: Option<&Position>) -> Bytes {
    match position {
        Some(position) => format!(": \nid: {}\n\n", cursor(position)).into(),
        None => Bytes::from_static(b": \n\n"),
    }
}

/// How long to wait before connecting again.
pub fn retry(after: Duration) -> Bytes {
    format!("retry: {}\n\n", after.as_millis()).into()
}

/// That the stream can't go on from where the client was.
pub fn reset() -> Bytes {
    let reset = StreamReset {
        reason: "cursor-expired",
        changes: "/v1/changes?snapshot=true",
    };
    event(None, "reset", &json!(reset).to_string())
}

pub fn cursor(position: &Position) -> String {
    ChangesCursor::Log(position.clone()).write()
}

/// A resource as the data of an event: its document, after the name of its kind.
pub fn document(kind: ResourceKind, json: &str) -> String {
    let fields = json.strip_prefix('{').unwrap_or(json);
    format!("{{\"resource\":\"{}\",{fields}", kind.as_str())
}

/// A change as an event; `id` is the cursor of the place after it.
pub fn of_change(change: &Change, selected: Selected<'_>, id: &str) -> Bytes {
    match selected {
        Selected::Document {
            document: found, ..
        } => {
            let name = match change.outcome {
                Outcome::Appeared => "published",
                _ => "updated",
            };
            event(Some(id), name, &document(change.kind, &found.json))
        }
        Selected::Removed(ending) => {
            let tombstone = Tombstone {
                resource: change.kind,
                id: change.id,
                reason: ending,
                at: change.at,
            };
            event(Some(id), ending.as_str(), &json!(tombstone).to_string())
        }
    }
}

/// The events of a batch, each made once for all groups of readers of one kind.
#[derive(Default)]
pub struct MadeFrames(HashMap<(usize, Option<Ending>), Bytes>);

impl MadeFrames {
    /// The event of the change of this number.
    pub fn of(
        &mut self,
        number: usize,
        change: &Change,
        selected: Selected<'_>,
        id: impl FnOnce() -> String,
    ) -> Bytes {
        let ending = match selected {
            Selected::Document { .. } => None,
            Selected::Removed(ending) => Some(ending),
        };
        let made = self.0.entry((number, ending));
        made.or_insert_with(|| of_change(change, selected, &id()))
            .clone()
    }
}
