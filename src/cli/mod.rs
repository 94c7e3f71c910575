//! The commands: one file each.

pub mod demo;
pub mod keys;
pub mod migrate;
pub mod openapi;
pub mod serve;

use std::io::Write;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};

use crate::config::Config;
use crate::db::embedded::{DataDirLock, Embedded, Options, socket_beside};
use crate::db::migrations::{self, Schema};
use crate::db::{ConnectOptions, pooler};

pub type Error = Box<dyn std::error::Error + Send + Sync>;

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

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the API (also what no command means).
    Serve,
    /// Apply pending migrations, under a lock: any number may try at once.
    Migrate,
    /// Load the sample content into a database that is still empty.
    Demo,
    /// Make, list and revoke keys.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Print the OpenAPI document.
    Openapi,
}

/// Runs the command.
///
/// # Errors
/// In words for whoever typed it.
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
                Command::Openapi => openapi::run(),
            }
        }),
    }
}

/// The database that a command works on. Where it had to start a Postgres for that, that stops again with this.
struct DatabaseHandle {
    address: ConnectOptions,
    embedded: Option<Embedded>,
}

impl DatabaseHandle {
    fn done(self) {
        if let Some(embedded) = self.embedded {
            embedded.stop();
        }
    }
}

/// Finds the database: the one that is set; else the one beside a running server; else one that is started for this.
async fn open_database(config: &Config, command: &str) -> Result<DatabaseHandle, Error> {
    if let Some(url) = config.database.url() {
        let address = ConnectOptions::from_url(url, &config.database)?;
        pooler::require_own_sessions(&address).await?;
        if command != "migrate" {
            migrations::require_current(&mut address.connect().await?).await?;
        }
        return Ok(DatabaseHandle {
            address,
            embedded: None,
        });
    }
    let begun = Instant::now();
    loop {
        match DataDirLock::take(&config.database.data_dir, command)? {
            Ok(claim) => {
                let embedded = Embedded::start(&options(config), claim, &config.database).await?;
                let address = embedded.address(&config.database)?;
                migrations::migrate(&address).await?;
                return Ok(DatabaseHandle {
                    address,
                    embedded: Some(embedded),
                });
            }
            Err(claimed) => {
                let socket = socket_beside(&config.database.data_dir);
                if let Ok(address) = socket.and_then(|socket| {
                    ConnectOptions::from_socket(&socket, "manchette", &config.database)
                }) && let Ok(mut conn) = address.connect().await
                    && matches!(migrations::schema(&mut conn).await, Ok(Schema::Current))
                {
                    return Ok(DatabaseHandle {
                        address,
                        embedded: None,
                    });
                }
                if begun.elapsed() > Duration::from_secs(30) {
                    return Err(format!(
                        "the data folder is in use ({}), but its Postgres doesn't answer",
                        claimed.by
                    )
                    .into());
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn options(config: &Config) -> Options {
    Options {
        data_dir: config.database.data_dir.clone(),
        postgres_bin: config.database.postgres_bin.clone(),
        user: config.database.postgres_user.clone(),
        max_connections: config.connections(),
        durable: true,
    }
}

/// Writes to standard output. A reader that went away is no failure of ours.
fn print(text: &str) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(format!("can't write: {error}").into())
        }
        _ => Ok(()),
    }
}
