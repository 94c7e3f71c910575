//! The commands, one file for each.

mod database;
pub mod demo;
mod greeting;
pub mod health;
pub mod keys;
mod manual;
pub mod migrate;
pub mod openapi;
pub mod reindex;
pub mod serve;
mod signals;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;

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
    /// Apply pending migrations.
    ///
    /// Several processes may run it at once: one migrates, the others wait.
    Migrate,
    /// Load the sample content into an empty database.
    Demo,
    /// Index the content for searches anew, while servers go on.
    ///
    /// Needed after an upgrade that changes what words are found by, as the server then says at its start, and after loading
    /// content with SQL.
    Reindex(reindex::ReindexCommand),
    /// Create, list, rotate and revoke API keys.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Ask a running server whether it is ready.
    ///
    /// The exit status is 0 if it is, 1 if not: for the health checks of containers.
    Health(health::HealthCommand),
    /// Print the OpenAPI document.
    Openapi,
    /// Print a script that completes commands and settings in a shell.
    ///
    /// For bash: `manchette completions bash > ~/.local/share/bash-completion/completions/manchette`.
    Completions { shell: Shell },
    /// Print the manual page, or write those of all commands to a folder.
    Man {
        /// Write the pages of all commands to this folder, which must exist, such as `/usr/local/share/man/man1`.
        #[arg(long)]
        folder: Option<PathBuf>,
    },
}

/// The settings that the short help shows.
const SHORT_HELP: &[&str] = &[
    "listen",
    "no_demo",
    "database_url",
    "data_dir",
    "fetch_postgres",
];

/// The command line.
pub fn command() -> clap::Command {
    Cli::command()
        .mut_args(|setting| {
            let is_hidden = !SHORT_HELP.contains(&setting.get_id().as_str());
            setting.hide_short_help(is_hidden)
        })
        .after_help("All settings, with their environment variables: manchette --help")
        .after_long_help("The server shows its guides and the contract of its API at /docs/.")
}

/// Reads the command line. Ends the program if it is wrong or asks for help.
pub fn parse() -> Cli {
    Cli::from_arg_matches(&command().get_matches()).unwrap_or_else(|error| error.exit())
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
    let command = cli.command.unwrap_or(Command::Serve);
    actix_web::rt::System::new().block_on(async move {
        match command {
            Command::Serve => serve::run(config).await,
            Command::Migrate => migrate::run(&config).await,
            Command::Demo => demo::run(&config).await,
            Command::Reindex(command) => reindex::run(&config, command).await,
            Command::Keys(command) => keys::run(&config, command).await,
            Command::Health(command) => health::run(&config, command).await,
            Command::Openapi => openapi::run(),
            Command::Completions { shell } => manual::completions(shell),
            Command::Man { folder } => manual::pages(folder.as_deref()),
        }
    })
}

/// Writes to standard output. It is no error if the reader of a pipe has closed it.
fn print(text: &str) -> Result<(), Error> {
    // Without colours, unless it is a terminal.
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(format!("can't write to standard output: {error}").into())
        }
        _ => Ok(()),
    }
}
