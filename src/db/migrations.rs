//! The schema: what this program needs, what the database has, and how it gets there.

use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use tokio_postgres::{Client, SimpleQueryMessage};

use super::ConnectOptions;

pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// The advisory lock that one migrating program holds: `manchett` in ASCII.
const LOCK: i64 = i64::from_be_bytes(*b"manchett");

type Error = Box<dyn std::error::Error + Send + Sync>;

/// How the database's schema stands to the one that this program was built for.
#[derive(Debug, PartialEq, Eq)]
pub enum Schema {
    Current,
    /// Some migrations are still to be applied.
    Behind,
    /// Somebody newer applied migrations that this program doesn't know: the first of them.
    Unknown(String),
}

/// Compares the migrations applied with those that this program carries.
pub async fn schema(conn: &mut AsyncPgConnection) -> QueryResult<Schema> {
    let ours = versions();
    let exists: Exists =
        diesel::sql_query("SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL AS it")
            .get_result(conn)
            .await?;
    if !exists.it {
        return Ok(Schema::Behind);
    }
    let applied: Vec<Applied> =
        diesel::sql_query("SELECT version FROM __diesel_schema_migrations ORDER BY version")
            .load(conn)
            .await?;
    if let Some(unknown) = applied
        .iter()
        .find(|applied| !ours.contains(&applied.version))
    {
        return Ok(Schema::Unknown(unknown.version.clone()));
    }
    Ok(if applied.len() < ours.len() {
        Schema::Behind
    } else {
        Schema::Current
    })
}

/// Wants the schema to be the one that this program was built for.
///
/// # Errors
/// With what to do about it, when it is not.
pub async fn require_current(conn: &mut AsyncPgConnection) -> Result<(), Error> {
    match schema(conn).await? {
        Schema::Current => Ok(()),
        Schema::Behind => {
            Err("this database has not all migrations yet: run `manchette migrate` first".into())
        }
        Schema::Unknown(version) => Err(unknown(&version).into()),
    }
}

/// Whether every migration that this program needs is applied. Newer ones don't matter: while a deploy goes on, the
/// schema is ahead of the nodes that still run the version before.
pub async fn is_ready(client: &Client) -> Result<bool, tokio_postgres::Error> {
    let needed = versions();
    let rows = client
        .simple_query("SELECT version FROM __diesel_schema_migrations")
        .await?;
    let applied: Vec<&str> = rows
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        })
        .collect();
    Ok(needed
        .iter()
        .all(|version| applied.contains(&version.as_str())))
}

#[derive(QueryableByName)]
struct Exists {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    it: bool,
}

#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
}

fn versions() -> Vec<String> {
    let migrations: Vec<Box<dyn Migration<Pg>>> = MIGRATIONS
        .migrations()
        .expect("the migrations are inside the program");
    migrations
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect()
}

/// Applies what is pending and says what that was. Whoever comes second waits for the first, then finds nothing to do.
pub async fn migrate(address: &ConnectOptions) -> Result<Vec<String>, Error> {
    let mut conn = address.connect_unbounded().await?;
    lock(&mut conn).await?;
    if let Schema::Unknown(version) = schema(&mut conn).await? {
        return Err(unknown(&version).into());
    }
    tokio::task::spawn_blocking(move || {
        let mut harness = AsyncMigrationHarness::new(conn);
        let applied: Vec<MigrationVersion> = harness.run_pending_migrations(MIGRATIONS)?;
        Ok(applied.iter().map(ToString::to_string).collect())
    })
    .await?
    // The lock goes with the connection.
}

/// What to say of a schema that is ahead of us.
fn unknown(version: &str) -> String {
    format!(
        "this database has a migration ({version}) that this version of manchette doesn't know: \
         start the version that made it, or a newer one"
    )
}

async fn lock(conn: &mut AsyncPgConnection) -> QueryResult<()> {
    diesel::sql_query("SELECT pg_advisory_lock($1)")
        .bind::<diesel::sql_types::BigInt, _>(LOCK)
        .execute(conn)
        .await?;
    Ok(())
}
