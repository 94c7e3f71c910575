//! Health checks: whether the process runs, and whether it can serve.

use std::collections::BTreeMap;

use actix_web::body::BoxBody;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, Responder, get};
use serde::Serialize;
use utoipa::openapi::{RefOr, Response};
use utoipa::{IntoResponses, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::connection::Shutdown;
use crate::db::Database;
use crate::db::pooler::Outage;
use crate::http::responses::{entry, json};
use crate::problem::Problem;
use crate::problem::messages;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(get_livez).service(get_readyz);
}

/// The health of the server.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "ok"}))]
pub struct Health {
    /// Always `ok`: a failed check is a problem, with another status.
    #[schema(example = "ok")]
    status: &'static str,
}

const OK: Health = Health { status: "ok" };

impl Responder for Health {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .json(self)
    }
}

impl IntoResponses for Health {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [entry("200", json::<Self>("The check succeeded."))].into()
    }
}

/// Check liveness
///
/// Answers without using the database. If this gives no response, restart the process.
#[utoipa::path(tag = "Operations", security(()))]
#[get("/livez")]
async fn get_livez() -> Health {
    OK
}

/// Check readiness
///
/// 200 when the database is reachable and has every migration that this version needs. The database is asked at most once
/// a second, however many requests there are.
#[utoipa::path(tag = "Operations", security(()))]
#[get("/readyz")]
async fn get_readyz(shutdown: Data<Shutdown>, db: Data<Database>) -> Result<Health, Problem> {
    if shutdown.is_announced() {
        return Err(Problem::Overloaded(messages::about_to_stop()));
    }
    match db.health.readiness().await {
        Ok(()) => Ok(OK),
        // Tells the operator which setting to change.
        Err(Outage::SharedSessions(shared)) => Err(Problem::SharedSessions(shared)),
        Err(outage) => Err(Problem::Unavailable(outage.into())),
    }
}
