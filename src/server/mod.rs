//! The server: each worker's state, and the order in which everything is put together. `serve` and the tests share it.

pub mod contract;
pub mod docs;
pub mod health;
pub mod middleware;
pub mod routes;

use std::net::TcpListener;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_cors::Cors;
use actix_http::body::BoxBody;
use actix_http::error::DispatchError;
use actix_http::{ConnectionType, HttpService, Protocol, Request, Response};
use actix_server::{Server, ServerBuilder};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, apply_fn_factory, fn_service,
    map_config,
};
use actix_web::App;
use actix_web::dev::{AppConfig, ServiceResponse};
use actix_web::middleware::{Condition, from_fn};
use actix_web::rt::net::TcpStream;
use actix_web::web::{Data, ServiceConfig};
use utoipa_actix_web::AppExt;

use crate::access::jwt::IdentityProvider;
use crate::access::rate_limit::Limits;
use crate::config::Config;
use crate::connection::admission::{Admission, RESERVE};
use crate::connection::stream::{ClientStream, Timeouts};
use crate::connection::unsent::Unsent;
use crate::connection::{self, Shutdown};
use crate::cpu_tasks::CpuTasks;
use crate::db::shares::resource_of;
use crate::db::{ConnectOptions, Database, HealthMonitor};
use crate::http::json_body::BodySettings;
use crate::http::preconditions::RequireIfMatch;
use crate::news::articles::{Embeds, Renderer};
use crate::server::contract::contract;
use crate::server::middleware::preflight::refused_preflights;
use crate::server::middleware::{RequestTimeouts, answer};

/// What all workers share.
#[derive(Clone)]
struct Shared {
    health: Arc<HealthMonitor>,
    limits: Data<Limits>,
    unsent: Data<Unsent>,
    shutdown: Shutdown,
    identity_provider: Option<Data<IdentityProvider>>,
    cpu_tasks: CpuTasks,
}

impl Shared {
    /// Begins to watch the database, and to ask for the keys of the identity provider.
    fn new(
        address: &ConnectOptions,
        config: &Config,
        shutdown: &Shutdown,
        cpu_tasks: CpuTasks,
    ) -> Result<Self, String> {
        let identity_provider = IdentityProvider::from_settings(&config.identity)?;
        if let Some(provider) = &identity_provider {
            provider.warm_up();
        }
        let silence = config.database.silence();
        Ok(Self {
            health: Arc::new(HealthMonitor::start(address, silence)),
            limits: Data::from(Limits::new(&config.limits)),
            unsent: Data::from(Unsent::new(&config.connection)),
            shutdown: shutdown.clone(),
            identity_provider: identity_provider.map(Data::from),
            cpu_tasks,
        })
    }

    /// Registers the data of one worker: each part's own, which it takes where it needs it.
    fn register(&self, address: &ConnectOptions, config: &Config, cfg: &mut ServiceConfig) {
        let database = Database::new(address, &config.database, self.health.clone(), resources());
        cfg.app_data(Data::new(database))
            .app_data(self.limits.clone())
            .app_data(self.unsent.clone())
            .app_data(Data::new(self.shutdown.clone()))
            .app_data(Data::new(config.caching.clone()))
            .app_data(Data::new(config.security.clone()))
            .app_data(Data::new(RequestTimeouts::new(config)))
            .app_data(Data::new(RequireIfMatch(config.require_if_match)))
            .app_data(Data::new(BodySettings {
                timeout: config.limits.body_timeout(),
                cpu_tasks: self.cpu_tasks.clone(),
            }))
            .app_data(Data::new(Renderer {
                embeds: Embeds::new(&config.embed_hosts),
                cpu_tasks: self.cpu_tasks.clone(),
            }));
        if let Some(provider) = &self.identity_provider {
            cfg.app_data(provider.clone());
        }
    }
}

/// Every resource that the contract knows.
fn resources() -> impl Iterator<Item = String> {
    let paths = contract()["paths"].as_object();
    let paths = paths.into_iter().flat_map(|paths| paths.keys());
    paths.filter_map(|path| resource_of(path).map(str::to_owned))
}

