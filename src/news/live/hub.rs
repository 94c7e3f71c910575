//! The task that reads the log of changes for all streams of the process.

use std::collections::HashMap;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{Bytes, BytesMut};
use diesel_async::AsyncPgConnection;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::frames::{self, MadeFrames};
use super::group::{self, Group, Subscription};
use super::stream::Membership;
use crate::db::ConnectOptions;
use crate::events::follow::News;
use crate::events::position::Position;
use crate::news::changes::{Batch, ResourceKind, Selection, head};
use crate::news::content::visibility::Visibility;
use crate::problem::Problem;

/// How many changes are read at once.
const BATCH: usize = 500;
/// How long one reading may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The pause after the first news before the log is read: the changes of a moment are sent together.
const GATHER: Duration = Duration::from_millis(30);
/// The log is read that often without news, too: they may be lost.
const POLL: Duration = Duration::from_secs(1);
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A stream that joins.
pub struct Join {
    pub subscription: Subscription,
    pub selection: Arc<Selection>,
    /// Whether it knows a place: the hub must not be behind it.
    pub resumes: bool,
    pub reply: oneshot::Sender<Joined>,
}

/// A stream's place in its group, and the group's in the log.
pub struct Joined {
    pub membership: Membership,
    pub position: Position,
}

/// The hub.
pub struct Hub {
    options: ConnectOptions,
    conn: Option<AsyncPgConnection>,
    joins: mpsc::UnboundedReceiver<Join>,
    news: Arc<News>,
    /// Tells of news, from the first group on.
    told: Option<watch::Receiver<()>>,
    /// Where the groups are in the log; none while there is no group.
    position: Option<Position>,
    groups: HashMap<String, Group>,
    has_failed: bool,
}

impl Hub {
    pub fn new(
        options: ConnectOptions,
        joins: mpsc::UnboundedReceiver<Join>,
        news: Arc<News>,
    ) -> Self {
        Self {
            options,
            conn: None,
            joins,
            news,
            told: None,
            position: None,
            groups: HashMap::new(),
            has_failed: false,
        }
    }

    /// Runs until nobody can join any more.
    pub async fn run(mut self) {
        let mut heartbeat = interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                join = self.joins.recv() => match join {
                    Some(join) => self.join(join).await,
                    None => return,
                },
                _ = heartbeat.tick() => self.send_to_all(&frames::heartbeat(self.position.as_ref())),
                () = changed(&mut self.told) => {
                    sleep(GATHER).await;
                    self.forward().await;
                }
                () = sleep(POLL), if self.position.is_some() => self.forward().await,
            }
        }
    }

    /// Lets streams join: this one, and all that wait.
    async fn join(&mut self, first: Join) {
        self.told.get_or_insert_with(|| self.news.subscribe());
        let mut joins = vec![first];
        while let Ok(join) = self.joins.try_recv() {
            joins.push(join);
        }
        let resumes = joins.iter().any(|join| join.resumes);
        if (self.position.is_none() || resumes) && !self.read_all().await {
            // Dropped: their requests fail.
            return;
        }
        let Some(position) = self.position.clone() else {
            return;
        };
        for join in joins {
            let key = join.subscription.key();
            let group = self.groups.entry(key);
            let group = group.or_insert_with(|| Group::new(join.subscription, join.selection));
            let membership = group.join();
            // The request may be gone.
            let _ = join.reply.send(Joined {
                membership,
                position: position.clone(),
            });
        }
    }

    /// Sends what is new to the groups that have readers.
    async fn forward(&mut self) {
        self.groups.retain(|_, group| group.has_readers());
        if self.groups.is_empty() {
            self.position = None;
        } else {
            self.read_all().await;
        }
    }

    /// Reads the log to its end; false after a failure. A connection that was cut meanwhile is replaced.
    async fn read_all(&mut self) -> bool {
        let mut may_be_cut = self.conn.is_some();
        loop {
            let read = timeout(TIMEOUT, self.read()).await;
            match read.unwrap_or_else(|_| Err("no answer".into())) {
                Ok(true) => {}
                Ok(false) => {
                    self.has_failed = false;
                    return true;
                }
                Err(_) if may_be_cut => (self.conn, may_be_cut) = (None, false),
                Err(error) => {
                    if !self.has_failed {
                        log::warn!("changes can't be read for streams: {error}");
                    }
                    (self.conn, self.has_failed) = (None, true);
                    return false;
                }
            }
        }
    }

    /// Reads a batch and sends it; true if there is more.
    async fn read(&mut self) -> Result<bool, Error> {
        let conn = match &mut self.conn {
            Some(conn) => conn,
            None => self.conn.insert(self.options.connect().await?),
        };
        let position = self.position.clone();
        let readers = group::readers(self.groups.values());
        let (now, batch) = conn
            .build_transaction()
            .read_only()
            .repeatable_read()
            .run(async |conn| {
                let head = head(conn).await?;
                let batch = match &position {
                    Some(position) if head.can_resume(position) => {
                        Some(Batch::read(conn, position, &head.now, BATCH, &readers).await?)
                    }
                    _ => None,
                };
                Ok::<_, Problem>((head.position(), batch))
            })
            .await?;
        let Some(batch) = batch else {
            // The first reading, or the history of the database is another one.
            if position.is_some() {
                self.send_to_all(&frames::reset());
                self.send_to_all(&frames::place(&now));
            }
            self.position = Some(now);
            return Ok(false);
        };
        let from = position.expect("a batch follows a place");
        self.send(&from, &batch, &readers);
        let moves_categories = batch
            .changes
            .iter()
            .flatten()
            .any(|change| change.kind == ResourceKind::Category);
        self.position = Some(batch.next);
        if moves_categories {
            self.resolve_again().await;
        }
        Ok(batch.more)
    }

    /// Sends a batch to each group: what it selects, in one piece.
    fn send(&self, from: &Position, batch: &Batch, readers: &[Visibility]) {
        let mut made: Vec<MadeFrames> = readers.iter().map(|_| MadeFrames::default()).collect();
        for group in self.groups.values() {
            let own = readers
                .iter()
                .position(|it| *it == group.subscription.visibility);
            let Some(own) = own else {
                continue;
            };
            let mut bytes = BytesMut::new();
            for (number, change) in batch.changes[own].iter().enumerate() {
                if let Some(selected) = group.selection.select(change) {
                    let id = || frames::cursor(&batch.place_after(from, change));
                    bytes.extend_from_slice(&made[own].of(number, change, selected, id));
                }
            }
            if !bytes.is_empty() {
                group.send(bytes.freeze());
            }
        }
    }

    fn send_to_all(&self, bytes: &Bytes) {
        for group in self.groups.values() {
            group.send(bytes.clone());
        }
    }

    /// Resolves categories again, when one has moved. A filter whose category is gone keeps what it had.
    async fn resolve_again(&mut self) {
        let Some(conn) = &mut self.conn else {
            return;
        };
        for group in self.groups.values_mut() {
            if group.selection.categories.is_some()
                && let Ok(selection) = group.subscription.resolve(conn).await
            {
                group.selection = Arc::new(selection);
            }
        }
    }
}

type Error = Box<dyn std::error::Error + Send + Sync>;

async fn changed(told: &mut Option<watch::Receiver<()>>) {
    match told {
        // The sender lives as long as the hub.
        Some(told) => {
            let _ = told.changed().await;
        }
        None => pending().await,
    }
}
