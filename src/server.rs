//! The server: each worker's state, and the order in which everything is put together. `serve` and the tests share it.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::Pool;
use utoipa_actix_web::AppExt;

use crate::config::Config;
use crate::db::{Address, pool};
use crate::health::Readiness;
use crate::http::answer::answer;
use crate::problem::Problem;
use crate::{docs, routes};

/// What the handlers of one worker share.
pub struct AppState {
    pool: Pool<AsyncPgConnection>,
    pub readiness: Arc<Readiness>,
    /// How long the database may keep a request waiting, all in all.
    pub patience: Duration,
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
    let server = HttpServer::new(move || {
        let state = AppState {
            pool: pool::pool(&address, &database),
            readiness: readiness.clone(),
            patience: database.pool_timeout()
                + Duration::from_millis(database.statement_timeout_ms.into())
                + Duration::from_secs(1),
        };
        let (app, _) = App::new()
            .into_utoipa_app()
            .app_data(Data::new(state))
            .configure(routes::configure)
            .map(|app| app.configure(docs::configure))
            .split_for_parts();
        app.wrap(from_fn(answer))
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
