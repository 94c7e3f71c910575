//! What surrounds every answer: the request's id, entity tags and 304, problems written out, one line in the log.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse};
use futures_util::FutureExt;
use uuid::Uuid;

use super::body::SLOWEST;
use super::conditional::{Version, entity_tag, none_match_has};
use super::methods;
use crate::problem::Problem;
use crate::server::AppState;

static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What of a request the answer needs after the request is gone.
struct Asked {
    id: String,
    method: Method,
    path: String,
    headers: HeaderMap,
    begun: Instant,
}

/// The middleware.
pub async fn answer<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let asked = Asked {
        id: request_id(request.headers()),
        method: request.method().clone(),
        path: request.path().to_owned(),
        headers: conditions(request.headers()),
        begun: Instant::now(),
    };
    let guarded = readable(&request).and_then(|()| methods::guard(&mut request));
    let response = match guarded {
        Ok(None) => {
            let patience = patience(&request);
            let handled = AssertUnwindSafe(next.call(request)).catch_unwind();
            match tokio::time::timeout(patience, handled).await {
                Ok(Ok(response)) => response?.map_into_boxed_body(),
                Ok(Err(panic)) => {
                    let said = words(panic.as_ref());
                    return Err(asked.give_up(&Problem::internal(format!("a panic: {said}"))));
                }
                Err(_) => {
                    let late = format!("no answer from the database within {patience:?}");
                    return Err(asked.give_up(&Problem::Unavailable(late.into())));
                }
            }
        }
        Ok(Some(response)) => request.into_response(response),
        Err(problem) => request.into_response(problem.answer(&asked.path, &asked.id)),
    };
    Ok(asked.finish(response))
}

impl Asked {
    fn finish(&self, mut response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        if let Some(written) = self.written(&response) {
            response = response.into_response(written);
        }
        response = self.tag(response);
        self.common_headers(response.headers_mut());
        self.log(response.status(), &response.response().body().size());
        response
    }

    /// The problem that this answer is, written out where it is not yet.
    fn written(&self, response: &ServiceResponse<BoxBody>) -> Option<HttpResponse> {
        let status = response.status();
        let other = || Problem::of_status(status, "the request can't be answered".into());
        match response.response().error() {
            Some(error) => match error.as_error::<Problem>() {
                Some(problem) => Some(problem.answer(&self.path, &self.id)),
                None => Some(
                    Problem::of_status(status, error.to_string())?.answer(&self.path, &self.id),
                ),
            },
            None if response.headers().contains_key(header::CONTENT_TYPE) => None,
            None => Some(other()?.answer(&self.path, &self.id)),
        }
    }

    fn tag(&self, response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        let version = response.response().extensions().get::<Version>().copied();
        let read = self.method == Method::GET || self.method == Method::HEAD;
        if !response.status().is_success() || !(read || version.is_some()) {
            return response;
        }
        let (request, response) = response.into_parts();
        let (mut response, body) = response.into_parts();
        let body = match body.try_into_bytes() {
            Ok(body) => body,
            Err(body) => return ServiceResponse::new(request, response.set_body(body)),
        };
        let tag = entity_tag(version, &body);
        let value = HeaderValue::from_str(&tag).expect("a tag is plain ASCII");
        response.headers_mut().insert(header::ETAG, value);
        if read && none_match_has(&self.headers, &tag) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response.headers_mut().remove(header::CONTENT_TYPE);
            return ServiceResponse::new(request, response.set_body(BoxBody::new(())));
        }
        ServiceResponse::new(request, response.set_body(BoxBody::new(body)))
    }

    /// The answer where the handler gave none, and took the request with it.
    fn give_up(&self, problem: &Problem) -> Error {
        let mut response = problem.answer(&self.path, &self.id);
        self.common_headers(response.headers_mut());
        self.log(response.status(), &response.body().size());
        InternalError::from_response("no answer", response).into()
    }

    fn common_headers(&self, headers: &mut HeaderMap) {
        if let Ok(id) = HeaderValue::from_str(&self.id) {
            headers.insert(X_REQUEST_ID.clone(), id);
        }
        headers.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
        if !headers.contains_key(header::CACHE_CONTROL) {
            // A cache may keep what anybody sees, but asks before it serves it again; with a key, none keeps anything.
            let policy = if self.headers.contains_key(header::AUTHORIZATION) {
                "private, no-store"
            } else {
                "no-cache"
            };
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(policy));
        }
    }

    fn log(&self, status: StatusCode, size: &BodySize) {
        let bytes = match size {
            BodySize::Sized(bytes) if self.method != Method::HEAD => *bytes,
            _ => 0,
        };
        let milliseconds = self.begun.elapsed().as_secs_f64() * 1000.0;
        log::info!(
            target: "request",
            request_id = self.id.as_str(),
            method = self.method.as_str(),
            path = self.path.as_str(),
            status = status.as_u16(),
            bytes = bytes,
            ms = (milliseconds * 1000.0).round() / 1000.0;
            "{} {} {} {} {bytes}B {milliseconds:.3}ms",
            self.id, self.method, self.path, status.as_u16()
        );
    }
}

/// The id that the caller gave, where it is one that can stand in a log; else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let sane = |id: &&str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        (1..=128).contains(&id.len()) && id.bytes().all(plain)
    };
    headers
        .get(&X_REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .filter(sane)
        .map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}

/// The headers that decide about the answer. Of the key only that there was one.
fn conditions(headers: &HeaderMap) -> HeaderMap {
    let mut kept = HeaderMap::new();
    for value in headers.get_all(header::IF_NONE_MATCH) {
        kept.append(header::IF_NONE_MATCH, value.clone());
    }
    if headers.contains_key(header::AUTHORIZATION) {
        kept.insert(header::AUTHORIZATION, HeaderValue::from_static("given"));
    }
    kept
}

/// Refuses an address whose percent-encoding is broken or not UTF-8: whoever decodes it later would guess.
fn readable(request: &ServiceRequest) -> Result<(), Problem> {
    for (part, text) in [
        ("path", request.uri().path()),
        ("query", request.query_string()),
    ] {
        let mut rest = text.as_bytes();
        while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
            let hex = rest
                .get(at + 1..at + 3)
                .is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit));
            if !hex {
                return Err(Problem::Malformed(format!(
                    "in the {part} a `%` is not followed by two hexadecimal digits"
                )));
            }
            rest = &rest[at + 3..];
        }
        if percent_encoding::percent_decode_str(text)
            .decode_utf8()
            .is_err()
        {
            return Err(Problem::Malformed(format!(
                "the {part}'s percent-encoding is not UTF-8"
            )));
        }
    }
    Ok(())
}

/// How long a request may take: what its statement and its connection may, and its body where it has one. A database
/// that hangs, rather than being gone, bounds nothing by itself.
fn patience(request: &ServiceRequest) -> Duration {
    let database = request
        .app_data::<Data<AppState>>()
        .map_or(Duration::from_secs(10), |app| app.patience);
    match *request.method() {
        Method::GET | Method::DELETE => database,
        _ => database + SLOWEST,
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().map(ToString::to_string);
    said.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}