/// Starts serving on a socket that listens already. The caller stops it: signals are not watched here. `shutdown` says when
/// the server is about to stop, `admission` how many connections there are, and `cpu_tasks` limits what is CPU-bound.
pub fn start(
    listener: TcpListener,
    address: &ConnectOptions,
    config: &Config,
    shutdown: &Shutdown,
    admission: &Admission,
    cpu_tasks: CpuTasks,
) -> std::io::Result<Server> {
    let address = address.with_timeouts(&config.database);
    let shared = Shared::new(&address, config, shutdown, cpu_tasks);
    let shared = shared.map_err(std::io::Error::other)?;
    let settings = config.clone();
    let (shutdown, admission) = (shutdown.clone(), admission.clone());
    // Connections that were told to make room are there a moment longer. What is accepted is said by the admission.
    let connections = config.limits.max_connections as usize + 2 * RESERVE;
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
                        .configure(|cfg| shared.register(&address, &settings, cfg))
                })
                .split_for_parts();
            let app = app
                .wrap(from_fn(answer))
                .wrap(Condition::new(!origins.is_empty(), cors(origins)))
                .wrap(from_fn(refused_preflights))
                .wrap(settings.security.headers());
            connections_to(app, &settings, &shutdown, &admission)
        })?;
    Ok(server.run())
}

/// What turns accepted sockets into requests to the app. This is what the framework's own `HttpServer` does, with a stream of
/// ours between the socket and its dispatcher.
fn connections_to<I, S, B>(
    app: I,
    config: &Config,
    shutdown: &Shutdown,
    admission: &Admission,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = DispatchError, InitError = ()>
+ use<I, S, B>
where
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<
            Request,
            Config = AppConfig,
            Response = ServiceResponse<B>,
            Error = actix_web::Error,
            InitError = (),
        > + 'static,
    S::Service: 'static,
    <S::Service as Service<Request>>::Future: 'static,
    B: actix_http::body::MessageBody + 'static,
{
    let app = map_config(app.into_factory(), |()| AppConfig::default());
    let stopping = shutdown.clone();
    let app = apply_fn_factory(app, move |request: Request, app: &S::Service| {
        let connection = request.conn_data::<Rc<connection::Shared>>().cloned();
        let answered = app.call(request);
        let stopping = stopping.clone();
        async move {
            let mut response: Response<BoxBody> = match answered.await {
                Ok(response) => Response::from(response).map_into_boxed_body(),
                Err(error) => error.error_response().into(),
            };
            if let Some(connection) = connection {
                connection.answered.set(connection.answered.get() + 1);
                if connection.ends(stopping.is_announced()) {
                    let head = response.head_mut();
                    head.set_connection_type(ConnectionType::Close);
                }
            }
            Ok::<_, actix_web::Error>(response)
        }
    });
    let http = HttpService::build()
        .keep_alive(Duration::from_secs(75))
        // The stream has this deadline for every request, and not for the first one alone.
        .client_request_timeout(Duration::ZERO)
        .client_disconnect_timeout(Duration::from_secs(1))
        .on_connect_ext(|stream: &ClientStream, of_connection| {
            of_connection.insert(stream.shared());
        })
        .finish(app.map_err(|error: actix_web::Error| Response::from(error.error_response())));
    let timeouts = Timeouts {
        header: config.limits.header_timeout(),
        body: config.limits.body_timeout(),
        write: config.connection.write_timeout(),
    };
    let (shutdown, admission) = (shutdown.clone(), admission.clone());
    fn_service(move |io: TcpStream| {
        let peer = io.peer_addr().ok();
        let place = admission.admit(&io);
        let draining = shutdown.draining();
        std::future::ready(match place {
            Some(place) => {
                let stream = ClientStream::new(io, place, draining, timeouts);
                Ok((stream, Protocol::Http1, peer))
            }
            None => Err(DispatchError::Io(
                std::io::ErrorKind::ConnectionRefused.into(),
            )),
        })
    })
    .and_then(http)
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
            "Content-Encoding",
            "Content-Type",
            "Idempotency-Key",
            "If-Match",
            "If-None-Match",
            "If-Unmodified-Since",
            "X-Request-Id",
        ])
        .expose_headers([
            "Content-Language",
            "ETag",
            "Idempotency-Replayed",
            "Link",
            "Location",
            "RateLimit",
            "RateLimit-Policy",
            "Retry-After",
            "X-Request-Id",
        ])
        .max_age(7200);
    if origins.iter().any(|origin| origin == "*") {
        // Whoever asks, the answer is the same.
        return cors
            .allow_any_origin()
            .send_wildcard()
            .disable_vary_header();
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
    use crate::cli::Cli;

    async fn broken() -> HttpResponse {
        panic!("on purpose")
    }

    /// A database that hangs ends in the same way.
    #[actix_web::test]
    async fn a_page_of_another_origin_can_read_that_a_handler_broke() {
        let words = ["manchette", "--cors-origins", "https://a.example"];
        let config = Cli::try_parse_from(words).unwrap().config;
        let address = "postgres://nobody@127.0.0.1/none";
        let address = ConnectOptions::from_url(address, &config.database).unwrap();
        let shared =
            Shared::new(&address, &config, &Shutdown::default(), CpuTasks::default()).unwrap();
        let app = App::new()
            .configure(|cfg| shared.register(&address, &config, cfg))
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
