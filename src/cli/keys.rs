//! `manchette keys`: makes, lists, rotates and revokes keys.

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Subcommand;
use diesel_async::{AsyncConnection, AsyncPgConnection};

use super::{Error, open_database, print};
use crate::access::actor::Actor;
use crate::access::api_keys::{self, ApiKey, MAX_OVERLAP, NewKey, Scope, Token, database_time};
use crate::access::audit::AuditAction;
use crate::config::Config;
use crate::http::values::{self, is_line};
use crate::problem::{OnConstraint, Problem};
use crate::redact::redact;

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
        /// From when on it is refused, such as 2027-11-23T14:00:00Z; never unless told.
        #[arg(long, value_parser = end)]
        expires: Option<DateTime<Utc>>,
    },
    /// List the keys, the newest first.
    List,
    /// Make a successor with the same name, scopes and length of life, and print it like `create` does.
    Rotate {
        /// The old key: its id, or its prefix as `list` shows it.
        key: String,
        /// Seconds that the old key stays good beside the new one: at most 604800, 7 days.
        #[arg(long, default_value_t = 86_400, value_parser = clap::value_parser!(u32).range(..=i64::from(MAX_OVERLAP)))]
        overlap: u32,
    },
    /// Revoke a key. The last that has the scope admin and doesn't expire stays: make another first.
    Revoke {
        /// Its id, its prefix as `list` shows it, or the key itself, which others may see while it stands on a command line.
        key: String,
    },
}

pub async fn run(config: &Config, command: KeysCommand) -> Result<(), Error> {
    let reached = open_database(config, "keys").await?;
    let mut conn = reached.address.connect_for_writes().await?;
    let result = carry_out(&mut conn, command).await;
    drop(conn);
    reached.done();
    result
}

async fn carry_out(conn: &mut AsyncPgConnection, command: KeysCommand) -> Result<(), Error> {
    match command {
        KeysCommand::Create {
            name,
            scopes,
            expires,
        } => {
            if !is_line(&name, 100) {
                return Err("a name is one line of at most 100 characters".into());
            }
            let new = NewKey {
                name,
                scopes,
                expires_at: expires,
            };
            new.check_expiry(database_time(conn).await?)
                .map_err(|_| "the key would have expired already")?;
            let actor = Actor::command_line("POST", "manchette keys create");
            let token = conn
                .transaction(async |conn| {
                    let (key, token) = ApiKey::insert(conn, &new, None, None).await?;
                    key.record(conn, AuditAction::Created, &actor).await?;
                    Ok::<Token, Problem>(token)
                })
                .await?;
            print(&format!("{}\n", token.reveal()))
        }
        KeysCommand::List => {
            let keys = ApiKey::all(conn).await?;
            let mut table = format!(
                "{:<36}  {:<12}  {:<24}  {:<20}  {:<20}  {:<20}  {:<20}  NAME\n",
                "ID", "PREFIX", "SCOPES", "CREATED", "LAST USED", "EXPIRES", "REVOKED"
            );
            for key in keys {
                table.push_str(&format!(
                    "{:<36}  {:<12}  {:<24}  {:<20}  {:<20}  {:<20}  {:<20}  {}\n",
                    key.id,
                    key.prefix,
                    key.scopes.join(","),
                    parse_timestamp(Some(key.created_at)),
                    parse_timestamp(key.last_used_at),
                    parse_timestamp(key.expires_at),
                    parse_timestamp(key.revoked_at),
                    key.name
                ));
            }
            print(&table)
        }
        KeysCommand::Rotate { key, overlap } => {
            let actor = Actor::command_line("POST", "manchette keys rotate");
            let rotated = conn
                .transaction(async |conn| {
                    let key = ApiKey::lock_named(conn, &key).await?;
                    let key = key.ok_or(Problem::NotFound)?;
                    let rotated = key.rotate(conn, overlap, None).await?;
                    let (old, new) = (&rotated.old, &rotated.successor);
                    old.record(conn, AuditAction::Rotated, &actor).await?;
                    new.record(conn, AuditAction::Created, &actor).await?;
                    Ok(rotated)
                })
                .await
                .on_constraint(api_keys::constraint_problem)
                .map_err(|problem| in_words(problem, &key))?;
            print(&format!("{}\n", rotated.token.reveal()))
        }
        KeysCommand::Revoke { key } => {
            let actor = Actor::command_line("DELETE", "manchette keys revoke");
            let revoked = conn
                .transaction(async |conn| {
                    let revoked = ApiKey::revoke(conn, &key).await?;
                    if let Some(revoked) = revoked.as_ref().and_then(Option::as_ref) {
                        revoked.record(conn, AuditAction::Revoked, &actor).await?;
                    }
                    Ok(revoked)
                })
                .await
                .map_err(|problem| in_words(problem, &key))?;
            match revoked {
                Some(Some(_)) => print("Revoked.\n"),
                Some(None) => print("It was revoked before.\n"),
                None => Err(in_words(Problem::NotFound, &key)),
            }
        }
    }
}

fn in_words(problem: Problem, key: &str) -> Error {
    match problem {
        Problem::NotFound => format!("there is no key {}", redact(key)).into(),
        problem => problem.into(),
    }
}

fn end(text: &str) -> Result<DateTime<Utc>, String> {
    values::parse_timestamp(text).map_err(|(_, detail)| detail)
}

fn parse_timestamp(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(
        || "-".to_owned(),
        |at| at.to_rfc3339_opts(SecondsFormat::Secs, true),
    )
}
