//! The middleware stack: [`stack`] calls each step in its order, and each step is a file of this folder.
//!
//! It is one middleware of the framework instead of a dozen: each of those boxes a future per request, and an answer that is
//! given in place of a dropped handler (timeout, panic) would have to pass through the later ones as an error. CORS and the
//! security headers are middlewares of their own, around this one: see [`crate::server::start`].

pub(super) mod access_log;
mod cache_headers;
mod compression;
pub(super) mod context;
pub mod cors;
mod database;
pub(super) mod etag;
mod methods;
mod normalize_path;
mod panics;
mod problem_bodies;
mod rate_limit;
mod refusal_audit;
mod request_id;
mod response_cache;
mod timeout;
pub(super) mod unsent_bytes;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse};

use crate::connection::{check_overflow, head_limits, unreadable};
use crate::problem::Problem;
use context::RequestContext;
pub use timeout::RequestTimeouts;

/// Every step of a request, from its head to its line in the log.
pub async fn stack<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    // A head that the connection refused was replaced by a placeholder, which is not routed: its problem is the answer.
    if let Some(problem) = unreadable(request.request()) {
        let context = RequestContext::unreadable(request.request());
        let response = request.into_response(render(&context, &problem));
        return Ok(finish(&context, response).await);
    }
    // Before anything looks at the path: limits, routes, shares, the audit and the log see one spelling of it.
    normalize_path::normalize(&mut request);
    let context = RequestContext::of(request.request());
    // Before the first problem: every problem and every row of the audit names the request.
    request.extensions_mut().insert(context.id.clone());
    // Before anything is decoded or counted: these cost nothing.
    let checked = check_overflow(request.request())
        .and_then(|()| head_limits::check(request.uri(), request.headers()))
        .and_then(|()| normalize_path::check_encoding(&request));
    if let Err(problem) = checked {
        let response = request.into_response(render(&context, &problem));
        return Ok(finish(&context, response).await);
    }
    // Around all that may wait or panic. When either happens, the request is dropped with its handler.
    let handled = panics::catch(handle(&context, request, next));
    let response = match timeout::within(&context, handled).await.and_then(|it| it) {
        Ok(response) => response?,
        Err(problem) => return Err(answer_for_dropped(&context, &problem).await),
    };
    // Before the answer: the caller's next request reads what was written.
    response_cache::follow_change(&context, response.status()).await;
    Ok(finish(&context, response).await)
}

/// The steps before the handler, the handler, and the steps that need its request.
async fn handle<B: MessageBody + 'static>(
    context: &RequestContext,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    // First: a caller over their limit costs neither a route nor a connection.
    let refused = match rate_limit::admit(context, request.request()).await {
        // Before the router, which knows neither `HEAD`, `OPTIONS` nor 405.
        Ok(()) => methods::check(&mut request),
        Err(problem) => Err(problem),
    };
    match refused {
        Ok(None) => {
            if let Some(kept) = response_cache::find(context).await {
                return Ok(request.into_response(kept));
            }
            // Next to the handler: only its own connections count against the share of its resource.
            let response = database::call(context, request, next).await?;
            let error = response.response().error();
            if let Some(problem) = error.and_then(|error| error.as_error::<Problem>()) {
                record_problem(context, response.request(), problem).await;
                if let Some(kept) = response_cache::instead_of(context, problem) {
                    return Ok(response.into_response(kept));
                }
            }
            Ok(response)
        }
        Ok(Some(response)) => Ok(request.into_response(response)),
        Err(problem) => {
            record_problem(context, request.request(), &problem).await;
            Ok(request.into_response(render(context, &problem)))
        }
    }
}

/// Records a problem while its request is there: within the timeout, as the audit may have to wait.
async fn record_problem(context: &RequestContext, request: &HttpRequest, problem: &Problem) {
    database::suspect_session(context, problem);
    refusal_audit::record(context, request, problem).await;
}

/// The steps after the handler.
async fn finish(
    context: &RequestContext,
    response: ServiceResponse<BoxBody>,
) -> ServiceResponse<BoxBody> {
    let (request, response) = response.into_parts();
    ServiceResponse::new(request, finish_response(context, response).await)
}

async fn finish_response(context: &RequestContext, mut response: HttpResponse) -> HttpResponse {
    // First: the steps below see the body and the status that will be sent.
    if let Some(problem) = problem_bodies::render(context, &response) {
        response = problem;
    }
    // Before the entity tag: a 304 repeats some of these headers.
    cache_headers::add(context, &mut response);
    let mut response = finish_body(context, response).await;
    add_common_headers(context, &mut response);
    // Last: it has the status and the size that are sent.
    access_log::write(context, &response);
    response
}

/// The steps that need the whole body. A streamed body passes.
async fn finish_body(context: &RequestContext, response: HttpResponse) -> HttpResponse {
    let (mut response, body) = response.into_parts();
    let body = match body.try_into_bytes() {
        Ok(body) => body,
        // A stream has no end: for `HEAD`, it would never be sent.
        Err(_) if context.method == Method::HEAD => return response.set_body(BoxBody::new(())),
        Err(body) => return response.set_body(body),
    };
    // Before the headers of this request alone.
    let kept = response_cache::keep(context, &mut response, &body);
    // Chosen before the entity tag, which differs between codings.
    let coding = compression::choose(context, response.headers(), body.len());
    let ready = kept.as_ref().and_then(|kept| kept.variant(coding));
    if let Some(tag) = etag::add(context, &mut response, &body, coding, ready)
        && etag::is_known(context, &tag)
    {
        etag::make_not_modified(&mut response);
        return response.set_body(BoxBody::new(()));
    }
    // Before compression: a body that must not wait to be sent is not compressed in vain.
    let permit = match unsent_bytes::permit(context, body.len()) {
        Ok(permit) => permit,
        Err(problem) => {
            let mut refused = render(context, &problem);
            cache_headers::add(context, &mut refused);
            return refused;
        }
    };
    let body = match ready {
        Some(ready) => {
            compression::set_coding(response.headers_mut(), coding);
            ready.body.clone()
        }
        None => compression::encode(context, response.headers_mut(), body, coding).await,
    };
    if let (Some(kept), None) = (&kept, ready) {
        kept.set_variant(coding, response.headers(), &body);
    }
    // Last: the permit counts the bytes that are sent.
    response.set_body(unsent_bytes::count(body, permit))
}

/// The headers that every answer of this stack has, also one that passes none of the steps above.
fn add_common_headers<B>(context: &RequestContext, response: &mut HttpResponse<B>) {
    let headers = response.headers_mut();
    request_id::add(context, headers);
    rate_limit::add_headers(context, headers);
    cache_headers::add_default(context, headers);
}

fn render(context: &RequestContext, problem: &Problem) -> HttpResponse {
    let language = context.problem_language();
    problem.to_response(&context.path, context.id.as_str(), language)
}

/// A problem as the complete answer, with its line in the log, where there is no request to give back.
fn problem_response(context: &RequestContext, problem: &Problem) -> HttpResponse {
    let mut response = render(context, problem);
    add_common_headers(context, &mut response);
    access_log::write(context, &response);
    response
}

/// The answer in place of a handler that was dropped with its request: a kept one, or the problem. CORS headers are added to an
/// error, too; security headers are not, so they are added here.
async fn answer_for_dropped(context: &RequestContext, problem: &Problem) -> Error {
    let mut response = match response_cache::instead_of(context, problem) {
        Some(kept) => finish_response(context, kept).await,
        None => problem_response(context, problem),
    };
    context.app.security.add(response.headers_mut());
    InternalError::from_response("the handler was dropped", response).into()
}
