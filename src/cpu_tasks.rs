//! CPU-bound work off the workers' threads: rendering and validating large bodies. A worker's thread answers many requests
//! at once, so whatever takes long runs on a thread of the blocking pool, and only as much of it at once as there are
//! processors.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::Problem;

/// How long a request waits for its turn.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Limits the CPU-bound tasks of the whole process.
#[derive(Clone, Debug)]
pub struct CpuTasks {
    permits: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    longest_wait: Duration,
}

impl Default for CpuTasks {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        Self::new(processors, LONGEST_WAIT)
    }
}

impl CpuTasks {
    /// At most so many at once; a request waits so long for its turn.
    pub fn new(at_once: usize, longest_wait: Duration) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(at_once)),
            waiting: Arc::default(),
            longest_wait,
        }
    }

    /// Runs a task: in place where it is small, else on another thread. Never called while a connection to the database
    /// is held.
    ///
    /// # Errors
    /// With a 503 where its turn does not come in time.
    pub async fn run<T: Send + 'static>(
        &self,
        is_small: bool,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        Ok(self.run_and_hold(is_small, task).await?.0)
    }

    /// The same, and the permit with it, where one was needed: whoever goes on with what costs the database much, too, holds
    /// it until that is done, so that only so many do that at once, and leave connections to others.
    pub async fn run_and_hold<T: Send + 'static>(
        &self,
        is_small: bool,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> Result<(T, Option<Permit>), Problem> {
        if is_small {
            return Ok((task(), None));
        }
        let permit = Permit(self.permit().await?);
        // The permit goes along: where the request is given up meanwhile, the task still occupies a processor.
        let done = tokio::task::spawn_blocking(move || (task(), Some(permit)));
        done.await.map_err(Problem::internal)
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let _waiting = Waiting::count(&self.waiting);
        let permit = self.permits.clone().acquire_owned();
        match tokio::time::timeout(self.longest_wait, permit).await {
            Ok(permit) => permit.map_err(Problem::internal),
            Err(_) => Err(Problem::Busy("too many large bodies are being processed")),
        }
    }

    /// How many requests wait for their turn.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// Takes every permit, so that no task starts until it is dropped.
    pub async fn pause(&self) -> OwnedSemaphorePermit {
        let all = u32::try_from(self.permits.available_permits()).unwrap_or(u32::MAX);
        let permits = self.permits.clone().acquire_many_owned(all).await;
        permits.expect("the semaphore is never closed")
    }
}

/// A place among the tasks that run at once, free again when it is dropped.
#[derive(Debug)]
pub struct Permit(#[expect(dead_code, reason = "it is held")] OwnedSemaphorePermit);

/// One request that waits, however it ends.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn count(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::SeqCst);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_task_waits_for_its_turn_and_no_longer_than_it_may() {
        let tasks = CpuTasks::new(1, Duration::from_millis(10));
        let paused = tasks.pause().await;
        assert_eq!(tasks.run(true, || 1).await.ok(), Some(1));
        let refused = tasks.run(false, || 1).await;
        assert!(matches!(refused, Err(Problem::Busy(_))));
        drop(paused);
        let (done, permit) = tasks.run_and_hold(false, || 1).await.unwrap();
        assert!(done == 1 && tasks.run(false, || 1).await.is_err());
        drop(permit);
        assert_eq!(tasks.run(false, || 1).await.ok(), Some(1));
        // A task that panics gives its permit back.
        assert!(tasks.run(false, || panic!("on purpose")).await.is_err());
        assert_eq!(tasks.run(false, || 1).await.ok(), Some(1));
    }
}
