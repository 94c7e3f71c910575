//! The process of the embedded Postgres: a supervisor restarts it when it ends by itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::cluster::Cluster;
use super::restarts::{Backoff, FIRST_WAIT};

/// The state until Postgres accepts its first connection.
#[derive(Debug, Default)]
pub struct FirstStart {
    failures: AtomicU32,
    is_over: AtomicBool,
}

impl FirstStart {
    pub fn finish(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// How many times Postgres has ended before it accepted a connection.
    pub fn failures(&self) -> u32 {
        AtomicU32::load(&self.failures, Ordering::Relaxed)
    }

    fn is_over(&self) -> bool {
        AtomicBool::load(&self.is_over, Ordering::Relaxed)
    }
}

/// Keeps Postgres running until told to stop.
pub struct Supervisor {
    cluster: Cluster,
    first_start: Arc<FirstStart>,
}

impl Supervisor {
    pub fn new(cluster: Cluster, first_start: Arc<FirstStart>) -> Self {
        Self {
            cluster,
            first_start,
        }
    }

    // On one thread until the process ends, as the child is stopped when this thread dies.
    pub fn run(&self, stop: &Receiver<()>) {
        let mut backoff = Backoff::default();
        loop {
            let begun = Instant::now();
            let reason = match self.cluster.spawn() {
                Ok(mut child) => match wait_for_end(&mut child, stop) {
                    None => return,
                    Some(reason) => reason,
                },
                Err(error) => format!("Postgres can't be started: {error}"),
            };
            // A command waits for the first start, and must soon be told that it fails.
            let wait = if self.first_start.is_over() {
                backoff.after(begun.elapsed())
            } else {
                self.first_start.failures.fetch_add(1, Ordering::Relaxed);
                FIRST_WAIT
            };
            log::warn!("{reason}; restarting it in {wait:?}");
            if !matches!(stop.recv_timeout(wait), Err(RecvTimeoutError::Timeout)) {
                return;
            }
            if let Err(error) = self.cluster.stop_leftover() {
                log::error!("{error}");
            }
        }
    }
}

/// Waits for the end of one run of Postgres. `None` if it was stopped on demand, else how it ended.
fn wait_for_end(child: &mut Child, stop: &Receiver<()>) -> Option<String> {
    loop {
        match stop.recv_timeout(Duration::from_millis(20)) {
            Err(RecvTimeoutError::Timeout) => {}
            _ => {
                shut_down(child);
                return None;
            }
        }
        match child.try_wait() {
            Ok(None) => {}
            Ok(Some(status)) => return Some(format!("Postgres ended ({status})")),
            Err(error) => return Some(format!("Postgres can't be waited for: {error}")),
        }
    }
}

/// Stops Postgres. A fast shutdown disconnects its clients and writes a checkpoint. If that takes too long, an immediate
/// one follows, which loses nothing either, but needs a recovery at the next start.
fn shut_down(child: &mut Child) {
    let pid = Pid::from_raw(child.id().cast_signed());
    for (signal, seconds) in [(Signal::SIGINT, 60), (Signal::SIGQUIT, 10)] {
        let _ = kill(pid, signal);
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(seconds) {
            if !matches!(child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    log::error!("Postgres ({pid}) does not stop");
}

/// The end of what Postgres wrote to its logs.
pub fn last_log_lines(log: &Path) -> String {
    let mut text = fs::read_to_string(log).unwrap_or_default();
    if let Some(newest) = newest_file(&log.with_file_name("postgres").join("log")) {
        text.push_str(&fs::read_to_string(newest).unwrap_or_default());
    }
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}

fn newest_file(folder: &Path) -> Option<PathBuf> {
    fs::read_dir(folder)
        .ok()?
        .flatten()
        .max_by_key(|entry| entry.metadata().and_then(|meta| meta.modified()).ok())
        .map(|entry| entry.path())
}
