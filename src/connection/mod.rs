//! Connections of clients: which are accepted, how long they may take to send and to receive, how their bytes are cut into
//! requests, and how they end when the server stops. The framework's HTTP/1 dispatcher reads and writes through
//! [`stream::ClientStream`]; what it has no bound for is bounded there.

pub mod admission;
mod chunks;
pub mod files;
pub mod framing;
pub mod head_size;
pub mod progress;
pub mod settings;
pub mod shutdown;
pub mod stream;
pub mod unsent;

use std::cell::Cell;
use std::rc::Rc;

use actix_web::HttpRequest;

use crate::problem::Problem;
use framing::Refusal;
pub use settings::Settings;
pub use shutdown::Shutdown;

/// What is asked whether the server works: answered on every connection, whatever else is refused.
pub const HEALTH: [&str; 2] = ["/livez", "/readyz"];

/// What a connection's stream and the requests on it tell each other.
#[derive(Debug, Default)]
pub struct Shared {
    /// Whether the connection is one more than may be open: it may ask for the server's health and nothing else.
    pub overflow: bool,
    /// Why no more is read from the connection.
    pub refusal: Cell<Option<Refusal>>,
    /// Requests whose heads were read.
    pub read: Cell<u64>,
    /// Requests that have an answer, sent or not.
    pub answered: Cell<u64>,
}

impl Shared {
    /// Whether the connection ends with the answer that was just made: no other request was read.
    pub fn ends(&self, is_stopping: bool) -> bool {
        (is_stopping || self.overflow || self.refusal.get().is_some()) && self.is_idle()
    }

    /// Whether every request that was read has an answer.
    pub fn is_idle(&self) -> bool {
        self.read.get() == self.answered.get()
    }
}

fn shared(request: &HttpRequest) -> Option<&Shared> {
    request.conn_data::<Rc<Shared>>().map(Rc::as_ref)
}

/// Why a request can't be read, where the stream has put this one in its place ([`framing::PLACEHOLDER`]).
pub fn unreadable(request: &HttpRequest) -> Option<Problem> {
    if request.method().as_str() != framing::PLACEHOLDER_METHOD {
        return None;
    }
    shared(request)?.refusal.get().map(Refusal::problem)
}

/// Why a request's body broke off, where the server itself has ended it.
pub fn broken_body(request: &HttpRequest) -> Option<Problem> {
    shared(request)?.refusal.get().map(Refusal::problem)
}

/// Refuses a request on a connection that is one more than may be open, unless it asks for the server's health.
///
/// # Errors
/// Where it asks for something else.
pub fn check_overflow(request: &HttpRequest) -> Result<(), Problem> {
    let overflow = shared(request).is_some_and(|shared| shared.overflow);
    if overflow && !HEALTH.contains(&request.path()) {
        return Err(Problem::Overloaded(
            "the server has as many connections open as it may",
        ));
    }
    Ok(())
}
