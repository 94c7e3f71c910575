//! The migrations: which of them are applied, and applying the pending ones.

use diesel::define_sql_function;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use tokio_postgres::{Client, SimpleQueryMessage};

use super::{ConnectOptions, advisory_lock};
use crate::progress::Progress;

pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// The advisory lock held while migrating: `manchett` in ASCII.
const LOCK: i64 = i64::from_be_bytes(*b"manchett");

type Error = Box<dyn std::error::Error + Send + Sync>;

/// The schema of a database, compared with the one that this program was built for.
#[derive(Debug, PartialEq, Eq)]
pub enum Schema {
    Current,
    /// Some migrations are still to be applied.
    Behind,
    /// A version from before the first release made it. Its migrations have been replaced, so there is no upgrade.
    PreRelease,
    /// A newer version applied migrations that this program doesn't have: the first of them.
    Newer(String),
}

/// Compares the migrations applied with those that this program carries.
pub async fn schema(conn: &mut AsyncPgConnection) -> QueryResult<Schema> {
    let ours = versions();
    let exists: bool = diesel::select(to_regclass("__diesel_schema_migrations").is_not_null())
        .get_result(conn)
        .await?;
    if !exists {
        return Ok(Schema::Behind);
    }
    let applied: Vec<String> = __diesel_schema_migrations::table
        .select(__diesel_schema_migrations::version)
        .order(__diesel_schema_migrations::version)
        .load(conn)
        .await?;
    Ok(compare(&applied, &ours))
}

/// Compares versions, both in ascending order.
fn compare(applied: &[String], ours: &[String]) -> Schema {
    match applied.iter().find(|version| !ours.contains(version)) {
        Some(unknown) if Some(unknown) < ours.first() => Schema::PreRelease,
        Some(unknown) => Schema::Newer(unknown.clone()),
        None if applied.len() < ours.len() => Schema::Behind,
        None => Schema::Current,
    }
}

/// Requires the schema that this program was built for.
///
/// # Errors
/// If the database has another schema; the message says what to do.
pub async fn require_current(conn: &mut AsyncPgConnection) -> Result<(), Error> {
    let schema = schema(conn).await?;
    require_supported(&schema)?;
    match schema {
        Schema::Behind => {
            Err("this database does not have all migrations: run `manchette migrate` first".into())
        }
        _ => Ok(()),
    }
}

/// Refuses a schema that this program can neither use nor migrate.
fn require_supported(schema: &Schema) -> Result<(), Error> {
    match schema {
        Schema::Current | Schema::Behind => Ok(()),
        Schema::PreRelease => Err(
            "this database was made by a pre-release version of manchette and can't be upgraded: export what you want to \
             keep with the version that made it, then start anew with an empty data folder or database"
                .into(),
        ),
        Schema::Newer(version) => Err(format!(
            "this database has a migration ({version}) that this version of manchette doesn't know: \
             start the version that made it, or a newer one"
        )
        .into()),
    }
}

/// Whether every migration that this program needs is applied. Newer ones don't matter: during a rolling deploy, the schema
/// is ahead of the nodes that still run the previous version.
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

define_sql_function! {
    /// The table of this name, or null.
    fn to_regclass(name: Text) -> Nullable<Oid>;
}

diesel::table! {
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

fn versions() -> Vec<String> {
    let migrations: Vec<Box<dyn Migration<Pg>>> = MIGRATIONS
        .migrations()
        .expect("the migrations are embedded in the program");
    migrations
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect()
}

/// Applies the pending migrations and returns their versions. A second process that migrates at the same time waits for the
/// first, then finds none pending.
pub async fn migrate(options: &ConnectOptions) -> Result<Vec<String>, Error> {
    let mut conn = options.connect_unbounded().await?;
    advisory_lock::lock_in_session(&mut conn, LOCK).await?;
    require_supported(&schema(&mut conn).await?)?;
    tokio::task::spawn_blocking(move || {
        let mut harness = AsyncMigrationHarness::new(conn);
        let pending = harness.pending_migrations(MIGRATIONS)?;
        let progress = Progress::steps("migrating", pending.len());
        let mut applied = Vec::new();
        for migration in &pending {
            applied.push(harness.run_migration(migration)?.to_string());
            progress.step();
        }
        Ok(applied)
    })
    .await?
    // The lock is released with the connection.
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn applied_versions_are_compared_with_ours() {
        let compare = |applied: &[&str]| {
            let applied: Vec<String> = applied.iter().copied().map(str::to_owned).collect();
            compare(&applied, &["20".to_owned(), "40".to_owned()])
        };
        assert_eq!(compare(&[]), Schema::Behind);
        assert_eq!(compare(&["20"]), Schema::Behind);
        assert_eq!(compare(&["20", "40"]), Schema::Current);
        assert_eq!(compare(&["10"]), Schema::PreRelease);
        assert_eq!(compare(&["10", "15", "50"]), Schema::PreRelease);
        assert_eq!(compare(&["20", "30"]), Schema::Newer("30".to_owned()));
        assert_eq!(compare(&["20", "40", "50"]), Schema::Newer("50".to_owned()));
    }
}
