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
        use ChunkPosition as At;
        match (self.position, byte) {
            (At::EndLf, b'\n') => Ok(None),
            (At::SizeFirst | At::Size | At::SizeEnd | At::Extension | At::SizeLf, _) => {
                self.after_size(byte).map(Some)
            }
            (At::DataCr, b'\r') => Ok(Some(At::DataLf)),
            (At::DataLf, b'\n') => Ok(Some(At::SizeFirst)),
            (At::Data | At::DataCr | At::DataLf, _) => {
                Err("a chunk exceeds its size, or doesn't end with CRLF")
            }
            _ => self.after_trailer(byte).map(Some),
        }
    }

    /// The position after a byte of the line with a chunk's size.
    fn after_size(&mut self, byte: u8) -> Result<ChunkPosition, &'static str> {
        use ChunkPosition as At;
        match (self.position, byte) {
            (At::SizeFirst | At::Size, digit) if digit.is_ascii_hexdigit() => self.add_digit(digit),
            (At::Size | At::SizeEnd, b' ' | b'\t') => self.count_extra(At::SizeEnd),
            (At::Size | At::SizeEnd, b';') => Ok(At::Extension),
            (At::Size | At::SizeEnd | At::Extension, b'\r') => Ok(At::SizeLf),
            (At::Extension, byte) if byte == b'\t' || !byte.is_ascii_control() => {
                self.count_extra(At::Extension)
            }
            (At::Extension, _) => Err("a chunk extension has a control character"),
            (At::SizeLf, b'\n') if self.left > 0 => Ok(At::Data),
            (At::SizeLf, b'\n') => Ok(At::TrailerFirst),
            _ => Err("a chunk size is not hexadecimal, or its line doesn't end with CRLF"),
        }
    }

    fn add_digit(&mut self, digit: u8) -> Result<ChunkPosition, &'static str> {
        if self.position == ChunkPosition::SizeFirst {
            (self.left, self.digits) = (0, 0);
        }
        self.digits += 1;
        if self.digits > MAX_DIGITS {
            return Err("a chunk size has too many digits");
        }
        let digit = char::from(digit).to_digit(16).unwrap_or_default();
        let shifted = self.left.checked_mul(16);
        self.left = shifted.ok_or("a chunk size is too large")? + u64::from(digit);
        Ok(ChunkPosition::Size)
    }

    /// The position after a byte that follows the last chunk.
    fn after_trailer(&mut self, byte: u8) -> Result<ChunkPosition, &'static str> {
        use ChunkPosition as At;
        match (self.position, byte) {
            (At::TrailerFirst, b'\r') => Ok(At::EndLf),
            (At::Trailer, b'\r') => Ok(At::TrailerLf),
            (At::TrailerFirst | At::TrailerName | At::Trailer, b'\n') => {
                Err("a trailer line ends with LF alone")
            }
            (At::TrailerName, b':') => self.count_extra(At::Trailer),
            (At::TrailerFirst | At::TrailerName, byte) if is_token(byte) => {
                self.count_extra(At::TrailerName)
            }
            (At::TrailerFirst | At::TrailerName, _) => Err("a trailer line is not a header line"),
            (At::Trailer, _) => self.count_extra(At::Trailer),
            (At::TrailerLf, b'\n') => Ok(At::TrailerFirst),
            _ => Err("a trailer line ends with CR alone"),
        }
    }
}

/// Whether a byte is allowed in a header's name (RFC 9110, section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
