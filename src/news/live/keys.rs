//! Ends the streams of keys that are revoked, have expired or have other scopes now.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use diesel::sql_types::{Array, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use tokio::sync::watch;
use uuid::Uuid;

use crate::access::caller::Caller;
use crate::access::credentials::ACTIVE;
use crate::db::{ConnectOptions, Fragment, Statement};

/// The pause between two looks at the keys.
const PAUSE: Duration = Duration::from_millis(400);
/// How long one look may take.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The keys that streams are open with.
#[derive(Clone, Debug, Default)]
pub struct StreamKeys(Arc<Mutex<HashMap<Uuid, Watched>>>);

#[derive(Debug)]
struct Watched {
    scopes: Vec<String>,
    /// True once the key is no longer what it was.
    ended: watch::Sender<bool>,
}

impl StreamKeys {
    /// Watches the key of a caller; none for a caller without one.
    pub fn watch(&self, caller: &Caller) -> Option<watch::Receiver<bool>> {
        let id = caller.key_id?;
        let mut keys = self.lock();
        let watched = keys.entry(id).or_insert_with(|| Watched {
            scopes: caller.scopes.clone(),
            ended: watch::Sender::new(false),
        });
        Some(watched.ended.subscribe())
    }

    /// Looks at the keys for as long as the process runs.
    pub async fn run(self, options: ConnectOptions) {
        let mut conn = None;
        loop {
            tokio::time::sleep(PAUSE).await;
            let ids = self.used();
            if ids.is_empty() {
                continue;
            }
            match tokio::time::timeout(TIMEOUT, active(&options, &mut conn, ids)).await {
                Ok(Ok(active)) => self.end_others(&active),
                // Nobody's streams end because the database is away: nothing is sent to them meanwhile.
                _ => conn = None,
            }
        }
    }

    /// The keys that streams still have.
    fn used(&self) -> Vec<Uuid> {
        let mut keys = self.lock();
        keys.retain(|_, watched| watched.ended.receiver_count() > 0);
        keys.keys().copied().collect()
    }

    fn end_others(&self, active: &HashMap<Uuid, Vec<String>>) {
        self.lock().retain(|id, watched| {
            let is_same = active.get(id) == Some(&watched.scopes);
            if !is_same {
                watched.ended.send_replace(true);
            }
            is_same
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Watched>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Which of these keys are active, and their scopes.
async fn active(
    options: &ConnectOptions,
    conn: &mut Option<AsyncPgConnection>,
    ids: Vec<Uuid>,
) -> Result<HashMap<Uuid, Vec<String>>, Error> {
    let conn = match conn {
        Some(conn) => conn,
        None => conn.insert(options.connect().await?),
    };
    let sql = Fragment::new("SELECT id, scopes FROM api_keys WHERE id = ANY(")
        .ids(ids)
        .sql(") AND ")
        .sql(ACTIVE);
    let rows: Vec<(Uuid, Vec<String>)> = Statement::<(SqlUuid, Array<Text>)>::new(sql)
        .load(conn)
        .await?;
    Ok(rows.into_iter().collect())
}
