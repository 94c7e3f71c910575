//! Per-request state of the middleware stack. The request itself goes to its handler and may be dropped with it; the steps
//! that follow the handler read from here.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::net::IpAddr;
use std::time::Instant;

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::web::Data;

use super::timeout::RequestTimeouts;
use crate::access::rate_limit::{Allowance, Limits, RateLimitKey};
use crate::cache::{ForwardedRequest, ResponseCache};
use crate::connection::client_address::{client_address, network_to_bound};
use crate::connection::unsent::Unsent;
use crate::db::Database;
use crate::http::cache_control::Caching;
use crate::http::content_coding::ContentCoding;
use crate::http::locale;
use crate::http::request_id::RequestId;
use crate::http::security_headers::Security;
use crate::problem::Language;
use crate::redact::redact;

/// Characters of `User-Agent` that are logged.
const MAX_USER_AGENT: usize = 200;

/// One request, as the steps of the stack know it.
pub struct RequestContext {
    pub id: RequestId,
    /// The method that was sent: `HEAD` stays `HEAD`, although it is routed as `GET`.
    pub method: Method,
    /// The path and the query as they were sent, under which an answer is kept.
    pub address: String,
    /// The path without secrets, for the log and for problems.
    pub path: String,
    /// The query without secrets, for the log.
    pub query: String,
    /// `User-Agent`, or nothing.
    pub user_agent: String,
    pub has_credentials: bool,
    /// Every `If-None-Match` of the request.
    pub if_none_match: HeaderMap,
    /// Every `Accept-Language` of the request: read if the answer is a problem.
    accept_language: HeaderMap,
    /// The content coding that the client prefers among ours.
    pub accepted_coding: Option<ContentCoding>,
    pub client_address: IpAddr,
    /// The network whose unsent bytes are limited.
    pub network: Option<IpAddr>,
    pub started_at: Instant,
    /// What the caller may still send; unset until it is counted.
    pub allowance: OnceCell<Allowance>,
    /// The owner of the request's credentials; unset while they are not looked up.
    pub caller: OnceCell<RateLimitKey>,
    /// The prefix of the API key that the caller has sent; unset if it was refused.
    pub key_prefix: OnceCell<String>,
    /// Set while this request fetches an answer that is to be kept.
    pub forwarded: RefCell<Option<ForwardedRequest>>,
    pub app: AppData,
}

/// The application's data that the middleware uses.
pub struct AppData {
    pub db: Data<Database>,
    pub cache: Data<ResponseCache>,
    pub limits: Data<Limits>,
    pub unsent: Data<Unsent>,
    pub caching: Data<Caching>,
    pub security: Data<Security>,
    pub timeouts: Data<RequestTimeouts>,
}

impl AppData {
    fn of(request: &HttpRequest) -> Self {
        fn data<T: 'static>(request: &HttpRequest) -> Data<T> {
            let data = request.app_data::<Data<T>>();
            data.expect("every worker registers the middleware's data")
                .clone()
        }
        Self {
            db: data(request),
            cache: data(request),
            limits: data(request),
            unsent: data(request),
            caching: data(request),
            security: data(request),
            timeouts: data(request),
        }
    }
}

impl RequestContext {
    pub fn of(request: &HttpRequest) -> Self {
        let headers = request.headers();
        Self {
            id: RequestId::from_headers(headers),
            method: request.method().clone(),
            address: match request.query_string() {
                "" => request.path().to_owned(),
                query => format!("{}?{query}", request.path()),
            },
            path: redact(request.path()).into_owned(),
            query: redact(request.query_string()).into_owned(),
            user_agent: user_agent(headers),
            has_credentials: headers.contains_key(header::AUTHORIZATION),
            if_none_match: only(headers, header::IF_NONE_MATCH),
            accept_language: only(headers, header::ACCEPT_LANGUAGE),
            accepted_coding: ContentCoding::negotiate(request),
            client_address: client_address(request),
            network: network_to_bound(request),
            started_at: Instant::now(),
            allowance: OnceCell::new(),
            caller: OnceCell::new(),
            key_prefix: OnceCell::new(),
            forwarded: RefCell::new(None),
            app: AppData::of(request),
        }
    }

    /// The context of a placeholder request, whose method, path and headers are not those that were sent.
    pub fn unreadable(request: &HttpRequest) -> Self {
        Self {
            id: RequestId::generate(),
            address: String::new(),
            path: "-".into(),
            query: String::new(),
            user_agent: String::new(),
            has_credentials: false,
            if_none_match: HeaderMap::new(),
            accept_language: HeaderMap::new(),
            accepted_coding: None,
            ..Self::of(request)
        }
    }

    /// The language of a problem's text.
    pub fn problem_language(&self) -> Language {
        locale::problem_language(&self.accept_language)
    }

    /// `Accept-Language` as it was sent.
    pub fn language(&self) -> String {
        let values = self.accept_language.get_all(header::ACCEPT_LANGUAGE);
        let values: Vec<Cow<'_, str>> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        values.join(",")
    }

    pub fn is_read(&self) -> bool {
        self.method == Method::GET || self.method == Method::HEAD
    }
}

/// The start of `User-Agent`, which clients choose, without secrets.
pub fn user_agent(headers: &HeaderMap) -> String {
    let value = headers.get(header::USER_AGENT);
    let text = value.map_or(Cow::default(), |value| {
        String::from_utf8_lossy(value.as_bytes())
    });
    redact(&text).chars().take(MAX_USER_AGENT).collect()
}

/// Every value of one header.
fn only(headers: &HeaderMap, name: HeaderName) -> HeaderMap {
    let mut values = HeaderMap::new();
    for value in headers.get_all(&name) {
        values.append(name.clone(), value.clone());
    }
    values
}
