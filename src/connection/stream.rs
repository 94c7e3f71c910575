//! The stream between a client's socket and the framework: frames requests, and enforces timeouts, limits and shutdown.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::ConnectionState;
use super::admission::ConnectionSlot;
use super::ahead::Ahead;
use super::framing::Refusal;
use super::progress::Progress;
use super::received::Received;
use super::shutdown::Draining;
use super::timer::Timer;

/// The unsent bytes of one connection that the kernel may buffer. Bytes in flight don't count, so it doesn't limit throughput.
const UNSENT_IN_KERNEL: u32 = 64 << 10;
/// The lifetime of a connection beyond the limit.
const OVERFLOW_LIFETIME: Duration = Duration::from_secs(5);
/// How long after its last use a connection is not closed as idle during shutdown: its next request may be in flight.
const IDLE_AFTER: Duration = Duration::from_millis(500);
/// How much longer than a handler the connection waits for a body.
const BODY_GRACE: Duration = Duration::from_secs(1);
/// How many bytes of a refused client are still read and discarded, and for how long: closing a connection with unread bytes
/// resets it, and the answer is lost.
const MAX_DISCARDED: usize = 1 << 20;
const DISCARD_FOR: Duration = Duration::from_secs(1);

/// Whether more is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Input {
    Open,
    /// A head was refused and replaced by the placeholder, whose answer ends the connection.
    Refused,
    Ended,
}

pub struct ClientStream {
    io: TcpStream,
    shared: Rc<ConnectionState>,
    slot: ConnectionSlot,
    draining: Draining,
    received: Received,
    input: Input,
    timeouts: Timeouts,
    /// When the current body began.
    body_since: Option<Instant>,
    /// When the wait for a head began: the first one at the start, later ones at their first byte.
    head_since: Option<Instant>,
    ahead: Ahead,
    last_used: Instant,
    timer: Timer,
    progress: Progress,
    lifetime: Option<Pin<Box<Sleep>>>,
    discarded: usize,
}

/// The timeouts of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    pub header: Duration,
    pub body: Duration,
    pub write: Duration,
}

impl ClientStream {
    pub fn new(
        io: TcpStream,
        slot: ConnectionSlot,
        draining: Draining,
        timeouts: Timeouts,
    ) -> Self {
        let now = Instant::now();
        let socket = SockRef::from(&io);
        // Both limit what the kernel buffers of an answer. Without them, the write timeout still applies.
        let _ = socket.set_tcp_notsent_lowat(UNSENT_IN_KERNEL);
        let _ = socket.set_tcp_user_timeout(Some(timeouts.write));
        // An answer is written in chunks: none shall wait until the one before is acknowledged.
        let _ = io.set_nodelay(true);
        let overflow = slot.is_overflow();
        Self {
            io,
            shared: Rc::new(ConnectionState {
                overflow,
                ..ConnectionState::default()
            }),
            slot,
            draining,
            received: Received::default(),
            input: Input::Open,
            timeouts,
            body_since: None,
            head_since: Some(now),
            ahead: Ahead::default(),
            last_used: now,
            timer: Timer::default(),
            progress: Progress::default(),
            lifetime: overflow.then(|| Box::pin(sleep_until(now + OVERFLOW_LIFETIME))),
            discarded: 0,
        }
    }

    /// The state shared with the requests on this connection.
    pub fn shared(&self) -> Rc<ConnectionState> {
        self.shared.clone()
    }

    fn write_timeout(&self) -> Duration {
        let of_settings = self.timeouts.write;
        let of_response = self.shared.write_timeout.get();
        of_response.map_or(of_settings, |timeout| timeout.min(of_settings))
    }

    /// Fails when the lifetime of a connection beyond the limit is over.
    fn poll_lifetime(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let is_over = self
            .lifetime
            .as_mut()
            .is_some_and(|lifetime| lifetime.as_mut().poll(cx).is_ready());
        if is_over {
            return Err(self.abort(io::ErrorKind::ConnectionAborted));
        }
        Ok(())
    }

    /// Makes the kernel drop its unsent bytes when the connection closes.
    fn abort(&self, why: io::ErrorKind) -> io::Error {
        let _ = self.io.set_zero_linger();
        why.into()
    }

    /// Examines the bytes that arrived in `buf` after `start`, and leaves the accepted ones there.
    fn arrived(&mut self, buf: &mut ReadBuf<'_>, start: usize) {
        let Some(examined) = self.received.receive(buf, start) else {
            return;
        };
        if self.received.is_at_head() {
            self.body_since = None;
        } else if self.shared.read.get() != self.received.heads() {
            self.body_since = Some(self.last_used);
        }
        self.shared.read.set(self.received.heads());
        if let Some(refusal) = examined.refusal {
            self.refuse(refusal);
        }
        self.head_since = if !self.received.has_incomplete_head() {
            None
        } else if examined.accepted > 0 {
            Some(self.last_used)
        } else {
            self.head_since.or(Some(self.last_used))
        };
    }

