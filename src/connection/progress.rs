//! A deadline for writing: a client that takes nothing, or next to nothing, of what waits for it is given up.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// What has to be taken within the time, unless less waits: so that a byte now and then keeps no connection open.
pub const LEAST: usize = 16 << 10;

/// How a connection's writing gets on.
pub struct Progress {
    timeout: Duration,
    /// Since when something waits, and what of it was taken since.
    waiting: Option<(Instant, usize)>,
    /// Kept when the wait ends: most waits are short, and a timer that fires too early is only set again.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Progress {
    pub fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            waiting: None,
            timer: None,
        }
    }

    /// The socket took some bytes.
    pub fn wrote(&mut self, bytes: usize) {
        if let Some((_, taken)) = &mut self.waiting {
            *taken += bytes;
            if *taken >= LEAST {
                self.waiting = None;
            }
        }
    }

    /// The socket took all that there was.
    pub fn wrote_all(&mut self) {
        self.waiting = None;
    }

    /// The socket takes nothing just now: waits for it, so long and no longer.
    pub fn poll_wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let (since, _) = *self.waiting.get_or_insert_with(|| (Instant::now(), 0));
        let deadline = since + self.timeout;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        while timer.as_mut().poll(cx).is_ready() {
            if Instant::now() >= deadline {
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            timer.as_mut().reset(deadline);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::poll_fn;

    async fn passes(progress: &mut Progress) -> bool {
        let waits = poll_fn(|cx| progress.poll_wait(cx));
        tokio::time::timeout(Duration::from_millis(1), waits)
            .await
            .is_err()
    }

    #[tokio::test(start_paused = true)]
    async fn a_byte_now_and_then_is_no_progress() {
        let second = Duration::from_secs(1);
        let mut progress = Progress::new(20 * second);
        assert!(passes(&mut progress).await);
        for _ in 0..19 {
            tokio::time::advance(second).await;
            progress.wrote(800);
            assert!(passes(&mut progress).await);
        }
        tokio::time::advance(second).await;
        assert!(!passes(&mut progress).await);

        // 16 KiB are, and so is the last byte.
        let mut progress = Progress::new(20 * second);
        for round in 0..10 {
            assert!(passes(&mut progress).await);
            tokio::time::advance(19 * second).await;
            assert!(passes(&mut progress).await);
            if round % 2 == 0 {
                progress.wrote(LEAST);
            } else {
                progress.wrote_all();
            }
        }
    }
}
