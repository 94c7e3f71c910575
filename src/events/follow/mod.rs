//! Follows the log of changes, in one task for the process.
//!
//! Each committed event is read once, in an order in which the versions of a resource rise (see `log_reader`), and within
//! milliseconds: nodes tell each other by `NOTIFY` that there is something to read. It is sent after the commit, once for
//! many changes, because a transaction that notifies takes a lock that all such transactions share. The log is read every
//! quarter of a second as well, so that a notification may be lost.

mod link;
mod news;
mod state;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::task::AbortHandle;
use tokio_postgres::{Client, SimpleQueryMessage};
use uuid::Uuid;

pub use super::log_reader::Event;
use link::{Error, Link};
pub use news::{News, Signal};
pub use state::State;

use super::log_reader::{LogReader, Piece};
use crate::db::ConnectOptions;

/// How long connecting and one reading may take.
const TIMEOUT: Duration = Duration::from_secs(2);
/// The pause before the next attempt after a failure.
const RETRY: Duration = Duration::from_millis(100);
/// After how long without a reading the place in the log is given up: events are removed from it, too.
const FORGOTTEN: Duration = Duration::from_secs(3600);
/// How often the moments to come are read from the content itself.
const MOMENTS_EVERY: Duration = Duration::from_secs(3600);

/// Reads the log through the follower. Calls come one after the other.
pub trait Subscriber: Send + Sync {
    /// Some events may have been missed: whatever was derived from earlier ones is not to be relied on.
    fn restart(&self);

    /// The next events.
    fn apply(&self, events: &[Event]);

    /// The moments, until `until`, at which the public sees something else; more than were known before, or the same.
    fn set_moments(&self, moments: &[DateTime<Utc>], until: DateTime<Utc>);
}

/// The follower. It ends when it is dropped.
pub struct Follower {
    state: Arc<State>,
    task: AbortHandle,
}

impl Follower {
    /// Starts to follow the log.
    pub fn start(options: &ConnectOptions, subscribers: Vec<Arc<dyn Subscriber>>) -> Self {
        let state = Arc::new(State::new());
        let task = Task {
            state: state.clone(),
            options: options.clone(),
            subscribers,
            reader: LogReader::default(),
            node: Uuid::now_v7().to_string(),
            notified: 0,
            moments_at: None,
        };
        let task = tokio::spawn(task.run()).abort_handle();
        Self { state, task }
    }

    pub fn state(&self) -> Arc<State> {
        self.state.clone()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Task {
    state: Arc<State>,
    options: ConnectOptions,
    subscribers: Vec<Arc<dyn Subscriber>>,
    reader: LogReader,
    /// The name of this process in notifications.
    node: String,
    /// The last request whose changes the other nodes were told about.
    notified: u64,
    /// When the moments to come were read.
    moments_at: Option<Instant>,
}

impl Task {
    async fn run(mut self) {
        let mut link = None;
        loop {
            let read = tokio::time::timeout(TIMEOUT, self.read(&mut link)).await;
            let ended = match read.unwrap_or_else(|_| Err("no answer".into())) {
                Ok(true) => continue,
                Ok(false) => match &mut link {
                    None => continue,
                    Some(link) => tokio::select! {
                        () = self.state.woken() => Ok(()),
                        waited = link.wait(&self.node) => waited,
                    },
                },
                Err(error) => Err(error),
            };
            if let Err(error) = ended {
                self.state.set_lost(&error.to_string());
                link = None;
                tokio::time::sleep(RETRY).await;
            }
        }
    }

    /// Reads what was committed since the last time; true if there is more.
    async fn read(&mut self, link: &mut Option<Link>) -> Result<bool, Error> {
        let link = match link {
            Some(link) => link,
            None => link.insert(Link::open(&self.options, &self.node).await?),
        };
        if self.state.age().is_some_and(|age| age > FORGOTTEN) {
            self.reader = LogReader::default();
        }
        // Before the reading: it has all changes that these wishes are about.
        let request = self.state.requested();
        let sent = Instant::now();
        let piece = self.reader.read(&link.client).await?;
        let received = Instant::now();
        self.publish(&piece);
        let read_moments = self
            .moments_at
            .is_none_or(|at| at.elapsed() > MOMENTS_EVERY);
        if piece.is_new_history || read_moments {
            self.read_moments(&link.client).await?;
        }
        if piece.more {
            return Ok(true);
        }
        self.state.set_current(sent, received, piece.clock, request);
        if request > self.notified && !piece.events.is_empty() {
            link.notify(&self.node);
        }
        self.notified = request;
        Ok(false)
    }

    fn publish(&self, piece: &Piece) {
        for subscriber in &self.subscribers {
            if piece.is_new_history {
                subscriber.restart();
            }
            if !piece.events.is_empty() {
                subscriber.apply(&piece.events);
            }
        }
    }

    /// Reads the moments to come from the content. Those that changes add later come with their events.
    async fn read_moments(&mut self, client: &Client) -> Result<(), Error> {
        let sql = "SELECT (extract(epoch FROM moment) * 1000000)::bigint, (extract(epoch FROM until) * 1000000)::bigint \
                   FROM moments_to_come()";
        let (mut moments, mut until) = (Vec::new(), None);
        for message in client.simple_query(sql).await? {
            let SimpleQueryMessage::Row(row) = message else {
                continue;
            };
            let time = |column| -> Option<DateTime<Utc>> {
                DateTime::from_timestamp_micros(row.get(column)?.parse().ok()?)
            };
            moments.extend(time(0));
            until = time(1);
        }
        let until = until.ok_or("the moments to come can't be read")?;
        for subscriber in &self.subscribers {
            subscriber.set_moments(&moments, until);
        }
        self.moments_at = Some(Instant::now());
        Ok(())
    }
}
