//! Validates chunked bodies (RFC 9112, section 7.1). Whatever it accepts, the framework's decoder accepts, too, so both agree
//! where a body ends; it refuses bare LF, malformed trailers, and extensions and trailers without end.

/// The result of the bytes so far.
#[derive(Debug, PartialEq, Eq)]
pub enum ChunkStatus {
    More,
    /// The body is complete.
    End,
    Malformed(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ChunkPosition {
    SizeFirst,
    Size,
    /// White space after a size.
    SizeEnd,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    TrailerFirst,
    TrailerName,
    Trailer,
    TrailerLf,
    EndLf,
}

/// The most bytes of extensions and trailers in one body. Nothing reads them.
const MAX_EXTRA: usize = 16 << 10;
/// The most digits of a size, leading zeros included.
const MAX_DIGITS: usize = 16;

#[derive(Debug)]
pub struct Chunks {
    position: ChunkPosition,
    /// Bytes left of the current chunk.
    left: u64,
    /// Digits of its size so far.
    digits: usize,
    /// Bytes of extensions and trailers so far.
    extra: usize,
}

impl Chunks {
    pub fn new() -> Self {
        Self {
            position: ChunkPosition::SizeFirst,
            left: 0,
            digits: 0,
            extra: 0,
        }
    }

    /// Reads up to the end of the bytes, the end of the body, or a malformed byte; returns how many bytes that are.
    pub fn follow(&mut self, bytes: &[u8]) -> (usize, ChunkStatus) {
        let mut at = 0;
        while at < bytes.len() {
            if self.position == ChunkPosition::Data {
                let rest = bytes.len() - at;
                let length = rest.min(usize::try_from(self.left).unwrap_or(usize::MAX));
                at += length;
                self.left -= length as u64;
                if self.left == 0 {
                    self.position = ChunkPosition::DataCr;
                }
                continue;
            }
            match self.next(bytes[at]) {
                Ok(Some(position)) => self.position = position,
                Ok(None) => return (at + 1, ChunkStatus::End),
                Err(why) => return (at, ChunkStatus::Malformed(why)),
            }
            at += 1;
        }
        (at, ChunkStatus::More)
    }

    /// Counts one more byte of an extension or a trailer.
    fn count_extra(&mut self, position: ChunkPosition) -> Result<ChunkPosition, &'static str> {
        self.extra += 1;
        if self.extra > MAX_EXTRA {
            return Err("extensions and trailers exceed 16 KiB");
        }
        Ok(position)
    }

    /// The position of the next byte; none after the last one.
    fn next(&mut self, byte: u8) -> Result<Option<ChunkPosition>, &'static str> {
        const SIZE: &str = "a chunk size is not hexadecimal, or its line doesn't end with CRLF";
        let position = match (self.position, byte) {
            (ChunkPosition::SizeFirst | ChunkPosition::Size, digit)
                if digit.is_ascii_hexdigit() =>
            {
                if self.position == ChunkPosition::SizeFirst {
                    (self.left, self.digits) = (0, 0);
                }
                self.digits += 1;
                if self.digits > MAX_DIGITS {
                    return Err("a chunk size has too many digits");
                }
                let digit = char::from(digit).to_digit(16).unwrap_or_default();
                let sixteenfold = self
                    .left
                    .checked_mul(16)
                    .ok_or("a chunk size is too large")?;
                self.left = sixteenfold + u64::from(digit);
                ChunkPosition::Size
            }
            (ChunkPosition::Size | ChunkPosition::SizeEnd, b' ' | b'\t') => {
                self.count_extra(ChunkPosition::SizeEnd)?
            }
            (ChunkPosition::Size | ChunkPosition::SizeEnd, b';') => ChunkPosition::Extension,
            (ChunkPosition::Size | ChunkPosition::SizeEnd | ChunkPosition::Extension, b'\r') => {
                ChunkPosition::SizeLf
            }
            (ChunkPosition::Extension, byte) if byte == b'\t' || !byte.is_ascii_control() => {
                self.count_extra(ChunkPosition::Extension)?
            }
            (ChunkPosition::SizeLf, b'\n') if self.left > 0 => ChunkPosition::Data,
            (ChunkPosition::SizeLf, b'\n') => ChunkPosition::TrailerFirst,
            (
                ChunkPosition::SizeFirst
                | ChunkPosition::Size
                | ChunkPosition::SizeEnd
                | ChunkPosition::SizeLf,
                _,
            ) => {
                return Err(SIZE);
            }
            (ChunkPosition::Extension, _) => {
                return Err("a chunk extension has a control character");
            }
            (ChunkPosition::DataCr, b'\r') => ChunkPosition::DataLf,
            (ChunkPosition::DataLf, b'\n') => ChunkPosition::SizeFirst,
            (ChunkPosition::DataCr | ChunkPosition::DataLf, _) => {
                return Err("a chunk exceeds its size, or doesn't end with CRLF");
            }
            (ChunkPosition::TrailerFirst, b'\r') => ChunkPosition::EndLf,
            (ChunkPosition::Trailer, b'\r') => ChunkPosition::TrailerLf,
            (
                ChunkPosition::TrailerFirst | ChunkPosition::TrailerName | ChunkPosition::Trailer,
                b'\n',
            ) => {
                return Err("a trailer line ends with LF alone");
            }
            (ChunkPosition::TrailerName, b':') => self.count_extra(ChunkPosition::Trailer)?,
            (ChunkPosition::TrailerFirst | ChunkPosition::TrailerName, byte) if is_token(byte) => {
                self.count_extra(ChunkPosition::TrailerName)?
            }
            (ChunkPosition::TrailerFirst | ChunkPosition::TrailerName, _) => {
                return Err("a trailer line is not a header line");
            }
            (ChunkPosition::Trailer, _) => self.count_extra(ChunkPosition::Trailer)?,
            (ChunkPosition::TrailerLf, b'\n') => ChunkPosition::TrailerFirst,
            (ChunkPosition::EndLf, b'\n') => return Ok(None),
            (ChunkPosition::TrailerLf | ChunkPosition::EndLf | ChunkPosition::Data, _) => {
                return Err("a trailer line ends with CR alone");
            }
        };
        Ok(Some(position))
    }
}

/// Whether a byte is allowed in a header's name (RFC 9110, section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
