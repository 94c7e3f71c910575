//! How many connections one address may have open at once. One too many is told so, and closed.

use std::any::Any;
use std::collections::HashMap;
use std::io::Write;
use std::net::{IpAddr, Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::dev::Extensions;

use super::address::network;
use super::settings::Settings;

type Open = Arc<Mutex<HashMap<IpAddr, u32>>>;

/// The connections that are open now, of all workers.
#[derive(Clone)]
pub struct Connections {
    open: Open,
    settings: Settings,
}

/// What is sent where there are too many: nobody reads a request to answer here.
const ONE_TOO_MANY: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 10\r\nConnection: close\r\n\
    Content-Type: application/problem+json\r\nContent-Length: 128\r\n\r\n\
    {\"type\":\"/problems/too-many-requests\",\"title\":\"Too much at once\",\"status\":429,\"detail\":\"too many connections from this address\"}";

impl Connections {
    pub fn new(settings: &Settings) -> Self {
        Self {
            open: Open::default(),
            settings: settings.clone(),
        }
    }

    /// Counts a connection for as long as it is open.
    pub fn opened(&self, stream: &dyn Any, of_connection: &mut Extensions) {
        let Some(stream) = stream.downcast_ref::<actix_web::rt::net::TcpStream>() else {
            return;
        };
        let Ok(peer) = stream.peer_addr() else {
            return;
        };
        let peer = peer.ip().to_canonical();
        if self.settings.trusts(peer) {
            return;
        }
        let one = One {
            open: self.open.clone(),
            of: network(peer),
        };
        let count = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            let count = open.entry(one.of).or_default();
            *count += 1;
            *count
        };
        of_connection.insert(one);
        if count > self.settings.max_connections_per_address
            && let Ok(stream) = stream.as_fd().try_clone_to_owned()
        {
            let mut stream = TcpStream::from(stream);
            let _ = stream.write_all(ONE_TOO_MANY);
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// One open connection.
struct One {
    open: Open,
    of: IpAddr,
}

impl Drop for One {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.of) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_length_that_is_said_is_that_of_the_body() {
        let text = std::str::from_utf8(super::ONE_TOO_MANY).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(
            head.ends_with(&format!("Content-Length: {}", body.len())),
            "{}",
            body.len()
        );
        assert!(serde_json::from_str::<serde_json::Value>(body).is_ok());
    }
}
