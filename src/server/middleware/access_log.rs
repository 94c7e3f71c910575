//! One line in the log for each request: id, method, path and query, status, size, time, client address, caller, user agent.

use std::net::IpAddr;
use std::time::Instant;

use actix_web::HttpResponse;
use actix_web::body::{BodySize, MessageBody};
use actix_web::http::{Method, StatusCode};

use super::context::RequestContext;
use crate::access::rate_limit::RateLimitKey;
use crate::logging::REQUESTS as TARGET;
use crate::redact::redact;

/// What a line tells of a request.
pub struct Line<'a> {
    pub id: &'a str,
    pub method: &'a Method,
    /// The path and the query without secrets.
    pub path: &'a str,
    pub query: &'a str,
    pub client_address: IpAddr,
    /// The prefix of the caller's API key, or nothing.
    pub key_prefix: &'a str,
    /// The subject of the caller's JWT, or nothing.
    pub subject: &'a str,
    pub user_agent: &'a str,
    pub started_at: Instant,
}

/// Whether lines are written at all.
pub fn is_on() -> bool {
    log::log_enabled!(target: TARGET, log::Level::Info)
}

pub fn write<B: MessageBody>(context: &RequestContext, response: &HttpResponse<B>) {
    if !is_on() {
        return;
    }
    let line = Line {
        id: context.id.as_str(),
        method: &context.method,
        path: &context.path,
        query: &context.query,
        client_address: context.client_address,
        key_prefix: context.key_prefix.get().map_or("", String::as_str),
        subject: &subject(context.caller.get()),
        user_agent: &context.user_agent,
        started_at: context.started_at,
    };
    line.write(response.status(), response.body().size());
}

impl Line<'_> {
    /// Writes the line for an answer with this status and size.
    pub fn write(&self, status: StatusCode, size: BodySize) {
        let status = status.as_u16();
        let bytes = match size {
            BodySize::Sized(bytes) if *self.method != Method::HEAD => bytes,
            _ => 0,
        };
        // Whole microseconds.
        let seconds = (self.started_at.elapsed().as_secs_f64() * 1e6).round() / 1e6;
        let ms = seconds * 1e3;
        let address = self.client_address.to_string();
        let caller = match (self.key_prefix, self.subject) {
            ("", "") => "-",
            ("", subject) => subject,
            (prefix, _) => prefix,
        };
        let Self {
            id,
            path,
            query,
            key_prefix,
            subject,
            user_agent,
            ..
        } = *self;
        let method = self.method.as_str();
        let mark = if query.is_empty() { "" } else { "?" };
        // Named as in OpenTelemetry's semantic conventions, where those have a name.
        log::info!(
            target: TARGET,
            request_id = id,
            "client.address" = address.as_str(),
            "manchette.key.prefix" = key_prefix,
            "enduser.id" = subject,
            "http.request.method" = method,
            "url.path" = path,
            "url.query" = query,
            "http.response.status_code" = status,
            "http.response.body.size" = bytes,
            "http.server.request.duration" = seconds,
            "user_agent.original" = user_agent;
            "{id} {method} {path}{mark}{query} {status} {bytes}B {ms:.3}ms {address} {caller} {user_agent:?}"
        );
    }
}

/// The subject of the caller's JWT, or nothing. It may have any character: in quotes, it is one word on one line.
fn subject(caller: Option<&RateLimitKey>) -> String {
    match caller {
        Some(RateLimitKey::Name(name)) => format!("{:?}", redact(name)),
        Some(RateLimitKey::Key(_) | RateLimitKey::Address(_)) | None => String::new(),
    }
}
