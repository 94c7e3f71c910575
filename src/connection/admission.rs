//! Limits of open connections. Beyond the limit of its address, a connection is refused with a 429. Beyond the limit of all, a
//! reserve of connections that live for a few seconds keeps the health checks reachable.

use std::collections::{HashMap, VecDeque};
use std::io::Write;
use std::net::{IpAddr, Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use actix_web::rt::net::TcpStream as AsyncTcpStream;
use tokio::sync::oneshot;

use super::ConnectionSettings;
use super::client_address::network;
use super::messages;
use crate::problem::Language;
use crate::problem::catalogue::TOO_MANY_REQUESTS;
use serde_json::json;
use uuid::Uuid;

/// Connections that are accepted beyond the limit. When there are more, the oldest is evicted: a health check takes
/// milliseconds, so it is hardly ever the oldest.
pub const RESERVE: usize = 128;

/// The answer to a connection beyond the limit of its address, sent without reading a request.
fn too_many_connections() -> String {
    let request_id = Uuid::now_v7();
    let kind = &TOO_MANY_REQUESTS;
    // No request was read that could ask for another one.
    let language = Language::default();
    let body = json!({
        "type": format!("/problems/{}", kind.name), "title": kind.title.in_language(language), "status": kind.status.as_u16(),
        "detail": messages::connections_of_address().in_language(language), "instance": "-", "request_id": request_id, "errors": [],
    });
    let body = body.to_string();
    format!(
        "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 10\r\nConnection: close\r\nX-Request-Id: {request_id}\r\n\
         Content-Type: application/problem+json\r\nContent-Language: {}\r\nCache-Control: no-store\r\nContent-Length: {}\r\n\r\n{body}",
        language.tag(),
        body.len()
    )
}

/// Counts the open connections of all workers.
#[derive(Clone)]
pub struct Admission {
    counts: Arc<Mutex<Counts>>,
    settings: ConnectionSettings,
}

#[derive(Default)]
struct Counts {
    by_address: HashMap<IpAddr, u32>,
    regular: usize,
    reserve: usize,
    /// The connections of the reserve that are not evicted, the oldest first.
    reserved: VecDeque<(u64, oneshot::Sender<()>)>,
    next: u64,
}

impl Admission {
    pub fn new(settings: &ConnectionSettings) -> Self {
        Self {
            counts: Arc::default(),
            settings: settings.clone(),
        }
    }

    /// The number of open connections.
    pub fn open(&self) -> usize {
        let counts = self.lock();
        counts.regular + counts.reserve
    }

    /// Counts a connection until its slot is dropped; refuses it and returns none where its address has too many.
    pub fn admit(&self, stream: &AsyncTcpStream) -> Option<ConnectionSlot> {
        let peer = stream.peer_addr().ok()?.ip().to_canonical();
        let address = (!self.settings.proxies.trusts(peer)).then(|| network(peer));
        let mut counts = self.lock();
        if let Some(address) = address {
            let count = counts.by_address.entry(address).or_default();
            if *count >= self.settings.max_connections_per_address {
                drop(counts);
                refuse(stream);
                return None;
            }
            *count += 1;
        }
        let overflow = if counts.regular < self.settings.max_connections as usize {
            counts.regular += 1;
            None
        } else {
            Some(counts.overflow())
        };
        drop(counts);
        Some(ConnectionSlot {
            counts: self.counts.clone(),
            address,
            overflow,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        lock(&self.counts)
    }
}

fn lock(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Counts {
    fn overflow(&mut self) -> Overflow {
        while self.reserved.len() >= RESERVE {
            // Dropping the sender evicts the oldest.
            self.reserved.pop_front();
        }
        let (keep, evicted) = oneshot::channel();
        let number = self.next;
        self.next += 1;
        self.reserve += 1;
        self.reserved.push_back((number, keep));
        Overflow {
            number,
            evicted: Some(evicted),
        }
    }
}

fn refuse(stream: &AsyncTcpStream) {
    if let Ok(stream) = stream.as_fd().try_clone_to_owned() {
        let mut stream = TcpStream::from(stream);
        let _ = stream.write_all(too_many_connections().as_bytes());
        let _ = stream.shutdown(Shutdown::Both);
    }
}

/// One counted connection.
pub struct ConnectionSlot {
    counts: Arc<Mutex<Counts>>,
    /// None for a trusted proxy.
    address: Option<IpAddr>,
    overflow: Option<Overflow>,
}

struct Overflow {
    number: u64,
    /// None once it has fired.
    evicted: Option<oneshot::Receiver<()>>,
}

impl ConnectionSlot {
    /// Whether it belongs to the reserve.
    pub fn is_overflow(&self) -> bool {
        self.overflow.is_some()
    }

    /// Ready once another connection needs the slot, and from then on.
    pub fn poll_evicted(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(overflow) = &mut self.overflow else {
            return Poll::Pending;
        };
        if let Some(evicted) = &mut overflow.evicted {
            let _ = ready!(Pin::new(evicted).poll(cx));
            overflow.evicted = None;
        }
        Poll::Ready(())
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut counts = lock(&self.counts);
        if let Some(overflow) = &self.overflow {
            counts.reserve -= 1;
            counts
                .reserved
                .retain(|(number, _)| *number != overflow.number);
        } else {
            counts.regular -= 1;
        }
        if let Some(address) = self.address
            && let Some(count) = counts.by_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                counts.by_address.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_refusal_of_a_connection_is_a_whole_problem() {
        let text = super::too_many_connections();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())));
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["type"], "/problems/too-many-requests");
        assert!(head.contains(body["request_id"].as_str().unwrap()));
    }
}
