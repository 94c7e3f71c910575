//! A client's connection, as the framework reads and writes it.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use actix_web::web::BytesMut;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::Shared;
use super::admission::Place;
use super::framing::{Framing, PLACEHOLDER, Refusal, may_be_whole};
use super::progress::Progress;
use super::shutdown::Draining;

/// What the kernel may keep unsent of one connection before it takes no more. It is no bound for what is on its way, so
/// none for the speed.
const UNSENT_IN_KERNEL: u32 = 64 << 10;
/// How long a connection beyond the bound may last, all in all.
const OVERFLOW_LIFETIME: Duration = Duration::from_secs(5);
/// For how long a connection that was just used is not taken for idle when the server stops: its next request may be on
/// its way.
const JUST_USED: Duration = Duration::from_millis(500);
/// How much longer than a body may take to arrive its connection waits for it.
const UNREAD: Duration = Duration::from_secs(1);
/// What is still read, and thrown away, from a client that was refused, so that it gets to hear why: a connection that is
/// closed with unread bytes takes the answer away with it.
const DISCARDED: usize = 1 << 20;
const DISCARDING: Duration = Duration::from_secs(1);

/// What else is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Input {
    Open,
    /// The last request was put in place of a refused head; its answer ends the connection.
    Refused,
    Ended,
}

pub struct ClientStream {
    io: TcpStream,
    shared: Rc<Shared>,
    place: Place,
    draining: Draining,
    framing: Framing,
    input: Input,
    /// Bytes that the framework has not got yet. Of them, so many it may have; the rest is the beginning of a head.
    held: BytesMut,
    good: usize,
    /// How many were held when they were parsed last.
    examined: usize,
    timeouts: Timeouts,
    /// Since when the body that is under way is read.
    body_since: Option<Instant>,
    /// Since when a head is awaited: the first one from the start, later ones from their first byte.
    head_since: Option<Instant>,
    last_used: Instant,
    timer: Timer,
    progress: Progress,
    lifetime: Option<Pin<Box<Sleep>>>,
    discarded: usize,
}

/// How long a connection may take for what.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    pub header: Duration,
    pub body: Duration,
    pub write: Duration,
}

impl ClientStream {
    pub fn new(io: TcpStream, place: Place, draining: Draining, timeouts: Timeouts) -> Self {
        let now = Instant::now();
        let socket = SockRef::from(&io);
        // Each bounds what the kernel keeps of an answer. Without them, the deadline for writing still holds.
        let _ = socket.set_tcp_notsent_lowat(UNSENT_IN_KERNEL);
        let _ = socket.set_tcp_user_timeout(Some(timeouts.write));
        // An answer is written in slices: none waits until the one before it was acknowledged.
        let _ = io.set_nodelay(true);
        let overflow = place.is_overflow();
        Self {
            io,
            shared: Rc::new(Shared {
                overflow,
                ..Shared::default()
            }),
            place,
            draining,
            framing: Framing::default(),
            input: Input::Open,
            held: BytesMut::new(),
            good: 0,
            examined: 0,
            timeouts,
            body_since: None,
            head_since: Some(now),
            last_used: now,
            timer: Timer(None),
            progress: Progress::new(timeouts.write),
            lifetime: overflow.then(|| Box::pin(sleep_until(now + OVERFLOW_LIFETIME))),
            discarded: 0,
        }
    }

    /// What the requests on this connection know of it.
    pub fn shared(&self) -> Rc<Shared> {
        self.shared.clone()
    }

    /// Fails where the connection was one beyond the bound, and its time is over.
    fn poll_lifetime(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let over = self
            .lifetime
            .as_mut()
            .is_some_and(|lifetime| lifetime.as_mut().poll(cx).is_ready());
        if over {
            return Err(self.abort(io::ErrorKind::ConnectionAborted));
        }
        Ok(())
    }

    /// Lets the kernel forget what it has not sent.
    fn abort(&self, why: io::ErrorKind) -> io::Error {
        let _ = self.io.set_zero_linger();
        why.into()
    }

