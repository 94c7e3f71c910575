//! A problem as a response: `application/problem+json` (RFC 9457).

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem_type::ProblemType;
use super::{Current, FaultBody, GoneReason, Language, Problem};

/// The most faults that one response lists.
const MAX_FAULTS: usize = 100;

/// The body of every error response (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "/problems/invalid",
    "title": "Invalid content",
    "status": 422,
    "detail": "1 invalid field",
    "instance": "/v1/headlines",
    "request_id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11",
    "errors": [{"pointer": "/title", "parameter": null, "code": "too_long", "detail": "at most 300 characters"}],
}))]
pub struct ProblemBody<'a> {
    #[serde(rename = "type")]
    #[schema(rename = "type", value_type = ProblemType)]
    pub kind: String,
    /// The kind in a few words, in English or French (`Accept-Language`).
    pub title: &'static str,
    /// The status of the response.
    #[schema(minimum = 300, maximum = 599)]
    pub status: u16,
    /// Details of this occurrence, for people, in English or French (`Accept-Language`).
    pub detail: String,
    /// The path of the request.
    pub instance: &'a str,
    /// Identifies the request in the server's log; the same as `X-Request-Id`.
    pub request_id: &'a str,
    /// The faults, up to the first 100; empty where a problem has no details.
    #[schema(max_items = 100)]
    pub errors: Vec<FaultBody<'a>>,
    /// After a failed precondition: the current version.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub current: Option<&'a Current>,
    /// Why a resource is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<GoneReason>,
}

impl Problem {
    /// The response to a request for the path `instance`, in a language. Failures of the server are logged.
    pub fn to_response(
        &self,
        instance: &str,
        request_id: &str,
        language: Language,
    ) -> HttpResponse {
        self.log(request_id);
        let kind = self.kind();
        let mut response = HttpResponse::build(kind.status);
        response.content_type("application/problem+json");
        response.insert_header((header::CONTENT_LANGUAGE, language.tag()));
        response.insert_header((header::VARY, "Accept-Language"));
        if let Some(header) = self.header() {
            response.insert_header(header);
        }
        response.json(self.body(instance, request_id, language))
    }

    /// The body of the response.
    pub fn body<'a>(
        &'a self,
        instance: &'a str,
        request_id: &'a str,
        language: Language,
    ) -> ProblemBody<'a> {
        let kind = self.kind();
        let faults = self.faults().iter().take(MAX_FAULTS);
        ProblemBody {
            kind: format!("/problems/{}", kind.name),
            title: kind.title.in_language(language),
            status: kind.status.as_u16(),
            detail: self.detail().in_language(language).to_owned(),
            instance,
            request_id,
            errors: faults.map(|fault| fault.body(language)).collect(),
            current: match self {
                Self::Outdated(current) => Some(current),
                _ => None,
            },
            reason: match self {
                Self::Gone(reason) => Some(*reason),
                _ => None,
            },
        }
    }

    fn log(&self, request_id: &str) {
        match self {
            Self::Internal(cause) | Self::SessionLost(cause) | Self::StorageFull(cause) => {
                log::error!("{request_id}: {self}: {cause}");
            }
            Self::Constraint(violation) => log::error!("{request_id}: {self}: {violation:?}"),
            // The health monitor logs an outage once, as an error. Here it is one line for each request.
            Self::Unavailable(cause) => log::warn!("{request_id}: {self}: {cause}"),
            _ => {}
        }
    }

    /// The header that goes with this problem.
    fn header(&self) -> Option<(HeaderName, String)> {
        Some(match self {
            Self::Unauthorized(why) if why.has_credentials() => (
                header::WWW_AUTHENTICATE,
                "Bearer realm=\"manchette\", error=\"invalid_token\"".to_owned(),
            ),
            Self::Unauthorized(_) => (
                header::WWW_AUTHENTICATE,
                "Bearer realm=\"manchette\"".to_owned(),
            ),
            Self::Forbidden(scope) => (
                header::WWW_AUTHENTICATE,
                format!(
                    "Bearer realm=\"manchette\", error=\"insufficient_scope\", scope=\"{scope}\""
                ),
            ),
            Self::Moved(to) => (header::LOCATION, to.clone()),
            Self::MethodNotAllowed(allow) => (header::ALLOW, allow.clone()),
            Self::UnsupportedMediaType(_) => (header::ACCEPT_ENCODING, "identity".to_owned()),
            Self::Outdated(current) => (header::ETAG, current.etag.clone()),
            _ => (header::RETRY_AFTER, self.retry_after()?.to_string()),
        })
    }

    /// Seconds after which the same request may succeed.
    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Unavailable(_)
            | Self::Overloaded(_)
            | Self::TooMuchUnsent
            | Self::InProgress
            | Self::NoIdentityProvider
            | Self::Busy(_)
            | Self::SessionLost(_)
            | Self::SharedSessions(_) => Some(1),
            // Freeing disk space takes longer.
            Self::StorageFull(_) | Self::TooManyStreams(_) => Some(30),
            Self::TooManyRequests(exceeded) => Some(exceeded.wait),
            _ => None,
        }
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind().status
    }

    // Only the middleware knows the path and the request's id: it replaces this with `Problem::to_response`.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}
