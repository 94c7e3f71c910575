//! Settings of streams.

use clap::{Args, value_parser};

#[derive(Clone, Debug, Args)]
#[group(id = "streams")]
#[command(next_help_heading = "Streams")]
pub struct StreamSettings {
    /// Streams that one address may have open at once without a key. Trusted proxies have no such limit.
    #[arg(long, env = "MANCHETTE_MAX_STREAMS_PER_ADDRESS", default_value_t = 200, value_parser = value_parser!(u32).range(1..=1_000_000), global = true)]
    pub max_streams_per_address: u32,

    /// Streams that one key may have open at once.
    #[arg(long, env = "MANCHETTE_MAX_STREAMS_PER_KEY", default_value_t = 1000, value_parser = value_parser!(u32).range(1..=1_000_000), global = true)]
    pub max_streams_per_key: u32,
}
