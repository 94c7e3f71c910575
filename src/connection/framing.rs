//! Request framing (RFC 9112): finds where each request on a connection begins and ends, and refuses what is malformed. The
//! framework's parser accepts a bare LF as the end of a line, answers what is not HTTP with an empty 400, and closes the
//! connection without an answer when chunks are malformed. So bytes pass here first: heads are parsed with the framework's
//! own `httparse`, and the length of a body is determined as the framework does (section 6).

use actix_web::http::Uri;
use httparse::{EMPTY_HEADER, Header, Status};

use super::chunks::{ChunkStatus, Chunks};
use super::messages;
use crate::connection::head_limits;
use crate::problem::Problem;

/// The most bytes of a head before it is complete: the framework's own limit.
pub const MAX_HEAD: usize = 128 << 10;
/// The most header lines that are parsed: the framework's own limit.
const MAX_LINES: usize = 96;
/// The longest request target and header name that the framework's types can hold.
const MAX_PART: usize = 65_534;

/// The request that the framework gets in place of a refused head, so that it is answered in order, after the requests before
/// it, and as the last one on its connection.
pub const PLACEHOLDER: &[u8] = b"- / HTTP/1.1\r\nHost: -\r\nConnection: close\r\n\r\n";
pub const PLACEHOLDER_METHOD: &str = "-";

/// The reason for which no more is read from a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The head is not HTTP/1, or ambiguous.
    Head(&'static str),
    /// The chunks of a body are malformed.
    Chunks(&'static str),
    HeadTooLarge,
    TargetTooLong,
    /// After so many seconds.
    HeadTooSlow(u64),
}

impl Refusal {
    pub fn problem(self) -> Problem {
        match self {
            Self::Head(why) => Problem::Malformed(messages::head_malformed(why)),
            Self::Chunks(why) => Problem::Malformed(messages::chunks_malformed(why)),
            Self::HeadTooLarge => Problem::HeadersTooLarge(messages::head_too_large(
                head_limits::MAX_HEADERS,
                head_limits::MAX_HEADER_BYTES,
            )),
            Self::TargetTooLong => Problem::UriTooLong(head_limits::MAX_ADDRESS),
            Self::HeadTooSlow(seconds) => Problem::HeadTooSlow(seconds),
        }
    }

    /// Whether the head was refused, rather than the body after it.
    pub fn is_of_head(self) -> bool {
        !matches!(self, Self::Chunks(_))
    }
}

/// The result of examining some bytes.
#[derive(Debug, PartialEq, Eq)]
pub struct Examined {
    /// The number of bytes to pass on. The rest is a head that is incomplete or refused.
    pub accepted: usize,
    pub refusal: Option<Refusal>,
}

/// The position of the next byte of a connection.
#[derive(Debug, Default)]
enum FramePosition {
    /// Between requests, or in a head.
    #[default]
    Head,
    /// In a body that has this many bytes left.
    Body(u64),
    Chunks(Chunks),
    /// After `CONNECT` or `Upgrade: websocket`: no HTTP/1, bytes to the end of the connection.
    Unframed,
}

#[derive(Debug, Default)]
pub struct Framing {
    position: FramePosition,
    heads: u64,
}

impl Framing {
    /// The number of complete heads.
    pub fn heads(&self) -> u64 {
        self.heads
    }

    /// Whether the next byte belongs to a head.
    pub fn is_at_head(&self) -> bool {
        matches!(self.position, FramePosition::Head)
    }

    /// Examines the next bytes. Those that were not accepted have to come again, before the bytes that arrive after them.
    pub fn examine(&mut self, bytes: &[u8]) -> Examined {
        let mut accepted = 0;
        let mut refusal = None;
        while accepted < bytes.len() {
            let rest = &bytes[accepted..];
            match &mut self.position {
                FramePosition::Head => match head(rest) {
                    Ok(Some((length, position))) => {
                        self.heads += 1;
                        self.position = position;
                        accepted += length;
                    }
                    Ok(None) if rest.len() >= MAX_HEAD => {
                        refusal = Some(Refusal::HeadTooLarge);
                        break;
                    }
                    Ok(None) => break,
                    Err(why) => {
                        refusal = Some(why);
                        break;
                    }
                },
                FramePosition::Body(left) => {
                    let length = rest.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    accepted += length;
                    *left -= length as u64;
                    if *left == 0 {
                        self.position = FramePosition::Head;
                    }
                }
                FramePosition::Chunks(chunks) => {
                    let (length, step) = chunks.follow(rest);
                    accepted += length;
                    match step {
                        ChunkStatus::More => {}
                        ChunkStatus::End => self.position = FramePosition::Head,
                        ChunkStatus::Malformed(why) => {
                            refusal = Some(Refusal::Chunks(why));
                            break;
                        }
                    }
                }
                FramePosition::Unframed => accepted = bytes.len(),
            }
        }
        Examined { accepted, refusal }
    }
}

/// Whether an incomplete head is worth examining again after bytes arrived: when those may have completed it, or when it is
/// twice as long as when it was last `examined`. So a head that arrives byte by byte costs little more than one that comes
/// at once, and garbage is still found early.
pub fn may_be_complete(bytes: &[u8], before: usize, examined: usize) -> bool {
    let new = &bytes[before.saturating_sub(2)..];
    bytes.len() >= examined * 2
        || bytes.len() >= MAX_HEAD
        || new.windows(2).any(|pair| pair == b"\n\n")
        || new.windows(3).any(|three| three == b"\n\r\n")
}

/// The length of the head at the beginning of `bytes`, and the position after it; none where it is incomplete.
fn head(bytes: &[u8]) -> Result<Option<(usize, FramePosition)>, Refusal> {
    let mut lines = [EMPTY_HEADER; MAX_LINES];
    let mut request = httparse::Request::new(&mut lines);
    let length = match request.parse(bytes) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(Refusal::HeadTooLarge),
        Err(error) => return Err(Refusal::Head(why(error))),
    };
    let bare = |at: usize| bytes[at] == b'\n' && (at == 0 || bytes[at - 1] != b'\r');
    if (0..length).any(bare) {
        return Err(Refusal::Head("a line of the head ends with LF alone"));
    }
    let method = request.method.unwrap_or_default();
    let target = request.path.unwrap_or_default();
    if target.len() > MAX_PART {
        return Err(Refusal::TargetTooLong);
    }
    if request
        .headers
        .iter()
        .any(|line| line.name.len() > MAX_PART)
    {
        return Err(Refusal::HeadTooLarge);
    }
    if target.parse::<Uri>().is_err() {
        return Err(Refusal::Head("the request target is not a valid URI"));
    }
    let position = body(method, request.version == Some(1), request.headers)?;
    Ok(Some((length, position)))
}

