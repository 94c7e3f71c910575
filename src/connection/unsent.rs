//! Limits of unsent answers: a client that requests much and reads slowly would hold memory for as long as it likes.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;

use super::ConnectionSettings;
use super::messages;
use crate::problem::Problem;

/// The largest answer that is not counted, in bytes: health checks, problems, most pages.
pub const UNCOUNTED: usize = 16 << 10;
/// The bytes given to the framework at a time: it copies a whole chunk into its write buffer.
const CHUNK: usize = 64 << 10;

/// Counts the bytes of answers that are not sent yet.
#[derive(Debug)]
pub struct Unsent {
    max_bytes: usize,
    max_bytes_per_address: usize,
    waiting: Mutex<UnsentBytes>,
}

#[derive(Debug, Default)]
struct UnsentBytes {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

impl Unsent {
    pub fn new(settings: &ConnectionSettings) -> Arc<Self> {
        let bytes = |mib: u32| (mib as usize).saturating_mul(1 << 20);
        Arc::new(Self {
            max_bytes: bytes(settings.max_unsent_mib),
            max_bytes_per_address: bytes(settings.max_unsent_per_address_mib),
            waiting: Mutex::default(),
        })
    }

    /// Counts an answer's bytes until the permit is dropped. The answer to a change is never refused, as the change is
    /// committed. Nor is the only answer of an address: it would be refused for ever.
    ///
    /// # Errors
    /// Where the answer would exceed the limit of this address or of all.
    pub fn permit(
        self: &Arc<Self>,
        address: Option<IpAddr>,
        bytes: usize,
        is_change: bool,
    ) -> Result<UnsentPermit, Problem> {
        let mut waiting = self.lock();
        let over = |held: usize, max: usize| held > 0 && held.saturating_add(bytes) > max;
        if !is_change {
            let held = address.and_then(|address| waiting.by_address.get(&address));
            if over(
                held.copied().unwrap_or_default(),
                self.max_bytes_per_address,
            ) {
                return Err(Problem::TooMuchUnsent);
            }
            if over(waiting.all, self.max_bytes) {
                return Err(Problem::Overloaded(messages::too_many_unsent()));
            }
        }
        waiting.all += bytes;
        if let Some(address) = address {
            *waiting.by_address.entry(address).or_default() += bytes;
        }
        drop(waiting);
        Ok(UnsentPermit {
            unsent: self.clone(),
            address,
            bytes,
        })
    }

    fn lock(&self) -> MutexGuard<'_, UnsentBytes> {
        // No panic can come between the changes of the numbers.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes that are counted until it is dropped.
#[derive(Debug)]
pub struct UnsentPermit {
    unsent: Arc<Unsent>,
    address: Option<IpAddr>,
    bytes: usize,
}

impl UnsentPermit {
    /// Reduces the counted bytes, after compression.
    pub fn shrink_to(&mut self, bytes: usize) {
        let less = self.bytes.saturating_sub(bytes);
        self.bytes -= less;
        let mut waiting = self.unsent.lock();
        waiting.all -= less;
        if let Some(address) = self.address
            && let Some(held) = waiting.by_address.get_mut(&address)
        {
            *held -= less;
            if *held == 0 {
                waiting.by_address.remove(&address);
            }
        }
    }
}

impl Drop for UnsentPermit {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

/// A body that is sent in chunks, and counted until it is dropped.
pub struct CountedBody {
    rest: Bytes,
    _permit: UnsentPermit,
}

impl CountedBody {
    pub fn new(bytes: Bytes, permit: UnsentPermit) -> Self {
        Self {
            rest: bytes,
            _permit: permit,
        }
    }
}

impl MessageBody for CountedBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.rest.len() as u64)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.rest.len().min(CHUNK);
        Poll::Ready(Some(Ok(self.rest.split_to(length))))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn unsent_bytes_are_limited_by_address_and_altogether() {
        let words = [
            "manchette",
            "--max-unsent-mib",
            "4",
            "--max-unsent-per-address-mib",
            "2",
        ];
        let config = Cli::try_parse_from(words).unwrap().config;
        let unsent = Unsent::new(&config.connection);
        let address = |last: u8| Some(IpAddr::from([192, 0, 2, last]));
        let mib = 1 << 20;
        // A single answer may be of any size.
        drop(unsent.permit(address(1), 9 * mib, false).unwrap());
        let mut first = unsent.permit(address(1), 2 * mib, false).unwrap();
        let refused = unsent.permit(address(1), mib, false).unwrap_err();
        assert!(matches!(refused, Problem::TooMuchUnsent));
        let second = unsent.permit(address(2), 2 * mib, false).unwrap();
        let refused = unsent.permit(address(3), mib, false).unwrap_err();
        assert!(matches!(refused, Problem::Overloaded(_)));
        // The answer to a change.
        drop(unsent.permit(address(1), mib, true).unwrap());
        first.shrink_to(mib);
        let third = unsent.permit(address(1), mib, false).unwrap();
        drop((first, second, third));
        let waiting = unsent.lock();
        assert_eq!((waiting.all, waiting.by_address.len()), (0, 0));
    }
}
