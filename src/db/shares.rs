//! Limits how many connections of a worker each resource may hold at once: a resource whose table is locked, or whose
//! queries are slow, leaves some to the others.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

tokio::task_local! {
    /// The share of the resource of the current request.
    static CURRENT: Arc<Semaphore>;
}

/// The shares of one worker, by resource: the first segment of a path below `/v1/`.
#[derive(Debug)]
pub struct Shares {
    by_resource: HashMap<String, Arc<Semaphore>>,
    waiting: AtomicUsize,
}

impl Shares {
    /// A share of `size` connections for each resource.
    pub fn new(resources: impl Iterator<Item = String>, size: usize) -> Self {
        Self {
            by_resource: resources
                .map(|resource| (resource, Arc::new(Semaphore::new(size))))
                .collect(),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Runs the handler of a request: the connections that it takes count towards the resource of the path. A path without
    /// a resource has no share and no limit.
    pub async fn scope<F: Future>(&self, path: &str, handler: F) -> F::Output {
        let resource = resource_of(path).and_then(|resource| self.by_resource.get(resource));
        match resource {
            Some(share) => CURRENT.scope(share.clone(), handler).await,
            None => handler.await,
        }
    }

    /// Waits for a permit in the share of the current request. `None` if it has no share.
    pub async fn take(&self) -> Option<OwnedSemaphorePermit> {
        let share = CURRENT.try_with(Arc::clone).ok()?;
        if let Ok(permit) = share.clone().try_acquire_owned() {
            return Some(permit);
        }
        let _waiting = Waiting::new(&self.waiting);
        share.acquire_owned().await.ok()
    }

    /// How many requests wait for a permit.
    pub fn waiting(&self) -> usize {
        AtomicUsize::load(&self.waiting, Ordering::Relaxed)
    }
}

/// The resource of a path: `headlines` of `/v1/headlines/…`.
pub fn resource_of(path: &str) -> Option<&str> {
    path.strip_prefix("/v1/")?.split('/').next()
}

/// Counts a waiting request until it is dropped, however the waiting ends.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
