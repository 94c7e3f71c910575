//! Every setting: its flag, its variable, its default. Nothing else reads the environment.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, ValueEnum};
use secrecy::{ExposeSecret, SecretString};

use crate::access::{jwt, rate_limit};
use crate::cli::Command;
use crate::connection;
use crate::http::caching::Caching;
use crate::http::security_headers::Security;
use crate::news::articles::EmbedHost;

/// A news content API: headlines, articles and categories as JSON over HTTP, kept in Postgres.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 110, subcommand_negates_reqs = true)]
pub struct Cli {
    /// What to do; without a word, `serve`.
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub config: Config,
}

#[derive(Clone, Debug, Args)]
pub struct Config {
    /// Address to listen on. Port 0 takes a free one and says which.
    #[arg(
        long,
        env = "MANCHETTE_LISTEN",
        default_value = "127.0.0.1:8080",
        global = true
    )]
    pub listen: SocketAddr,

    #[command(flatten)]
    pub database: Database,

    #[command(flatten)]
    pub caching: Caching,

    #[command(flatten)]
    pub identity: jwt::Settings,

    #[command(flatten)]
    pub limits: rate_limit::Settings,

    #[command(flatten)]
    pub connection: connection::Settings,

    /// Origins whose pages may call this API from a browser, by comma, or `*` for all; none unless told.
    #[arg(long, env = "MANCHETTE_CORS_ORIGINS", value_delimiter = ',', value_parser = origin, global = true)]
    pub cors_origins: Vec<String>,

    /// Refuse (428) to change or delete what is there without an `If-Match`, so that nobody overwrites what they have not
    /// seen.
    #[arg(long, env = "MANCHETTE_REQUIRE_IF_MATCH", global = true)]
    pub require_if_match: bool,

    #[command(flatten)]
    pub security: Security,

    /// Hosts whose pages articles may embed (`iframe`), by comma: `player.example.org`, or `*.example.org` for all below
    /// it; none unless told. Only over `https`, in a sandbox. Takes effect on an article when its body is next written (a
    /// `PUT`, or a `PATCH` that changes the body). Never name a host that serves your own pages.
    #[arg(long, env = "MANCHETTE_EMBED_HOSTS", value_delimiter = ',', value_parser = EmbedHost::read, global = true)]
    pub embed_hosts: Vec<EmbedHost>,

    /// Threads that answer requests; one for each processor unless told.
    #[arg(long, env = "MANCHETTE_WORKERS", value_parser = clap::value_parser!(u16).range(1..=512), global = true)]
    pub workers: Option<u16>,

    /// Don't load the sample content into a new data folder.
    #[arg(long, env = "MANCHETTE_NO_DEMO", global = true)]
    pub no_demo: bool,

    /// How a line of the log looks. `RUST_LOG` says which lines there are (`info` unless told).
    #[arg(long, env = "MANCHETTE_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text, global = true)]
    pub log_format: LogFormat,
}

/// How to reach Postgres.
#[derive(Clone, Debug, Args)]
pub struct Database {
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

impl Database {
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

impl Config {
    /// How many threads answer requests.
    pub fn workers(&self) -> usize {
        self.workers.map_or_else(
            || std::thread::available_parallelism().map_or(2, usize::from),
            usize::from,
        )
    }

    /// Connections that our own Postgres has to offer: the workers', and some for the watch and commands beside the server.
    pub fn connections(&self) -> usize {
        self.workers() * usize::from(self.database.pool_size) + 20
    }
}

/// An origin as a browser sends it (RFC 6454, section 6.1), or `*`.
fn origin(text: &str) -> Result<String, String> {
    let is_origin = || {
        url::Url::parse(text)
            .is_ok_and(|url| url.has_host() && url.origin().ascii_serialization() == text)
    };
    if text == "*" || is_origin() {
        Ok(text.to_owned())
    } else {
        Err("an origin looks like `https://www.example.org`, with nothing behind it".to_owned())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}
