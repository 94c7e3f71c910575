//! Puts content out at its time, and takes it back when it expires: each a version and an event within a second of the moment,
//! written by one node however many run, also for moments that came while none did. Reads obey the moments themselves.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{Double, Nullable, Untyped, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::{ConnectOptions, Fragment, Statement};
use crate::news::articles::Article;
use crate::news::content::crud::{self, Resource};
use crate::news::headlines::Headline;
use crate::problem::Problem;

/// The longest pause between two looks for what is due.
const INTERVAL: Duration = Duration::from_millis(400);
/// The pause while other transactions have locked what is due.
const WHILE_LOCKED: Duration = Duration::from_millis(50);
/// How long one look and what it writes may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How much one transaction puts out or takes back.
const MOST: usize = 100;

/// What is due, by the condition of an index, and the time that it waits for.
const DUE: [(&str, &str); 2] = [
    ("release = 'pending'", "listed_at"),
    (
        "expires_at IS NOT NULL AND release IN ('pending', 'out')",
        "expires_at",
    ),
];

/// Writes what comes due, for as long as the server runs. A failure is logged once.
pub async fn run(options: ConnectOptions) {
    let (mut conn, mut has_failed) = (None, false);
    loop {
        let done = tokio::time::timeout(TIMEOUT, step(&options, &mut conn)).await;
        let pause = match done.unwrap_or_else(|_| Err("no answer".into())) {
            Ok(pause) => {
                has_failed = false;
                pause
            }
            Err(error) => {
                if !has_failed {
                    log::warn!("what is due can't be written: {error}");
                }
                (conn, has_failed) = (None, true);
                INTERVAL
            }
        };
        tokio::time::sleep(pause).await;
    }
}

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Writes what is due now, and returns how long to wait before the next look.
async fn step(
    options: &ConnectOptions,
    conn: &mut Option<AsyncPgConnection>,
) -> Result<Duration, Error> {
    let conn = match conn {
        Some(conn) => conn,
        None => conn.insert(options.connect_for_writes().await?),
    };
    match next(conn).await? {
        Some(pause) if pause > Duration::ZERO => Ok(pause.min(INTERVAL)),
        Some(_) => {
            let articles = write_due::<Article>(conn).await?;
            let headlines = write_due::<Headline>(conn).await?;
            Ok(match articles + headlines {
                0 => WHILE_LOCKED,
                _ => Duration::ZERO,
            })
        }
        None => Ok(INTERVAL),
    }
}

/// How long it is until the next moment; nothing if none is known.
async fn next(conn: &mut AsyncPgConnection) -> QueryResult<Option<Duration>> {
    let mut sql = Fragment::new("SELECT extract(epoch FROM least(");
    let tables = [Article::TABLE, Headline::TABLE];
    let moments = tables.iter().flat_map(|table| DUE.map(|due| (*table, due)));
    for (n, (table, (condition, time))) in moments.enumerate() {
        sql = sql
            .sql(if n > 0 {
                ", (SELECT min("
            } else {
                "(SELECT min("
            })
            .sql(time)
            .sql(") FROM ")
            .sql(table)
            .sql(" WHERE ")
            .sql(condition)
            .sql(")");
    }
    let sql = sql.sql(") - clock_timestamp())::double precision");
    let seconds: Option<f64> = Statement::<Nullable<Double>>::new(sql)
        .get_result(conn)
        .await?;
    Ok(seconds.map(|seconds| Duration::try_from_secs_f64(seconds).unwrap_or_default()))
}

/// Writes the versions and events of what is due, and returns their number. What another transaction has locked is left to it,
/// or to the next look.
///
/// # Errors
/// Where the database fails; what was written before stays.
pub async fn write_due<R: Resource>(conn: &mut AsyncPgConnection) -> Result<usize, Problem> {
    let mut written = 0;
    for (condition, time) in DUE {
        loop {
            let due = conn
                .transaction(async |conn| {
                    let ids = lock_due::<R>(conn, condition, time).await?;
                    write::<R>(conn, &ids).await?;
                    Ok::<usize, Problem>(ids.len())
                })
                .await?;
            written += due;
            if due < MOST {
                break;
            }
        }
    }
    Ok(written)
}

async fn lock_due<R: Resource>(
    conn: &mut AsyncPgConnection,
    condition: &'static str,
    time: &'static str,
) -> QueryResult<Vec<Uuid>> {
    let sql = Fragment::new("SELECT id FROM ")
        .sql(R::TABLE)
        .sql(" WHERE ")
        .sql(condition)
        .sql(" AND ")
        .sql(time)
        .sql(" <= now() ORDER BY ")
        .sql(time)
        .sql(" LIMIT ")
        .number(MOST)
        .sql(" FOR NO KEY UPDATE SKIP LOCKED");
    Statement::<SqlUuid>::new(sql).load(conn).await
}

async fn write<R: Resource>(conn: &mut AsyncPgConnection, ids: &[Uuid]) -> Result<(), Problem> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut before = Vec::new();
    for id in ids {
        before.push(crud::existing::<R>(conn, *id).await?);
    }
    // The trigger `set_release` says what has become of it.
    let sql = Fragment::new("UPDATE ")
        .sql(R::TABLE)
        .sql(
            " SET version = version + 1, \
             status = CASE WHEN listed_at <= now() THEN 'published' ELSE status END WHERE id = ANY(",
        )
        .ids(ids.to_vec())
        .sql(")");
    Statement::<Untyped>::new(sql).execute(conn).await?;
    for old in before {
        crud::record_due(conn, &old).await?;
    }
    Ok(())
}
