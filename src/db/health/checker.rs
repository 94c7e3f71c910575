//! The checks, in a task of their own.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::HealthState;
use crate::db::pooler::{Outage, Probe, SharedSessions};
use crate::db::{ConnectOptions, migrations};

/// The pause between two checks.
const PAUSE: Duration = Duration::from_millis(250);
/// The pause between two attempts to open a second connection, if the database has none to spare.
const WITNESS_RETRY: Duration = Duration::from_secs(10);

/// Checks the database as long as it is used, and during an outage until it answers.
pub async fn run(state: Arc<HealthState>, options: ConnectOptions, timeout: Duration) {
    let mut checker = Checker {
        options,
        timeout,
        probe: None,
        next_witness: Instant::now(),
    };
    loop {
        if !state.is_needed.swap(false, Ordering::AcqRel) && !state.is_down() {
            state.wake.notified().await;
            continue;
        }
        if state.is_suspected.swap(false, Ordering::AcqRel) {
            checker.probe = None;
        }
        let result = checker.check(state.shares_sessions()).await;
        if result.is_err() {
            checker.probe = None;
        }
        // A result from before the suspicion does not count.
        if state.is_suspected.load(Ordering::Acquire) {
            continue;
        }
        state.set_result(&result);
        if state.readiness_is_due() {
            let readiness = match result {
                Ok(()) => checker.check_schema().await,
                outage => outage,
            };
            if readiness.is_err() {
                checker.probe = None;
            }
            state.set_readiness(readiness);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

struct Checker {
    options: ConnectOptions,
    timeout: Duration,
    probe: Option<Probe>,
    /// When to try again to open a second connection, if there is none.
    next_witness: Instant,
}

impl Checker {
    /// Sends the smallest query. A connection that was cut says nothing about the database: another one is opened. After
    /// sessions were shared, only two connections with a session each show that they no longer are.
    async fn check(&mut self, shared_before: bool) -> Result<(), Outage> {
        if let Some(probe) = &mut self.probe {
            match probe.round(self.timeout).await {
                Ok(()) => return self.keep_witness(false, shared_before).await,
                Err(shared @ Outage::SharedSessions(_)) => return Err(shared),
                Err(Outage::Unavailable(_)) => self.probe = None,
            }
        }
        let opened = tokio::time::timeout(self.timeout, Probe::open(&self.options)).await;
        match opened.unwrap_or_else(|_| Err(Outage::no_answer())) {
            Ok(probe) => {
                self.probe = Some(probe);
                self.keep_witness(true, shared_before).await
            }
            // It answers, but all its connections are in use.
            Err(Outage::Unavailable(reason)) if is_full(&reason) && !shared_before => Ok(()),
            Err(outage) => Err(outage),
        }
    }

    /// Keeps a second connection to compare sessions with, if there may be a pooler in front of the database. If none can
    /// be opened, it is tried again later.
    async fn keep_witness(&mut self, is_new: bool, shared_before: bool) -> Result<(), Outage> {
        let Some(probe) = self.probe.as_mut().filter(|_| self.options.may_be_pooled()) else {
            return Ok(());
        };
        if probe.has_witness() {
            return Ok(());
        }
        if is_new || shared_before || self.next_witness <= Instant::now() {
            self.next_witness = Instant::now() + WITNESS_RETRY;
            probe.add_witness(&self.options, self.timeout).await?;
            probe.rounds(self.timeout).await?;
        }
        if shared_before && !probe.has_witness() {
            return Err(SharedSessions.into());
        }
        Ok(())
    }

    /// Whether the database has the schema.
    async fn check_schema(&self) -> Result<(), Outage> {
        let Some(probe) = &self.probe else {
            return Ok(());
        };
        let is_ready = migrations::is_ready(probe.client());
        match tokio::time::timeout(self.timeout, is_ready).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(Outage::Unavailable("migrations are pending".to_owned())),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(Outage::Unavailable(
                "timeout while reading the applied migrations".to_owned(),
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
