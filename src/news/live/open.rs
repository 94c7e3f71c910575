//! Opens streams: where each begins, who may, and its group.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{self, HeaderName};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use futures_util::Stream;
use futures_util::stream::once;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::{Sleep, sleep};

use super::catch_up::CatchUp;
use super::group::Subscription;
use super::hub::{Hub, Join, Joined};
use super::keys::StreamKeys;
use super::parameters::StreamParameters;
use super::settings::StreamSettings;
use super::slots::{Holder, StreamSlots};
use super::stream::{LONGEST_BEHIND, OpenStream};
use super::{frames, latest};
use crate::access::extractors::{Reader, known_caller};
use crate::cache::{CACHE_STATUS, CacheStatus};
use crate::connection::client_address::network_to_bound;
use crate::connection::{Shutdown, shorten_write_timeout};
use crate::db::{ConnectOptions, Database};
use crate::events::follow::News;
use crate::events::position::Position;
use crate::news::changes::{ChangesCursor, ResourceKind, Selection, head};
use crate::news::content::visibility::Visibility;
use crate::problem::{Fault, Problem};

/// How many streams of the process read at once what they have missed.
const CATCHING_UP: usize = 4;
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What all streams of the process share.
pub struct Streams {
    joins: mpsc::UnboundedSender<Join>,
    slots: Arc<StreamSlots>,
    keys: StreamKeys,
    catching_up: Arc<Semaphore>,
    tasks: [AbortHandle; 2],
}

/// A request for a stream.
pub struct Asked {
    kinds: Vec<ResourceKind>,
    parameters: StreamParameters,
    start: Start,
}

/// Where a stream begins.
enum Start {
    Now,
    /// With so many of the newest.
    Latest(usize),
    At(Position),
    /// At a place that can't be read.
    Unknown,
}

impl Asked {
    /// A request with these parameters.
    ///
    /// # Errors
    /// The faults of its parameters.
    pub fn new(
        kinds: Vec<ResourceKind>,
        parameters: StreamParameters,
        mut faults: Vec<Fault>,
        request: &HttpRequest,
    ) -> Result<Self, Problem> {
        let last = request.headers().get(LAST_EVENT_ID);
        let last = last.filter(|id| !id.is_empty());
        let start = match (last, &parameters.since, parameters.snapshot) {
            // A browser's client would give up after a problem.
            (Some(id), ..) => match id.to_str().ok().and_then(ChangesCursor::read) {
                Some(cursor) => Start::At(cursor.position().clone()),
                None => Start::Unknown,
            },
            (None, Some(since), _) if since.0 != "now" => {
                match ChangesCursor::of_parameter("since", &since.0) {
                    Ok(cursor) => Start::At(cursor.position().clone()),
                    Err(fault) => {
                        faults.push(fault);
                        Start::Unknown
                    }
                }
            }
            (None, None, Some(size)) => Start::Latest(size.0.into()),
            (None, ..) => Start::Now,
        };
        match faults.is_empty() {
            true => Ok(Self {
                kinds,
                parameters,
                start,
            }),
            false => Err(Problem::InvalidParameters(faults)),
        }
    }
}

impl Streams {
    /// Starts the tasks that streams need.
    pub fn start(options: &ConnectOptions, settings: &StreamSettings, news: Arc<News>) -> Self {
        let (joins, joining) = mpsc::unbounded_channel();
        let keys = StreamKeys::default();
        let hub = Hub::new(options.clone(), joining, news);
        let tasks = [
            tokio::spawn(hub.run()).abort_handle(),
            tokio::spawn(keys.clone().run(options.clone())).abort_handle(),
        ];
        Self {
            joins,
            slots: Arc::new(StreamSlots::new(settings)),
            keys,
            catching_up: Arc::new(Semaphore::new(CATCHING_UP)),
            tasks,
        }
    }

    /// Opens a stream. A browser gives up for ever after a problem: one that connects again while the database is away is told to
    /// try once more.
    pub async fn open(
        &self,
        db: Data<Database>,
        shutdown: &Shutdown,
        reader: &Reader,
        request: &HttpRequest,
        asked: Asked,
    ) -> Result<HttpResponse, Problem> {
        shorten_write_timeout(request, LONGEST_BEHIND);
        let connects_again = request.headers().contains_key(LAST_EVENT_ID);
        match self.begin(db, shutdown, reader, request, asked).await {
            Err(Problem::Unavailable(_)) if connects_again => Ok(response(once(async {
                Ok::<_, Infallible>(frames::retry(frames::RETRY))
            }))),
            opened => opened,
        }
    }

