//! Bounds what a client sends ahead of the answers to its requests. The framework keeps such requests, some kilobytes for each however
//! short it is, and with 128 KiB of them it would ask for more without a pause.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, ReadBuf};

use super::ConnectionState;

/// How many requests, and how many bytes of them, may wait for their turn.
const REQUESTS: u64 = 16;
const BYTES: usize = 64 << 10;
/// How many bytes are read at once where a head begins: a few requests.
const READ_AT_HEAD: usize = 4 << 10;

/// The bytes that have arrived since all requests of a connection had their answers.
#[derive(Default)]
pub struct Ahead(usize);

impl Ahead {
    /// Whether a client may send another request. If not, the task is woken by the next answer.
    pub fn may_send(&mut self, state: &ConnectionState, cx: &Context<'_>) -> bool {
        let unanswered = state.unanswered();
        if unanswered == 0 {
            self.0 = 0;
        }
        let may_send = unanswered <= REQUESTS && self.0 <= BYTES;
        if !may_send {
            state.waits_for_answer.replace(Some(cx.waker().clone()));
        }
        may_send
    }

    /// Reads a little from the socket.
    pub fn poll_read(
        &mut self,
        io: &mut TcpStream,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut bytes = [0; READ_AT_HEAD];
        let length = bytes.len().min(buf.remaining());
        let mut some = ReadBuf::new(&mut bytes[..length]);
        ready!(Pin::new(io).poll_read(cx, &mut some))?;
        buf.put_slice(some.filled());
        self.0 += some.filled().len();
        Poll::Ready(Ok(()))
    }
}
