//! `manchette keys`: makes, lists and revokes keys.

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Subcommand;
use diesel_async::AsyncPgConnection;

use super::{Error, reach, say};
use crate::api_keys::{ApiKey, Scope};
use crate::config::Config;
use crate::http::values::is_line;

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Make a key and print it: once, alone, on standard output. It is kept as a hash and can't be shown again.
    Create {
        /// What it is for: at most 100 characters.
        #[arg(long)]
        name: String,
        /// What it allows: read, early, write, publish, admin. May be given several times.
        #[arg(long = "scope", required = true)]
        scopes: Vec<Scope>,
    },
    /// List the keys, the newest first.
    List,
    /// Revoke a key.
    Revoke {
        /// Its id, or its prefix as `list` shows it.
        key: String,
    },
}

pub async fn run(config: &Config, command: KeysCommand) -> Result<(), Error> {
    let reached = reach(config, "keys").await?;
    let mut conn = reached.address.connect().await?;
    let result = carry_out(&mut conn, command).await;
    drop(conn);
    reached.done();
    result
}

async fn carry_out(conn: &mut AsyncPgConnection, command: KeysCommand) -> Result<(), Error> {
    match command {
        KeysCommand::Create { name, scopes } => {
            if !is_line(&name, 100) {
                return Err("a name is one line of at most 100 characters".into());
            }
            let token = ApiKey::create(conn, &name, &scopes).await?;
            say(&format!("{}\n", token.reveal()))
        }
        KeysCommand::List => {
            let keys = ApiKey::all(conn).await?;
            let mut table = format!(
                "{:<36}  {:<12}  {:<24}  {:<20}  {:<20}  {:<20}  NAME\n",
                "ID", "PREFIX", "SCOPES", "CREATED", "LAST USED", "REVOKED"
            );
            for key in keys {
                table.push_str(&format!(
                    "{:<36}  {:<12}  {:<24}  {:<20}  {:<20}  {:<20}  {}\n",
                    key.id,
                    key.prefix,
                    key.scopes.join(","),
                    moment(Some(key.created_at)),
                    moment(key.last_used_at),
                    moment(key.revoked_at),
                    key.name
                ));
            }
            say(&table)
        }
        KeysCommand::Revoke { key } => match ApiKey::revoke(conn, &key).await? {
            Some(true) => say("Revoked.\n"),
            Some(false) => say("It was revoked before.\n"),
            None => Err(format!("there is no key {key}").into()),
        },
    }
}

fn moment(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(
        || "-".to_owned(),
        |at| at.to_rfc3339_opts(SecondsFormat::Secs, true),
    )
}
