//! The settings of the server: flags, environment variables and defaults. Nothing else reads the environment.

use std::net::SocketAddr;

use clap::Args;

use crate::access::jwt::IdentityProviderSettings;
use crate::access::rate_limit::RateLimitSettings;
use crate::cache::CacheSettings;
use crate::connection::{ConnectionSettings, listen};
use crate::db::DatabaseSettings;
use crate::events::settings::EventSettings;
use crate::http::cache_control::Caching;
use crate::http::security_headers::Security;
use crate::logging::LogFormat;
use crate::news::articles::EmbedHost;
use crate::news::live::StreamSettings;

/// The heading of the settings of the server itself.
const SERVER: &str = "Server";

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = SERVER)]
pub struct Config {
    /// Address to listen on.
    ///
    /// `8080` (this machine alone), `:8080` (all its addresses), `localhost:8080`, `[::1]:8080`. Port 0 picks a free port, which
    /// is printed.
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "MANCHETTE_LISTEN",
        default_value = "127.0.0.1:8080",
        value_parser = listen::parse_address,
        global = true
    )]
    pub listen: SocketAddr,

    #[command(flatten)]
    pub database: DatabaseSettings,

    #[command(flatten)]
    pub events: EventSettings,

    #[command(flatten)]
    pub streams: StreamSettings,

    #[command(flatten)]
    pub caching: Caching,

    #[command(flatten)]
    pub cache: CacheSettings,

    #[command(flatten)]
    pub identity: IdentityProviderSettings,

    #[command(flatten)]
    pub limits: RateLimitSettings,

    #[command(flatten)]
    pub connection: ConnectionSettings,

    /// Origins whose pages may call the API from a browser (CORS), comma-separated, or `*` for all. Default: none.
    #[arg(long, env = "MANCHETTE_CORS_ORIGINS", value_delimiter = ',', value_parser = parse_origin, help_heading = SERVER, global = true)]
    pub cors_origins: Vec<String>,

    /// Require `If-Match` for every change and deletion of an existing resource (otherwise 428), so that no client overwrites
    /// a version that it has not seen.
    #[arg(long, env = "MANCHETTE_REQUIRE_IF_MATCH", help_heading = SERVER, global = true)]
    pub require_if_match: bool,

    #[command(flatten)]
    pub security: Security,

    /// Hosts whose pages articles may embed (`iframe`), comma-separated: `player.example.org`, or `*.example.org` for all
    /// subdomains. Default: none. Embeds use `https` and a sandbox. Applied to an article when its body is next written (a
    /// `PUT`, or a `PATCH` that changes the body). Never name a host that serves your own pages.
    #[arg(long, env = "MANCHETTE_EMBED_HOSTS", value_delimiter = ',', value_parser = EmbedHost::read, help_heading = SERVER, global = true)]
    pub embed_hosts: Vec<EmbedHost>,

    /// Worker threads that serve requests. Default: one for each processor.
    #[arg(long, env = "MANCHETTE_WORKERS", value_parser = clap::value_parser!(u16).range(1..=512), help_heading = SERVER, global = true)]
    pub workers: Option<u16>,

    /// Don't load the sample content into a new data folder.
    #[arg(long, env = "MANCHETTE_NO_DEMO", help_heading = SERVER, global = true)]
    pub no_demo: bool,

    /// Serve a front page at `/`, instead of a redirect to the documentation.
    ///
    /// It shows what is published: sections, articles, search and a live ticker. Default: served on an embedded Postgres, unless
    /// `--no-demo` is given.
    #[arg(long, env = "MANCHETTE_FRONT_PAGE", value_name = "true|false", num_args = 0..=1, default_missing_value = "true", require_equals = true, hide_possible_values = true, help_heading = SERVER, global = true)]
    pub front_page: Option<bool>,

    /// Format of log lines.
    ///
    /// `RUST_LOG` selects which lines are logged (default: `info`).
    #[arg(long, env = "MANCHETTE_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text, help_heading = SERVER, global = true)]
    pub log_format: LogFormat,
}

impl Config {
    /// The number of worker threads.
    pub fn workers(&self) -> usize {
        self.workers.map_or_else(
            || std::thread::available_parallelism().map_or(2, usize::from),
            usize::from,
        )
    }

    /// Whether `/` is the front page: as set, by default where there may be sample content.
    pub fn has_front_page(&self) -> bool {
        let has_sample_content = self.database.url().is_none() && !self.no_demo;
        self.front_page.unwrap_or(has_sample_content)
    }

    /// Connections that the embedded Postgres has to offer: the workers', and some for the health monitor and commands that
    /// run beside the server.
    pub fn connections(&self) -> usize {
        self.workers() * usize::from(self.database.pool_size) + 20
    }
}

/// An origin as a browser sends it (RFC 6454, section 6.1), or `*`.
fn parse_origin(text: &str) -> Result<String, String> {
    let is_origin = || {
        url::Url::parse(text)
            .is_ok_and(|url| url.has_host() && url.origin().ascii_serialization() == text)
    };
    if text == "*" || is_origin() {
        Ok(text.to_owned())
    } else {
        Err("an origin looks like `https://www.example.org`, without a path".to_owned())
    }
}
