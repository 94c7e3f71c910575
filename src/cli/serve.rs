//! `manchette serve`: runs the server until a signal stops it.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use diesel_async::AsyncPgConnection;

use super::database::start_embedded;
use super::greeting::{DataDirKey, greeting};
use super::signals::{Signals, StopSignal};
use super::{Error, demo, print};
use crate::access::api_keys::{ApiKey, Scope, Token};
use crate::access::credentials::find_caller;
use crate::access::jwt::IdentityProvider;
use crate::config::Config;
use crate::connection::admission::Admission;
use crate::connection::{Shutdown, files, listen};
use crate::cpu_tasks::CpuTasks;
use crate::db::embedded::Embedded;
use crate::db::{ConnectOptions, migrations, pooler, reach};
use crate::events::retention;
use crate::news::categories::counts;
use crate::news::release;
use crate::news::search_index::reindex;
use crate::server;

pub async fn run(mut config: Config) -> Result<(), Error> {
    // Invalid settings are reported before anything is started.
    IdentityProvider::from_settings(&config.identity)?;
    config.connection.max_connections =
        files::connections(config.connection.max_connections, config.connections());
    // The port comes first: if it is in use, nothing else needs to be started.
    let listener = listen::bind(config.listen)?;
    let address = listener.local_addr()?;
    let (options, embedded, key) = start_database(&config).await?;
    warn_of_outdated_index(&options).await;
    actix_web::rt::spawn(counts::keep_summed(options.clone()));
    actix_web::rt::spawn(release::run(options.clone()));
    actix_web::rt::spawn(retention::run(options.clone(), config.events.events_days));
    let mut signals = Signals::listen()?;
    let shutdown = Shutdown::default();
    let admission = Admission::new(&config.connection);
    let accepting = listener.try_clone()?;
    let server = server::start(
        listener,
        &options,
        &config,
        &shutdown,
        &admission,
        CpuTasks::default(),
    )?;
    let handle = server.handle();
    if let Err(error) = print(&greeting(address, config.has_front_page(), key.as_ref())) {
        log::warn!("the greeting was not printed: {error}");
    }
    let mut server = actix_web::rt::spawn(server);
    tokio::select! {
        ended = &mut server => return Ok(ended??),
        signal = signals.next() => {
            log::info!("stopping");
            // Requests in flight may finish, unless there is a second signal.
            let stopped = stop(&config, signal, &shutdown, accepting, &admission);
            tokio::select! {
                () = stopped => {}
                _ = signals.next() => log::info!("stopping at once"),
            }
        }
    }
    handle.stop(false).await;
    server.await??;
    if let Some(embedded) = embedded {
        embedded.stop();
    }
    log::info!("stopped");
    Ok(())
}

/// Says that content may be indexed by other rules than this program's.
async fn warn_of_outdated_index(options: &ConnectOptions) {
    if let Ok(mut conn) = options.connect().await
        && reindex::is_outdated(&mut conn).await.unwrap_or(false)
    {
        log::warn!(
            "the content is indexed by another version: searches may miss some of it until you run `manchette reindex`"
        );
    }
}

type OpenedDatabase = (ConnectOptions, Option<Embedded>, Option<DataDirKey>);

/// The database of `DATABASE_URL`, or an embedded one, which is prepared.
async fn start_database(config: &Config) -> Result<OpenedDatabase, Error> {
    if let Some(url) = config.database.url() {
        let options = ConnectOptions::from_url(url, &config.database)?;
        check_schema(&options, config.database.wait()).await?;
        return Ok((options, None, None));
    }
    let embedded = start_embedded(config).await?;
    let options = embedded.connect_options(&config.database)?;
    let key = prepare(config, &options).await?;
    Ok((options, Some(embedded), Some(key)))
}

/// Stops without interrupting a request: first `/readyz` tells load balancers, while requests are still served.
async fn stop(
    config: &Config,
    signal: StopSignal,
    shutdown: &Shutdown,
    accepting: TcpListener,
    admission: &Admission,
) {
    shutdown.announce();
    if signal == StopSignal::Terminate {
        tokio::time::sleep(config.connection.shutdown_delay()).await;
    }
    let timeout = config.connection.shutdown_timeout();
    let left = shutdown.drain(accepting, admission, timeout).await;
    if left > 0 {
        log::warn!("closing {left} connections that did not end within {timeout:?}");
    }
}

/// Prepares the database of a data folder: the schema, the sample content, a key.
async fn prepare(config: &Config, options: &ConnectOptions) -> Result<DataDirKey, Error> {
    migrations::migrate(options).await?;
    let mut conn = options.connect_unbounded().await?;
    if !config.no_demo && demo::load(&mut conn).await? {
        log::info!("loaded the sample content");
    }
    data_dir_key(&mut conn, &config.database.data_dir.join("key")).await
}

/// Waits for a database that is still starting, then requires sessions of our own and the current schema.
async fn check_schema(options: &ConnectOptions, wait: Duration) -> Result<(), Error> {
    reach(options, wait).await?;
    pooler::require_own_sessions(options).await?;
    migrations::require_current(&mut options.connect().await?).await
}

/// The key in the file, or a new one if there is none.
async fn data_dir_key(conn: &mut AsyncPgConnection, file: &Path) -> Result<DataDirKey, Error> {
    let stored = fs::read_to_string(file)
        .ok()
        .and_then(|text| Token::parse(text.trim()));
    let token = match stored {
        Some(token) => find_caller(conn, &token).await?.map(|_| token),
        None => {
            let token = ApiKey::create(
                conn,
                "data folder",
                &[Scope::Admin, Scope::Read, Scope::Write, Scope::Publish],
            )
            .await?;
            let _ = fs::remove_file(file);
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(file)
                .and_then(|mut file| writeln!(file, "{}", token.reveal()))
                .map_err(|error| format!("{} can't be written: {error}", file.display()))?;
            Some(token)
        }
    };
    Ok(DataDirKey {
        file: file.to_owned(),
        token,
    })
}
