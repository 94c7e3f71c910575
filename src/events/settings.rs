//! Settings of the log of changes.

use clap::Args;

/// How long changes stay in the log.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Database")]
pub struct EventSettings {
    /// How long changes stay in the log of changes, in days.
    #[arg(long, env = "MANCHETTE_EVENTS_DAYS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=3650), global = true)]
    pub events_days: u16,
}
