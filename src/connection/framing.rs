//! Where each request on a connection begins and ends, in the bytes as they arrive. The framework's parser takes a bare LF for
//! the end of a line, answers what is no request with an empty 400, and closes the connection without an answer when the
//! chunks of a body are malformed. So its bytes pass here first: each head is parsed with the same `httparse`, and the length
//! of each body is found as the framework finds it (RFC 9112, section 6). What is refused here never gets there.

use actix_web::http::Uri;
use httparse::{EMPTY_HEADER, Header, Status};

use super::chunks::{Chunks, Step};
use crate::connection::head_size;
use crate::problem::Problem;

/// The most bytes of a head that are waited for; the framework's own bound.
pub const MAX_HEAD: usize = 128 << 10;
/// The most header lines that are parsed; the framework's own bound.
const MAX_LINES: usize = 96;
/// The longest target and the longest name of a header that the framework's types can hold.
const MAX_PART: usize = 65_534;

/// The request that the framework gets in place of a head that is refused: it is answered in its turn, after those before
/// it, and is the last one on its connection.
pub const PLACEHOLDER: &[u8] = b"- / HTTP/1.1\r\nHost: -\r\nConnection: close\r\n\r\n";
pub const PLACEHOLDER_METHOD: &str = "-";

/// Why no more is read from a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The head is no HTTP/1, or could be read in two ways.
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
            Self::Head(why) => Problem::Malformed(why.into()),
            Self::Chunks(why) => Problem::Malformed(format!("the body's chunks: {why}")),
            Self::HeadTooLarge => Problem::HeadersTooLarge(format!(
                "a request may have at most {} header lines, and {} bytes of them",
                head_size::MAX_HEADERS,
                head_size::MAX_HEADER_BYTES
            )),
            Self::TargetTooLong => Problem::AddressTooLong(head_size::MAX_ADDRESS),
            Self::HeadTooSlow(seconds) => Problem::HeadTooSlow(seconds),
        }
    }

    /// Whether it was a head that was refused, and not the body after a good one.
    pub fn is_of_head(self) -> bool {
        !matches!(self, Self::Chunks(_))
    }
}

/// What some bytes that arrived amount to.
#[derive(Debug, PartialEq, Eq)]
pub struct Examined {
    /// So many of them the framework may have. What comes after is a head that is not complete, or is refused.
    pub good: usize,
    pub refusal: Option<Refusal>,
}

/// Where the next byte of a connection stands.
#[derive(Debug, Default)]
enum Place {
    /// Between requests, or in a head.
    #[default]
    Head,
    /// In a body that has so many bytes more.
    Body(u64),
    Chunks(Chunks),
    /// In what is no HTTP/1 any more (`CONNECT`, `Upgrade: websocket`): bytes to the end.
    Unframed,
}

#[derive(Debug, Default)]
pub struct Framing {
    place: Place,
    heads: u64,
}

impl Framing {
    /// Complete heads that have passed.
    pub fn heads(&self) -> u64 {
        self.heads
    }

    /// Whether the next byte belongs to a head.
    pub fn is_at_head(&self) -> bool {
        matches!(self.place, Place::Head)
    }

