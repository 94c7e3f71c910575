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

use crate::config::Config;
use crate::db::{Address, pool};
use crate::health::Readiness;
use crate::http::answer::answer;
use crate::http::caching::Caching;
use crate::identity::IdentityProvider;
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
    /// Whether a change has to say which version it means.
    pub require_if_match: bool,
    /// Whose JWTs are taken beside keys.
    pub identity_provider: Option<Arc<IdentityProvider>>,
}

impl AppState {
    /// The state of one worker.
    fn new(address: &Address, config: &Config, readiness: Arc<Readiness>) -> Self {
        let database = &config.database;
        Self {
            pool: pool::pool(address, database),
            readiness,
            patience: database.pool_timeout()
                + Duration::from_millis(database.statement_timeout_ms.into())
                + Duration::from_secs(1),
            caching: config.caching.clone(),
            require_if_match: config.require_if_match,
            identity_provider: None,
        }
    }

    /// A connection of this worker's. Taken in a handler's body, never by an extractor: a slow upload holds none.
    pub async fn connection(&self) -> Result<pool::Connection, Problem> {
        Ok(self.pool.get().await?)
    }
}

/// Starts serving on a socket that listens already. The caller stops it: signals are not watched here.
pub fn start(listener: TcpListener, address: &Address, config: &Config) -> std::io::Result<Server> {
    let readiness = Arc::new(Readiness::default());
    let address = address.clone();
    let settings = config.clone();
    let identity_provider =
        IdentityProvider::from_settings(&config.identity).map_err(std::io::Error::other)?;
    if let Some(provider) = &identity_provider {
        provider.warm_up();
    }
    let server = HttpServer::new(move || {
        let state = AppState {
            identity_provider: identity_provider.clone(),
            ..AppState::new(&address, &settings, readiness.clone())
        };
        let origins = &settings.cors_origins;
        let (app, _) = App::new()
            .into_utoipa_app()
            .app_data(Data::new(state))
            .configure(routes::configure)
            .map(|app| app.configure(docs::configure))
            .split_for_parts();
        app.wrap(from_fn(answer))
            .wrap(Condition::new(!origins.is_empty(), cors(origins)))
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

#[cfg(test)]
mod tests {
    use actix_web::dev::Service;
    use actix_web::{HttpResponse, test, web};
    use clap::Parser;

    use super::*;
    use crate::config::Cli;

    async fn broken() -> HttpResponse {
        panic!("on purpose")
    }

    /// A database that hangs ends in the same way.
    #[actix_web::test]
    async fn a_page_of_another_origin_can_read_that_a_handler_broke() {
        let words = ["manchette", "--cors-origins", "https://a.example"];
        let config = Cli::try_parse_from(words).unwrap().config;
        let address = Address::from_url("postgres://nobody@127.0.0.1/none", &config.database);
        let state = AppState::new(&address.unwrap(), &config, Arc::default());
        let app = App::new()
            .app_data(Data::new(state))
            .route("/livez", web::get().to(broken))
            .wrap(from_fn(answer))
            .wrap(cors(&config.cors_origins));
        let app = test::init_service(app).await;
        for (origin, is_let) in [("https://a.example", true), ("https://b.example", false)] {
            let request = test::TestRequest::get().uri("/livez");
            let request = request.insert_header(("Origin", origin)).to_request();
            let Err(error) = app.call(request).await else {
                panic!("it is an error to the server too");
            };
            let response = error.error_response();
            assert_eq!(response.status(), 500);
            let header = |name: &str| response.headers().get(name).map(|it| it.to_str().unwrap());
            let allowed = header("access-control-allow-origin");
            assert_eq!(allowed, Some(origin).filter(|_| is_let));
            let exposed = header("access-control-expose-headers").unwrap_or_default();
            assert!(exposed.to_lowercase().contains("x-request-id"), "{exposed}");
            assert!(header("vary").unwrap().contains("Origin"));
            assert_eq!(header("cache-control"), Some("no-store"));
            assert_eq!(header("content-type"), Some("application/problem+json"));
            assert!(header("x-request-id").is_some());
        }
    }
}
