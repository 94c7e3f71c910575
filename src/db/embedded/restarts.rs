//! When an embedded Postgres that ended by itself is restarted.

use std::time::Duration;

/// The wait after the first end: long enough for the child processes of one that was killed to end too.
pub const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest wait: it bounds how long a restart takes once the cause, a full disk say, is gone.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// After a run of this length, its end is unrelated to the one before.
const STABLE: Duration = Duration::from_secs(60);

/// Exponential backoff: each end soon after a start doubles the wait.
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
    /// The wait before the next start, after a run of this length.
    pub fn after(&mut self, ran: Duration) -> Duration {
        if ran >= STABLE {
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
        assert_eq!(backoff.after(STABLE), FIRST_WAIT);
        assert_eq!(backoff.after(soon), FIRST_WAIT * 2);
    }
}
