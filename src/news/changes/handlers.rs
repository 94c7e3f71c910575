//! `GET /v1/changes`.

use std::future::{Ready, poll_fn, ready};
use std::time::{Duration, Instant};

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, get};
use diesel_async::AsyncPgConnection;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::batch::Batch;
use super::cursor::ChangesCursor;
use super::log::{self, Head};
use super::model::{ChangeItem, ChangesPage};
use super::parameters::ChangesParameters;
use super::selection::Selection;
use super::snapshot;
use crate::access::extractors::Reader;
use crate::connection::Shutdown;
use crate::db::Database;
use crate::events::follow::News;
use crate::events::position::Position;
use crate::http::query_parameters::{QueryParameters, parse};
use crate::http::responses::Gone;
use crate::news::content::visibility::Visibility;
use crate::news::messages;
use crate::problem::{Fault, FaultCode, Problem};

/// How many pages without an item for the client one request reads.
const MOST_PAGES: usize = 10;
/// The pause after a change before changes are read: those of a moment are read together.
const PAUSE: Duration = Duration::from_millis(100);

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_changes);
}

/// The parsed parameters of a request.
pub struct ChangesRequest {
    parameters: ChangesParameters,
    from: Start,
}

/// Where a request begins.
enum Start {
    Now,
    Snapshot,
    At(ChangesCursor),
}

impl ChangesRequest {
    fn read(query: &str) -> Result<Self, Problem> {
        let (parameters, _, mut faults) = parse::<ChangesParameters>(query);
        let contradiction =
            |parameter, code| Err(Fault::of(parameter, code, messages::since_or_snapshot()));
        let from = match (&parameters.since, parameters.snapshot) {
            (None, None | Some(true)) => Ok(Start::Snapshot),
            (None, Some(false)) => contradiction("since", FaultCode::Required),
            (Some(_), Some(true)) => contradiction("snapshot", FaultCode::Invalid),
            (Some(since), _) if since.0 == "now" => Ok(Start::Now),
            (Some(since), _) => ChangesCursor::of_parameter("since", &since.0).map(Start::At),
        };
        match from {
            Ok(from) if faults.is_empty() => return Ok(Self { parameters, from }),
            Ok(_) => {}
            Err(fault) => faults.push(fault),
        }
        Err(Problem::InvalidParameters(faults))
    }
}

impl FromRequest for ChangesRequest {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request.query_string()))
    }
}

impl IntoParams for ChangesRequest {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        ChangesParameters::declarations()
    }
}

/// List changes
///
/// For a copy that stays true: begin with `snapshot=true`, pass each `page.next` as `since`, and go on for ever. Each page has every
/// resource that changed since the one before, once, in its newest state, or says that it is gone. Nothing is missed, whatever was
/// committed meanwhile; what was never visible to the caller leaves no trace. After a 410, begin again with `snapshot=true`.
#[utoipa::path(tag = "Live", params(ChangesRequest), responses(Gone))]
#[get("/v1/changes")]
async fn list_changes(
    db: Data<Database>,
    news: Data<News>,
    shutdown: Data<Shutdown>,
    reader: Reader,
    request: ChangesRequest,
) -> Result<ChangesPage, Problem> {
    let visibility = Visibility::of(&reader);
    let parameters = &request.parameters;
    let deadline = Instant::now() + Duration::from_secs(parameters.wait.0.into());
    let mut draining = shutdown.draining();
    let mut told = (parameters.wait.0 > 0).then(|| news.subscribe());
    let mut from = match request.from {
        Start::Now => None,
        Start::At(cursor) => Some(cursor),
        // Read before the transaction of the page, whose `now()` is older than its snapshot: what is published meanwhile follows.
        Start::Snapshot => {
            let start = log::head(&mut *db.connection().await?).await?.position();
            let (kind, after) = (0, Uuid::nil());
            Some(ChangesCursor::Snapshot { start, kind, after })
        }
    };
    loop {
        let mut conn = db.connection().await?;
        let filter = &parameters.filter;
        let selection =
            Selection::resolve(&mut conn, &parameters.kinds.kinds.0, filter, None).await?;
        let limit = parameters.limit.0.into();
        let (page, next) = conn
            .build_transaction()
            .read_only()
            .repeatable_read()
            .run(async |conn| page(conn, from.as_ref(), &selection, visibility, limit).await)
            .await?;
        let wait = deadline.saturating_duration_since(Instant::now());
        let Some(told) = told.as_mut().filter(|_| !wait.is_zero()) else {
            return Ok(page);
        };
        if !page.items.is_empty() || page.page.more {
            return Ok(page);
        }
        drop(conn);
        from = Some(next);
        tokio::select! {
            _ = told.changed() => tokio::time::sleep(PAUSE.min(wait)).await,
            () = tokio::time::sleep(wait) => {}
            // A server that stops waits for no change.
            () = poll_fn(|cx| draining.poll(cx)) => return Ok(page),
        }
    }
}

