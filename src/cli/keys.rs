//! `manchette keys`: creates, lists, rotates and revokes API keys.

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Subcommand;
use diesel_async::{AsyncConnection, AsyncPgConnection};

use super::database::open_database;
use super::{Error, print};
use crate::access::actor::Actor;
use crate::access::api_keys::{self, ApiKey, MAX_OVERLAP, NewKey, Scope, Token, database_time};
use crate::access::audit::AuditAction;
use crate::config::Config;
use crate::http::values::{self, is_line};
use crate::problem::{OnConstraint, Problem};
use crate::redact::redact;
use uuid::Uuid;

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Create a key and print it to standard output. Only its hash is stored, so it can't be shown again.
    Create {
        /// Its purpose: at most 100 characters.
        #[arg(long)]
        name: String,
        /// A scope: read, early, write, publish or admin. Repeat the option for several.
        #[arg(long = "scope", required = true)]
        scopes: Vec<Scope>,
        /// When it expires, such as 2027-11-23T14:00:00Z; never if not set.
        #[arg(long, value_parser = parse_expiry)]
        expires: Option<DateTime<Utc>>,
    },
    /// List the keys, newest first.
    List,
    /// Create a successor with the same name, scopes and lifetime, and print it as `create` does.
    Rotate {
        /// The old key: its id, or its prefix as `list` shows it.
        key: String,
        /// Seconds that the old key stays valid beside the new one: at most 604800, 7 days.
        #[arg(long, default_value_t = 86_400, value_parser = clap::value_parser!(u32).range(..=i64::from(MAX_OVERLAP)))]
        overlap: u32,
    },
    /// Revoke a key. The last key with the scope admin that does not expire can't be revoked: create another one first.
    Revoke {
        /// The key: its id, its prefix as `list` shows it, or the key itself, which other users of the machine can read on a
        /// command line.
        key: String,
    },
}

pub async fn run(config: &Config, command: KeysCommand) -> Result<(), Error> {
    let database = open_database(config, "keys").await?;
    let mut conn = database.options.connect_for_writes().await?;
    let result = match command {
        KeysCommand::Create {
            name,
            scopes,
            expires,
        } => create(&mut conn, name, scopes, expires).await,
        KeysCommand::List => list(&mut conn).await,
        KeysCommand::Rotate { key, overlap } => rotate(&mut conn, &key, overlap).await,
        KeysCommand::Revoke { key } => revoke(&mut conn, &key).await,
    };
    drop(conn);
    database.close();
    result
}

async fn create(
    conn: &mut AsyncPgConnection,
    name: String,
    scopes: Vec<Scope>,
    expires_at: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    if !is_line(&name, 100) {
        return Err("the name must be one line of at most 100 characters".into());
    }
    let new = NewKey {
        name,
        scopes,
        expires_at,
    };
    new.check_expiry(database_time(conn).await?)
        .map_err(|_| "the key would have expired already")?;
    let actor = Actor::command_line("POST", "manchette keys create");
    let token = conn
        .transaction(async |conn| {
            let (key, token) = ApiKey::insert(conn, Uuid::now_v7(), &new, None, None).await?;
            key.record(conn, AuditAction::Created, &actor).await?;
            Ok::<Token, Problem>(token)
        })
        .await?;
    print(&format!("{}\n", token.reveal()))
}

async fn list(conn: &mut AsyncPgConnection) -> Result<(), Error> {
    let mut table = format!(
        "{:<36}  {:<12}  {:<24}  {:<20}  {:<20}  {:<20}  {:<20}  NAME\n",
        "ID", "PREFIX", "SCOPES", "CREATED", "LAST USED", "EXPIRES", "REVOKED"
    );
    for key in ApiKey::all(conn).await? {
        table.push_str(&format!(
            "{:<36}  {:<12}  {:<24}  {:<20}  {:<20}  {:<20}  {:<20}  {}\n",
            key.id,
            key.prefix,
            key.scopes.join(","),
            format_time(Some(key.created_at)),
            format_time(key.last_used_at),
            format_time(key.expires_at),
            format_time(key.revoked_at),
            key.name
        ));
    }
    print(&table)
}

async fn rotate(conn: &mut AsyncPgConnection, key: &str, overlap: u32) -> Result<(), Error> {
    let actor = Actor::command_line("POST", "manchette keys rotate");
    let rotated = conn
        .transaction(async |conn| {
            let old = ApiKey::lock_named(conn, key).await?;
            let old = old.ok_or(Problem::NotFound)?;
            let rotated = old.rotate(conn, overlap, None).await?;
            let (old, new) = (&rotated.old, &rotated.successor);
            old.record(conn, AuditAction::Rotated, &actor).await?;
            new.record(conn, AuditAction::Created, &actor).await?;
            Ok(rotated)
        })
        .await
        .on_constraint(api_keys::constraint_problem)
        .map_err(|problem| to_error(problem, key))?;
    print(&format!("{}\n", rotated.token.reveal()))
}

async fn revoke(conn: &mut AsyncPgConnection, key: &str) -> Result<(), Error> {
    let actor = Actor::command_line("DELETE", "manchette keys revoke");
    let revoked = conn
        .transaction(async |conn| {
            let revoked = ApiKey::revoke(conn, key).await?;
            if let Some(key) = revoked.as_ref().and_then(Option::as_ref) {
                key.record(conn, AuditAction::Revoked, &actor).await?;
            }
            Ok(revoked)
        })
        .await
        .map_err(|problem| to_error(problem, key))?;
    match revoked {
        Some(Some(_)) => print("Revoked.\n"),
        Some(None) => print("It was already revoked.\n"),
        None => Err(to_error(Problem::NotFound, key)),
    }
}

fn to_error(problem: Problem, key: &str) -> Error {
    match problem {
        Problem::NotFound => format!("there is no key {}", redact(key)).into(),
        problem => problem.into(),
    }
}

fn parse_expiry(text: &str) -> Result<DateTime<Utc>, String> {
    values::parse_timestamp(text).map_err(|(_, detail)| detail.to_string())
}

fn format_time(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(
        || "-".to_owned(),
        |at| at.to_rfc3339_opts(SecondsFormat::Secs, true),
    )
}
