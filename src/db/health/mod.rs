//! Health of the database, checked on a connection of its own: during an outage, requests are refused at once instead of
//! each waiting for a timeout.

mod checker;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;

use super::ConnectOptions;
use super::pooler::Outage;

/// The result of the last check of readiness, and its time.
type Readiness = Option<(Instant, Result<(), Outage>)>;

/// How long a result about readiness may be reused.
const READINESS_TTL: Duration = Duration::from_secs(1);
/// How long a request for readiness waits for a result.
const READINESS_TIMEOUT: Duration = Duration::from_millis(900);

/// The health of the database, shared by all workers of the process. The checks end with the last of them.
#[derive(Debug)]
pub struct HealthMonitor {
    state: Arc<HealthState>,
    task: AbortHandle,
}

impl HealthMonitor {
    /// Starts the checks. `timeout` is how long the database may take to answer the smallest query.
    pub fn start(options: &ConnectOptions, timeout: Duration) -> Self {
        let state = Arc::new(HealthState::new());
        let task = tokio::spawn(checker::run(state.clone(), options.clone(), timeout));
        Self {
            state,
            task: task.abort_handle(),
        }
    }

    /// Must be called before the database is used.
    ///
    /// # Errors
    /// During an outage.
    pub fn check(&self) -> Result<(), Outage> {
        self.state.request_check();
        if !self.state.is_down() {
            return Ok(());
        }
        let outage = self.state.outage.read();
        let outage = outage.unwrap_or_else(PoisonError::into_inner);
        outage.clone().map_or(Ok(()), Err)
    }

    /// Whether a connection opened at this time may still be used.
    pub fn trusts(&self, opened: Instant) -> bool {
        let oldest = self.state.distrusted_until.read();
        oldest
            .unwrap_or_else(PoisonError::into_inner)
            .is_none_or(|until| opened > until)
    }

    /// Must be called when a prepared statement is missing or is another one. No connection is used until it is certain
    /// again that each has a session of its own.
    pub fn suspect(&self) {
        self.state.is_suspected.store(true, Ordering::Release);
        let reason = "a connection had a session that was not its own";
        self.state
            .set_result(&Err(Outage::Unavailable(reason.to_owned())));
        self.state.request_check();
    }

    /// Changes at the beginning of each outage after this call.
    pub fn losses(&self) -> watch::Receiver<u64> {
        self.state.losses.subscribe()
    }

    /// Whether the database answers and has the schema, from a check at most a second old.
    ///
    /// # Errors
    /// If it does not.
    pub async fn readiness(&self) -> Result<(), Outage> {
        let mut readiness = self.state.readiness.subscribe();
        self.state.request_check();
        let is_fresh = |result: &Readiness| {
            result
                .as_ref()
                .is_some_and(|(at, _)| at.elapsed() < READINESS_TTL)
        };
        match tokio::time::timeout(READINESS_TIMEOUT, readiness.wait_for(is_fresh)).await {
            Ok(Ok(result)) => result.as_ref().map_or(Ok(()), |(_, result)| result.clone()),
            _ => Err(Outage::no_answer()),
        }
    }
}

impl Drop for HealthMonitor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// State of the health checks.
#[derive(Debug)]
struct HealthState {
    /// Set by each use of the database and reset by each check: there are no checks while the database is not used.
    is_needed: AtomicBool,
    wake: Notify,
    /// Set when a request met a session that was not its own: all earlier results are invalid.
    is_suspected: AtomicBool,
    /// The reason, during an outage.
    outage: RwLock<Option<Outage>>,
    is_down: AtomicBool,
    /// Connections opened before this time are not used any more: they led to a database that did not answer, or through
    /// a pooler that shared their sessions.
    distrusted_until: RwLock<Option<Instant>>,
    /// The number of outages.
    losses: watch::Sender<u64>,
    readiness: watch::Sender<Readiness>,
}

impl HealthState {
    fn new() -> Self {
        Self {
            is_needed: AtomicBool::new(false),
            wake: Notify::new(),
            is_suspected: AtomicBool::new(false),
            outage: RwLock::default(),
            is_down: AtomicBool::new(false),
            distrusted_until: RwLock::default(),
            losses: watch::Sender::new(0),
            readiness: watch::Sender::new(None),
        }
    }

    fn request_check(&self) {
        if !self.is_needed.swap(true, Ordering::AcqRel) {
            self.wake.notify_one();
        }
    }

    fn is_down(&self) -> bool {
        self.is_down.load(Ordering::Acquire)
    }

    /// Records the result of a check: an outage begins, goes on or ends.
    fn set_result(&self, result: &Result<(), Outage>) {
        match result {
            Ok(()) if self.is_down() => {
                // Connections opened just before the outage are as unreliable as older ones.
                self.distrust_connections();
                self.is_down.store(false, Ordering::Release);
                // Readiness is checked again now, not when its result expires.
                self.readiness.send_replace(None);
                log::info!("the database answers again");
            }
            Err(outage) if !self.is_down() => {
                log::error!("the database is not used until it answers again: {outage}");
                self.set_outage(outage);
                self.distrust_connections();
                self.is_down.store(true, Ordering::Release);
                self.losses.send_modify(|losses| *losses += 1);
                self.set_readiness(Err(outage.clone()));
            }
            Err(outage) => {
                if matches!(outage, Outage::SharedSessions(_)) && !self.shares_sessions() {
                    log::error!("{outage}");
                }
                self.set_outage(outage);
            }
            Ok(()) => {}
        }
    }

    fn set_outage(&self, outage: &Outage) {
        *self.outage.write().unwrap_or_else(PoisonError::into_inner) = Some(outage.clone());
    }

    fn set_readiness(&self, result: Result<(), Outage>) {
        self.readiness.send_replace(Some((Instant::now(), result)));
    }

    fn readiness_is_due(&self) -> bool {
        self.readiness
            .borrow()
            .as_ref()
            .is_none_or(|(at, _)| at.elapsed() >= READINESS_TTL)
    }

    fn distrust_connections(&self) {
        let mut until = self
            .distrusted_until
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *until = Some(Instant::now());
    }

    /// Whether the outage is that sessions are shared.
    fn shares_sessions(&self) -> bool {
        let outage = self.outage.read().unwrap_or_else(PoisonError::into_inner);
        self.is_down() && matches!(*outage, Some(Outage::SharedSessions(_)))
    }
}