    async fn begin(
        &self,
        db: Data<Database>,
        shutdown: &Shutdown,
        reader: &Reader,
        request: &HttpRequest,
        asked: Asked,
    ) -> Result<HttpResponse, Problem> {
        let caller = known_caller(request);
        let holder = match &caller {
            Some(caller) => Some(Holder::Account(caller.account())),
            None => network_to_bound(request).map(Holder::Address),
        };
        let slot = self.slots.take(holder)?;
        let key_ended = caller.as_ref().and_then(|caller| self.keys.watch(caller));
        let subscription = Subscription {
            visibility: Visibility::of(reader),
            kinds: asked.kinds,
            filter: asked.parameters.filter,
            priority: asked.parameters.priority,
        };
        let mut conn = db.connection().await?;
        let selection = Arc::new(subscription.resolve(&mut conn).await?);
        let mut ready = VecDeque::from([frames::retry(frames::RETRY)]);
        let from = first_frames(&mut conn, asked.start, &subscription, &mut ready).await?;
        drop(conn);
        let visibility = subscription.visibility;
        let joined = self
            .join(subscription, selection.clone(), from.is_some())
            .await?;
        if from.is_none() {
            ready.push_back(frames::place(&joined.position));
        }
        let catch_up = from.map(|from| CatchUp {
            db,
            gate: self.catching_up.clone(),
            selection,
            visibility,
            from,
            until: joined.position,
        });
        let stream = OpenStream {
            ready,
            catch_up,
            membership: joined.membership,
            draining: shutdown.draining(),
            key_ended,
            // A JWT ends by this clock, as it is verified by it; a key by that of the database.
            expires: caller
                .filter(|caller| caller.key_id.is_none())
                .and_then(|caller| sleep_until(caller.expires_at?)),
            slot,
            is_over: false,
        };
        Ok(response(stream.bytes()))
    }

    async fn join(
        &self,
        subscription: Subscription,
        selection: Arc<Selection>,
        resumes: bool,
    ) -> Result<Joined, Problem> {
        let (reply, joined) = oneshot::channel();
        let join = Join {
            subscription,
            selection,
            resumes,
            reply,
        };
        let unavailable = || Problem::Unavailable("the log of changes can't be read".into());
        self.joins.send(join).map_err(|_| unavailable())?;
        joined.await.map_err(|_| unavailable())
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

fn response(frames: impl Stream<Item = Result<Bytes, Infallible>> + 'static) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((ACCEL_BUFFERING, "no"))
        .insert_header((CACHE_STATUS.clone(), CacheStatus::Bypassed.header()))
        .streaming(frames)
}

/// Puts the first frames into `ready`, and returns the place that they lead to; none for the place of the others.
async fn first_frames(
    conn: &mut AsyncPgConnection,
    start: Start,
    subscription: &Subscription,
    ready: &mut VecDeque<Bytes>,
) -> Result<Option<Position>, Problem> {
    match start {
        Start::Now => Ok(None),
        Start::At(position) => Ok(Some(position)),
        Start::Unknown => {
            ready.push_back(frames::reset());
            Ok(None)
        }
        Start::Latest(count) => {
            let position = head(conn).await?.position();
            let newest = conn
                .build_transaction()
                .read_only()
                .repeatable_read()
                .run(async |conn| {
                    let filter = (&subscription.filter, subscription.priority);
                    let kinds = &subscription.kinds;
                    let newest = latest::read(conn, kinds, filter, subscription.visibility, count);
                    newest.await
                })
                .await?;
            let last = newest.len().saturating_sub(1);
            for (number, (kind, document)) in newest.iter().enumerate() {
                // A client that gets only some of them begins again.
                let id = (number == last).then(|| frames::cursor(&position));
                let data = frames::document(*kind, &document.json);
                ready.push_back(frames::event(id.as_deref(), "published", &data));
            }
            Ok(Some(position))
        }
    }
}

/// Waits for the end of a caller's credentials.
fn sleep_until(time: DateTime<Utc>) -> Option<Pin<Box<Sleep>>> {
    let left = (time - Utc::now()).to_std().unwrap_or(Duration::ZERO);
    Some(Box::pin(sleep(left)))
}