    /// Looks at what has just arrived in `buf`, after its first `start` bytes, and leaves there what the framework may have.
    fn arrived(&mut self, buf: &mut ReadBuf<'_>, start: usize) {
        let examined = if self.held.is_empty() {
            let examined = self.framing.examine(&buf.filled()[start..]);
            self.held
                .extend_from_slice(&buf.filled()[start + examined.good..]);
            buf.set_filled(start + examined.good);
            examined
        } else {
            let before = self.held.len();
            self.held.extend_from_slice(&buf.filled()[start..]);
            buf.set_filled(start);
            if !may_be_whole(&self.held, before, self.examined) {
                return;
            }
            let examined = self.framing.examine(&self.held);
            self.good = examined.good;
            examined
        };
        if self.framing.is_at_head() {
            self.body_since = None;
        } else if self.shared.read.get() != self.framing.heads() {
            self.body_since = Some(self.last_used);
        }
        self.shared.read.set(self.framing.heads());
        self.examined = self.held.len() - self.good;
        if let Some(refusal) = examined.refusal {
            self.refuse(refusal);
        }
        self.head_since = match self.held.len() - self.good {
            0 => None,
            _ if examined.good > 0 => Some(self.last_used),
            _ => self.head_since.or(Some(self.last_used)),
        };
    }

    /// Reads no more. A head that is refused is answered in its turn; a body ends, and whoever reads it finds out.
    fn refuse(&mut self, refusal: Refusal) {
        self.shared.refusal.set(Some(refusal));
        self.held.truncate(self.good);
        self.input = if refusal.is_of_head() {
            self.held.extend_from_slice(PLACEHOLDER);
            self.good = self.held.len();
            self.shared.read.set(self.framing.heads() + 1);
            Input::Refused
        } else {
            Input::Ended
        };
    }

    /// Nothing more has arrived: waits, unless a head takes too long, or the server stops and nothing is under way here.
    fn poll_quiet(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // Whoever has to make room is heard first, if there was something to hear.
        let is_awaited = !self.framing.is_at_head() || !self.held.is_empty();
        if self.place.poll_evicted(cx).is_ready() && (is_awaited || self.shared.is_idle()) {
            self.input = Input::Ended;
            return Poll::Ready(());
        }
        if !self.framing.is_at_head() {
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
            if self.held.is_empty() {
                // Nobody has asked anything.
                self.input = Input::Ended;
            } else {
                self.refuse(Refusal::HeadTooSlow(self.timeouts.header.as_secs()));
            }
            return Poll::Ready(());
        }
        if self.draining.poll(cx).is_pending() || !self.held.is_empty() {
            return Poll::Pending;
        }
        // The answer to a request that is under way closes the connection by itself.
        if self.shared.is_idle() {
            ready!(self.timer.poll(cx, self.last_used + JUST_USED));
            self.input = Input::Ended;
            return Poll::Ready(());
        }
        Poll::Pending
    }

    /// When a body that is not complete by then ends. Whoever reads it has refused it a moment before; and nobody reads what
    /// follows an answer that was given without it.
    fn body_deadline(&self) -> Option<Instant> {
        Some(self.body_since? + self.timeouts.body + UNREAD)
    }

    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut bytes = [0; 4096];
        while self.discarded < DISCARDED {
            if self.timer.poll(cx, self.last_used + DISCARDING).is_ready() {
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
            if this.good > 0 {
                let length = this.good.min(buf.remaining());
                buf.put_slice(&this.held.split_to(length));
                this.good -= length;
                return Poll::Ready(Ok(()));
            }
            match this.input {
                Input::Open => {}
                Input::Refused => return Poll::Pending,
                Input::Ended => return Poll::Ready(Ok(())),
            }
            // One that never ends may never be quiet.
            if this
                .body_deadline()
                .is_some_and(|end| Instant::now() >= end)
            {
                this.input = Input::Ended;
                continue;
            }
            let start = buf.filled().len();
            match Pin::new(&mut this.io).poll_read(cx, buf) {
                Poll::Pending => ready!(this.poll_quiet(cx)),
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
                if this.place.poll_evicted(cx).is_ready() {
                    return Poll::Ready(Err(this.abort(io::ErrorKind::ConnectionAborted)));
                }
                let error = ready!(this.progress.poll_wait(cx));
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

    /// The framework flushes when the stream has taken all that it had.
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

/// One timer for whatever is waited for: a deadline that comes later than the one before costs nothing until it fires.
struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    fn poll(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        let timer = self
            .0
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        while timer.as_mut().poll(cx).is_ready() {
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            timer.as_mut().reset(deadline);
        }
        Poll::Pending
    }
}