    /// Stops to read. A refused head is answered in order; a refused body ends, and its handler learns why.
    fn refuse(&mut self, refusal: Refusal) {
        self.shared.refusal.set(Some(refusal));
        self.received.refuse(refusal);
        self.input = if refusal.is_of_head() {
            self.shared.read.set(self.received.heads() + 1);
            Input::Refused
        } else {
            Input::Ended
        };
    }

    /// Waits for bytes; ready when the input ends: at a timeout, an eviction, or a shutdown of an idle connection.
    fn poll_waiting(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // An evicted connection ends at once, unless an answer is pending.
        let is_awaited = !self.received.is_at_head() || !self.received.is_empty();
        if self.slot.poll_evicted(cx).is_ready() && (is_awaited || self.shared.is_idle()) {
            self.input = Input::Ended;
            return Poll::Ready(());
        }
        if !self.received.is_at_head() {
            let Some(deadline) = self.body_deadline() else {
                return Poll::Pending;
            };
            ready!(self.timer.poll(cx, deadline));
            self.input = Input::Ended;
            return Poll::Ready(());
        }
        if let Some(since) = self.head_since
            && self.timer.poll(cx, since + self.timeouts.header).is_ready()
        {
            if self.received.is_empty() {
                // No request was begun, so none is answered.
                self.input = Input::Ended;
            } else {
                self.refuse(Refusal::HeadTooSlow(self.timeouts.header.as_secs()));
            }
            return Poll::Ready(());
        }
        if self.draining.poll(cx).is_pending() || !self.received.is_empty() {
            return Poll::Pending;
        }
        // The answer to a request in progress closes the connection itself.
        if self.shared.is_idle() {
            ready!(self.timer.poll(cx, self.last_used + IDLE_AFTER));
            self.input = Input::Ended;
            return Poll::Ready(());
        }
        Poll::Pending
    }

    /// The time at which an incomplete body ends. A handler that reads it has timed out before; after an answer without it, no
    /// handler reads it.
    fn body_deadline(&self) -> Option<Instant> {
        Some(self.body_since? + self.timeouts.body + BODY_GRACE)
    }

    /// Reads from the socket; nothing more from a client that is too far ahead of the answers to its requests.
    fn poll_socket(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.received.is_at_head() {
            return Pin::new(&mut self.io).poll_read(cx, buf);
        }
        if self.ahead.may_send(&self.shared, cx) {
            return self.ahead.poll_read(&mut self.io, cx, buf);
        }
        // It is not the client who is slow.
        self.head_since = self.head_since.map(|_| Instant::now());
        Poll::Pending
    }

    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut bytes = [0; 4096];
        while self.discarded < MAX_DISCARDED {
            if self.timer.poll(cx, self.last_used + DISCARD_FOR).is_ready() {
                break;
            }
            let mut buf = ReadBuf::new(&mut bytes);
            match ready!(Pin::new(&mut self.io).poll_read(cx, &mut buf)) {
                Ok(()) if !buf.filled().is_empty() => self.discarded += buf.filled().len(),
                _ => break,
            }
        }
        Poll::Ready(())
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.poll_lifetime(cx)?;
        loop {
            if this.received.take(buf) {
                return Poll::Ready(Ok(()));
            }
            match this.input {
                Input::Open => {}
                Input::Refused => return Poll::Pending,
                Input::Ended => return Poll::Ready(Ok(())),
            }
            // Checked here, too: a body that keeps arriving never waits.
            if this
                .body_deadline()
                .is_some_and(|end| Instant::now() >= end)
            {
                this.input = Input::Ended;
                continue;
            }
            let start = buf.filled().len();
            match this.poll_socket(cx, buf) {
                Poll::Pending => ready!(this.poll_waiting(cx)),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(())) if buf.filled().len() == start => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(())) => {
                    this.last_used = Instant::now();
                    this.arrived(buf, start);
                    if buf.filled().len() > start {
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.poll_lifetime(cx)?;
        match Pin::new(&mut this.io).poll_write(cx, bytes) {
            Poll::Pending => {
                if this.slot.poll_evicted(cx).is_ready() {
                    return Poll::Ready(Err(this.abort(io::ErrorKind::ConnectionAborted)));
                }
                let error = ready!(this.progress.poll_wait(cx, this.write_timeout()));
                Poll::Ready(Err(this.abort(error.kind())))
            }
            Poll::Ready(Ok(count)) => {
                this.last_used = Instant::now();
                this.progress.wrote(count);
                Poll::Ready(Ok(count))
            }
            failed => failed,
        }
    }

    /// Called by the framework after the stream has taken all bytes.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.progress.wrote_all();
        Pin::new(&mut this.io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.io).poll_shutdown(cx))?;
        if this.shared.refusal.get().is_some() {
            ready!(this.poll_discard(cx));
        }
        Poll::Ready(Ok(()))
    }
}