    /// Follows the bytes from where it stands. A head has to be there from its beginning: what was not good comes again with
    /// what arrives after it.
    pub fn examine(&mut self, bytes: &[u8]) -> Examined {
        let mut good = 0;
        let mut refusal = None;
        while good < bytes.len() {
            let rest = &bytes[good..];
            match &mut self.place {
                Place::Head => match head(rest) {
                    Ok(Some((length, place))) => {
                        self.heads += 1;
                        self.place = place;
                        good += length;
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
                Place::Body(left) => {
                    let length = rest.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    good += length;
                    *left -= length as u64;
                    if *left == 0 {
                        self.place = Place::Head;
                    }
                }
                Place::Chunks(chunks) => {
                    let (length, step) = chunks.follow(rest);
                    good += length;
                    match step {
                        Step::More => {}
                        Step::End => self.place = Place::Head,
                        Step::Malformed(why) => {
                            refusal = Some(Refusal::Chunks(why));
                            break;
                        }
                    }
                }
                Place::Unframed => good = bytes.len(),
            }
        }
        Examined { good, refusal }
    }
}

/// Whether `bytes` may have become a whole head by what came after the first `before` of them. It is parsed only then, or when
/// it is twice as long as when it was `examined` last: a head that arrives byte by byte costs little more than one that
/// comes at once, and what is no head at all is found out early.
pub fn may_be_whole(bytes: &[u8], before: usize, examined: usize) -> bool {
    let new = &bytes[before.saturating_sub(2)..];
    bytes.len() >= examined * 2
        || bytes.len() >= MAX_HEAD
        || new.windows(2).any(|pair| pair == b"\n\n")
        || new.windows(3).any(|three| three == b"\n\r\n")
}

/// The length of the head that `bytes` begin with, and what comes after it; none where it is not complete.
fn head(bytes: &[u8]) -> Result<Option<(usize, Place)>, Refusal> {
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
        return Err(Refusal::Head("the request target is no address"));
    }
    let place = body(method, request.version == Some(1), request.headers)?;
    Ok(Some((length, place)))
}

fn why(error: httparse::Error) -> &'static str {
    match error {
        httparse::Error::HeaderName => "a header's name has a character that no name can have",
        httparse::Error::HeaderValue => "a header's value has a character that no value can have",
        httparse::Error::NewLine => "a line of the head ends with CR alone",
        httparse::Error::Version => "the version of HTTP is neither 1.0 nor 1.1",
        _ => "this is no HTTP/1 request",
    }
}

/// How the body after a head is delimited. What two readers could read differently is refused.
fn body(method: &str, is_1_1: bool, lines: &[Header<'_>]) -> Result<Place, Refusal> {
    let named = |name: &'static str| {
        lines
            .iter()
            .filter(move |line| line.name.eq_ignore_ascii_case(name))
            .map(|line| line.value.trim_ascii())
    };
    let one = |name: &'static str, twice: &'static str| {
        let mut values = named(name);
        let value = values.next();
        match values.next() {
            Some(_) => Err(Refusal::Head(twice)),
            None => Ok(value),
        }
    };
    let host = one("host", "there are two `Host`")?;
    if is_1_1 && host.is_none() {
        return Err(Refusal::Head("the `Host` is missing"));
    }
    let length = one("content-length", "there are two `Content-Length`")?
        .map(|value| whole(value).ok_or(Refusal::Head("`Content-Length` is no number of bytes")))
        .transpose()?;
    let coding = one("transfer-encoding", "there are two `Transfer-Encoding`")?;
    if let Some(coding) = coding {
        if !is_1_1 {
            return Err(Refusal::Head("version 1.0 has no `Transfer-Encoding`"));
        }
        if length.is_some() {
            return Err(Refusal::Head(
                "there are both `Content-Length` and `Transfer-Encoding`",
            ));
        }
        if !coding.eq_ignore_ascii_case(b"chunked") {
            return Err(Refusal::Head("the `Transfer-Encoding` is not `chunked`"));
        }
        return Ok(Place::Chunks(Chunks::new()));
    }
    if named("upgrade").any(|value| value.eq_ignore_ascii_case(b"websocket")) {
        return Ok(Place::Unframed);
    }
    match length {
        Some(length @ 1..) => Ok(Place::Body(length)),
        None if !is_1_1 && method == "POST" => Err(Refusal::Head(
            "version 1.0 wants a `Content-Length` with a `POST`",
        )),
        _ if method == "CONNECT" => Ok(Place::Unframed),
        _ => Ok(Place::Head),
    }
}

fn whole(value: &[u8]) -> Option<u64> {
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    digits
        .then(|| std::str::from_utf8(value).ok()?.parse().ok())
        .flatten()
}
