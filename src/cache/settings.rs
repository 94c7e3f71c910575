//! Settings of cached responses.

use std::time::Duration;

use clap::Args;

/// How many answers are kept, and for how long without the database.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Caching")]
pub struct CacheSettings {
    /// Memory for answers to requests without a key, in MiB; 0 keeps none.
    #[arg(long, env = "MANCHETTE_CACHE_SIZE", default_value_t = 128, value_parser = clap::value_parser!(u32).range(0..=65_536), global = true)]
    pub cache_size: u32,

    /// How long cached responses are served while the database is away, in seconds.
    #[arg(long, env = "MANCHETTE_MAX_STALE", default_value_t = 60, value_parser = clap::value_parser!(u32).range(0..=86_400), global = true)]
    pub max_stale: u32,
}

impl CacheSettings {
    /// The memory for cached responses, in bytes.
    pub fn bytes(&self) -> u64 {
        u64::from(self.cache_size) << 20
    }

    pub fn max_stale(&self) -> Duration {
        Duration::from_secs(self.max_stale.into())
    }
}
