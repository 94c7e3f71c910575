//! What the follower knows, for everybody who asks: how old its reading is, and the database's clock.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, watch};

/// How old the last reading may be for the log to count as followed.
const CURRENT: Duration = Duration::from_secs(1);
/// Allowed difference between the speeds of two clocks, in microseconds, over a second.
const DRIFT: i64 = 2_000;

/// What others may know about the follower.
pub struct State {
    began: Instant,
    /// The number of the last request to be up to date.
    requested: AtomicU64,
    /// The number of the last request that is fulfilled.
    fulfilled: watch::Sender<u64>,
    wake: Notify,
    /// When the last complete reading began, in microseconds since `began`; negative before the first.
    read_at: AtomicI64,
    /// The bounds of the difference between the database's clock and the time since `began`, in microseconds.
    clock_low: AtomicI64,
    clock_high: AtomicI64,
    /// Whether a loss was reported.
    is_lost: AtomicBool,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            requested: AtomicU64::new(0),
            fulfilled: watch::Sender::new(0),
            wake: Notify::new(),
            read_at: AtomicI64::new(-1),
            clock_low: AtomicI64::new(i64::MIN / 2),
            clock_high: AtomicI64::new(i64::MAX / 2),
            is_lost: AtomicBool::new(false),
        }
    }

    fn micros(&self, instant: Instant) -> i64 {
        let elapsed = instant.saturating_duration_since(self.began);
        elapsed.as_micros().try_into().unwrap_or(i64::MAX / 4)
    }

    /// How long ago the log was known to the end; none before it was read first.
    pub fn age(&self) -> Option<Duration> {
        let read_at = u64::try_from(self.read_at.load(Ordering::Acquire)).ok()?;
        Some(
            self.began
                .elapsed()
                .saturating_sub(Duration::from_micros(read_at)),
        )
    }

    /// Whether the log is followed: all changes that were committed more than a second ago are known.
    pub fn is_current(&self) -> bool {
        self.age().is_some_and(|age| age < CURRENT)
    }

    /// The earliest and the latest time that the database's clock may show now.
    pub fn database_clock(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let now = self.micros(Instant::now());
        let at = |difference: &AtomicI64| {
            let micros = now.saturating_add(difference.load(Ordering::Acquire));
            DateTime::from_timestamp_micros(micros)
        };
        (
            at(&self.clock_low).unwrap_or(DateTime::<Utc>::MIN_UTC),
            at(&self.clock_high).unwrap_or(DateTime::<Utc>::MAX_UTC),
        )
    }

    /// Waits until all changes that are committed now were given to the subscribers; false if that takes longer than a
    /// second.
    pub async fn catch_up(&self) -> bool {
        let mut fulfilled = self.fulfilled.subscribe();
        let request = self.requested.fetch_add(1, Ordering::AcqRel) + 1;
        self.wake.notify_one();
        let done = fulfilled.wait_for(|number| *number >= request);
        matches!(tokio::time::timeout(CURRENT, done).await, Ok(Ok(_)))
    }

    /// The number of the last request to be up to date.
    pub(super) fn requested(&self) -> u64 {
        self.requested.load(Ordering::Acquire)
    }

    /// Returns once there is a new request.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Records a complete reading that began at `sent` and ended at `received`.
    pub(super) fn set_current(
        &self,
        sent: Instant,
        received: Instant,
        clock: DateTime<Utc>,
        request: u64,
    ) {
        let clock = clock.timestamp_micros();
        let low = clock - self.micros(received) - DRIFT;
        let high = clock - self.micros(sent) + DRIFT;
        self.clock_low.store(low, Ordering::Release);
        self.clock_high.store(high, Ordering::Release);
        self.read_at.store(self.micros(sent), Ordering::Release);
        self.fulfilled.send_replace(request);
        if self.is_lost.swap(false, Ordering::AcqRel) {
            log::info!("the log of changes is followed again");
        }
    }

    pub(super) fn set_lost(&self, reason: &str) {
        if !self.is_lost.swap(true, Ordering::AcqRel) {
            log::warn!("the log of changes can't be followed: {reason}");
        }
    }
}
