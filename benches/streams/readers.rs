//! Connections that read the stream of headlines, with little work for each event: they share the processors with the server.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io::{BufRead, Write};
use std::mem;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use uuid::Uuid;

use crate::Error;

/// How many streams are opened at once.
const OPENED_AT_ONCE: usize = 64;
/// The start of an event's data; the id follows.
const DATA: &[u8] = br#"data: {"resource":"headline","id":""#;
const ID_LENGTH: usize = 36;
/// The most bytes of the line with a chunk's size.
const SIZE_LENGTH: usize = 18;
/// How often the readers are asked whether they have got everything.
const CHECK: Duration = Duration::from_millis(20);

thread_local! {
    /// The readers are on one thread, and none keeps the buffer while it waits.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; 64 << 10]);
}

/// A headline that a reader has got.
pub struct Receipt {
    pub id: Uuid,
    pub at: Instant,
}

/// What one reader has got.
type Receipts = Arc<Mutex<Vec<Receipt>>>;

/// All readers.
pub struct Readers {
    receipts: Vec<Receipts>,
    tasks: Vec<JoinHandle<Result<Infallible, Error>>>,
    /// Receipts of all readers.
    total: Arc<AtomicUsize>,
}

/// What the readers have got.
pub struct Received {
    pub by_reader: Vec<Vec<Receipt>>,
    /// Why streams have ended before they were closed.
    pub ended: Vec<String>,
}

impl Readers {
    /// Opens `count` streams, with room for `events` receipts each.
    pub async fn open(port: u16, count: usize, events: usize) -> Result<Self, Error> {
        let total = Arc::new(AtomicUsize::new(0));
        let receipts: Vec<Receipts> = (0..count)
            .map(|_| Arc::new(Mutex::new(Vec::with_capacity(events))))
            .collect();
        let mut readers = Vec::new();
        for some in receipts.chunks(OPENED_AT_ONCE) {
            let opening: Vec<_> = some
                .iter()
                .map(|receipts| Reader::open(port, receipts.clone(), total.clone()))
                .map(tokio::spawn)
                .collect();
            for reader in opening {
                readers.push(reader.await??);
            }
        }
        let tasks = readers
            .into_iter()
            .map(|reader| tokio::spawn(reader.follow()))
            .collect();
        Ok(Self {
            receipts,
            tasks,
            total,
        })
    }

    /// Waits until the readers have got `events` in all, but not longer than `most`.
    pub async fn wait_for(&self, events: usize, most: Duration) {
        let start = Instant::now();
        while self.total.load(Ordering::Relaxed) < events && start.elapsed() < most {
            sleep(CHECK).await;
        }
    }

    /// Closes the streams.
    pub async fn close(self) -> Result<Received, Error> {
        let mut ended = Vec::new();
        for task in self.tasks {
            if !task.is_finished() {
                task.abort();
                continue;
            }
            let Err(error) = task.await?;
            ended.push(error.to_string());
        }
        let taken = self.receipts.iter().map(|it| mem::take(&mut *lock(it)));
        Ok(Received {
            by_reader: taken.collect(),
            ended,
        })
    }
}

/// An open stream.
struct Reader {
    socket: TcpStream,
    /// The bytes of a chunk that is not complete.
    rest: Vec<u8>,
    /// Whether the head of the response was read.
    is_open: bool,
    receipts: Receipts,
    total: Arc<AtomicUsize>,
}

impl Reader {
    async fn open(port: u16, receipts: Receipts, total: Arc<AtomicUsize>) -> Result<Self, Error> {
        let mut socket = std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        let request =
            format!("GET /v1/headlines/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
        socket.write_all(request.as_bytes())?;
        socket.set_nonblocking(true)?;
        let mut reader = Self {
            socket: TcpStream::from_std(socket)?,
            rest: Vec::new(),
            is_open: false,
            receipts,
            total,
        };
        while !reader.is_open {
            reader.read().await?;
        }
        Ok(reader)
    }

    /// Reads until the stream ends.
    async fn follow(mut self) -> Result<Infallible, Error> {
        loop {
            self.read().await?;
        }
    }

    async fn read(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.poll_read(cx)).await
    }

    /// Reads what has arrived.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        BUFFER.with_borrow_mut(|buffer| -> Poll<Result<(), Error>> {
            let mut buffer = ReadBuf::new(buffer);
            ready!(Pin::new(&mut self.socket).poll_read(cx, &mut buffer))?;
            let bytes = buffer.filled();
            if bytes.is_empty() {
                return Poll::Ready(Err("the server closed the connection".into()));
            }
            let mut rest = mem::take(&mut self.rest);
            if rest.is_empty() {
                let taken = self.take(bytes)?;
                rest.extend_from_slice(&bytes[taken..]);
            } else {
                rest.extend_from_slice(bytes);
                let taken = self.take(&rest)?;
                rest.drain(..taken);
            }
            self.rest = rest;
            Poll::Ready(Ok(()))
        })
    }

    /// Takes the head and the complete chunks from these bytes, and returns how many bytes they have.
    fn take(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        let at = Instant::now();
        let mut start = 0;
        if !self.is_open {
            let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") else {
                return Ok(0);
            };
            if !bytes.starts_with(b"HTTP/1.1 200 ") {
                let response = String::from_utf8_lossy(bytes);
                return Err(format!("a stream was refused: {response}").into());
            }
            start = end + 4;
            self.is_open = true;
        }
        let mut receipts = lock(&self.receipts);
        let before = receipts.len();
        let taken = take_chunks(&bytes[start..], |chunk| {
            for_each_id(chunk, |id| receipts.push(Receipt { id, at }));
        })?;
        self.total
            .fetch_add(receipts.len() - before, Ordering::Relaxed);
        Ok(start + taken)
    }
}

fn lock(receipts: &Receipts) -> MutexGuard<'_, Vec<Receipt>> {
    receipts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls the function with each complete chunk, and returns how many bytes they have. The server puts whole events into a chunk.
fn take_chunks(bytes: &[u8], mut each: impl FnMut(&[u8])) -> Result<usize, Error> {
    let mut at = 0;
    loop {
        let mut line = bytes[at..].iter().take(SIZE_LENGTH);
        let Some(end) = line.position(|byte| *byte == b'\n') else {
            return Ok(at);
        };
        let size = std::str::from_utf8(&bytes[at..at + end])?;
        let size = usize::from_str_radix(size.trim_end(), 16)?;
        let start = at + end + 1;
        let after = start + size + 2;
        if bytes.len() < after {
            return Ok(at);
        }
        if size == 0 {
            return Err("the server ended the stream".into());
        }
        each(&bytes[start..start + size]);
        at = after;
    }
}

/// Calls the function with the id of each headline in these events.
fn for_each_id(mut events: &[u8], mut each: impl FnMut(Uuid)) {
    while !events.is_empty() {
        if let Some(data) = events.strip_prefix(DATA)
            && let Some(id) = data.get(..ID_LENGTH)
            && let Ok(id) = Uuid::try_parse_ascii(id)
        {
            each(id);
        }
        // Bytes in memory are read without errors.
        let _ = events.skip_until(b'\n');
    }
}
