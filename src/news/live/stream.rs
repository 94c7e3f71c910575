//! One stream: what it has missed, then what its group gets, until it ends.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_web::web::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use rand::RngExt;
use tokio::sync::{broadcast, watch};
use tokio::time::Sleep;

use super::catch_up::CatchUp;
use super::frames;
use super::slots::StreamSlot;
use crate::connection::Draining;

/// The bytes and the time that a reader may be behind.
const MOST_BEHIND: u64 = 256 << 10;
pub const LONGEST_BEHIND: Duration = Duration::from_secs(10);
/// The bounds of the random pause after which the readers of a server that stops connect again, in milliseconds.
const SPREAD: std::ops::Range<u64> = 1_000..10_000;

/// Bytes for a group of readers.
#[derive(Clone, Debug)]
pub struct Sent {
    pub bytes: Bytes,
    /// All bytes that the group was sent, with these.
    pub total: u64,
    pub at: Instant,
}

/// A stream's place in its group.
pub struct Membership {
    pub received: broadcast::Receiver<Sent>,
    /// All bytes that the group was sent.
    pub total: Arc<AtomicU64>,
}

impl Membership {
    /// The next bytes; none where the reader is too far behind, or the group has ended.
    async fn next(&mut self) -> Option<Bytes> {
        let sent = self.received.recv().await.ok()?;
        let behind = self
            .total
            .load(Ordering::Relaxed)
            .saturating_sub(sent.total);
        let is_behind = behind > MOST_BEHIND || sent.at.elapsed() > LONGEST_BEHIND;
        (!is_behind).then_some(sent.bytes)
    }
}

/// A stream that is open.
pub struct OpenStream {
    /// What is to be sent before anything else.
    pub ready: VecDeque<Bytes>,
    pub catch_up: Option<CatchUp>,
    pub membership: Membership,
    pub draining: Draining,
    /// True once the key of the caller is no longer what it was.
    pub key_ended: Option<watch::Receiver<bool>>,
    /// The end of the caller's credentials.
    pub expires: Option<Pin<Box<Sleep>>>,
    #[expect(dead_code, reason = "it is given back with the stream")]
    pub slot: StreamSlot,
    pub is_over: bool,
}

impl OpenStream {
    /// The stream's bytes.
    pub fn bytes(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        unfold(self, |mut stream| async move {
            let bytes = stream.next().await?;
            Some((Ok(bytes), stream))
        })
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(bytes) = self.ready.pop_front() {
                return Some(bytes);
            }
            if self.is_over {
                return None;
            }
            let Some(catch_up) = &mut self.catch_up else {
                break;
            };
            // After a failure the client connects again, with the last place that it has got.
            let caught_up = catch_up.read().await.ok()?;
            self.ready = caught_up.frames;
            if !caught_up.more {
                self.catch_up = None;
            }
        }
        tokio::select! {
            biased;
            () = ended(&mut self.key_ended) => None,
            () = until(&mut self.expires) => None,
            () = poll_fn(|cx| self.draining.poll(cx)) => {
                self.is_over = true;
                let spread = rand::rng().random_range(SPREAD);
                Some(frames::retry(Duration::from_millis(spread)))
            }
            bytes = self.membership.next() => bytes,
        }
    }
}

async fn ended(key: &mut Option<watch::Receiver<bool>>) {
    match key {
        // Where nobody looks at keys any more, the process ends.
        Some(key) => {
            let _ = key.wait_for(|ended| *ended).await;
        }
        None => pending().await,
    }
}

async fn until(time: &mut Option<Pin<Box<Sleep>>>) {
    match time {
        Some(time) => time.await,
        None => pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn membership() -> (broadcast::Sender<Sent>, Membership) {
        let (sender, received) = broadcast::channel(8);
        let total = Arc::default();
        (sender, Membership { received, total })
    }

    fn send(sender: &broadcast::Sender<Sent>, member: &Membership, bytes: usize, at: Instant) {
        let total = member.total.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64;
        let bytes = vec![b'x'; bytes].into();
        assert!(sender.send(Sent { bytes, total, at }).is_ok());
    }

    #[tokio::test]
    async fn a_reader_may_be_behind_by_some_bytes_and_seconds() {
        let most = MOST_BEHIND as usize;
        let (sender, mut member) = membership();
        // One piece may be larger than that, while nothing follows it.
        for bytes in [2 * most, most] {
            send(&sender, &member, bytes, Instant::now());
        }
        for bytes in [2 * most, most] {
            assert_eq!(member.next().await.map(|bytes| bytes.len()), Some(bytes));
        }
        for bytes in [1, most, 1] {
            send(&sender, &member, bytes, Instant::now());
        }
        assert_eq!(member.next().await, None);

        let (sender, mut member) = membership();
        let late = Instant::now()
            .checked_sub(2 * LONGEST_BEHIND)
            .expect("the machine runs longer");
        send(&sender, &member, 1, late);
        assert_eq!(member.next().await, None);
    }
}
