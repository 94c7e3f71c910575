//! The embedded Postgres: a cluster in the data folder, run as a child process.

mod cluster;
mod fetch;
mod lock;
mod process;
pub mod programs;
mod restarts;
mod user;

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{ConnectOptions, DatabaseSettings};
use cluster::Cluster;
pub use lock::{DataDirLock, LockHolder};
use process::{FirstStart, Supervisor, last_log_lines};

/// The role that owns everything in an embedded Postgres.
pub const OWNER: &str = "manchette";
/// The database in an embedded Postgres.
pub const DATABASE: &str = "manchette";

/// Starts that may fail before the first connection is given up.
const MAX_FAILED_STARTS: u32 = 16;
/// A recovery after a crash may take a while.
const START_TIMEOUT: Duration = Duration::from_secs(600);

type Error = Box<dyn std::error::Error + Send + Sync>;

/// How an embedded Postgres is started.
#[derive(Clone, Debug)]
pub struct Options {
    pub data_dir: PathBuf,
    pub postgres_bin: Option<PathBuf>,
    /// Whether Postgres may be fetched if none is installed.
    pub fetch_postgres: bool,
    /// The user that runs Postgres if the server runs as root.
    pub user: Option<String>,
    pub max_connections: usize,
    /// Whether committed transactions must survive a power cut. Only throw-away clusters may turn it off.
    pub durable: bool,
}

/// A running embedded Postgres. It stops when this is stopped or dropped.
pub struct Embedded {
    socket_dir: PathBuf,
    supervisor: Option<(Sender<()>, JoinHandle<()>)>,
    _lock: DataDirLock,
}

impl Embedded {
    /// Creates the cluster if there is none, starts Postgres, and waits until it accepts connections.
    pub async fn start(
        options: &Options,
        lock: DataDirLock,
        settings: &DatabaseSettings,
    ) -> Result<Self, Error> {
        let cluster = Cluster::prepare(options)?;
        let socket_dir = short_path(cluster.folder())?;
        let log = cluster.log().to_owned();
        let (stop, stopped) = channel();
        let first_start = Arc::new(FirstStart::default());
        let supervisor = Supervisor::new(cluster, first_start.clone());
        let thread = std::thread::Builder::new()
            .name("postgres".into())
            .spawn(move || supervisor.run(&stopped))?;
        let embedded = Self {
            socket_dir,
            supervisor: Some((stop, thread)),
            _lock: lock,
        };
        let mut conn = embedded
            .first_connection(&log, &first_start, settings)
            .await?;
        first_start.finish();
        create_database(&mut conn).await?;
        Ok(embedded)
    }

    /// How to connect to its database.
    pub fn connect_options(&self, settings: &DatabaseSettings) -> Result<ConnectOptions, Error> {
        ConnectOptions::from_socket(&self.socket_dir, DATABASE, settings)
    }

    async fn first_connection(
        &self,
        log: &Path,
        first_start: &FirstStart,
        settings: &DatabaseSettings,
    ) -> Result<AsyncPgConnection, Error> {
        let options = ConnectOptions::from_socket(&self.socket_dir, "postgres", settings)?;
        let begun = Instant::now();
        let mut logged = false;
        loop {
            let error = match options.connect_unbounded().await {
                Ok(conn) => return Ok(conn),
                Err(error) => error,
            };
            // A Postgres that was killed may leave processes behind that need a moment to end.
            if first_start.failures() >= MAX_FAILED_STARTS {
                let lines = last_log_lines(log);
                return Err(
                    format!("Postgres does not start. The end of its log:\n{lines}").into(),
                );
            }
            if begun.elapsed() > Duration::from_secs(5) && !logged {
                log::info!("waiting for Postgres, which may be recovering: {error}");
                logged = true;
            }
            if begun.elapsed() > START_TIMEOUT {
                return Err(
                    format!("Postgres accepts no connection after ten minutes: {error}").into(),
                );
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Stops Postgres and waits until it has ended.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some((stop, thread)) = self.supervisor.take() {
            let _ = stop.send(());
            let _ = thread.join();
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.end();
    }
}

/// Whether a data folder has a cluster.
pub fn has_cluster(data_dir: &Path) -> bool {
    data_dir.join("postgres").join("PG_VERSION").exists()
}

/// How to connect to the embedded Postgres that another process runs in this data folder.
pub fn running_in(data_dir: &Path, settings: &DatabaseSettings) -> Result<ConnectOptions, Error> {
    let socket_dir = short_path(&std::path::absolute(data_dir)?.join("postgres"))?;
    ConnectOptions::from_socket(&socket_dir, DATABASE, settings)
}

diesel::table! {
    pg_database (datname) {
        datname -> Text,
    }
}

async fn create_database(conn: &mut AsyncPgConnection) -> Result<(), Error> {
    let exists: bool = diesel::select(diesel::dsl::exists(pg_database::table.find(DATABASE)))
        .get_result(conn)
        .await?;
    if !exists {
        diesel::sql_query("CREATE DATABASE manchette")
            .execute(conn)
            .await?;
    }
    Ok(())
}

/// A path of the folder that is short enough for a socket address (108 bytes): the folder itself, or a descriptor of it,
/// which stays open as long as the process runs.
fn short_path(folder: &Path) -> Result<PathBuf, Error> {
    if folder.as_os_str().len() + "/.s.PGSQL.5432".len() < 100 {
        return Ok(folder.to_owned());
    }
    if !Path::new("/proc/self/fd").exists() {
        return Err(format!(
            "the path {} is too long for a socket: choose a shorter --data-dir",
            folder.display()
        )
        .into());
    }
    let open = File::open(folder)?;
    let short = format!("/proc/self/fd/{}", open.as_raw_fd());
    std::mem::forget(open);
    Ok(short.into())
}
