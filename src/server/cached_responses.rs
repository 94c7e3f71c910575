//! Cached responses to plain requests, sent before the framework routes them: a `GET` of content without credentials whose answer
//! is kept in the coding that it accepts. Every other request goes through the middleware stack, which answers in the same way.
//! With CORS, all do: its headers stand in every answer.

use std::sync::Arc;
use std::time::Instant;

use actix_http::body::{BodySize, BoxBody, MessageBody};
use actix_http::{Request, Response};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};

use crate::access::rate_limit::Limits;
use crate::cache::{
    CACHE_STATUS, CacheStatus, CachedResponse, CompleteHeaders, ResponseCache, Variant,
};
use crate::config::Config;
use crate::connection::client_address::{ProxySettings, address_of, bounded_network};
use crate::connection::unsent::{UNCOUNTED, Unsent};
use crate::connection::{ConnectionState, head_limits};
use crate::http::content_coding::ContentCoding;
use crate::http::preconditions::none_match_has;
use crate::http::request_id::{RequestId, X_REQUEST_ID};
use crate::http::security_headers::Security;
use crate::redact::redact;
use crate::server::middleware::access_log::{self, Line};
use crate::server::middleware::context::user_agent;
use crate::server::middleware::{etag, unsent_bytes};

/// Headers of requests that need the middleware stack.
const NEEDS_STACK: [HeaderName; 5] = [
    header::AUTHORIZATION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::EXPECT,
];

/// Answers plain requests with what is kept.
#[derive(Clone)]
pub struct CachedResponses {
    cache: Arc<ResponseCache>,
    limits: Arc<Limits>,
    unsent: Arc<Unsent>,
    proxies: ProxySettings,
    security: Security,
    has_cors: bool,
}

impl CachedResponses {
    pub fn new(
        cache: Arc<ResponseCache>,
        limits: Arc<Limits>,
        unsent: Arc<Unsent>,
        config: &Config,
    ) -> Self {
        Self {
            cache,
            limits,
            unsent,
            proxies: config.connection.proxies.clone(),
            security: config.security.clone(),
            has_cors: !config.cors_origins.is_empty(),
        }
    }

    /// The cached response to a plain request.
    pub fn answer(
        &self,
        request: &Request,
        connection: &ConnectionState,
    ) -> Option<Response<BoxBody>> {
        let head = request.head();
        let headers = head.headers();
        let is_plain = !self.has_cors
            && head.method == Method::GET
            && !connection.overflow
            && connection.refusal.get().is_none()
            && !NEEDS_STACK.iter().any(|name| headers.contains_key(name))
            && head_limits::check(&head.uri, headers).is_ok();
        let address = head.uri.path_and_query()?.as_str();
        if !is_plain || !address.starts_with("/v1/") {
            return None;
        }
        let kept = self
            .cache
            .get(address, only_value(headers, header::ACCEPT_LANGUAGE)?)?;
        let variant = kept.variant(kept.coding(ContentCoding::negotiate(request)))?;
        self.send(request, &kept, variant)
    }

    fn send(
        &self,
        request: &Request,
        kept: &CachedResponse,
        variant: &Variant,
    ) -> Option<Response<BoxBody>> {
        let started_at = Instant::now();
        let head = request.head();
        let client_address = address_of(head.peer_addr, head.headers(), Some(&self.proxies));
        let is_known = is_known(head.headers(), &variant.etag);
        let body = match is_known {
            true => BoxBody::new(()),
            false => {
                let bytes = variant.body.len();
                let network = || bounded_network(client_address, Some(&self.proxies));
                let permit =
                    (bytes > UNCOUNTED).then(|| self.unsent.permit(network(), bytes, false));
                unsent_bytes::count(variant.body.clone(), permit.transpose().ok()?)
            }
        };
        // Last: a request that the stack answers instead is counted there.
        let allowance = self.limits.count_read(client_address)?;
        let status = match is_known {
            true => StatusCode::NOT_MODIFIED,
            false => StatusCode::OK,
        };
        let complete = variant
            .complete
            .get_or_init(|| self.complete(kept, variant));
        let id = RequestId::from_headers(head.headers());
        let size = body.size();
        let mut response = Response::with_body(status, body);
        let headers = response.headers_mut();
        for (name, value) in &complete[usize::from(is_known)] {
            headers.append(name.clone(), value.clone());
        }
        if let Ok(id) = HeaderValue::from_str(id.as_str()) {
            headers.insert(X_REQUEST_ID.clone(), id);
        }
        if let Some(allowance) = allowance {
            allowance.write(headers);
        }
        log(head, &id, client_address, started_at, status, size);
        Some(response)
    }

    /// The headers of a 200 and of a 304 that are the same for all requests.
    fn complete(&self, kept: &CachedResponse, variant: &Variant) -> [CompleteHeaders; 2] {
        let mut headers = kept.headers.clone();
        headers.insert(header::ETAG, variant.etag.clone());
        headers.insert(CACHE_STATUS.clone(), CacheStatus::Hit.header());
        self.security.add(&mut headers);
        let mut not_modified = headers.clone();
        etag::remove_not_repeated(&mut not_modified);
        if let Some(coding) = variant.coding {
            let token = HeaderValue::from_static(coding.token());
            headers.insert(header::CONTENT_ENCODING, token);
        }
        [headers, not_modified].map(|headers| headers.into_iter().collect())
    }
}

/// The value of a header, or nothing; none where it has several or isn't text.
fn only_value(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name);
    match (values.next(), values.next()) {
        (None, _) => Some(""),
        (Some(value), None) => value.to_str().ok(),
        (Some(_), Some(_)) => None,
    }
}

fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    match headers.get(header::IF_NONE_MATCH) {
        None => false,
        Some(known) if known == tag => true,
        Some(_) => tag.to_str().is_ok_and(|tag| none_match_has(headers, tag)),
    }
}

fn log(
    head: &actix_http::RequestHead,
    id: &RequestId,
    client_address: std::net::IpAddr,
    started_at: Instant,
    status: StatusCode,
    size: BodySize,
) {
    if !access_log::is_on() {
        return;
    }
    let line = Line {
        id: id.as_str(),
        method: &head.method,
        path: &redact(head.uri.path()),
        query: &redact(head.uri.query().unwrap_or_default()),
        client_address,
        key_prefix: "",
        subject: "",
        user_agent: &user_agent(head.headers()),
        started_at,
    };
    line.write(status, size);
}
