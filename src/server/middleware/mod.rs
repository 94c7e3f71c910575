//! What surrounds every answer: the request's id, entity tags and 304, codings, what caches may do, problems written out,
//! one line in the log.

pub mod methods;
pub mod preflight;

use std::cell::OnceCell;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode, Uri};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse};
use futures_util::FutureExt;
use uuid::Uuid;

use crate::access::actor::Origin;
use crate::access::audit;
use crate::access::extractors::known_caller;
use crate::access::rate_limit::{Allowance, Limits, RateLimitKey, address_of};
use crate::config::Config;
use crate::connection::unsent::{CountedBody, Permit, UNCOUNTED, Unsent};
use crate::connection::{check_overflow, head_size, unreadable};
use crate::db::Database;
use crate::http::cache_tags::CacheTags;
use crate::http::caching::{Caching, Kind};
use crate::http::content_coding::ContentCoding;
use crate::http::preconditions::{Version, entity_tag, none_match_has};
use crate::http::request_id::RequestId;
use crate::http::security_headers::Security;
use crate::problem::Problem;
use crate::redact::{contains_secret, redact};

static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a 304 doesn't say again.
const NOT_REPEATED: [&str; 5] = [
    "content-type",
    "content-language",
    "link",
    "surrogate-key",
    "cache-tag",
];

/// How long a request may take.
#[derive(Clone, Copy, Debug)]
pub struct RequestTimeouts {
    /// In the database: its wait for a connection, its statement, and a second.
    database: Duration,
    /// While its body arrives.
    body: Duration,
}

impl RequestTimeouts {
    pub fn new(config: &Config) -> Self {
        let statement = Duration::from_millis(config.database.statement_timeout_ms.into());
        Self {
            database: config.database.pool_timeout() + statement + Duration::from_secs(1),
            body: config.limits.body_timeout(),
        }
    }
}

/// The application's data that the middleware uses.
struct AppData {
    db: Data<Database>,
    limits: Data<Limits>,
    unsent: Data<Unsent>,
    caching: Data<Caching>,
    security: Data<Security>,
    timeouts: Data<RequestTimeouts>,
}

impl AppData {
    fn of(request: &HttpRequest) -> Option<Self> {
        Some(Self {
            db: request.app_data::<Data<Database>>()?.clone(),
            limits: request.app_data::<Data<Limits>>()?.clone(),
            unsent: request.app_data::<Data<Unsent>>()?.clone(),
            caching: request.app_data::<Data<Caching>>()?.clone(),
            security: request.app_data::<Data<Security>>()?.clone(),
            timeouts: request.app_data::<Data<RequestTimeouts>>()?.clone(),
        })
    }
}

/// What of a request the answer needs after the request is gone.
pub(super) struct RequestContext {
    id: String,
    method: Method,
    path: String,
    headers: HeaderMap,
    /// The coding that the caller likes best.
    coding: Option<ContentCoding>,
    app: Option<AppData>,
    begun: Instant,
    /// What its sender may still send, once that is known.
    allowance: OnceCell<Allowance>,
    /// The client's address, as far as it can be believed.
    address: Option<IpAddr>,
    /// Whose key it came with, once that is known.
    who: OnceCell<Who>,
}

/// Who sent a request, as the log says it: a key's id, or a JWT's subject.
struct Who {
    key_id: Option<String>,
    subject: Option<String>,
}

impl From<RateLimitKey> for Who {
    fn from(rate_limit_key: RateLimitKey) -> Self {
        let (key_id, subject) = match rate_limit_key {
            RateLimitKey::Key(id) => (Some(id.to_string()), None),
            // It may have any character. In quotes, it is one word on one line.
            RateLimitKey::Name(name) => (None, Some(format!("{:?}", redact(&name)))),
            RateLimitKey::Address(_) => (None, None),
        };
        Self { key_id, subject }
    }
}

/// The middleware.
pub async fn answer<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if let Some(problem) = unreadable(request.request()) {
        let asked = RequestContext::unreadable(request.request());
        let response = request.into_response(problem.answer(&asked.path, &asked.id));
        return Ok(asked.finish(response).await);
    }
    normalise(&mut request);
    let asked = RequestContext::of(request.request());
    request.extensions_mut().insert(RequestId(asked.id.clone()));
    let refused = check_overflow(request.request())
        .and_then(|()| head_size::check(&request))
        .and_then(|()| readable(&request));
    let response = match refused {
        Ok(()) => {
            let request_timeout = asked.request_timeout();
            let handled = AssertUnwindSafe(asked.handle(request, next)).catch_unwind();
            // What waits for the database is not kept waiting once it is known to hang.
            let handled = tokio::select! {
                biased;
                handled = tokio::time::timeout(request_timeout, handled) => handled,
                () = asked.database_lost() => {
                    let lost = Problem::Unavailable("the database went away meanwhile".into());
                    return Err(asked.timeout_response(&lost));
                }
            };
            match handled {
                Ok(Ok(response)) => response?,
                Ok(Err(panic)) => {
                    let said = words(panic.as_ref());
                    return Err(
                        asked.timeout_response(&Problem::internal(format!("a panic: {said}")))
                    );
                }
                Err(_) => {
                    let late = format!("no answer from the database within {request_timeout:?}");
                    return Err(asked.timeout_response(&Problem::Unavailable(late.into())));
                }
            }
        }
        Err(problem) => request.into_response(problem.answer(&asked.path, &asked.id)),
    };
    Ok(asked.finish(response).await)
}

