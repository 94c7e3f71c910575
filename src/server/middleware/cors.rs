//! Cross-origin requests (CORS): which pages may call the API from a browser, and a problem for a refused preflight.

use actix_cors::{Cors, CorsError};
use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;

use super::context::RequestContext;
use super::problem_response;
use crate::http::messages;
use crate::problem::{Problem, Text};

/// The request headers that the answer to a preflight depends on (Fetch standard, section 3.2).
const PREFLIGHT_VARY: &str =
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, Accept-Language";

/// Answers preflights and adds CORS headers. An API key is not sent by a browser on its own (as a cookie is), so even `*`
/// lends no page the rights of its reader.
pub fn cors(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allowed_methods(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers([
            "Accept",
            "Accept-Language",
            "Authorization",
            "Content-Encoding",
            "Content-Type",
            "Idempotency-Key",
            "If-Match",
            "If-None-Match",
            "If-Unmodified-Since",
            "Last-Event-ID",
            "X-Request-Id",
        ])
        .expose_headers([
            "Cache-Status",
            "Content-Language",
            "ETag",
            "Idempotency-Replayed",
            "Link",
            "Location",
            "RateLimit",
            "RateLimit-Policy",
            "Retry-After",
            "X-Request-Id",
        ])
        .max_age(7200);
    if origins.iter().any(|origin| origin == "*") {
        // The answer is the same for every origin.
        return cors
            .allow_any_origin()
            .send_wildcard()
            .disable_vary_header();
    }
    origins
        .iter()
        .fold(cors, |cors, origin| cors.allowed_origin(origin))
}

/// Replaces the plain text with which `actix-cors` refuses a preflight; to be wrapped around [`cors`].
pub async fn refused_preflights<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let error = response.response().error();
    let Some(refused) = error.and_then(|error| error.as_error::<CorsError>()) else {
        return Ok(response);
    };
    let problem = Problem::CrossOrigin(reason(refused));
    let context = RequestContext::of(response.request());
    let mut refused = problem_response(&context, &problem);
    let vary = HeaderValue::from_static(PREFLIGHT_VARY);
    refused.headers_mut().insert(header::VARY, vary);
    Ok(response.into_response(refused))
}

fn reason(refused: &CorsError) -> Text {
    match refused {
        CorsError::OriginNotAllowed => messages::origin_not_allowed(),
        CorsError::MethodNotAllowed => messages::cors_method(),
        CorsError::HeadersNotAllowed => messages::cors_headers(),
        other => messages::cors_other(other.to_string()),
    }
}
