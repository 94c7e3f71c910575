//! Every setting: its flag, its variable, its default. Nothing else reads the environment.

use std::net::SocketAddr;

use clap::Args;

use crate::access::{jwt, rate_limit};
use crate::connection;
use crate::db::DatabaseSettings;
use crate::http::caching::Caching;
use crate::http::security_headers::Security;
use crate::logging::LogFormat;
use crate::news::articles::EmbedHost;

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
    pub database: DatabaseSettings,

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
