//! Refused CORS preflights, as problems: `actix-cors`, which answers them outside all else, writes plain text.

use actix_cors::CorsError;
use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;

use crate::problem::Problem;
use crate::server::middleware::RequestContext;

/// What decides about the answer to a preflight (Fetch standard, section 3.2).
const DECIDES: &str = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";

/// The middleware, to be wrapped around the one that answers preflights.
pub async fn refused_preflights<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let error = response.response().error();
    let Some(refused) = error.and_then(|error| error.as_error::<CorsError>()) else {
        return Ok(response);
    };
    let problem = Problem::CrossOrigin(refused.to_string());
    let mut render_problem = RequestContext::of(response.request()).refuse(&problem);
    let decides = HeaderValue::from_static(DECIDES);
    render_problem.headers_mut().insert(header::VARY, decides);
    Ok(response.into_response(render_problem))
}
