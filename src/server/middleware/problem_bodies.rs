//! Every error has a problem (RFC 9457) as its body: those of handlers, and those of the framework, which have another body
//! or none.

use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::http::header;

use super::context::RequestContext;
use crate::problem::Problem;

/// The response to send in place of this one, if it is an error that is not yet a problem.
pub fn render(context: &RequestContext, response: &HttpResponse<BoxBody>) -> Option<HttpResponse> {
    let status = response.status();
    let of_status = |cause: String| {
        let problem = Problem::of_status(status, cause)?;
        Some(super::render(context, &problem))
    };
    match response.error() {
        Some(error) => match error.as_error::<Problem>() {
            Some(problem) => Some(super::render(context, problem)),
            None => of_status(error.to_string()),
        },
        None if response.headers().contains_key(header::CONTENT_TYPE) => None,
        None => of_status("the request can't be answered".into()),
    }
}
