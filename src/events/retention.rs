//! Removes old events from the log, a little at a time.

use std::time::Duration;

use diesel_async::RunQueryDsl;

use crate::db::ConnectOptions;

/// How many events one statement looks at: short enough not to be in anybody's way.
const STEP: usize = 2_000;
/// The pause between two steps, and after the last.
const PAUSE: Duration = Duration::from_secs(1);
const REST: Duration = Duration::from_secs(600);

/// Removes events that are older than this, for as long as the process runs.
pub async fn run(options: ConnectOptions, days: u16) {
    loop {
        tokio::time::sleep(REST).await;
        if let Err(error) = clear(&options, days).await {
            log::warn!("old events were not removed: {error}");
        }
    }
}

/// Removes all events that are older than this.
///
/// # Errors
/// Where the database can't be reached, or a statement fails.
pub async fn clear(
    options: &ConnectOptions,
    days: u16,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut conn = options.connect_for_writes().await?;
    // The oldest ones by their numbers: if the first of them are not old, none is. Who resumes from before the removed ones has
    // to begin again.
    let sql = format!(
        "WITH removed AS (DELETE FROM events WHERE at < now() - interval '{days} days' \
         AND id IN (SELECT id FROM events ORDER BY id LIMIT {STEP}) RETURNING xid), \
         noted AS (UPDATE change_log SET cleared = greatest(cleared, (SELECT xid FROM removed ORDER BY xid DESC LIMIT 1)) \
         WHERE EXISTS (SELECT FROM removed)) SELECT FROM removed"
    );
    while diesel::sql_query(&sql).execute(&mut conn).await? == STEP {
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
