//! Whether the database answers, found out on a connection of its own: where it doesn't, requests are refused at once
//! instead of waiting for it one by one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;

use super::pooler::{Outage, Probe, SharedSessions};
use super::{ConnectOptions, migrations};

/// Whether it could serve when it was looked at last, and when that was.
type Readiness = Option<(Instant, Result<(), Outage>)>;

/// What is known of the database, shared by all workers of the process. The looking ends with the last of them.
#[derive(Debug)]
pub struct HealthMonitor {
    seen: Arc<Seen>,
    task: AbortHandle,
}

#[derive(Debug)]
struct Seen {
    /// Set by whoever needs the database, taken back at each look: nobody looks while nobody needs it.
    needed: AtomicBool,
    wake: Notify,
    /// Set where a request met a session that was not its own: everything is to be looked at anew.
    suspected: AtomicBool,
    /// Why it is not asked, while it is not.
    away: RwLock<Option<Outage>>,
    is_away: AtomicBool,
    /// Connections opened before this are not used any more: they led to a database that didn't answer, or through a pooler
    /// that shared their sessions.
    since: RwLock<Option<Instant>>,
    /// How often it went away.
    losses: watch::Sender<u64>,
    readiness: watch::Sender<Readiness>,
}

/// From one look to the next.
const PAUSE: Duration = Duration::from_millis(250);
/// How long what was found about readiness is good for.
const FRESH: Duration = Duration::from_secs(1);
/// From one look for a second connection to the next, where the database has none to spare.
const NEXT_WITNESS: Duration = Duration::from_secs(10);
/// How long a caller waits to hear about readiness.
const PATIENCE: Duration = Duration::from_millis(900);

