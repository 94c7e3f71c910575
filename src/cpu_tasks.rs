//! CPU-bound work off the workers' threads: rendering and validating large bodies. A worker's thread serves many requests
//! concurrently, so long tasks run on the blocking pool, at most one for each processor at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::Problem;
use crate::problem::messages;

/// How long a request waits for a permit.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// Limits the concurrent CPU-bound tasks of the process.
#[derive(Clone, Debug)]
pub struct CpuTasks {
    permits: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    max_wait: Duration,
}

impl Default for CpuTasks {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        Self::new(processors, MAX_WAIT)
    }
}

impl CpuTasks {
    /// Runs at most `max_running` tasks at once; a request waits up to `max_wait` for a permit.
    pub fn new(max_running: usize, max_wait: Duration) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(max_running)),
            waiting: Arc::default(),
            max_wait,
        }
    }

    /// Runs a task: in place if it is small, otherwise on another thread. To be called without a database connection in
    /// hand, as it may wait.
    ///
    /// # Errors
    /// With a 503 where no permit becomes free in time.
    pub async fn run<T: Send + 'static>(
        &self,
        is_small: bool,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        Ok(self.run_and_hold(is_small, task).await?.0)
    }

    /// Runs a task and returns its permit, if it needed one. A caller whose database work is heavy, too, holds the permit
    /// until that is done, which leaves connections to other requests.
    pub async fn run_and_hold<T: Send + 'static>(
        &self,
        is_small: bool,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> Result<(T, Option<Permit>), Problem> {
        if is_small {
            return Ok((task(), None));
        }
        let permit = Permit(self.permit().await?);
        // The task owns the permit: it occupies a processor even after its request was dropped.
        let done = tokio::task::spawn_blocking(move || (task(), Some(permit)));
        done.await.map_err(Problem::internal)
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let _waiting = WaitingRequest::count(&self.waiting);
        let permit = self.permits.clone().acquire_owned();
        match tokio::time::timeout(self.max_wait, permit).await {
            Ok(permit) => permit.map_err(Problem::internal),
            Err(_) => Err(Problem::Busy(messages::busy_with_bodies())),
        }
    }

    /// How many requests wait for a permit.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// Takes all permits: no task starts until the result is dropped.
    pub async fn pause(&self) -> OwnedSemaphorePermit {
        let all = u32::try_from(self.permits.available_permits()).unwrap_or(u32::MAX);
        let permits = self.permits.clone().acquire_many_owned(all).await;
        permits.expect("the semaphore is never closed")
    }
}

/// A permit to run, given back when it is dropped.
#[derive(Debug)]
pub struct Permit(#[expect(dead_code, reason = "held until it is dropped")] OwnedSemaphorePermit);

/// Counts a waiting request until it is dropped.
struct WaitingRequest<'a>(&'a AtomicUsize);

impl<'a> WaitingRequest<'a> {
    fn count(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::SeqCst);
        Self(waiting)
    }
}

impl Drop for WaitingRequest<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_task_waits_for_a_permit_until_the_timeout() {
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
