//! The server: routes, middleware and data of each worker, put together. `serve` and the tests share it.

mod cached_responses;
pub mod contract;
pub mod docs;
pub mod front_page;
pub mod health;
mod http_service;
pub mod middleware;
pub mod problem_examples;
mod problem_pages;
pub mod routes;
mod worker_data;

use std::net::TcpListener;

use actix_server::{Server, ServerBuilder};
use actix_web::App;
use actix_web::middleware::{Condition, from_fn};
use utoipa_actix_web::AppExt;

use crate::config::Config;
use crate::connection::Shutdown;
use crate::connection::admission::{Admission, RESERVE};
use crate::cpu_tasks::CpuTasks;
use crate::db::ConnectOptions;
use crate::server::middleware::cors::{cors, refused_preflights};
use crate::server::worker_data::SharedData;

/// Starts to serve on a listening socket. The caller stops the server: it doesn't handle signals. `shutdown` tells it that it
/// is about to stop, `admission` counts its connections, `cpu_tasks` limits its CPU-bound work.
pub fn start(
    listener: TcpListener,
    options: &ConnectOptions,
    config: &Config,
    shutdown: &Shutdown,
    admission: &Admission,
    cpu_tasks: CpuTasks,
) -> std::io::Result<Server> {
    let options = options.with_timeouts(&config.database);
    let shared = SharedData::new(&options, config, shutdown, cpu_tasks);
    let shared = shared.map_err(std::io::Error::other)?;
    let settings = config.clone();
    let (shutdown, admission) = (shutdown.clone(), admission.clone());
    // `admission` is the limit. This one is higher, as evicted connections take a moment to close.
    let connections = config.connection.max_connections as usize + 2 * RESERVE;
    let server = ServerBuilder::default()
        .workers(config.workers())
        .max_concurrent_connections(connections.div_ceil(config.workers()))
        .disable_signals()
        .shutdown_timeout(config.connection.shutdown_timeout)
        .listen("http", listener, move || {
            let origins = &settings.cors_origins;
            let (app, _) = App::new()
                .into_utoipa_app()
                .configure(routes::configure)
                .map(|app| {
                    app.configure(docs::configure)
                        .configure(|cfg| {
                            front_page::configure(settings.has_front_page(), cfg);
                        })
                        .configure(|cfg| shared.register(&options, &settings, cfg))
                })
                .split_for_parts();
            // Read from the bottom: a request passes the last one first.
            let app = app
                // Request id, limits, timeout, entity tags, compression, access log and more, in the order of its file.
                .wrap(from_fn(middleware::stack))
                // Around the stack: its errors and timeouts get CORS headers, too; preflights end here.
                .wrap(Condition::new(!origins.is_empty(), cors(origins)))
                // Around CORS, whose refusals are plain text.
                .wrap(from_fn(refused_preflights))
                // Outermost: every answer has them, also a preflight's.
                .wrap(settings.security.headers());
            let kept = shared.cached_responses(&settings);
            http_service::serve(app, &settings, &shutdown, &admission, kept)
        })?;
    Ok(server.run())
}

#[cfg(test)]
mod tests {
    use actix_web::dev::Service;
    use actix_web::{HttpResponse, test, web};
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    async fn broken() -> HttpResponse {
        panic!("on purpose")
    }

    /// A timeout answers in the same way.
    #[actix_web::test]
    async fn the_500_of_a_panic_has_cors_headers() {
        let words = ["manchette", "--cors-origins", "https://a.example"];
        let config = Cli::try_parse_from(words).unwrap().config;
        let url = "postgres://nobody@127.0.0.1/none";
        let options = ConnectOptions::from_url(url, &config.database).unwrap();
        let shared =
            SharedData::new(&options, &config, &Shutdown::default(), CpuTasks::default()).unwrap();
        let app = App::new()
            .configure(|cfg| shared.register(&options, &config, cfg))
            .route("/livez", web::get().to(broken))
            .wrap(from_fn(middleware::stack))
            .wrap(cors(&config.cors_origins));
        let app = test::init_service(app).await;
        for (origin, is_let) in [("https://a.example", true), ("https://b.example", false)] {
            let request = test::TestRequest::get().uri("/livez");
            let request = request.insert_header(("Origin", origin)).to_request();
            let Err(error) = app.call(request).await else {
                panic!("the response is returned as an error");
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
