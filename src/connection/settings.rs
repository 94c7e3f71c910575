//! Settings of client connections: how many, their timeouts, unsent answers, proxies, shutdown.

use std::time::Duration;

use clap::{Args, value_parser};

use super::client_address::ProxySettings;

#[derive(Clone, Debug, Args)]
#[group(id = "connection")]
#[command(next_help_heading = "Connections")]
pub struct ConnectionSettings {
    #[command(flatten)]
    pub proxies: ProxySettings,

    /// Connections that may be open at once. Beyond that, a connection is closed after a few seconds, and only `/livez` and
    /// `/readyz` are answered on it.
    #[arg(long, env = "MANCHETTE_MAX_CONNECTIONS", default_value_t = 20_000, value_parser = value_parser!(u32).range(1..=1_000_000), global = true)]
    pub max_connections: u32,

    /// Connections that one address may have open at once. Trusted proxies have no such limit.
    #[arg(long, env = "MANCHETTE_MAX_CONNECTIONS_PER_ADDRESS", default_value_t = 1000, value_parser = value_parser!(u32).range(1..=1_000_000), global = true)]
    pub max_connections_per_address: u32,

    /// Seconds within which the head of a request has to arrive.
    #[arg(long, env = "MANCHETTE_HEADER_TIMEOUT", default_value_t = 10, value_parser = value_parser!(u16).range(1..=600), global = true)]
    pub header_timeout: u16,

    /// Seconds within which the body of a request has to arrive.
    #[arg(long, env = "MANCHETTE_BODY_TIMEOUT", default_value_t = 30, value_parser = value_parser!(u16).range(1..=600), global = true)]
    pub body_timeout: u16,

    /// Seconds within which a client has to receive 16 KiB of an answer, or the rest of it; otherwise the connection is
    /// closed.
    #[arg(long, env = "MANCHETTE_WRITE_TIMEOUT", default_value_t = 20, value_parser = value_parser!(u16).range(1..=600), global = true)]
    pub write_timeout: u16,

    /// MiB of unsent answers of all clients; beyond that, requests are refused (503). Answers of up to 16 KiB are not
    /// counted.
    #[arg(long, env = "MANCHETTE_MAX_UNSENT_MIB", default_value_t = 256, value_parser = value_parser!(u32).range(1..=1_048_576), global = true)]
    pub max_unsent_mib: u32,

    /// MiB of unsent answers of one address; beyond that, its requests are refused (429). For trusted proxies, only the
    /// limit for all clients applies.
    #[arg(long, env = "MANCHETTE_MAX_UNSENT_PER_ADDRESS_MIB", default_value_t = 32, value_parser = value_parser!(u32).range(1..=1_048_576), global = true)]
    pub max_unsent_per_address_mib: u32,

    /// Seconds that the server continues to serve after SIGTERM, while `/readyz` fails and every answer closes its
    /// connection, so that load balancers stop sending requests. Ctrl-C skips this delay.
    #[arg(long, env = "MANCHETTE_SHUTDOWN_DELAY", default_value_t = 5, value_parser = value_parser!(u16).range(0..=600), global = true)]
    pub shutdown_delay: u16,

    /// Seconds that requests in flight have to finish when the server stops.
    #[arg(
        long,
        env = "MANCHETTE_SHUTDOWN_TIMEOUT",
        default_value_t = 30,
        global = true
    )]
    pub shutdown_timeout: u64,
}

impl ConnectionSettings {
    pub fn header_timeout(&self) -> Duration {
        Duration::from_secs(self.header_timeout.into())
    }

    pub fn body_timeout(&self) -> Duration {
        Duration::from_secs(self.body_timeout.into())
    }

    pub fn write_timeout(&self) -> Duration {
        Duration::from_secs(self.write_timeout.into())
    }

    pub fn shutdown_delay(&self) -> Duration {
        Duration::from_secs(self.shutdown_delay.into())
    }

    pub fn shutdown_timeout(&self) -> Duration {
        Duration::from_secs(self.shutdown_timeout)
    }
}
