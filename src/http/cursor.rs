//! Cursors: opaque positions in a list, valid for its filters alone.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::http::messages;
use crate::problem::{Fault, FaultCode};

/// A position between two items of a list, and the direction to read in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor<K> {
    pub key: K,
    pub id: Uuid,
    pub forward: bool,
    /// Whether the item at this position belongs to the page: it does where the page beyond it is empty.
    pub inclusive: bool,
}

/// The first sort key of a list, encoded in a cursor.
pub trait SortKey: Sized + Clone {
    fn write(&self) -> Vec<u8>;
    fn read(bytes: &[u8]) -> Option<Self>;
}

/// A time in microseconds; none sorts after all others.
impl SortKey for Option<chrono::DateTime<chrono::Utc>> {
    fn write(&self) -> Vec<u8> {
        self.map_or(i64::MAX, |at| at.timestamp_micros())
            .to_be_bytes()
            .to_vec()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        match i64::from_be_bytes(bytes.try_into().ok()?) {
            i64::MAX => Some(None),
            micros => {
                let at = chrono::DateTime::from_timestamp_micros(micros)?;
                crate::http::values::in_range(at).then_some(Some(at))
            }
        }
    }
}

/// A position in the tree of categories, in hexadecimal digits.
impl SortKey for String {
    fn write(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let hex = |b: &u8| b.is_ascii_digit() || (b'a'..=b'f').contains(b);
        (bytes.len() <= 180 && bytes.iter().all(hex))
            .then(|| String::from_utf8_lossy(bytes).into_owned())
    }
}

/// A name that a list is sorted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameKey(pub String);

impl SortKey for NameKey {
    fn write(&self) -> Vec<u8> {
        self.0.as_bytes().to_vec()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        (text.len() <= 400 && !text.contains('\0')).then(|| Self(text.to_owned()))
    }
}

/// A hash of the list and its filters, which ties a cursor to them.
pub fn fingerprint(parts: impl IntoIterator<Item = impl AsRef<str>>) -> [u8; 8] {
    let mut hash = Sha256::new();
    for part in parts {
        let part = part.as_ref();
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize()[..8].try_into().expect("a digest is longer")
}

impl<K: SortKey> Cursor<K> {
    /// Encodes the cursor for a list with this fingerprint. The format is internal and may change.
    pub fn write(&self, fingerprint: [u8; 8]) -> String {
        let mut bytes = fingerprint.to_vec();
        bytes.push(u8::from(self.forward) | u8::from(self.inclusive) << 1);
        bytes.extend(self.id.as_bytes());
        bytes.extend(self.key.write());
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Decodes a cursor that [`Cursor::write`] encoded for the same list and filters.
    pub fn read(text: &str, fingerprint: [u8; 8]) -> Result<Self, Fault> {
        let malformed = || Fault::of("cursor", FaultCode::Invalid, messages::not_a_cursor());
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| malformed())?;
        let (own, rest) = bytes.split_first_chunk::<8>().ok_or_else(malformed)?;
        let (&flags, rest) = rest.split_first().ok_or_else(malformed)?;
        let (id, key) = rest.split_first_chunk::<16>().ok_or_else(malformed)?;
        let key = K::read(key).filter(|_| flags < 4).ok_or_else(malformed)?;
        if *own != fingerprint {
            return Err(Fault::of(
                "cursor",
                FaultCode::CursorMismatch,
                messages::other_cursor(),
            ));
        }
        Ok(Self {
            key,
            id: Uuid::from_bytes(*id),
            forward: flags & 1 != 0,
            inclusive: flags & 2 != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_decoded_as_it_was_encoded() {
        let of = fingerprint(["headlines", "fr"]);
        for key in [
            None,
            chrono::DateTime::from_timestamp_micros(1_753_966_800_123_456),
        ] {
            for forward in [true, false] {
                let cursor = Cursor {
                    key,
                    id: Uuid::now_v7(),
                    forward,
                    inclusive: !forward,
                };
                assert_eq!(Cursor::read(&cursor.write(of), of), Ok(cursor));
            }
        }
    }

    #[test]
    fn a_cursor_of_another_list_or_a_malformed_one_is_refused() {
        let of = fingerprint(["headlines", "fr"]);
        let text = Cursor {
            key: None::<chrono::DateTime<chrono::Utc>>,
            id: Uuid::nil(),
            forward: true,
            inclusive: false,
        }
        .write(of);
        type SortTime = Option<chrono::DateTime<chrono::Utc>>;
        let code = |text: &str, of| Cursor::<SortTime>::read(text, of).unwrap_err().code;
        assert_eq!(
            code(&text, fingerprint(["headlinesf", "r"])),
            FaultCode::CursorMismatch
        );
        for wrong in [
            "",
            "é",
            "AAAA",
            &text[1..],
            &text[..text.len() - 1],
            &format!("{text}A"),
        ] {
            assert_eq!(code(wrong, of), FaultCode::Invalid, "{wrong}");
        }
    }
}
