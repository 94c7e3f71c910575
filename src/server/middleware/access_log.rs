//! One line in the log for each request: id, method, path and query, status, size, time, client address, caller, user agent.

use actix_web::HttpResponse;
use actix_web::body::{BodySize, MessageBody};
use actix_web::http::Method;

use super::context::RequestContext;
use crate::access::rate_limit::RateLimitKey;
use crate::redact::redact;

pub fn write<B: MessageBody>(context: &RequestContext, response: &HttpResponse<B>) {
    if !log::log_enabled!(target: "request", log::Level::Info) {
        return;
    }
    let status = response.status().as_u16();
    let bytes = match response.body().size() {
        BodySize::Sized(bytes) if context.method != Method::HEAD => bytes,
        _ => 0,
    };
    // Whole microseconds.
    let seconds = (context.started_at.elapsed().as_secs_f64() * 1e6).round() / 1e6;
    let ms = seconds * 1e3;
    let address = context.client_address.to_string();
    let key_prefix = context.key_prefix.get().map_or("", String::as_str);
    let subject = subject(context.caller.get());
    let caller = match (key_prefix, subject.as_str()) {
        ("", "") => "-",
        ("", subject) => subject,
        (prefix, _) => prefix,
    };
    let (id, method, path) = (context.id.as_str(), context.method.as_str(), &context.path);
    let (query, user_agent) = (context.query.as_str(), context.user_agent.as_str());
    let mark = if query.is_empty() { "" } else { "?" };
    // Named as in OpenTelemetry's semantic conventions, where those have a name.
    log::info!(
        target: "request",
        request_id = id,
        "client.address" = address.as_str(),
        "manchette.key.prefix" = key_prefix,
        "enduser.id" = subject.as_str(),
        "http.request.method" = method,
        "url.path" = path.as_str(),
        "url.query" = query,
        "http.response.status_code" = status,
        "http.response.body.size" = bytes,
        "http.server.request.duration" = seconds,
        "user_agent.original" = user_agent;
        "{id} {method} {path}{mark}{query} {status} {bytes}B {ms:.3}ms {address} {caller} {user_agent:?}"
    );
}

/// The subject of the caller's JWT, or nothing. It may have any character: in quotes, it is one word on one line.
fn subject(caller: Option<&RateLimitKey>) -> String {
    match caller {
        Some(RateLimitKey::Name(name)) => format!("{:?}", redact(name)),
        Some(RateLimitKey::Key(_) | RateLimitKey::Address(_)) | None => String::new(),
    }
}
