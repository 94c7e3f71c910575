//! The actor of a write: its caller, and the request that it came with.

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::{HttpMessage, HttpRequest};

use crate::access::caller::Caller;
use crate::connection::client_address::client_address;
use crate::http::request_id::RequestId;
use crate::redact::redact;

/// An authenticated caller and the request of a write.
#[derive(Clone, Debug)]
pub struct Actor {
    pub caller: Arc<Caller>,
    pub origin: Origin,
}

impl Actor {
    pub fn new(caller: Arc<Caller>, request: &HttpRequest) -> Self {
        Self {
            caller,
            origin: Origin::of(request),
        }
    }

    /// The command line, where there are no keys. `method` is the one that the same write has over HTTP.
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

/// The request of a write, or its command on the command line.
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
