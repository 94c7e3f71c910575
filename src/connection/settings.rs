//! The settings: how long answers may take to be received, how much of them may wait, how the server stops.

use std::time::Duration;

use clap::{Args, value_parser};

#[derive(Clone, Debug, Args)]
#[group(id = "connection")]
pub struct Settings {
    /// Seconds within which a client has to take 16 KiB of its answer, or the rest of it; else the connection is closed.
    #[arg(long, env = "MANCHETTE_WRITE_TIMEOUT", default_value_t = 20, value_parser = value_parser!(u16).range(1..=600), global = true)]
    pub write_timeout: u16,

    /// MiB of answers that may wait to be received, altogether; more are refused (503). Answers of up to 16 KiB are not
    /// counted.
    #[arg(long, env = "MANCHETTE_MAX_UNSENT_MIB", default_value_t = 256, value_parser = value_parser!(u32).range(1..=1_048_576), global = true)]
    pub max_unsent_mib: u32,

    /// MiB of answers that may wait to be received by one address; more are refused (429). Trusted proxies share only the
    /// bound for all.
    #[arg(long, env = "MANCHETTE_MAX_UNSENT_PER_ADDRESS_MIB", default_value_t = 32, value_parser = value_parser!(u32).range(1..=1_048_576), global = true)]
    pub max_unsent_per_address_mib: u32,

    /// Seconds that the server goes on serving after SIGTERM, while `/readyz` fails and every answer closes its connection:
    /// so that balancers send no more. None after Ctrl-C.
    #[arg(long, env = "MANCHETTE_SHUTDOWN_DELAY", default_value_t = 5, value_parser = value_parser!(u16).range(0..=600), global = true)]
    pub shutdown_delay: u16,

    /// Seconds that requests in flight have to finish in when the server stops.
    #[arg(
        long,
        env = "MANCHETTE_SHUTDOWN_TIMEOUT",
        default_value_t = 30,
        global = true
    )]
    pub shutdown_timeout: u64,
}

impl Settings {
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
