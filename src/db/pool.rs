//! A worker's own pool of connections.

use std::sync::Arc;

use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::{Hook, HookError, Object, Pool};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use futures_util::FutureExt;

use super::{Address, Watch};
use crate::config;

/// A connection on loan from a pool.
pub type Connection = Object<AsyncPgConnection>;

/// A pool that opens connections as they are needed. It is made without asking the database, so a server starts, and
/// answers that it can't, while the database is away.
pub fn pool(
    address: &Address,
    settings: &config::Database,
    watch: &Arc<Watch>,
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
