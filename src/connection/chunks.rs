//! Follows the chunks of a body (RFC 9112, section 7.1). Takes what the framework's decoder takes, but for bare LF in
//! trailers, so that both agree where the body ends.

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
    Trailer,
    TrailerLf,
    EndLf,
}

#[derive(Debug)]
pub struct Chunks {
    place: Place,
    /// Bytes of the chunk that are still to come.
    left: u64,
}

impl Chunks {
    pub fn new() -> Self {
        Self {
            place: Place::SizeFirst,
            left: 0,
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

    /// Where the byte after this one stands; none where this one was the last.
    fn next(&mut self, byte: u8) -> Result<Option<Place>, &'static str> {
        const SIZE: &str = "a size is not hexadecimal, or its line doesn't end with CRLF";
        let place = match (self.place, byte) {
            (Place::SizeFirst | Place::Size, digit) if digit.is_ascii_hexdigit() => {
                if self.place == Place::SizeFirst {
                    self.left = 0;
                }
                let digit = char::from(digit).to_digit(16).unwrap_or_default();
                let sixteenfold = self.left.checked_mul(16).ok_or("a size is too large")?;
                self.left = sixteenfold + u64::from(digit);
                Place::Size
            }
            (Place::Size | Place::SizeEnd, b' ' | b'\t') => Place::SizeEnd,
            (Place::Size | Place::SizeEnd, b';') => Place::Extension,
            (Place::Size | Place::SizeEnd | Place::Extension, b'\r') => Place::SizeLf,
            (Place::Extension, byte) if byte == b'\t' || !byte.is_ascii_control() => {
                Place::Extension
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
            (Place::TrailerFirst | Place::Trailer, b'\n') => {
                return Err("a line after the last chunk ends with LF alone");
            }
            (Place::TrailerFirst | Place::Trailer, _) => Place::Trailer,
            (Place::TrailerLf, b'\n') => Place::TrailerFirst,
            (Place::EndLf, b'\n') => return Ok(None),
            (Place::TrailerLf | Place::EndLf | Place::Data, _) => {
                return Err("a line after the last chunk ends with CR alone");
            }
        };
        Ok(Some(place))
    }
}
