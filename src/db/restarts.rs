//! When a Postgres of our own that ended by itself is started again.

use std::time::Duration;

/// The wait after the first end: long enough for the processes of one that was killed to notice.
pub const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest wait: what made it end, a full disk say, is then mended by somebody sooner or later.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// After it ran this long, its end has nothing to do with the one before.
const SETTLED: Duration = Duration::from_secs(60);

/// Exponential backoff: each end that follows soon on a start doubles the wait for the next start.
#[derive(Debug)]
pub struct Backoff {
    wait: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { wait: FIRST_WAIT }
    }
}

impl Backoff {
    /// How long to wait before it is started again, where it ran this long.
    pub fn after(&mut self, ran: Duration) -> Duration {
        if ran >= SETTLED {
            *self = Self::default();
        }
        let wait = self.wait;
        self.wait = (wait * 2).min(LONGEST_WAIT);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_soon_after_a_start_doubles_the_wait_up_to_a_bound() {
        let mut backoff = Backoff::default();
        let soon = Duration::from_secs(2);
        let waits: Vec<f32> = (0..8).map(|_| backoff.after(soon).as_secs_f32()).collect();
        assert_eq!(waits, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]);
        assert_eq!(backoff.after(SETTLED), FIRST_WAIT);
        assert_eq!(backoff.after(soon), FIRST_WAIT * 2);
    }
}
