//! How the server stops: first it says so, then it takes no new connections, then it waits until those that it has are done.

use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::admission::Admission;

/// How often it is looked whether connections are left.
const LOOKS: Duration = Duration::from_millis(20);
/// How long the connections that the kernel had already taken may need to be accepted.
const ACCEPTED_WITHIN: Duration = Duration::from_millis(100);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
enum Phase {
    Serving,
    /// Whoever asks is served, and told to go elsewhere next time.
    Announced,
    /// Idle connections are closed.
    Draining,
}

/// How far the server has got with stopping. All clones are one.
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

    /// From now on `/readyz` fails, and every answer closes its connection.
    pub fn announce(&self) {
        self.0.send_replace(Phase::Announced);
    }

    /// Takes no new connections and waits until those that there are have ended, so long and no longer; says how many have
    /// not. The listener is the one that the server accepts from.
    pub async fn drain(
        &self,
        listener: TcpListener,
        connections: &Admission,
        timeout: Duration,
    ) -> usize {
        if let Err(error) = refuse_new(&listener) {
            log::debug!("the kernel filters no new connections: {error}");
            // Then it keeps one at most that nobody has accepted yet.
            let _ = socket2::SockRef::from(&listener).listen(0);
        }
        self.0.send_replace(Phase::Draining);
        let begun = Instant::now();
        loop {
            let open = connections.open();
            let accepted = begun.elapsed() >= ACCEPTED_WITHIN;
            if (open == 0 && accepted) || begun.elapsed() >= timeout {
                return open;
            }
            tokio::time::sleep(LOOKS).await;
        }
    }

    /// Something that a connection asks whether it shall end when it is idle.
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

/// Comes when idle connections are to end, and stays.
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

/// Lets the kernel drop requests for new connections (SYN without ACK) at the listening socket. Those that it had already
/// taken are still accepted: to close the socket while some of them wait there would cut off requests that were sent. Who comes
/// now tries again a second later, and is refused then, or finds the server's successor.
///
/// # Errors
/// Where the system lets the process attach no filter.
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

/// Other systems have no such filter.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn refuse_new(_: &TcpListener) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
