//! Client connections: admission, timeouts, framing of requests, shutdown. The framework's HTTP/1 dispatcher reads and writes
//! through [`stream::ClientStream`], which enforces the limits that the framework lacks.

pub mod admission;
mod ahead;
mod chunks;
pub mod client_address;
pub mod files;
pub mod framing;
pub mod head_limits;
pub mod listen;
pub mod messages;
pub mod progress;
mod received;
pub mod settings;
pub mod shutdown;
pub mod stream;
mod timer;
pub mod unsent;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Waker;
use std::time::Duration;

use actix_web::HttpRequest;

use crate::problem::Problem;
use framing::Refusal;
pub use settings::ConnectionSettings;
pub use shutdown::{Draining, Shutdown};

/// The paths of health checks: answered on every connection, even where all else is refused.
pub const HEALTH: [&str; 2] = ["/livez", "/readyz"];

/// State shared between a connection's stream and the requests on it.
#[derive(Debug, Default)]
pub struct ConnectionState {
    /// Whether the connection is beyond the limit: only health checks are answered on it.
    pub overflow: bool,
    /// The reason for which no more is read.
    pub refusal: Cell<Option<Refusal>>,
    /// The number of request heads that were read.
    pub read: Cell<u64>,
    /// The number of requests that have an answer, sent or not.
    pub answered: Cell<u64>,
    /// Woken with each answer, by which a client that has sent requests ahead may send more.
    pub waits_for_answer: RefCell<Option<Waker>>,
    /// A write timeout shorter than that of the settings, from a response that asked for it.
    pub write_timeout: Cell<Option<Duration>>,
}

impl ConnectionState {
    /// Whether the connection ends after the latest answer: it is to end, and no other request was read.
    pub fn ends(&self, is_stopping: bool) -> bool {
        (is_stopping || self.overflow || self.refusal.get().is_some()) && self.is_idle()
    }

    /// Notes that another request has its answer.
    pub fn note_answer(&self) {
        self.answered.set(self.answered.get() + 1);
        let waker = self.waits_for_answer.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Whether every request has an answer.
    pub fn is_idle(&self) -> bool {
        self.unanswered() == 0
    }

    /// The number of requests that have no answer yet.
    pub fn unanswered(&self) -> u64 {
        self.read.get().saturating_sub(self.answered.get())
    }
}

fn shared(request: &HttpRequest) -> Option<&ConnectionState> {
    request.conn_data::<Rc<ConnectionState>>().map(Rc::as_ref)
}

/// Has the connection of a request disconnected when its client takes next to nothing for this long, if that is shorter than the
/// write timeout of the settings.
pub fn shorten_write_timeout(request: &HttpRequest, timeout: Duration) {
    if let Some(shared) = shared(request) {
        shared.write_timeout.set(Some(timeout));
    }
}

/// The problem of a refused head, for which the stream has put in a placeholder ([`framing::PLACEHOLDER`]).
pub fn unreadable(request: &HttpRequest) -> Option<Problem> {
    if request.method().as_str() != framing::PLACEHOLDER_METHOD {
        return None;
    }
    shared(request)?.refusal.get().map(Refusal::problem)
}

/// The problem of a request's body that the server itself has cut off.
pub fn broken_body(request: &HttpRequest) -> Option<Problem> {
    shared(request)?.refusal.get().map(Refusal::problem)
}

/// Refuses a request on a connection beyond the limit, unless it is a health check.
///
/// # Errors
/// For every other request.
pub fn check_overflow(request: &HttpRequest) -> Result<(), Problem> {
    let overflow = shared(request).is_some_and(|shared| shared.overflow);
    if overflow && !HEALTH.contains(&request.path()) {
        return Err(Problem::Overloaded(messages::too_many_connections()));
    }
    Ok(())
}