/// Reads a page in the snapshot of the transaction.
async fn page(
    conn: &mut AsyncPgConnection,
    from: Option<&ChangesCursor>,
    selection: &Selection,
    visibility: Visibility,
    limit: usize,
) -> Result<(ChangesPage, ChangesCursor), Problem> {
    let head = log::head(conn).await?;
    match from {
        None => {
            let next = ChangesCursor::Log(head.position());
            Ok((ChangesPage::new(Vec::new(), &next, false), next))
        }
        Some(cursor) if !head.can_resume(cursor.position()) => Err(Problem::CursorExpired),
        Some(ChangesCursor::Snapshot { start, kind, after }) => {
            snapshot_page(
                conn,
                &head,
                start.clone(),
                (*kind, *after),
                selection,
                visibility,
                limit,
            )
            .await
        }
        Some(ChangesCursor::Log(position)) => {
            changes_page(conn, &head, position, selection, visibility, limit).await
        }
    }
}

async fn snapshot_page(
    conn: &mut AsyncPgConnection,
    head: &Head,
    start: Position,
    after: (u8, Uuid),
    selection: &Selection,
    visibility: Visibility,
    limit: usize,
) -> Result<(ChangesPage, ChangesCursor), Problem> {
    let page = snapshot::page(conn, after, selection, visibility, limit).await?;
    let items = page
        .items
        .iter()
        .map(|(kind, id, document)| ChangeItem::found(*kind, *id, head.at, document));
    let items = items.collect::<Result<Vec<_>, _>>()?;
    let more = page.next.is_some();
    let next = match page.next {
        Some((kind, after)) => ChangesCursor::Snapshot { start, kind, after },
        None => ChangesCursor::Log(start),
    };
    Ok((ChangesPage::new(items, &next, more), next))
}

async fn changes_page(
    conn: &mut AsyncPgConnection,
    head: &Head,
    position: &Position,
    selection: &Selection,
    visibility: Visibility,
    limit: usize,
) -> Result<(ChangesPage, ChangesCursor), Problem> {
    let mut from = position.clone();
    let mut batch = Batch::read(conn, &from, &head.now, limit, &[visibility]).await?;
    for _ in 1..MOST_PAGES {
        let has_items = batch.changes[0]
            .iter()
            .any(|change| selection.select(change).is_some());
        // At the same place, this transaction can't read on.
        if has_items || !batch.more || batch.next == from {
            break;
        }
        from = batch.next;
        batch = Batch::read(conn, &from, &head.now, limit, &[visibility]).await?;
    }
    let selected = batch.changes[0]
        .iter()
        .filter_map(|change| Some((change, selection.select(change)?)));
    let items = selected.map(|(change, selected)| ChangeItem::of(change, selected));
    let items = items.collect::<Result<Vec<_>, _>>()?;
    let next = ChangesCursor::Log(batch.next);
    Ok((ChangesPage::new(items, &next, batch.more), next))
}
