//! Graceful shutdown: announce it, refuse new connections, wait until the open ones are done.

use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::admission::Admission;

/// The interval between checks for open connections.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// How long connections may take to be accepted that the kernel had already established.
const ACCEPT_BACKLOG_WITHIN: Duration = Duration::from_millis(100);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
enum Phase {
    Serving,
    /// Requests are served; each answer closes its connection.
    Announced,
    /// Idle connections are closed.
    Draining,
}

/// The phase of the shutdown, shared by all clones.
#[derive(Clone, Debug)]
pub struct Shutdown(Arc<watch::Sender<Phase>>);

impl Default for Shutdown {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Phase::Serving)))
    }
}

impl Shutdown {
    /// Whether the server is about to stop.
    pub fn is_announced(&self) -> bool {
        *self.0.borrow() >= Phase::Announced
    }

    /// Makes `/readyz` fail and every answer close its connection.
    pub fn announce(&self) {
        self.0.send_replace(Phase::Announced);
    }

    /// Refuses new connections and waits until the open ones have ended, up to the timeout; returns how many have not.
    /// `listener` is the one that the server accepts from.
    pub async fn drain(
        &self,
        listener: TcpListener,
        connections: &Admission,
        timeout: Duration,
    ) -> usize {
        if let Err(error) = refuse_new(&listener) {
            log::debug!("new connections can't be filtered in the kernel: {error}");
            // The backlog is then at most one connection.
            let _ = socket2::SockRef::from(&listener).listen(0);
        }
        self.0.send_replace(Phase::Draining);
        let begun = Instant::now();
        loop {
            let open = connections.open();
            let accepted = begun.elapsed() >= ACCEPT_BACKLOG_WITHIN;
            if (open == 0 && accepted) || begun.elapsed() >= timeout {
                return open;
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// For a connection to poll whether to end when idle.
    pub fn draining(&self) -> Draining {
        let mut phase = self.0.subscribe();
        Draining(Some(Box::pin(async move {
            let ended = phase.wait_for(|phase| *phase == Phase::Draining).await;
            if ended.is_err() {
                std::future::pending::<()>().await;
            }
        })))
    }
}

/// Ready once idle connections are to end, and from then on.
pub struct Draining(Option<Pin<Box<dyn Future<Output = ()>>>>);

impl Draining {
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(waits) = &mut self.0 {
            std::task::ready!(waits.as_mut().poll(cx));
            self.0 = None;
        }
        Poll::Ready(())
    }
}

/// Makes the kernel drop new connections (SYN without ACK) at the listening socket. Established ones that wait in its backlog
/// are still accepted: closing the socket would cut off their requests. A dropped client tries again a second later, and is
/// refused then, or reaches the server's successor.
///
/// # Errors
/// Where the system doesn't let the process attach a filter.
#[cfg(target_os = "linux")]
pub fn refuse_new(listener: &TcpListener) -> io::Result<()> {
    use socket2::{SockFilter, SockRef};
    const FLAGS: u32 = 13;
    const SYN_AND_ACK: u32 = 0x12;
    const SYN: u32 = 0x02;
    SockRef::from(listener).attach_filter(&[
        SockFilter::new(0x30, 0, 0, FLAGS),
        SockFilter::new(0x54, 0, 0, SYN_AND_ACK),
        SockFilter::new(0x15, 0, 1, SYN),
        SockFilter::new(0x06, 0, 0, 0),
        SockFilter::new(0x06, 0, 0, u32::MAX),
    ])
}

/// Not supported on other systems.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn refuse_new(_: &TcpListener) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
