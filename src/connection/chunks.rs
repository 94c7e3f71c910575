//! Follows the chunks of a body (RFC 9112, section 7.1). What it takes, the framework's decoder takes too, so that both
//! agree where the body ends; bare LF, trailers that are no header lines, and what never ends it refuses.

/// What the bytes so far amount to.
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

/// The most bytes of extensions and trailers that one body may have: nobody reads them.
const MOST_BESIDE: usize = 16 << 10;
/// The most digits of a size, with zeros before it.
const MOST_DIGITS: usize = 16;

#[derive(Debug)]
pub struct Chunks {
    place: Place,
    /// Bytes of the chunk that are still to come.
    left: u64,
    /// Digits of its size, and bytes of extensions and trailers, so far.
    digits: usize,
    beside: usize,
}

impl Chunks {
    pub fn new() -> Self {
        Self {
            place: Place::SizeFirst,
            left: 0,
            digits: 0,
            beside: 0,
        }
    }

    /// Follows the bytes to their end, to the body's end, or up to the one that is wrong; says how many those are.
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

    /// The place after one more byte of an extension or a trailer.
    fn beside(&mut self, place: Place) -> Result<Place, &'static str> {
        self.beside += 1;
        if self.beside > MOST_BESIDE {
            return Err("extensions and trailers have more than 16 KiB");
        }
        Ok(place)
    }

    /// Where the byte after this one stands; none where this one was the last.
    fn next(&mut self, byte: u8) -> Result<Option<Place>, &'static str> {
        const SIZE: &str = "a size is not hexadecimal, or its line doesn't end with CRLF";
        let place = match (self.place, byte) {
            (Place::SizeFirst | Place::Size, digit) if digit.is_ascii_hexdigit() => {
                if self.place == Place::SizeFirst {
                    (self.left, self.digits) = (0, 0);
                }
                self.digits += 1;
                if self.digits > MOST_DIGITS {
                    return Err("a size is too long");
                }
                let digit = char::from(digit).to_digit(16).unwrap_or_default();
                let sixteenfold = self.left.checked_mul(16).ok_or("a size is too large")?;
                self.left = sixteenfold + u64::from(digit);
                Place::Size
            }
            (Place::Size | Place::SizeEnd, b' ' | b'\t') => self.beside(Place::SizeEnd)?,
            (Place::Size | Place::SizeEnd, b';') => Place::Extension,
            (Place::Size | Place::SizeEnd | Place::Extension, b'\r') => Place::SizeLf,
            (Place::Extension, byte) if byte == b'\t' || !byte.is_ascii_control() => {
                self.beside(Place::Extension)?
            }
            (Place::SizeLf, b'\n') if self.left > 0 => Place::Data,
            (Place::SizeLf, b'\n') => Place::TrailerFirst,
            (Place::SizeFirst | Place::Size | Place::SizeEnd | Place::SizeLf, _) => {
                return Err(SIZE);
            }
            (Place::Extension, _) => return Err("an extension has a control character"),
            (Place::DataCr, b'\r') => Place::DataLf,
            (Place::DataLf, b'\n') => Place::SizeFirst,
            (Place::DataCr | Place::DataLf, _) => {
                return Err("a chunk is longer than its size, or doesn't end with CRLF");
            }
            (Place::TrailerFirst, b'\r') => Place::EndLf,
            (Place::Trailer, b'\r') => Place::TrailerLf,
            (Place::TrailerFirst | Place::TrailerName | Place::Trailer, b'\n') => {
                return Err("a line after the last chunk ends with LF alone");
            }
            (Place::TrailerName, b':') => self.beside(Place::Trailer)?,
            (Place::TrailerFirst | Place::TrailerName, byte) if is_token(byte) => {
                self.beside(Place::TrailerName)?
            }
            (Place::TrailerFirst | Place::TrailerName, _) => {
                return Err("a line after the last chunk is no header line");
            }
            (Place::Trailer, _) => self.beside(Place::Trailer)?,
            (Place::TrailerLf, b'\n') => Place::TrailerFirst,
            (Place::EndLf, b'\n') => return Ok(None),
            (Place::TrailerLf | Place::EndLf | Place::Data, _) => {
                return Err("a line after the last chunk ends with CR alone");
            }
        };
        Ok(Some(place))
    }
}

/// Whether a byte may stand in a header's name (RFC 9110, section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
