//! Requests for answers that are not kept: of several for the same answer, one asks the database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::watch;

/// The requests that are on their way, by the address of their answer.
#[derive(Debug, Default)]
pub struct CollapsedRequests(Mutex<HashMap<Arc<str>, Completion>>);

/// Ends with a request; true if its answer changed on the way, so that it is worth fetching again.
pub type Completion = watch::Receiver<bool>;

/// A request that asks the database, for all that want the same answer. They go on when it is dropped.
#[derive(Debug)]
pub struct ForwardedRequest {
    pub key: Arc<str>,
    /// The changes that were known when it began, and the earliest time that the database's clock may have shown.
    pub began: (u64, DateTime<Utc>),
    collapsed: Arc<CollapsedRequests>,
    completed: watch::Sender<bool>,
}

/// Who asks the database.
pub enum Turn {
    Forward(ForwardedRequest),
    /// Another request does.
    Wait(Completion),
}

impl CollapsedRequests {
    /// Whose turn it is to ask the database for this answer.
    pub fn turn(
        self: &Arc<Self>,
        key: &Arc<str>,
        began: impl FnOnce() -> (u64, DateTime<Utc>),
    ) -> Turn {
        let mut collapsed = self.lock();
        if let Some(forwarded) = collapsed.get(key) {
            return Turn::Wait(forwarded.clone());
        }
        let (completed, waiting) = watch::channel(false);
        collapsed.insert(key.clone(), waiting);
        drop(collapsed);
        Turn::Forward(ForwardedRequest {
            key: key.clone(),
            began: began(),
            collapsed: self.clone(),
            completed,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Completion>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ForwardedRequest {
    /// Tells the others that the answer changed on the way.
    pub fn changed(&self) {
        self.completed.send_replace(true);
    }
}

impl Drop for ForwardedRequest {
    fn drop(&mut self) {
        self.collapsed.lock().remove(&self.key);
    }
}
