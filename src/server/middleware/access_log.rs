//! One line in the log for each request: id, method, path, status, size, time, client address, caller.

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
    let milliseconds = context.started_at.elapsed().as_secs_f64() * 1000.0;
    let address = context.client_address.to_string();
    let (key_id, subject) = key_and_subject(context.caller.get());
    let key_id = key_id.as_deref().unwrap_or("-");
    let subject = subject.as_deref().unwrap_or("-");
    let caller = if key_id == "-" { subject } else { key_id };
    let (id, method, path) = (context.id.as_str(), context.method.as_str(), &context.path);
    log::info!(
        target: "request",
        request_id = id,
        address = address.as_str(),
        key_id = key_id,
        subject = subject,
        method = method,
        path = path.as_str(),
        status = status,
        bytes = bytes,
        ms = (milliseconds * 1000.0).round() / 1000.0;
        "{id} {method} {path} {status} {bytes}B {milliseconds:.3}ms {address} {caller}"
    );
}

/// The caller as the log names them: an API key's id, or a JWT's subject.
fn key_and_subject(caller: Option<&RateLimitKey>) -> (Option<String>, Option<String>) {
    match caller {
        Some(RateLimitKey::Key(id)) => (Some(id.to_string()), None),
        // A subject may have any character. In quotes, it is one word on one line.
        Some(RateLimitKey::Name(name)) => (None, Some(format!("{:?}", redact(name)))),
        Some(RateLimitKey::Address(_)) | None => (None, None),
    }
}
