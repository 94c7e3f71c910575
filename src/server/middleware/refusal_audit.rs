//! Records refused writes in the audit, except those over a limit: they could fill it.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;

use super::context::RequestContext;
use crate::access::actor::Origin;
use crate::access::audit;
use crate::access::extractors::known_caller;
use crate::problem::Problem;

/// Records a refused write. When the database can't take it, the log names it.
pub async fn record(context: &RequestContext, request: &HttpRequest, problem: &Problem) {
    let status = problem.kind().status;
    let is_refusal = status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS;
    let is_write = ["POST", "PUT", "PATCH", "DELETE"].contains(&context.method.as_str());
    if !is_refusal || !is_write {
        return;
    }
    let id = context.id.as_str();
    match insert(context, request, problem).await {
        Ok(()) => {}
        // A warning: any client can be refused, and so could fill the log with errors while the database is busy.
        Err(error @ Problem::Unavailable(_)) => {
            log::warn!("{id}: a refused write is not in the audit: {error}");
        }
        Err(error) => log::error!("{id}: a refused write is not in the audit: {error}"),
    }
}

async fn insert(
    context: &RequestContext,
    request: &HttpRequest,
    problem: &Problem,
) -> Result<(), Problem> {
    let origin = Origin::of(request);
    let caller = known_caller(request);
    let (status, name) = (problem.kind().status, problem.kind().name);
    let mut conn = context.app.db.connection().await?;
    conn.write(async |conn| {
        let caller = caller.as_deref();
        Ok(audit::record_refusal(conn, &origin, caller, status, name).await?)
    })
    .await
}