fn why(error: httparse::Error) -> &'static str {
    match error {
        httparse::Error::HeaderName => "a header name has an invalid character",
        httparse::Error::HeaderValue => "a header value has an invalid character",
        httparse::Error::NewLine => "a line of the head ends with CR alone",
        httparse::Error::Version => "the HTTP version is neither 1.0 nor 1.1",
        _ => "not an HTTP/1 request",
    }
}

/// The delimitation of the body after a head. Refuses what two parsers could understand differently (request smuggling).
fn body(method: &str, is_1_1: bool, lines: &[Header<'_>]) -> Result<FramePosition, Refusal> {
    let named = |name: &'static str| {
        lines
            .iter()
            .filter(move |line| line.name.eq_ignore_ascii_case(name))
            .map(|line| line.value.trim_ascii())
    };
    let single = |name: &'static str, duplicate: &'static str| {
        let mut values = named(name);
        let value = values.next();
        match values.next() {
            Some(_) => Err(Refusal::Head(duplicate)),
            None => Ok(value),
        }
    };
    let host = single("host", "duplicate `Host`")?;
    if is_1_1 && host.is_none() {
        return Err(Refusal::Head("missing `Host`"));
    }
    let length = single("content-length", "duplicate `Content-Length`")?
        .map(|value| {
            parse_length(value).ok_or(Refusal::Head("`Content-Length` is not a number of bytes"))
        })
        .transpose()?;
    let coding = single("transfer-encoding", "duplicate `Transfer-Encoding`")?;
    if let Some(coding) = coding {
        if !is_1_1 {
            return Err(Refusal::Head("version 1.0 has no `Transfer-Encoding`"));
        }
        if length.is_some() {
            return Err(Refusal::Head(
                "both `Content-Length` and `Transfer-Encoding`",
            ));
        }
        if !coding.eq_ignore_ascii_case(b"chunked") {
            return Err(Refusal::Head("the `Transfer-Encoding` is not `chunked`"));
        }
        return Ok(FramePosition::Chunks(Chunks::new()));
    }
    if named("upgrade").any(|value| value.eq_ignore_ascii_case(b"websocket")) {
        return Ok(FramePosition::Unframed);
    }
    match length {
        Some(length @ 1..) => Ok(FramePosition::Body(length)),
        None if !is_1_1 && method == "POST" => Err(Refusal::Head(
            "version 1.0 needs a `Content-Length` with a `POST`",
        )),
        _ if method == "CONNECT" => Ok(FramePosition::Unframed),
        _ => Ok(FramePosition::Head),
    }
}

fn parse_length(value: &[u8]) -> Option<u64> {
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    digits
        .then(|| std::str::from_utf8(value).ok()?.parse().ok())
        .flatten()
}
