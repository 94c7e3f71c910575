//! The handler's part of the database: its connections come out of the share of its resource, and the health monitor hears
//! of a session that was lost.

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;

use super::context::RequestContext;
use crate::problem::Problem;

/// Runs the handler with connections out of the share of its resource.
pub async fn call<B: MessageBody + 'static>(
    context: &RequestContext,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let path = request.path().to_owned();
    let handler = next.call(request);
    let response = context.app.db.shares.scope(&path, handler).await?;
    Ok(response.map_into_boxed_body())
}

/// Has the health monitor check the database when a connection's session was not its own.
pub fn suspect_session(context: &RequestContext, problem: &Problem) {
    if let Problem::SessionLost(_) = problem {
        context.app.db.health.suspect();
    }
}

/// Returns once the health monitor reports the database as lost.
pub async fn lost(context: &RequestContext) {
    let mut losses = context.app.db.health.losses();
    if losses.changed().await.is_err() {
        std::future::pending().await
    }
}
