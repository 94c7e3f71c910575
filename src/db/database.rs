//! The database of one worker: its connection pool, with a share for each resource.

use std::sync::Arc;
use std::time::Duration;

use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::{Pool, PoolError};
use tokio::sync::OwnedSemaphorePermit;

use super::pool::{self, Connection};
use super::pooler::Outage;
use super::shares::Shares;
use super::{ConnectOptions, DatabaseSettings, HealthMonitor};

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    #[error(transparent)]
    Outage(#[from] Outage),
    #[error(transparent)]
    Pool(#[from] PoolError),
    #[error("too many requests are waiting for a connection")]
    QueueFull,
    #[error("timeout while waiting for a connection")]
    Timeout,
}

/// The connections of one worker.
pub struct Database {
    pool: Pool<AsyncPgConnection>,
    /// Limits how many of the connections each resource may hold.
    pub shares: Shares,
    /// The health of the database.
    pub health: Arc<HealthMonitor>,
    pool_timeout: Duration,
    pool_queue: usize,
    lock_timeout_ms: u32,
}

impl Database {
    /// Creates a pool without opening a connection. `resources` share its connections.
    pub fn new(
        options: &ConnectOptions,
        settings: &DatabaseSettings,
        health: Arc<HealthMonitor>,
        resources: impl Iterator<Item = String>,
    ) -> Self {
        Self {
            pool: pool::pool(options, settings, &health),
            shares: Shares::new(resources, settings.pool_size_per_resource()),
            health,
            pool_timeout: settings.pool_timeout(),
            pool_queue: settings.pool_queue as usize,
            lock_timeout_ms: settings.lock_timeout_ms,
        }
    }

    /// A connection from the share of the request's resource. Handlers take it in their body, after extraction, so that a
    /// slow upload holds none.
    ///
    /// # Errors
    /// At once during an outage or if the queue is full, else after `--pool-timeout-ms`.
    pub async fn connection(&self) -> Result<Connection, ConnectionError> {
        self.take(async { self.shares.take().await }).await
    }

    /// A connection outside of the shares, for work that returns it at once: looking up a caller's credentials, even if the share
    /// of the resource is used up; and streams, which belong to no request any more.
    ///
    /// # Errors
    /// Like [`Self::connection`].
    pub async fn unshared_connection(&self) -> Result<Connection, ConnectionError> {
        self.take(async { None }).await
    }

    async fn take(
        &self,
        permit: impl Future<Output = Option<OwnedSemaphorePermit>>,
    ) -> Result<Connection, ConnectionError> {
        self.health.check()?;
        if self.pool.status().waiting + self.shares.waiting() >= self.pool_queue {
            return Err(ConnectionError::QueueFull);
        }
        // One timeout for waiting, opening and checking together.
        let connection = tokio::time::timeout(self.pool_timeout, async {
            let permit = permit.await;
            let object = self.pool.get().await?;
            Ok(Connection::new(object, permit, self.lock_timeout_ms))
        });
        connection.await.unwrap_or(Err(ConnectionError::Timeout))
    }
}