impl RequestContext {
    pub(super) fn of(request: &HttpRequest) -> Self {
        Self {
            id: request_id(request.headers()),
            method: request.method().clone(),
            path: redact(request.path()).into_owned(),
            headers: conditions(request.headers()),
            coding: ContentCoding::wanted(request),
            app: AppData::of(request),
            begun: Instant::now(),
            allowance: OnceCell::new(),
            address: address_of(request),
            who: OnceCell::new(),
        }
    }

    /// A request that could not be read: neither its method nor its path is known.
    fn unreadable(request: &HttpRequest) -> Self {
        Self {
            id: Uuid::now_v7().to_string(),
            path: "-".into(),
            headers: HeaderMap::new(),
            coding: None,
            ..Self::of(request)
        }
    }

    /// Counts the request, then hands it on, unless it is answered here.
    async fn handle<B: MessageBody + 'static>(
        &self,
        mut request: ServiceRequest,
        next: Next<B>,
    ) -> Result<ServiceResponse<BoxBody>, Error> {
        if let Some(app) = &self.app {
            let (left, admitted) = app.limits.admit(request.request()).await;
            if let Some(left) = left {
                let _ = self.allowance.set(left);
            }
            let caller = known_caller(request.request());
            let who = match &admitted {
                // Who sends too much was not looked up.
                Err(Problem::TooManyRequests(_)) => app.limits.holder(request.request()),
                _ => caller.map(|caller| RateLimitKey::from(caller.as_ref())),
            };
            if let Some(who) = who {
                let _ = self.who.set(who.into());
            }
            if let Err(problem) = admitted {
                self.suspect_session(&problem);
                self.note_refusal(request.request(), &problem).await;
                return Ok(request.into_response(problem.answer(&self.path, &self.id)));
            }
        }
        match methods::guard(&mut request) {
            Ok(None) => {
                let response = self.call(request, next).await?.map_into_boxed_body();
                let error = response.response().error();
                if let Some(problem) = error.and_then(|error| error.as_error::<Problem>()) {
                    self.suspect_session(problem);
                    self.note_refusal(response.request(), problem).await;
                }
                Ok(response)
            }
            Ok(Some(response)) => Ok(request.into_response(response)),
            Err(problem) => {
                self.note_refusal(request.request(), &problem).await;
                Ok(request.into_response(problem.answer(&self.path, &self.id)))
            }
        }
    }

    /// Runs the handler, with connections out of the share of its resource.
    async fn call<B: MessageBody + 'static>(
        &self,
        request: ServiceRequest,
        next: Next<B>,
    ) -> Result<ServiceResponse<B>, Error> {
        match &self.app {
            Some(app) => {
                let path = request.path().to_owned();
                app.db.shares.scope(&path, next.call(request)).await
            }
            None => next.call(request).await,
        }
    }

    /// Tells the watch where a connection's session was not its own.
    fn suspect_session(&self, problem: &Problem) {
        if let (Some(app), Problem::SessionLost(_)) = (&self.app, problem) {
            app.db.health.suspect();
        }
    }

    /// Comes back when the database goes away after the request came.
    async fn database_lost(&self) {
        if let Some(app) = &self.app
            && app.db.health.losses().changed().await.is_ok()
        {
            return;
        }
        std::future::pending().await
    }

    async fn finish(&self, mut response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        if let Some(render_problem) = self.render_problem(&response) {
            response = response.into_response(render_problem);
        }
        self.add_cache_headers(response.response_mut());
        response = self.tag_and_encode(response).await;
        self.common_headers(response.headers_mut());
        self.log(response.status(), &response.response().body().size());
        response
    }

    /// Notes a write that was refused, unless it was one too many: whoever sends too much would fill the audit. Where the
    /// database can't take it, the log has it.
    async fn note_refusal(&self, request: &HttpRequest, problem: &Problem) {
        let status = problem.kind().status;
        let told = status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS;
        let writes = ["POST", "PUT", "PATCH", "DELETE"].contains(&self.method.as_str());
        let Some(app) = self.app.as_ref().filter(|_| told && writes) else {
            return;
        };
        let origin = Origin::of(request);
        let caller = known_caller(request);
        let noted = async {
            let mut conn = app.db.connection().await?;
            let name = problem.kind().name;
            conn.write(async |conn| {
                let caller = caller.as_deref();
                Ok(audit::record_refusal(conn, &origin, caller, status, name).await?)
            })
            .await
        };
        let noted: Result<(), Problem> = noted.await;
        match noted {
            Ok(()) => {}
            // Anybody can be refused, so anybody could fill the log with errors while the database is busy.
            Err(error @ Problem::Unavailable(_)) => {
                log::warn!("{}: a refused write is not in the audit: {error}", self.id);
            }
            Err(error) => {
                log::error!("{}: a refused write is not in the audit: {error}", self.id);
            }
        }
    }

    /// The problem that this answer is, written out where it is not yet.
    fn render_problem(&self, response: &ServiceResponse<BoxBody>) -> Option<HttpResponse> {
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

    /// Says what caches may do, and what the answer is made of.
    fn add_cache_headers(&self, response: &mut HttpResponse) {
        if !self.reads() {
            return;
        }
        let extensions = response.extensions();
        let kind = extensions.get::<Kind>().copied();
        let cache_tags = extensions.get::<CacheTags>().cloned();
        drop(extensions);
        let good = response.status().is_success() || response.status().is_redirection();
        let headers = response.headers_mut();
        let negotiated = headers.contains_key(header::VARY);
        headers.insert(
            header::VARY,
            HeaderValue::from_static(if negotiated {
                "Accept-Encoding, Accept-Language, Authorization"
            } else {
                "Accept-Encoding, Authorization"
            }),
        );
        let Some(app) = self.app.as_ref().filter(|_| good && !self.has_key()) else {
            return;
        };
        let kind = kind.unwrap_or(Kind::Page);
        if !headers.contains_key(header::CACHE_CONTROL) {
            headers.insert(header::CACHE_CONTROL, app.caching.public(kind).clone());
        }
        for (name, separator) in app
            .caching
            .cache_tag_headers
            .iter()
            .filter_map(|it| it.header())
        {
            if let Some(value) = cache_tags.as_ref().and_then(|made| made.header(separator)) {
                headers.insert(name, value);
            }
        }
    }

    /// Gives the answer its tag, answers 304 where it is known, and else encodes it. Each coding has a tag of its own:
    /// their bytes differ.
    async fn tag_and_encode(&self, response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        let version = response.response().extensions().get::<Version>().cloned();
        let success = response.status().is_success();
        let (request, response) = response.into_parts();
        let (mut response, body) = response.into_parts();
        let body = match body.try_into_bytes() {
            Ok(body) => body,
            Err(body) => return ServiceResponse::new(request, response.set_body(body)),
        };
        let kind = response.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let coded = response.headers().contains_key(header::CONTENT_ENCODING);
        let coding = self
            .coding
            .filter(|_| !coded && ContentCoding::is_worth(kind, body.len()));
        if success && (self.reads() || version.is_some()) {
            let tag = entity_tag(version.as_ref(), &body, coding);
            let value = HeaderValue::from_str(&tag).expect("a tag is plain ASCII");
            response.headers_mut().insert(header::ETAG, value);
            if self.reads() && none_match_has(&self.headers, &tag) {
                *response.status_mut() = StatusCode::NOT_MODIFIED;
                // Who knows the answer knows what was said of it (RFC 9110, section 15.4.5).
                for known in NOT_REPEATED {
                    response.headers_mut().remove(known);
                }
                return ServiceResponse::new(request, response.set_body(BoxBody::new(())));
            }
        }
        let permit = match self.permit(&request, body.len()) {
            Ok(permit) => permit,
            Err(problem) => {
                let mut refused = problem.answer(&self.path, &self.id);
                self.add_cache_headers(&mut refused);
                return ServiceResponse::new(request, refused);
            }
        };
        let body = match coding {
            None => body,
            Some(coding) => match coding.apply(body.clone()).await {
                Ok(encoded) => {
                    let word = HeaderValue::from_static(coding.token());
                    response
                        .headers_mut()
                        .insert(header::CONTENT_ENCODING, word);
                    encoded
                }
                Err(error) => {
                    log::error!("{}: not encoded: {error}", self.id);
                    body
                }
            },
        };
        let body = match permit {
            Some(mut permit) => {
                permit.shrink_to(body.len());
                BoxBody::new(CountedBody::new(body, permit))
            }
            None => BoxBody::new(body),
        };
        ServiceResponse::new(request, response.set_body(body))
    }

    /// Counts an answer until it is sent, where it is not small.
    fn permit(&self, request: &HttpRequest, bytes: usize) -> Result<Option<Permit>, Problem> {
        let Some(app) = self.app.as_ref().filter(|_| bytes > UNCOUNTED) else {
            return Ok(None);
        };
        let address = app.limits.address_to_bound(request);
        let permit = app.unsent.permit(address, bytes, !self.reads())?;
        Ok(Some(permit))
    }

    fn reads(&self) -> bool {
        self.method == Method::GET || self.method == Method::HEAD
    }

    fn has_key(&self) -> bool {
        self.headers.contains_key(header::AUTHORIZATION)
    }

    /// How long a request may take: what its statement and its connection may, and its body where it has one. A database
    /// that hangs, rather than being gone, bounds nothing by itself.
    fn request_timeout(&self) -> Duration {
        let Some(app) = &self.app else {
            return Duration::from_secs(10);
        };
        match self.method {
            Method::GET | Method::HEAD | Method::DELETE => app.timeouts.database,
            _ => app.timeouts.database + app.timeouts.body,
        }
    }

    /// The answer where the handler gave none, and took the request with it.
    fn timeout_response(&self, problem: &Problem) -> Error {
        let mut response = self.refuse(problem);
        // An error passes what adds these to every answer.
        if let Some(app) = &self.app {
            app.security.add(response.headers_mut());
        }
        InternalError::from_response("no answer", response).into()
    }

    /// A problem as the whole answer, with its line in the log.
    pub(super) fn refuse(&self, problem: &Problem) -> HttpResponse {
        let mut response = problem.answer(&self.path, &self.id);
        self.common_headers(response.headers_mut());
        self.log(response.status(), &response.body().size());
        response
    }

    fn common_headers(&self, headers: &mut HeaderMap) {
        if let Ok(id) = HeaderValue::from_str(&self.id) {
            headers.insert(X_REQUEST_ID.clone(), id);
        }
        if let Some(allowance) = self.allowance.get() {
            allowance.write(headers);
        }
        if !headers.contains_key(header::CACHE_CONTROL) {
            let with_key = self.app.as_ref().filter(|_| self.has_key());
            let policy = with_key.map_or_else(
                || HeaderValue::from_static("no-store"),
                |app| app.caching.cache_with_key.clone(),
            );
            headers.insert(header::CACHE_CONTROL, policy);
        }
    }

    fn log(&self, status: StatusCode, size: &BodySize) {
        let bytes = match size {
            BodySize::Sized(bytes) if self.method != Method::HEAD => *bytes,
            _ => 0,
        };
        if !log::log_enabled!(target: "request", log::Level::Info) {
            return;
        }
        let milliseconds = self.begun.elapsed().as_secs_f64() * 1000.0;
        let address = self.address.map(|address| address.to_string());
        let address = address.as_deref().unwrap_or("-");
        let who = self.who.get();
        let key_id = who.and_then(|who| who.key_id.as_deref()).unwrap_or("-");
        let subject = who.and_then(|who| who.subject.as_deref()).unwrap_or("-");
        let caller = if key_id == "-" { subject } else { key_id };
        log::info!(
            target: "request",
            request_id = self.id.as_str(),
            address = address,
            key_id = key_id,
            subject = subject,
            method = self.method.as_str(),
            path = self.path.as_str(),
            status = status.as_u16(),
            bytes = bytes,
            ms = (milliseconds * 1000.0).round() / 1000.0;
            "{} {} {} {} {bytes}B {milliseconds:.3}ms {address} {caller}",
            self.id, self.method, self.path, status.as_u16()
        );
    }
}

/// The id that the caller gave, where it is one that can stand in a log; else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let sane = |id: &&str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        (1..=128).contains(&id.len()) && id.bytes().all(plain) && !contains_secret(id)
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

/// Writes out what need not be percent-encoded in a path (RFC 3986, section 6.2.2.2), so that one address has one spelling to
/// everybody who looks at it.
fn normalise(request: &mut ServiceRequest) {
    let path = request.uri().path();
    if !path.contains('%') {
        return;
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let mut rest = path;
    let mut normal = String::with_capacity(path.len());
    while let Some(at) = rest.find('%') {
        let code = rest.get(at + 1..at + 3);
        let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        normal.push_str(&rest[..at]);
        match byte.filter(|byte| plain(*byte)) {
            Some(byte) => {
                normal.push(char::from(byte));
                rest = &rest[at + 3..];
            }
            None => {
                normal.push('%');
                rest = &rest[at + 1..];
            }
        }
    }
    normal.push_str(rest);
    if normal == path {
        return;
    }
    let address = match request.uri().query() {
        Some(query) => format!("{normal}?{query}"),
        None => normal,
    };
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = address.parse().ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
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

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().map(ToString::to_string);
    said.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}
