//! The connection pool of one worker.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use diesel::result::Error;
use diesel_async::pooled_connection::deadpool::{Hook, HookError, Object, Pool};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, TransactionManager};
use futures_util::FutureExt;
use tokio::sync::OwnedSemaphorePermit;

use super::DatabaseSettings;
use super::{ConnectOptions, HealthMonitor};

/// A connection from the pool. Its statements have the lock timeout of a read, unless they run in [`Connection::write`].
pub struct Connection {
    // Dropped before the permit: the next holder of the permit finds a connection.
    object: Object<AsyncPgConnection>,
    _permit: Option<OwnedSemaphorePermit>,
    lock_timeout_ms: u32,
}

impl Connection {
    /// `permit` is the part of the resource's share that this connection uses.
    pub fn new(
        object: Object<AsyncPgConnection>,
        permit: Option<OwnedSemaphorePermit>,
        lock_timeout_ms: u32,
    ) -> Self {
        Self {
            object,
            _permit: permit,
            lock_timeout_ms,
        }
    }

    /// Runs a transaction that writes. It may wait longer for locks than a read, because it waits for another write, which
    /// ends soon. `BEGIN` and the timeout take one round trip.
    ///
    /// # Errors
    /// The error of `work`, after a rollback; or that the transaction could not be begun or committed.
    pub async fn write<R, E: From<Error>>(
        &mut self,
        work: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<R, E>,
    ) -> Result<R, E> {
        let conn: &mut AsyncPgConnection = &mut self.object;
        let begin = format!("BEGIN; SET LOCAL lock_timeout = {}", self.lock_timeout_ms);
        AnsiTransactionManager::begin_transaction_sql(conn, &begin).await?;
        match work(conn).await {
            Ok(done) => {
                AnsiTransactionManager::commit_transaction(conn).await?;
                Ok(done)
            }
            Err(error) => match AnsiTransactionManager::rollback_transaction(conn).await {
                // The error of `work` is what broke the transaction.
                Ok(()) | Err(Error::BrokenTransactionManager) => Err(error),
                Err(rollback) => Err(rollback.into()),
            },
        }
    }
}

impl Deref for Connection {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        &self.object
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        &mut self.object
    }
}

/// Creates a pool that opens connections when they are needed: a server starts during an outage too, and answers with
/// problems.
pub fn pool(
    options: &ConnectOptions,
    settings: &DatabaseSettings,
    health: &Arc<HealthMonitor>,
) -> Pool<AsyncPgConnection> {
    let mut manager = ManagerConfig::default();
    // A flag marks a broken connection; a query before each use would double the round trips of a read.
    manager.recycling_method = RecyclingMethod::Fast;
    let options = options.clone();
    manager.custom_setup = Box::new(move |_| {
        let options = options.clone();
        async move { options.connect().await }.boxed()
    });
    let timeout = Some(settings.pool_timeout());
    let health = health.clone();
    Pool::builder(AsyncDieselConnectionManager::new_with_config("", manager))
        .max_size(settings.pool_size.into())
        .runtime(deadpool::Runtime::Tokio1)
        .wait_timeout(timeout)
        .create_timeout(timeout)
        .recycle_timeout(timeout)
        // A connection from before an outage may still wait for the answer to an earlier request.
        .pre_recycle(Hook::sync_fn(move |_, metrics| {
            if health.trusts(metrics.created) {
                Ok(())
            } else {
                Err(HookError::message("opened before the outage"))
            }
        }))
        .build()
        .expect("a runtime is set for the timeouts")
}
