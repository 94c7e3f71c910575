//! HTTP/1 on accepted sockets: what the framework's `HttpServer` does, with a [`ClientStream`] between the socket and the
//! framework's dispatcher.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use actix_http::body::BoxBody;
use actix_http::error::DispatchError;
use actix_http::{ConnectionType, HttpService, Protocol, Request, Response};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, apply_fn_factory, fn_service,
    map_config,
};
use actix_web::dev::{AppConfig, ServiceResponse};
use actix_web::rt::net::TcpStream;
use futures_util::TryFutureExt;
use futures_util::future::Either;

use crate::config::Config;
use crate::connection::admission::Admission;
use crate::connection::stream::{ClientStream, Timeouts};
use crate::connection::{ConnectionSettings, ConnectionState, Shutdown};
use crate::server::cached_responses::CachedResponses;

/// Serves the app on accepted sockets.
pub fn serve<I, S, B>(
    app: I,
    config: &Config,
    shutdown: &Shutdown,
    admission: &Admission,
    cached: CachedResponses,
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
        let connection = request.conn_data::<Rc<ConnectionState>>().cloned();
        // No other protocol is spoken here, and the framework closes the connection after it was asked for one.
        let is_upgrade = request.head().upgrade();
        let ready = connection
            .as_ref()
            .and_then(|connection| cached.answer(&request, connection));
        let handled = match ready {
            Some(ready) => Either::Left(std::future::ready(Ok(ready))),
            None => {
                let routed = app.call(request);
                Either::Right(routed.map_ok(|it| Response::from(it).map_into_boxed_body()))
            }
        };
        let stopping = stopping.clone();
        async move {
            let mut response = match handled.await {
                Ok(response) => response,
                Err(error) => error.error_response().into(),
            };
            if let Some(connection) = connection {
                close_if_last(&connection, &stopping, &mut response);
            }
            if is_upgrade {
                close_after(&mut response);
            }
            Ok::<_, actix_web::Error>(response)
        }
    });
    let http = HttpService::build()
        .keep_alive(Duration::from_secs(75))
        // `ClientStream` has this deadline, for each request instead of the first one only.
        .client_request_timeout(Duration::ZERO)
        .client_disconnect_timeout(Duration::from_secs(1))
        .on_connect_ext(|stream: &ClientStream, extensions| {
            extensions.insert(stream.shared());
        })
        .finish(app.map_err(|error: actix_web::Error| Response::from(error.error_response())));
    let settings = config.connection.clone();
    let (shutdown, admission) = (shutdown.clone(), admission.clone());
    fn_service(move |io: TcpStream| {
        let stream = accept(io, &settings, &shutdown, &admission);
        std::future::ready(stream)
    })
    .and_then(http)
}

/// Has the connection closed after this response.
fn close_after(response: &mut Response<BoxBody>) {
    let head = response.head_mut();
    head.set_connection_type(ConnectionType::Close);
}

/// Counts a connection and wraps its socket.
///
/// # Errors
/// Where its address has too many connections.
fn accept(
    io: TcpStream,
    settings: &ConnectionSettings,
    shutdown: &Shutdown,
    admission: &Admission,
) -> Result<(ClientStream, Protocol, Option<SocketAddr>), DispatchError> {
    let refused = std::io::ErrorKind::ConnectionRefused;
    let slot = admission.admit(&io);
    let slot = slot.ok_or_else(|| DispatchError::Io(refused.into()))?;
    let peer = io.peer_addr().ok();
    let timeouts = Timeouts {
        header: settings.header_timeout(),
        body: settings.body_timeout(),
        write: settings.write_timeout(),
    };
    let stream = ClientStream::new(io, slot, shutdown.draining(), timeouts);
    Ok((stream, Protocol::Http1, peer))
}

/// Marks the response as the last one of its connection, if it is.
fn close_if_last(
    connection: &ConnectionState,
    shutdown: &Shutdown,
    response: &mut Response<BoxBody>,
) {
    connection.note_answer();
    if connection.ends(shutdown.is_announced()) {
        let head = response.head_mut();
        head.set_connection_type(ConnectionType::Close);
    }
}
