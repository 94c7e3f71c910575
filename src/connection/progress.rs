//! The write timeout: a client that receives next to nothing of its answer is disconnected.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// Bytes that have to be received within the timeout, unless less is left: single bytes keep no connection open.
pub const MIN_PROGRESS: usize = 16 << 10;

/// The progress of a connection's writes.
#[derive(Default)]
pub struct Progress {
    /// The start of the current wait, and the bytes that were written since.
    waiting: Option<(Instant, usize)>,
    /// Kept between waits: most are short, and a timer that fires too early is cheap to reset.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Progress {
    /// Notes that the socket took some bytes.
    pub fn wrote(&mut self, bytes: usize) {
        if let Some((_, taken)) = &mut self.waiting {
            *taken += bytes;
            if *taken >= MIN_PROGRESS {
                self.waiting = None;
            }
        }
    }

    /// Notes that the socket took all bytes.
    pub fn wrote_all(&mut self) {
        self.waiting = None;
    }

    /// Waits for a socket that takes no bytes; ready with an error at the timeout.
    pub fn poll_wait(&mut self, cx: &mut Context<'_>, timeout: Duration) -> Poll<io::Error> {
        let (since, _) = *self.waiting.get_or_insert_with(|| (Instant::now(), 0));
        let deadline = since + timeout;
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

    const SECOND: Duration = Duration::from_secs(1);

    async fn passes(progress: &mut Progress) -> bool {
        let waits = poll_fn(|cx| progress.poll_wait(cx, 20 * SECOND));
        tokio::time::timeout(Duration::from_millis(1), waits)
            .await
            .is_err()
    }

    #[tokio::test(start_paused = true)]
    async fn single_bytes_are_no_progress() {
        let mut progress = Progress::default();
        assert!(passes(&mut progress).await);
        for _ in 0..19 {
            tokio::time::advance(SECOND).await;
            progress.wrote(800);
            assert!(passes(&mut progress).await);
        }
        tokio::time::advance(SECOND).await;
        assert!(!passes(&mut progress).await);

        // 16 KiB or the last byte are progress.
        let mut progress = Progress::default();
        for round in 0..10 {
            assert!(passes(&mut progress).await);
            tokio::time::advance(19 * SECOND).await;
            assert!(passes(&mut progress).await);
            if round % 2 == 0 {
                progress.wrote(MIN_PROGRESS);
            } else {
                progress.wrote_all();
            }
        }
    }
}
