//! The database that a command works on.

use std::path::Path;
use std::time::{Duration, Instant};

use super::Error;
use crate::config::Config;
use crate::db::embedded::{self, DataDirLock, Embedded, LockHolder, Options};
use crate::db::migrations::{self, Schema};
use crate::db::{ConnectOptions, pooler, reach};

/// How long a command tries to reach the Postgres of another process.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long `serve` waits for a command to release the data folder.
const LOCK_TIMEOUT: Duration = Duration::from_secs(60);
const RETRY: Duration = Duration::from_millis(100);

/// An open database. An embedded Postgres started for it must be stopped at the end.
pub struct DatabaseHandle {
    pub options: ConnectOptions,
    embedded: Option<Embedded>,
}

impl DatabaseHandle {
    pub fn close(self) {
        if let Some(embedded) = self.embedded {
            embedded.stop();
        }
    }
}

/// The answer to a command in a folder where no server has been.
fn no_cluster(data_dir: &Path) -> String {
    let folder = std::path::absolute(data_dir).unwrap_or_else(|_| data_dir.to_owned());
    format!(
        "there is no Manchette database in {}: run this where the server was started, or name its data folder with --data-dir \
         or MANCHETTE_DATA_DIR (the server prints it at its start), or its database with DATABASE_URL; `manchette serve` \
         creates a new one",
        folder.display()
    )
}

/// Opens the database: the one of `DATABASE_URL`, else the one of a server that runs on the data folder, else an embedded
/// one, started for this command.
pub async fn open_database(config: &Config, command: &str) -> Result<DatabaseHandle, Error> {
    if let Some(url) = config.database.url() {
        let options = ConnectOptions::from_url(url, &config.database)?;
        reach(&options, config.database.wait()).await?;
        pooler::require_own_sessions(&options).await?;
        if command != "migrate" {
            migrations::require_current(&mut options.connect().await?).await?;
        }
        return Ok(DatabaseHandle {
            options,
            embedded: None,
        });
    }
    let begun = Instant::now();
    let data_dir = &config.database.data_dir;
    if !data_dir.exists() {
        return Err(no_cluster(data_dir).into());
    }
    loop {
        match DataDirLock::take(data_dir, command)? {
            Ok(_) if !embedded::has_cluster(data_dir) => return Err(no_cluster(data_dir).into()),
            Ok(lock) => {
                let embedded = Embedded::start(&settings(config), lock, &config.database).await?;
                let options = embedded.connect_options(&config.database)?;
                migrations::migrate(&options).await?;
                return Ok(DatabaseHandle {
                    options,
                    embedded: Some(embedded),
                });
            }
            Err(holder) => {
                if let Some(options) = running_server(config).await {
                    return Ok(DatabaseHandle {
                        options,
                        embedded: None,
                    });
                }
                if begun.elapsed() > TIMEOUT {
                    return Err(format!(
                        "the data folder is in use ({}), but its Postgres does not answer",
                        holder.command
                    )
                    .into());
                }
            }
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// The database of another process on the data folder, once it is ready.
async fn running_server(config: &Config) -> Option<ConnectOptions> {
    let options = embedded::running_in(&config.database.data_dir, &config.database).ok()?;
    let mut conn = options.connect().await.ok()?;
    let schema = migrations::schema(&mut conn).await;
    matches!(schema, Ok(Schema::Current)).then_some(options)
}

/// Starts the embedded Postgres for `serve`. It waits for a command that uses the data folder for a moment, but not for
/// another server.
pub async fn start_embedded(config: &Config) -> Result<Embedded, Error> {
    let folder = &config.database.data_dir;
    let begun = Instant::now();
    let is_final =
        |holder: &LockHolder| holder.command.starts_with("serve") || begun.elapsed() > LOCK_TIMEOUT;
    let lock = loop {
        match DataDirLock::take(folder, "serve")? {
            Ok(lock) => break lock,
            Err(holder) if is_final(&holder) => {
                return Err(format!(
                    "another manchette ({}) has the data folder {}: choose another with --data-dir",
                    holder.command,
                    folder.display()
                )
                .into());
            }
            Err(_) => tokio::time::sleep(RETRY).await,
        }
    };
    Embedded::start(&settings(config), lock, &config.database).await
}

fn settings(config: &Config) -> Options {
    Options {
        data_dir: config.database.data_dir.clone(),
        postgres_bin: config.database.postgres_bin.clone(),
        fetch_postgres: config.database.fetch_postgres,
        user: config.database.postgres_user.clone(),
        max_connections: config.connections(),
        durable: true,
    }
}
