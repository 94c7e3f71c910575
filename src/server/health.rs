//! Whether the process lives, and whether it can serve.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::connection::Shutdown;
use crate::db::Database;
use crate::db::pooler::Outage;
use crate::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(get_livez).service(get_readyz);
}

/// How the server is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "ok"}))]
pub struct Health {
    /// Always `ok`: what is not is a problem, with another status.
    #[schema(example = "ok")]
    status: &'static str,
}

/// What no cache may keep.
fn ok() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(Health { status: "ok" })
}

/// Is the process alive?
///
/// Answers without asking the database. When this doesn't answer, restart the process.
#[utoipa::path(tag = "Operations", responses((status = OK, description = "It is.", body = Health)))]
#[get("/livez")]
async fn get_livez() -> HttpResponse {
    ok()
}

/// Can it serve?
///
/// The database answers and has every migration that this version needs. The database is asked at most once a second,
/// however many ask here.
#[utoipa::path(tag = "Operations", responses((status = OK, description = "It can.", body = Health)))]
#[get("/readyz")]
async fn get_readyz(shutdown: Data<Shutdown>, db: Data<Database>) -> Result<HttpResponse, Problem> {
    if shutdown.is_announced() {
        return Err(Problem::Overloaded("the server is about to stop"));
    }
    db.health
        .readiness()
        .await
        .map(|()| ok())
        .map_err(|why| match why {
            // Says what to change, to whoever runs the server.
            Outage::SharedSessions(shared) => Problem::SharedSessions(shared),
            why => Problem::Unavailable(why.into()),
        })
}
