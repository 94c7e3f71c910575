//! A worker's own pool of connections.

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

/// A connection on loan from a pool. Its statements wait for locks only as long as a read may.
pub struct Connection {
    // Given back before its place is: whoever takes the place finds a connection.
    object: Object<AsyncPgConnection>,
    _place: Option<OwnedSemaphorePermit>,
    lock_timeout_ms: u32,
}

impl Connection {
    /// `place` is what this connection takes of its resource's share.
    pub fn new(
        object: Object<AsyncPgConnection>,
        place: Option<OwnedSemaphorePermit>,
        lock_timeout_ms: u32,
    ) -> Self {
        Self {
            object,
            _place: place,
            lock_timeout_ms,
        }
    }

    /// Runs a transaction that writes: it may wait longer for locks than a read, for what it waits for is another write, and
    /// that soon ends. Beginning it and saying so is one round trip.
    ///
    /// # Errors
    /// What `work` returns, after everything was rolled back; or that the transaction could not be begun or committed.
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
                // What broke the transaction is what `work` came back with.
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

/// A pool that opens connections as they are needed. It is made without asking the database, so a server starts, and
/// answers that it can't, while the database is away.
pub fn pool(
    address: &ConnectOptions,
    settings: &DatabaseSettings,
    watch: &Arc<HealthMonitor>,
) -> Pool<AsyncPgConnection> {
    let mut manager = ManagerConfig::default();
    // A connection that broke is noticed by its flag; asking each time would double the round trips of a read.
    manager.recycling_method = RecyclingMethod::Fast;
    let address = address.clone();
    manager.custom_setup = Box::new(move |_| {
        let address = address.clone();
        async move { address.connect().await }.boxed()
    });
    let timeout = Some(settings.pool_timeout());
    let watch = watch.clone();
    Pool::builder(AsyncDieselConnectionManager::new_with_config("", manager))
        .max_size(settings.pool_size.into())
        .runtime(deadpool::Runtime::Tokio1)
        .wait_timeout(timeout)
        .create_timeout(timeout)
        .recycle_timeout(timeout)
        // What a request left behind on a connection to a database that hung would keep the next one waiting.
        .pre_recycle(Hook::sync_fn(move |_, metrics| {
            if watch.trusts(metrics.created) {
                Ok(())
            } else {
                Err(HookError::message("opened before the database went away"))
            }
        }))
        .build()
        .expect("timeouts have their runtime")
}
