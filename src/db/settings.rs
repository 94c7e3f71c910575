//! How to reach Postgres, as flags and environment variables.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use secrecy::{ExposeSecret, SecretString};

/// How to reach Postgres.
#[derive(Clone, Debug, Args)]
pub struct DatabaseSettings {
    /// Postgres to use (postgres://user:password@host/name); without it, one of our own is started. Rather set the
    /// variable: what stands on a command line, everybody on the machine can read.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    pub database_url: Option<SecretString>,

    /// File that has what `--database-url` would say: for secrets that are mounted.
    #[arg(long, env = "DATABASE_URL_FILE", global = true)]
    pub database_url_file: Option<PathBuf>,

    /// Folder for everything that is kept, where the Postgres is our own.
    #[arg(
        long,
        env = "MANCHETTE_DATA_DIR",
        default_value = "data",
        global = true
    )]
    pub data_dir: PathBuf,

    /// Folder of the programs `initdb` and `postgres`; found by itself unless told.
    #[arg(long, env = "MANCHETTE_POSTGRES_BIN", global = true)]
    pub postgres_bin: Option<PathBuf>,

    /// When started as root: the user who runs our own Postgres (`postgres`, else `nobody`, unless told).
    #[arg(long, env = "MANCHETTE_POSTGRES_USER", global = true)]
    pub postgres_user: Option<String>,

    /// Connections to the database that each worker may open.
    #[arg(long, env = "MANCHETTE_POOL_SIZE", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1000), global = true)]
    pub pool_size: u16,

    /// Milliseconds that one statement may take.
    #[arg(long, env = "MANCHETTE_STATEMENT_TIMEOUT_MS", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(10..=600_000), global = true)]
    pub statement_timeout_ms: u32,

    /// Connections of each worker that requests for one resource (`/v1/headlines`, say) may hold at once, so that a table that
    /// is locked doesn't take them all; half of them unless told.
    #[arg(long, env = "MANCHETTE_POOL_SIZE_PER_RESOURCE", value_parser = clap::value_parser!(u16).range(1..=1000), global = true)]
    pub pool_size_per_resource: Option<u16>,

    /// Milliseconds that a statement that reads may wait for a lock.
    #[arg(long, env = "MANCHETTE_READ_LOCK_TIMEOUT_MS", default_value_t = 100, value_parser = clap::value_parser!(u32).range(10..=600_000), global = true)]
    pub read_lock_timeout_ms: u32,

    /// Milliseconds that each statement of a write may wait for a lock.
    #[arg(long, env = "MANCHETTE_LOCK_TIMEOUT_MS", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(10..=600_000), global = true)]
    pub lock_timeout_ms: u32,

    /// Milliseconds that a request waits for a free connection before it is told to come back.
    #[arg(long, env = "MANCHETTE_POOL_TIMEOUT_MS", default_value_t = 400, value_parser = clap::value_parser!(u32).range(10..=60_000), global = true)]
    pub pool_timeout_ms: u32,

    /// Requests of one worker that may wait for a free connection at once; more are told to come back.
    #[arg(long, env = "MANCHETTE_POOL_QUEUE", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000), global = true)]
    pub pool_queue: u32,

    /// Milliseconds without a sign of life after which the database isn't asked until it answers again.
    #[arg(long, env = "MANCHETTE_DATABASE_SILENCE_MS", default_value_t = 500, value_parser = clap::value_parser!(u32).range(10..=60_000), global = true)]
    pub database_silence_ms: u32,

    /// Certificates (PEM) that may have signed the database server's; the system's unless told.
    /// Used with `sslmode=verify-full` in the address.
    #[arg(long, env = "MANCHETTE_DATABASE_CA", global = true)]
    pub database_ca: Option<PathBuf>,
}

impl DatabaseSettings {
    /// Reads what stands in files.
    ///
    /// # Errors
    /// Where a file can't be read, or says nothing, or says what another setting says too.
    pub fn read_files(&mut self) -> Result<(), String> {
        let file = self.database_url_file.take();
        let Some(file) = file.filter(|path| !path.as_os_str().is_empty()) else {
            return Ok(());
        };
        if self.url().is_some() {
            return Err("both DATABASE_URL and DATABASE_URL_FILE are set: leave out one".into());
        }
        let name = file.display();
        let text = std::fs::read_to_string(&file)
            .map_err(|error| format!("DATABASE_URL_FILE: {name} can't be read: {error}"))?;
        let url = text.trim_end_matches(['\r', '\n']);
        if url.is_empty() {
            return Err(format!("DATABASE_URL_FILE: {name} is empty"));
        }
        self.database_url = Some(url.into());
        Ok(())
    }

    /// The address of the Postgres to use. A variable that is set to nothing counts as not set.
    pub fn url(&self) -> Option<&str> {
        self.database_url
            .as_ref()
            .map(|url| url.expose_secret())
            .filter(|url| !url.is_empty())
    }

    /// How many connections of a worker requests for one resource may hold at once.
    pub fn pool_size_per_resource(&self) -> usize {
        let half = (self.pool_size / 2).max(1);
        self.pool_size_per_resource.unwrap_or(half).into()
    }

    /// How long a request waits for a connection.
    pub fn pool_timeout(&self) -> Duration {
        Duration::from_millis(self.pool_timeout_ms.into())
    }

    /// How long the database may be silent.
    pub fn silence(&self) -> Duration {
        Duration::from_millis(self.database_silence_ms.into())
    }
}
