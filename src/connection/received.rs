//! The received bytes of a connection, between its socket and the framework: an incomplete head is held back until it can be
//! examined.

use actix_web::web::BytesMut;
use tokio::io::ReadBuf;

use super::framing::{Examined, Framing, PLACEHOLDER, Refusal, may_be_complete};

#[derive(Default)]
pub struct Received {
    framing: Framing,
    /// Bytes that the framework has not got yet: first `accepted` ones that it may have, then the beginning of a head.
    held: BytesMut,
    accepted: usize,
    /// The length of the incomplete head when it was last examined.
    examined: usize,
}

impl Received {
    /// The number of complete heads.
    pub fn heads(&self) -> u64 {
        self.framing.heads()
    }

    /// Whether the next byte belongs to a head.
    pub fn is_at_head(&self) -> bool {
        self.framing.is_at_head()
    }

    /// Whether no bytes are held.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Whether the beginning of a head is held.
    pub fn has_incomplete_head(&self) -> bool {
        self.held.len() > self.accepted
    }

    /// Moves accepted bytes to `buf`; false where there are none.
    pub fn take(&mut self, buf: &mut ReadBuf<'_>) -> bool {
        if self.accepted == 0 {
            return false;
        }
        let length = self.accepted.min(buf.remaining());
        buf.put_slice(&self.held.split_to(length));
        self.accepted -= length;
        true
    }

    /// Examines the bytes that arrived in `buf` after `start`, and leaves there those that the framework may have; none while
    /// a head is incomplete.
    pub fn receive(&mut self, buf: &mut ReadBuf<'_>, start: usize) -> Option<Examined> {
        let examined = if self.held.is_empty() {
            let examined = self.framing.examine(&buf.filled()[start..]);
            self.held
                .extend_from_slice(&buf.filled()[start + examined.accepted..]);
            buf.set_filled(start + examined.accepted);
            examined
        } else {
            let before = self.held.len();
            self.held.extend_from_slice(&buf.filled()[start..]);
            buf.set_filled(start);
            if !may_be_complete(&self.held, before, self.examined) {
                return None;
            }
            let examined = self.framing.examine(&self.held);
            self.accepted = examined.accepted;
            examined
        };
        self.examined = self.held.len() - self.accepted;
        Some(examined)
    }

    /// Drops the bytes that were refused. The placeholder takes the place of a refused head.
    pub fn refuse(&mut self, refusal: Refusal) {
        self.held.truncate(self.accepted);
        if refusal.is_of_head() {
            self.held.extend_from_slice(PLACEHOLDER);
            self.accepted = self.held.len();
        }
    }
}
