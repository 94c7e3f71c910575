//! Whether the database answers, found out on a connection of its own: where it doesn't, requests are refused at once
//! instead of waiting for it one by one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;

use super::{Address, migrations};

/// Whether it could serve when it was looked at last, and when that was.
type Readiness = Option<(Instant, Result<(), String>)>;

/// What is known of the database, shared by all workers of the process. The looking ends with the last of them.
#[derive(Debug)]
pub struct Watch {
    seen: Arc<Seen>,
    task: AbortHandle,
}

#[derive(Debug)]
struct Seen {
    /// Set by whoever needs the database, taken back at each look: nobody looks while nobody needs it.
    needed: AtomicBool,
    wake: Notify,
    /// Why it is not asked, while it is not.
    away: RwLock<Option<String>>,
    is_away: AtomicBool,
    /// Connections opened before this are not used any more: they led to a database that didn't answer.
    since: RwLock<Option<Instant>>,
    /// How often it went away.
    losses: watch::Sender<u64>,
    readiness: watch::Sender<Readiness>,
}

/// From one look to the next.
const PAUSE: Duration = Duration::from_millis(250);
/// How long what was found about readiness is good for.
const FRESH: Duration = Duration::from_secs(1);
/// How long a caller waits to hear about readiness.
const PATIENCE: Duration = Duration::from_millis(900);

impl Watch {
    /// Begins to look. `silence` is how long the database may take for the least of questions.
    pub fn start(address: &Address, silence: Duration) -> Self {
        let seen = Arc::new(Seen {
            needed: AtomicBool::new(false),
            wake: Notify::new(),
            away: RwLock::default(),
            is_away: AtomicBool::new(false),
            since: RwLock::default(),
            losses: watch::Sender::new(0),
            readiness: watch::Sender::new(None),
        });
        let task = tokio::spawn(look(seen.clone(), address.clone(), silence));
        Self {
            seen,
            task: task.abort_handle(),
        }
    }

    /// To be asked before the database is.
    ///
    /// # Errors
    /// In words, where it doesn't answer.
    pub fn check(&self) -> Result<(), String> {
        self.need();
        if !self.seen.is_away.load(Ordering::Acquire) {
            return Ok(());
        }
        let away = self.seen.away.read();
        let away = away.unwrap_or_else(PoisonError::into_inner);
        away.clone().map_or(Ok(()), Err)
    }

    /// Whether a connection that was opened then may still be used.
    pub fn trusts(&self, opened: Instant) -> bool {
        let since = self.seen.since.read();
        since
            .unwrap_or_else(PoisonError::into_inner)
            .is_none_or(|since| opened > since)
    }

    /// Changes when the database goes away after this.
    pub fn losses(&self) -> watch::Receiver<u64> {
        self.seen.losses.subscribe()
    }

    /// Whether the database answers and has the schema, as it was found at most a second ago.
    ///
    /// # Errors
    /// In words, where it doesn't.
    pub async fn readiness(&self) -> Result<(), String> {
        let mut readiness = self.seen.readiness.subscribe();
        self.need();
        let fresh = |found: &Readiness| found.as_ref().is_some_and(|(at, _)| at.elapsed() < FRESH);
        match tokio::time::timeout(PATIENCE, readiness.wait_for(fresh)).await {
            Ok(Ok(found)) => found.as_ref().map_or(Ok(()), |(_, found)| found.clone()),
            _ => Err("the database doesn't answer".to_owned()),
        }
    }

    fn need(&self) {
        if !self.seen.needed.swap(true, Ordering::AcqRel) {
            self.seen.wake.notify_one();
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Seen {
    fn found(&self, answer: &Result<(), String>) {
        let was_away = self.is_away.load(Ordering::Acquire);
        match answer {
            Ok(()) if was_away => {
                self.is_away.store(false, Ordering::Release);
                // To be looked at now, not when the second is over.
                self.readiness.send_replace(None);
                log::info!("the database answers again");
            }
            Err(why) if !was_away => {
                log::error!("the database is not asked until it answers again: {why}");
                *self.away.write().unwrap_or_else(PoisonError::into_inner) = Some(why.clone());
                *self.since.write().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                self.is_away.store(true, Ordering::Release);
                self.losses.send_modify(|losses| *losses += 1);
                self.readiness
                    .send_replace(Some((Instant::now(), Err(why.clone()))));
            }
            _ => {}
        }
    }
}

async fn look(seen: Arc<Seen>, address: Address, silence: Duration) {
    let mut conn = None;
    loop {
        if !seen.needed.swap(false, Ordering::AcqRel) && !seen.is_away.load(Ordering::Acquire) {
            seen.wake.notified().await;
            continue;
        }
        let answer = tokio::time::timeout(silence, ask(&mut conn, &address)).await;
        let answer = answer.unwrap_or_else(|_| Err("the database doesn't answer".to_owned()));
        if answer.is_err() {
            conn = None;
        }
        seen.found(&answer);
        let due = seen
            .readiness
            .borrow()
            .as_ref()
            .is_none_or(|(at, _)| at.elapsed() >= FRESH);
        if due {
            let found = match (&answer, &mut conn) {
                (Ok(()), Some(conn)) => {
                    let found = tokio::time::timeout(silence, migrations::is_ready(conn)).await;
                    match found {
                        Ok(Ok(true)) => Ok(()),
                        Ok(Ok(false)) => Err("migrations are pending".to_owned()),
                        Ok(Err(error)) => Err(error.to_string()),
                        Err(_) => Err("the migrations can't be read in time".to_owned()),
                    }
                }
                (answer, _) => answer.clone(),
            };
            if found.is_err() {
                conn = None;
            }
            seen.readiness.send_replace(Some((Instant::now(), found)));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Asks for as little as can be asked for. A connection that was cut says nothing about the database: another is tried.
async fn ask(conn: &mut Option<AsyncPgConnection>, address: &Address) -> Result<(), String> {
    if let Some(kept) = conn
        && ping(kept).await.is_ok()
    {
        return Ok(());
    }
    *conn = None;
    match address.connect().await {
        Ok(mut new) => {
            ping(&mut new).await.map_err(|error| error.to_string())?;
            *conn = Some(new);
            Ok(())
        }
        // It is there, and has its hands full with those who have a connection.
        Err(error) if is_full(&error.to_string()) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

async fn ping(conn: &mut AsyncPgConnection) -> diesel::QueryResult<()> {
    conn.batch_execute("SELECT 1").await
}

fn is_full(error: &str) -> bool {
    [
        "too many clients",
        "connection slots",
        "too many connections",
    ]
    .iter()
    .any(|words| error.contains(words))
}
