//! `GET /v1/audit`: newest first, with keyset pagination.

use actix_web::get;
use actix_web::web::Data;
use utoipa_actix_web::service_config::ServiceConfig;

use super::filter::AuditFilter;
use super::model::AuditEntry;
use crate::access::extractors::Admin;
use crate::db::Database;
use crate::http::page::Page;
use crate::http::query::List;
use crate::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_audit);
}

/// List the audit
///
/// Every write, done or refused, newest first. The audit can't be changed through the API. These are in the server's log only:
/// requests over a limit (429), requests to an unavailable server (503), replayed responses (`Idempotency-Replayed`), and
/// requests whose address or head can't be parsed.
#[utoipa::path(tag = "Operations", security(("key" = ["admin"])), params(List<AuditFilter>))]
#[get("/v1/audit")]
async fn list_audit(
    db: Data<Database>,
    _: Admin,
    list: List<AuditFilter>,
) -> Result<Page<AuditEntry>, Problem> {
    let mut conn = db.connection().await?;
    AuditEntry::page(&mut conn, &list).await
}
