//! Counts each request against its caller's limits, and tells the caller what is left.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap};

use super::context::RequestContext;
use crate::access::extractors::{caller, key_prefix, known_caller};
use crate::access::rate_limit::{Counted, Limits, RateLimitKey};
use crate::connection::HEALTH;
use crate::problem::Problem;
use crate::server::{docs, front_page};

/// Counts a request and looks up its caller.
///
/// # Errors
/// Where it is one too many, or its credentials are not valid.
pub async fn admit(context: &RequestContext, request: &HttpRequest) -> Result<(), Problem> {
    let limits = &context.app.limits;
    let (allowance, admitted) = count(limits, request).await;
    if let Some(allowance) = allowance {
        let _ = context.allowance.set(allowance);
    }
    let owner = match &admitted {
        // A caller over their limit was not looked up.
        Err(Problem::TooManyRequests(_)) => limits.known_owner(request),
        _ => known_caller(request).map(|caller| RateLimitKey::from(caller.as_ref())),
    };
    if let Some(owner) = owner {
        if let (RateLimitKey::Key(_), Some(prefix)) = (&owner, key_prefix(request)) {
            let _ = context.key_prefix.set(prefix);
        }
        let _ = context.caller.set(owner);
    }
    admitted
}

/// Adds `RateLimit` and `RateLimit-Policy`, once the request was counted.
pub fn add_headers(context: &RequestContext, headers: &mut HeaderMap) {
    if let Some(allowance) = context.allowance.get() {
        allowance.write(headers);
    }
}

async fn count(limits: &Limits, request: &HttpRequest) -> Counted {
    if HEALTH.contains(&request.path()) || request.method() == Method::OPTIONS {
        return (None, Ok(()));
    }
    // Pages are public, so credentials are not looked up: they are there while the database is not.
    let is_page = docs::is_page(request.path()) || front_page::is_file(request.path());
    if !request.headers().contains_key(header::AUTHORIZATION) || is_page {
        return limits.count_address(request);
    }
    // Credentials that were valid a moment ago are counted before the database is asked whether they still are.
    if let Some(owner) = limits.known_owner(request) {
        let (allowance, counted) = limits.count_owner(&owner, request);
        return match counted {
            Ok(()) => match caller(request).await {
                Ok(_) => (allowance, Ok(())),
                Err(problem) => count_refused(limits, request, problem),
            },
            refused => (allowance, refused),
        };
    }
    match caller(request).await {
        Ok(Some(caller)) => limits.count_owner(&caller.as_ref().into(), request),
        Ok(None) => limits.count_address(request),
        Err(problem) => count_refused(limits, request, problem),
    }
}

/// A request with invalid credentials counts like one without any.
fn count_refused(limits: &Limits, request: &HttpRequest, problem: Problem) -> Counted {
    match problem {
        Problem::Unauthorized(_) => {
            let (allowance, counted) = limits.count_address(request);
            (allowance, counted.and(Err(problem)))
        }
        Problem::TooManyRequests(ref exceeded) => (Some(exceeded.as_ref().into()), Err(problem)),
        problem => (None, Err(problem)),
    }
}