impl HealthMonitor {
    /// Begins to look. `silence` is how long the database may take for the least of questions.
    pub fn start(address: &ConnectOptions, silence: Duration) -> Self {
        let seen = Arc::new(Seen {
            needed: AtomicBool::new(false),
            wake: Notify::new(),
            suspected: AtomicBool::new(false),
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
    /// Where it doesn't answer.
    pub fn check(&self) -> Result<(), Outage> {
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

    /// To be told where a statement that a connection has prepared is not there, or is another: nobody asks the database by
    /// any connection until it is sure again that each has a session of its own.
    pub fn suspect(&self) {
        self.seen.suspected.store(true, Ordering::Release);
        let lost = "a connection had a session that was not its own";
        self.seen.found(&Err(Outage::Unavailable(lost.to_owned())));
        self.need();
    }

    /// Changes when the database goes away after this.
    pub fn losses(&self) -> watch::Receiver<u64> {
        self.seen.losses.subscribe()
    }

    /// Whether the database answers and has the schema, as it was found at most a second ago.
    ///
    /// # Errors
    /// Where it doesn't.
    pub async fn readiness(&self) -> Result<(), Outage> {
        let mut readiness = self.seen.readiness.subscribe();
        self.need();
        let fresh = |found: &Readiness| found.as_ref().is_some_and(|(at, _)| at.elapsed() < FRESH);
        match tokio::time::timeout(PATIENCE, readiness.wait_for(fresh)).await {
            Ok(Ok(found)) => found.as_ref().map_or(Ok(()), |(_, found)| found.clone()),
            _ => Err(silent()),
        }
    }

    fn need(&self) {
        if !self.seen.needed.swap(true, Ordering::AcqRel) {
            self.seen.wake.notify_one();
        }
    }
}

impl Drop for HealthMonitor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Seen {
    fn found(&self, answer: &Result<(), Outage>) {
        let was_away = self.is_away.load(Ordering::Acquire);
        match answer {
            Ok(()) if was_away => {
                // What was opened just as it went away is as old as the rest.
                self.distrust_connections();
                self.is_away.store(false, Ordering::Release);
                // To be looked at now, not when the second is over.
                self.readiness.send_replace(None);
                log::info!("the database answers again");
            }
            Err(why) if !was_away => {
                log::error!("the database is not asked until it answers again: {why}");
                self.set_away(why);
                self.distrust_connections();
                self.is_away.store(true, Ordering::Release);
                self.losses.send_modify(|losses| *losses += 1);
                self.readiness
                    .send_replace(Some((Instant::now(), Err(why.clone()))));
            }
            Err(why) => {
                if matches!(why, Outage::SharedSessions(_)) && !self.shares_sessions() {
                    log::error!("{why}");
                }
                self.set_away(why);
            }
            Ok(()) => {}
        }
    }

    fn set_away(&self, why: &Outage) {
        *self.away.write().unwrap_or_else(PoisonError::into_inner) = Some(why.clone());
    }

    fn distrust_connections(&self) {
        *self.since.write().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether it was found last that sessions are shared.
    fn shares_sessions(&self) -> bool {
        let away = self.away.read().unwrap_or_else(PoisonError::into_inner);
        self.is_away.load(Ordering::Acquire) && matches!(*away, Some(Outage::SharedSessions(_)))
    }
}

fn silent() -> Outage {
    Outage::Unavailable("the database doesn't answer".to_owned())
}

async fn look(seen: Arc<Seen>, address: ConnectOptions, silence: Duration) {
    let mut asking = Asking {
        address,
        silence,
        probe: None,
        next_witness: Instant::now(),
    };
    loop {
        if !seen.needed.swap(false, Ordering::AcqRel) && !seen.is_away.load(Ordering::Acquire) {
            seen.wake.notified().await;
            continue;
        }
        if seen.suspected.swap(false, Ordering::AcqRel) {
            asking.probe = None;
        }
        let answer = asking.ask(seen.shares_sessions()).await;
        if answer.is_err() {
            asking.probe = None;
        }
        // What was found before the suspicion says nothing of it.
        if seen.suspected.load(Ordering::Acquire) {
            continue;
        }
        seen.found(&answer);
        let due = seen
            .readiness
            .borrow()
            .as_ref()
            .is_none_or(|(at, _)| at.elapsed() >= FRESH);
        if due {
            let found = match answer {
                Ok(()) => asking.is_ready().await,
                Err(why) => Err(why),
            };
            if found.is_err() {
                asking.probe = None;
            }
            seen.readiness.send_replace(Some((Instant::now(), found)));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// How the database is asked.
struct Asking {
    address: ConnectOptions,
    silence: Duration,
    probe: Option<Probe>,
    /// When another witness is looked for, where there is none.
    next_witness: Instant,
}

impl Asking {
    /// Asks for as little as can be asked for. A connection that was cut says nothing about the database: another is tried.
    /// Where sessions were shared, only two connections that each have their own show that they no longer are.
    async fn ask(&mut self, shared_before: bool) -> Result<(), Outage> {
        if let Some(kept) = &mut self.probe {
            match kept.round(self.silence).await {
                Ok(()) => return self.keep_witness(false, shared_before).await,
                Err(shared @ Outage::SharedSessions(_)) => return Err(shared),
                Err(_) => self.probe = None,
            }
        }
        let opened = tokio::time::timeout(self.silence, Probe::open(&self.address)).await;
        match opened.unwrap_or_else(|_| Err(silent())) {
            Ok(probe) => {
                self.probe = Some(probe);
                self.keep_witness(true, shared_before).await
            }
            // It is there, and has its hands full with those who have a connection.
            Err(Outage::Unavailable(why)) if is_full(&why) && !shared_before => Ok(()),
            Err(why) => Err(why),
        }
    }

    /// Has a second connection to compare with, where a pooler may stand before the database. Where there is none to be had,
    /// another is looked for in a while.
    async fn keep_witness(&mut self, is_new: bool, shared_before: bool) -> Result<(), Outage> {
        let Some(probe) = self.probe.as_mut().filter(|_| self.address.may_be_pooled()) else {
            return Ok(());
        };
        if probe.has_witness() {
            return Ok(());
        }
        if is_new || shared_before || self.next_witness <= Instant::now() {
            self.next_witness = Instant::now() + NEXT_WITNESS;
            probe.add_witness(&self.address, self.silence).await?;
            probe.rounds(self.silence).await?;
        }
        if shared_before && !probe.has_witness() {
            return Err(SharedSessions.into());
        }
        Ok(())
    }

    /// Whether the schema is there.
    async fn is_ready(&self) -> Result<(), Outage> {
        let Some(probe) = &self.probe else {
            return Ok(());
        };
        let asked = migrations::is_ready(probe.client());
        match tokio::time::timeout(self.silence, asked).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(Outage::Unavailable("migrations are pending".to_owned())),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(Outage::Unavailable(
                "the migrations can't be read in time".to_owned(),
            )),
        }
    }
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
