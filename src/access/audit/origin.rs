//! Where a write comes from.

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::{HttpMessage, HttpRequest};

use crate::access::extractors::Caller;
use crate::connection::client_address::client_address;
use crate::http::request_id::RequestId;
use crate::redact::redact;

/// Who sends a write, with a key that is good, and from where.
#[derive(Clone, Debug)]
pub struct By {
    pub caller: Arc<Caller>,
    pub origin: Origin,
}

impl By {
    pub fn new(caller: Arc<Caller>, request: &HttpRequest) -> Self {
        Self {
            caller,
            origin: Origin::of(request),
        }
    }
}

impl By {
    /// Somebody at the command line, where there are no keys: what they do is noted under the method that would do it.
    pub fn command_line(method: &str, command: &str) -> Self {
        Self {
            caller: Arc::new(Caller {
                key_id: None,
                name: "command line".to_owned(),
                scopes: Vec::new(),
                expires_at: None,
                subject: None,
            }),
            origin: Origin {
                method: method.to_owned(),
                path: command.to_owned(),
                request_id: "-".to_owned(),
                address: None,
            },
        }
    }
}

/// Which request it was.
#[derive(Clone, Debug)]
pub struct Origin {
    pub method: String,
    pub path: String,
    pub request_id: String,
    pub address: Option<IpAddr>,
}

impl Origin {
    pub fn of(request: &HttpRequest) -> Self {
        let id = request.extensions().get::<RequestId>().cloned();
        Self {
            method: request.method().to_string(),
            path: redact(request.path()).chars().take(300).collect(),
            request_id: id.map_or_else(|| "-".to_owned(), |RequestId(id)| id),
            address: Some(client_address(request)),
        }
    }
}
