//! `manchette serve`: the server, from its first word to its last.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Error, demo, options, print};
use crate::access::api_keys::{ApiKey, Scope, Token};
use crate::access::credentials::find_caller;
use crate::access::jwt::IdentityProvider;
use crate::config::Config;
use crate::connection::admission::Admission;
use crate::connection::{Shutdown, files};
use crate::cpu_tasks::CpuTasks;
use crate::db::embedded::{DataDirLock, Embedded};
use crate::db::{ConnectOptions, migrations, pooler};
use crate::server;

pub async fn run(mut config: Config) -> Result<(), Error> {
    // What can't work is said before anything is started.
    IdentityProvider::from_settings(&config.identity)?;
    let wanted = config.connection.max_connections;
    config.connection.max_connections = files::connections(wanted, config.connections());
    // First of all the port: should somebody have it, nothing was started in vain.
    let listener = TcpListener::bind(config.listen)
        .map_err(|error| format!("can't listen on {}: {error}", config.listen))?;
    let at = listener.local_addr()?;
    let (address, embedded, key) = match config.database.url() {
        Some(url) => {
            let address = ConnectOptions::from_url(url, &config.database)?;
            check_schema(&address).await?;
            (address, None, None)
        }
        None => {
            let embedded = start_embedded(&config).await?;
            let address = embedded.address(&config.database)?;
            let key = prepare(&config, &address).await?;
            (address, Some(embedded), Some(key))
        }
    };
    let mut signals = Signals::watch()?;
    let shutdown = Shutdown::default();
    let admission = Admission::new(&config.connection);
    let accepting = listener.try_clone()?;
    let server = server::start(
        listener,
        &address,
        &config,
        &shutdown,
        &admission,
        CpuTasks::default(),
    )?;
    let handle = server.handle();
    if let Err(error) = print(&greeting(at, key.as_ref())) {
        log::warn!("the greeting was not heard: {error}");
    }
    let mut server = actix_web::rt::spawn(server);
    tokio::select! {
        ended = &mut server => return Ok(ended??),
        cause = signals.next() => {
            log::info!("stopping");
            // Requests in flight may finish, unless there is a second signal.
            let stops = stop(&config, cause, &shutdown, accepting, &admission);
            tokio::select! {
                () = stops => {}
                _ = signals.next() => log::info!("stopping at once"),
            }
        }
    }
    // Those that had time to finish have finished.
    handle.stop(false).await;
    server.await??;
    if let Some(embedded) = embedded {
        embedded.stop();
    }
    log::info!("stopped");
    Ok(())
}

/// Stops so that nobody's request is cut off: first balancers hear of it, while whoever still asks is served.
async fn stop(
    config: &Config,
    cause: Cause,
    shutdown: &Shutdown,
    accepting: TcpListener,
    admission: &Admission,
) {
    shutdown.announce();
    if cause == Cause::Terminate {
        tokio::time::sleep(config.connection.shutdown_delay()).await;
    }
    let timeout = config.connection.shutdown_timeout();
    let left = shutdown.drain(accepting, admission, timeout).await;
    if left > 0 {
        log::warn!("{left} connections did not end within {timeout:?} and are closed");
    }
}

/// Who wants the server to stop.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// Somebody at a keyboard.
    Interrupt,
    /// A service manager.
    Terminate,
}

/// The signals that mean to stop: Ctrl-C, and what a service manager sends.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn watch() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Cause {
        tokio::select! {
            _ = self.interrupt.recv() => Cause::Interrupt,
            _ = self.terminate.recv() => Cause::Terminate,
        }
    }
}

async fn start_embedded(config: &Config) -> Result<Embedded, Error> {
    let folder = &config.database.data_dir;
    let begun = Instant::now();
    let claim = loop {
        match DataDirLock::take(folder, "serve")? {
            Ok(claim) => break claim,
            // A command that works on the folder for a moment is waited for; another server is left alone.
            Err(claimed)
                if claimed.by.starts_with("serve") || begun.elapsed() > Duration::from_secs(60) =>
            {
                return Err(format!(
                    "another manchette ({}) has the data folder {}: choose another with --data-dir",
                    claimed.by,
                    folder.display()
                )
                .into());
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    };
    Embedded::start(&options(config), claim, &config.database).await
}

/// Everything that a data folder has that belongs to us alone: the schema, the sample content, a key.
async fn prepare(config: &Config, address: &ConnectOptions) -> Result<FolderKey, Error> {
    migrations::migrate(address).await?;
    let mut conn = address.connect_unbounded().await?;
    if !config.no_demo && demo::load(&mut conn).await? {
        log::info!("loaded the sample content");
    }
    folder_key(&mut conn, &config.database.data_dir.join("key")).await
}

/// Waits a while for a database that is not there yet, then wants it to give us sessions of our own, and to have our schema.
async fn check_schema(address: &ConnectOptions) -> Result<(), Error> {
    let begun = Instant::now();
    let mut conn = loop {
        match address.connect().await {
            Ok(conn) => break conn,
            Err(error) if begun.elapsed() > Duration::from_secs(30) => {
                return Err(format!("the database doesn't answer: {error}").into());
            }
            Err(error) => {
                log::warn!("waiting for the database: {error}");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    };
    pooler::require_own_sessions(address).await?;
    migrations::require_current(&mut conn).await
}

/// The key that belongs to a data folder.
struct FolderKey {
    file: PathBuf,
    /// None where somebody revoked it.
    token: Option<Token>,
}

async fn folder_key(
    conn: &mut diesel_async::AsyncPgConnection,
    file: &Path,
) -> Result<FolderKey, Error> {
    let kept = fs::read_to_string(file)
        .ok()
        .and_then(|text| Token::parse(text.trim()));
    let token = match kept {
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
    Ok(FolderKey {
        file: file.to_owned(),
        token,
    })
}

/// What is printed once, when everything is ready.
fn greeting(at: SocketAddr, key: Option<&FolderKey>) -> String {
    let host = match at.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => "127.0.0.1".to_owned(),
        IpAddr::V6(ip) if ip.is_unspecified() => "[::1]".to_owned(),
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    let base = format!("http://{host}:{}", at.port());
    let mut text = format!(
        "\nManchette {} is ready.\n\n  Listening  {at}\n  Ticker     {base}/v1/headlines\n  Docs       {base}/docs/\n",
        env!("CARGO_PKG_VERSION")
    );
    match key {
        Some(FolderKey {
            file,
            token: Some(token),
        }) => {
            let key = token.reveal();
            text.push_str(&format!(
                "  Key        {key}\n             (allows everything here; kept in {})\n\nTry it:\n\n  curl '{base}/v1/headlines?limit=3'\n\n  \
                 curl -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' -d '{{\"title\": \"Bonjour\", \"language\": \"fr\", \"status\": \"published\"}}' {base}/v1/headlines\n",
                file.display()
            ));
        }
        Some(FolderKey { file, token: None }) => {
            text.push_str(&format!(
                "  Key        the one in {} was revoked; make another with `manchette keys create`\n\nTry it:\n\n  curl '{base}/v1/headlines?limit=3'\n",
                file.display()
            ));
        }
        None => text.push_str(&format!(
            "  Keys       manchette keys create --name NAME --scope write --scope publish\n\nTry it:\n\n  curl '{base}/v1/headlines?limit=3'\n"
        )),
    }
    text.push('\n');
    text
}
