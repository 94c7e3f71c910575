//! Whether the process lives, and whether it can serve.

use std::time::{Duration, Instant};

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::Serialize;
use tokio::sync::Mutex;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::db::migrations;
use crate::problem::Problem;
use crate::server::AppState;

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
async fn get_readyz(app: Data<AppState>) -> Result<HttpResponse, Problem> {
    app.readiness
        .check(&app)
        .await
        .map(|()| ok())
        .map_err(|why| Problem::Unavailable(why.into()))
}

/// What the last check found, shared by all workers.
#[derive(Debug, Default)]
pub struct Readiness(Mutex<Option<(Instant, Result<(), String>)>>);

impl Readiness {
    async fn check(&self, app: &AppState) -> Result<(), String> {
        let mut last = self.0.lock().await;
        if let Some((at, found)) = &*last
            && at.elapsed() < Duration::from_secs(1)
        {
            return found.clone();
        }
        let found = tokio::time::timeout(PATIENCE, ask(app))
            .await
            .unwrap_or_else(|_| Err("the database doesn't answer".to_owned()));
        *last = Some((Instant::now(), found.clone()));
        found
    }
}

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

async fn ask(app: &AppState) -> Result<(), String> {
    let mut conn = app.connection().await.map_err(|problem| match problem {
        Problem::Unavailable(cause) => cause.to_string(),
        problem => problem.to_string(),
    })?;
    match migrations::is_ready(&mut conn).await {
        Ok(true) => Ok(()),
        Ok(false) => Err("migrations are pending".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
