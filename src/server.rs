//! The server: each worker's state, and the order in which everything is put together. `serve` and the tests share it.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_cors::Cors;
use actix_web::dev::Server;
use actix_web::middleware::{Condition, from_fn};
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::Pool;
use utoipa_actix_web::AppExt;

use crate::articles::Embeds;
use crate::config::Config;
use crate::db::{Address, pool};
use crate::health::Readiness;
use crate::http::answer::answer;
use crate::http::caching::Caching;
use crate::http::security::Security;
use crate::problem::Problem;
use crate::{docs, routes};

/// What the handlers of one worker share.
pub struct AppState {
    pool: Pool<AsyncPgConnection>,
    pub readiness: Arc<Readiness>,
    /// How long the database may keep a request waiting, all in all.
    pub patience: Duration,
    /// What caches may do with what is answered.
    pub caching: Caching,
    /// What every answer says to browsers.
    pub security: Security,
    /// Whose pages articles may embed.
    pub embeds: Embeds,
}

impl AppState {
    /// A connection of this worker's. Taken in a handler's body, never by an extractor: a slow upload holds none.
    pub async fn connection(&self) -> Result<pool::Connection, Problem> {
        Ok(self.pool.get().await?)
    }
}

/// Starts serving on a socket that listens already. The caller stops it: signals are not watched here.
pub fn start(listener: TcpListener, address: &Address, config: &Config) -> std::io::Result<Server> {
    let readiness = Arc::new(Readiness::default());
    let address = address.clone();
    let database = config.database.clone();
    let caching = config.caching.clone();
    let embeds = Embeds::new(&config.embed_hosts);
    let security = config.security.clone();
    let origins = config.cors_origins.clone();
    let server = HttpServer::new(move || {
        let state = AppState {
            pool: pool::pool(&address, &database),
            readiness: readiness.clone(),
            patience: database.pool_timeout()
                + Duration::from_millis(database.statement_timeout_ms.into())
                + Duration::from_secs(1),
            caching: caching.clone(),
            security: security.clone(),
            embeds: embeds.clone(),
        };
        let (app, _) = App::new()
            .into_utoipa_app()
            .app_data(Data::new(state))
            .configure(routes::configure)
            .map(|app| app.configure(docs::configure))
            .split_for_parts();
        app.wrap(from_fn(answer))
            .wrap(Condition::new(!origins.is_empty(), cors(&origins)))
            .wrap(security.headers())
    });
    Ok(server
        .workers(config.workers())
        .disable_signals()
        .keep_alive(Duration::from_secs(75))
        .client_request_timeout(Duration::from_secs(10))
        .shutdown_timeout(config.shutdown_timeout)
        .listen(listener)?
        .run())
}

/// What pages of other origins may do from a browser. A key is no credential that a browser adds by itself, so even
/// `*` gives nobody the rights of somebody else.
fn cors(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allowed_methods(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers([
            "Accept",
            "Accept-Language",
            "Authorization",
            "Content-Type",
            "Idempotency-Key",
            "If-Match",
            "If-None-Match",
            "X-Request-Id",
        ])
        .expose_headers([
            "Content-Language",
            "ETag",
            "Last-Modified",
            "Link",
            "Location",
            "RateLimit",
            "RateLimit-Policy",
            "Retry-After",
            "X-Request-Id",
        ])
        .max_age(7200);
    if origins.iter().any(|origin| origin == "*") {
        return cors.allow_any_origin().send_wildcard();
    }
    origins
        .iter()
        .fold(cors, |cors, origin| cors.allowed_origin(origin))
}
