//! `GET /v1/headlines/stream` and `GET /v1/stream`.

use actix_web::web::Data;
use actix_web::{HttpRequest, get};
use utoipa_actix_web::service_config::ServiceConfig;

use super::frames::EventStream;
use super::open::{Asked, Streams};
use super::parameters::{AllParameters, LastEventId, StreamParameters};
use crate::access::extractors::Reader;
use crate::connection::Shutdown;
use crate::db::Database;
use crate::http::query_parameters::parse;
use crate::news::changes::ResourceKind;
use crate::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(stream_headlines).service(stream);
}

/// Follow headlines
///
/// Server-sent events, for `EventSource`. `published` and `updated` have a headline as `GET` shows it, with `resource` before its
/// other fields: insert or replace it by its id. `withdrawn`, `expired`, `deleted` and `left` (it no longer matches the filters) have a
/// `Tombstone`: remove it. The `id` of an event is its place in the log of changes: a client that connects again with it, in
/// `Last-Event-ID` or `since`, misses nothing and gets nothing twice, whatever node it reaches. A place that is too old gets `reset`, with
/// a `StreamReset`. A comment comes every 15 seconds.
#[utoipa::path(tag = "Live", params(StreamParameters, LastEventId))]
#[get("/v1/headlines/stream")]
async fn stream_headlines(
    db: Data<Database>,
    streams: Data<Streams>,
    shutdown: Data<Shutdown>,
    reader: Reader,
    request: HttpRequest,
) -> Result<EventStream<false>, Problem> {
    let (parameters, _, faults) = parse::<StreamParameters>(request.query_string());
    let asked = Asked::new(vec![ResourceKind::Headline], parameters, faults, &request)?;
    let response = streams.open(db, &shutdown, &reader, &request, asked).await;
    response.map(EventStream)
}

/// Follow everything
///
/// The same as the stream of headlines, for all content, its categories, authors and tags, and the site. `resource` tells what an event
/// is about.
#[utoipa::path(tag = "Live", params(AllParameters, LastEventId))]
#[get("/v1/stream")]
async fn stream(
    db: Data<Database>,
    streams: Data<Streams>,
    shutdown: Data<Shutdown>,
    reader: Reader,
    request: HttpRequest,
) -> Result<EventStream<true>, Problem> {
    let (parameters, _, faults) = parse::<AllParameters>(request.query_string());
    let kinds = parameters.kinds.kinds.0;
    let asked = Asked::new(kinds, parameters.stream, faults, &request)?;
    let response = streams.open(db, &shutdown, &reader, &request, asked).await;
    response.map(EventStream)
}
