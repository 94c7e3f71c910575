//! A worker's database: connections, each out of the share of the resource that the running request is for.

use std::sync::Arc;
use std::time::Duration;

use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::{Pool, PoolError};
use tokio::sync::OwnedSemaphorePermit;

use super::pool::{self, Connection};
use super::pooler::Outage;
use super::shares::Shares;
use super::{ConnectOptions, DatabaseSettings, HealthMonitor};

/// Why no connection could be had.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    #[error(transparent)]
    Outage(#[from] Outage),
    #[error(transparent)]
    Pool(#[from] PoolError),
    #[error("too many requests wait for a connection")]
    QueueFull,
    #[error("no connection became free in time")]
    Timeout,
}

/// The connections of one worker.
pub struct Database {
    pool: Pool<AsyncPgConnection>,
    /// How many of its connections each resource may hold.
    pub shares: Shares,
    /// Whether the database answers.
    pub health: Arc<HealthMonitor>,
    pool_timeout: Duration,
    pool_queue: usize,
    lock_timeout_ms: u32,
}

impl Database {
    /// A pool that opens no connection yet. `resources` are those that share its connections.
    pub fn new(
        address: &ConnectOptions,
        settings: &DatabaseSettings,
        health: Arc<HealthMonitor>,
        resources: impl Iterator<Item = String>,
    ) -> Self {
        Self {
            pool: pool::pool(address, settings, &health),
            shares: Shares::new(resources, settings.pool_size_per_resource()),
            health,
            pool_timeout: settings.pool_timeout(),
            pool_queue: settings.pool_queue as usize,
            lock_timeout_ms: settings.lock_timeout_ms,
        }
    }

    /// A connection out of the share of the request's resource. Taken in a handler's body, never by an extractor: a slow
    /// upload holds none.
    ///
    /// # Errors
    /// At once where the database doesn't answer or the queue is full, else after `--pool-timeout-ms`.
    pub async fn connection(&self) -> Result<Connection, ConnectionError> {
        self.take(async { self.shares.take().await }).await
    }

    /// A connection to look up a caller's credentials with, out of no resource's share: a resource whose share is used up
    /// keeps no caller from being authenticated. It is given back at once.
    ///
    /// # Errors
    /// Like [`Self::connection`].
    pub async fn connection_for_credentials(&self) -> Result<Connection, ConnectionError> {
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
        // One bound for waiting, opening and checking together.
        let connection = tokio::time::timeout(self.pool_timeout, async {
            let permit = permit.await;
            let object = self.pool.get().await?;
            Ok(Connection::new(object, permit, self.lock_timeout_ms))
        });
        connection.await.unwrap_or(Err(ConnectionError::Timeout))
    }
}
