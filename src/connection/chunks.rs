//! Validates chunked bodies (RFC 9112, section 7.1). Whatever it accepts, the framework's decoder accepts, too, so both agree
//! where a body ends; it refuses bare LF, malformed trailers, and extensions and trailers without end.

/// The result of the bytes so far.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    More,
    /// The body is complete.
    End,
    Malformed(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
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
    place: Place,
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
            place: Place::SizeFirst,
            left: 0,
            digits: 0,
            extra: 0,
        }
    }

    /// Reads up to the end of the bytes, the end of the body, or a malformed byte; returns how many bytes that are.
    pub fn follow(&mut self, bytes: &[u8]) -> (usize, Step) {
        let mut at = 0;
        while at < bytes.len() {
            if self.place == Place::Data {
                let rest = bytes.len() - at;
                let length = rest.min(usize::try_from(self.left).unwrap_or(usize::MAX));
                at += length;
                self.left -= length as u64;
                if self.left == 0 {
                    self.place = Place::DataCr;
                }
                continue;
            }
            match self.next(bytes[at]) {
                Ok(Some(place)) => self.place = place,
                Ok(None) => return (at + 1, Step::End),
                Err(why) => return (at, Step::Malformed(why)),
            }
            at += 1;
        }
        (at, Step::More)
    }

    /// Counts one more byte of an extension or a trailer.
    fn count_extra(&mut self, place: Place) -> Result<Place, &'static str> {
        self.extra += 1;
        if self.extra > MAX_EXTRA {
            return Err("extensions and trailers exceed 16 KiB");
        }
        Ok(place)
    }

    /// The place of the next byte; none after the last one.
    fn next(&mut self, byte: u8) -> Result<Option<Place>, &'static str> {
        const SIZE: &str = "a chunk size is not hexadecimal, or its line doesn't end with CRLF";
        let place = match (self.place, byte) {
            (Place::SizeFirst | Place::Size, digit) if digit.is_ascii_hexdigit() => {
                if self.place == Place::SizeFirst {
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
                Place::Size
            }
            (Place::Size | Place::SizeEnd, b' ' | b'\t') => self.count_extra(Place::SizeEnd)?,
            (Place::Size | Place::SizeEnd, b';') => Place::Extension,
            (Place::Size | Place::SizeEnd | Place::Extension, b'\r') => Place::SizeLf,
            (Place::Extension, byte) if byte == b'\t' || !byte.is_ascii_control() => {
                self.count_extra(Place::Extension)?
            }
            (Place::SizeLf, b'\n') if self.left > 0 => Place::Data,
            (Place::SizeLf, b'\n') => Place::TrailerFirst,
            (Place::SizeFirst | Place::Size | Place::SizeEnd | Place::SizeLf, _) => {
                return Err(SIZE);
            }
            (Place::Extension, _) => return Err("a chunk extension has a control character"),
            (Place::DataCr, b'\r') => Place::DataLf,
            (Place::DataLf, b'\n') => Place::SizeFirst,
            (Place::DataCr | Place::DataLf, _) => {
                return Err("a chunk exceeds its size, or doesn't end with CRLF");
            }
            (Place::TrailerFirst, b'\r') => Place::EndLf,
            (Place::Trailer, b'\r') => Place::TrailerLf,
            (Place::TrailerFirst | Place::TrailerName | Place::Trailer, b'\n') => {
                return Err("a trailer line ends with LF alone");
            }
            (Place::TrailerName, b':') => self.count_extra(Place::Trailer)?,
            (Place::TrailerFirst | Place::TrailerName, byte) if is_token(byte) => {
                self.count_extra(Place::TrailerName)?
            }
            (Place::TrailerFirst | Place::TrailerName, _) => {
                return Err("a trailer line is not a header line");
            }
            (Place::Trailer, _) => self.count_extra(Place::Trailer)?,
            (Place::TrailerLf, b'\n') => Place::TrailerFirst,
            (Place::EndLf, b'\n') => return Ok(None),
            (Place::TrailerLf | Place::EndLf | Place::Data, _) => {
                return Err("a trailer line ends with CR alone");
            }
        };
        Ok(Some(place))
    }
}

/// Whether a byte is allowed in a header's name (RFC 9110, section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
