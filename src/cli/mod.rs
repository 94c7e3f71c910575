//! The commands, one file for each.

mod database;
pub mod demo;
mod greeting;
pub mod health;
pub mod keys;
pub mod migrate;
pub mod openapi;
pub mod serve;
mod signals;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Config;
use crate::db::Unreachable;

pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// A news content API: headlines, articles and categories as JSON over HTTP, stored in Postgres.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 110, subcommand_negates_reqs = true)]
pub struct Cli {
    /// The command to run; `serve` if not given.
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub config: Config,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the API (the default command).
    Serve,
    /// Apply pending migrations. Several processes may run it at once: one migrates, the others wait.
    Migrate,
    /// Load the sample content into an empty database.
    Demo,
    /// Create, list, rotate and revoke API keys.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Ask a running server whether it is ready: exit status 0 if it is, 1 if not. For the health checks of containers.
    Health(health::HealthCommand),
    /// Print the OpenAPI document.
    Openapi,
}

/// The exit status if the database can't be reached, so that scripts may try again.
const UNREACHABLE: u8 = 3;

/// The exit status of a command that failed: 3 if the database can't be reached, else 1. (A wrong command line is 2.)
pub fn exit_status(error: &Error) -> ExitCode {
    match error.downcast_ref::<Unreachable>() {
        Some(_) => UNREACHABLE.into(),
        None => ExitCode::FAILURE,
    }
}

/// Runs the command.
///
/// # Errors
/// The error's message is for the user of the command line.
pub fn run(cli: Cli) -> Result<(), Error> {
    let mut config = cli.config;
    config.database.read_files()?;
    match cli.command.unwrap_or(Command::Serve) {
        Command::Openapi => openapi::run(),
        command => actix_web::rt::System::new().block_on(async move {
            match command {
                Command::Serve => serve::run(config).await,
                Command::Migrate => migrate::run(&config).await,
                Command::Demo => demo::run(&config).await,
                Command::Keys(command) => keys::run(&config, command).await,
                Command::Health(command) => health::run(&config, command).await,
                Command::Openapi => openapi::run(),
            }
        }),
    }
}

/// Writes to standard output. It is no error if the reader of a pipe has closed it.
fn print(text: &str) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(format!("can't write to standard output: {error}").into())
        }
        _ => Ok(()),
    }
}
