//! The key itself: `mnc_`, 41 random letters and digits, and 6 that prove it was not mistyped.

use rand::distr::{Alphanumeric, SampleString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What every key begins with, so that whoever scans code for secrets knows one.
const START: &str = "mnc_";
/// Random characters of 62 kinds: 244 bits.
const RANDOM: usize = 41;
const CHECKSUM: usize = 6;
const LENGTH: usize = START.len() + RANDOM + CHECKSUM;
/// How much of a key may be shown and is kept readable.
const PREFIX: usize = 12;

/// A key as its holder has it. It is never kept, and never shown but once.
pub struct Token(String);

impl Token {
    /// A new one, from the system's random numbers.
    pub fn new() -> Self {
        let random = Alphanumeric.sample_string(&mut rand::rng(), RANDOM);
        let checksum = checksum(&random);
        Self(format!("{START}{random}{checksum}"))
    }

    /// Reads a key; none where it can't be one of ours.
    pub fn read(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(START)?;
        if text.len() != LENGTH || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let (random, sum) = rest.split_at(RANDOM);
        (checksum(random) == sum).then(|| Self(text.to_owned()))
    }

    /// The part by which it is found and told from others.
    pub fn prefix(&self) -> &str {
        &self.0[..PREFIX]
    }

    /// What is kept of it.
    pub fn hash(&self) -> Vec<u8> {
        Sha256::digest(&self.0).to_vec()
    }

    /// Whether this is the key of which that was kept; the time it takes tells nothing.
    pub fn is(&self, kept: &[u8]) -> bool {
        self.hash().ct_eq(kept).into()
    }

    /// The key in clear, for the one time that it is handed out.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl Default for Token {
    fn default() -> Self {
        Self::new()
    }
}

/// CRC-32 in base 62, as in the tokens of large code hosts.
fn checksum(text: &str) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut sum = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(sum % 62) as usize];
        sum /= 62;
    }
    String::from_utf8_lossy(&digits).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_a_mistyped_one_does_not() {
        let key = Token::new();
        assert_eq!(key.reveal().len(), LENGTH);
        let again = Token::read(key.reveal()).unwrap();
        assert!(again.is(&key.hash()));
        assert!(!Token::new().is(&key.hash()));
        let mut wrong = key.reveal().to_owned().into_bytes();
        wrong[20] = if wrong[20] == b'a' { b'b' } else { b'a' };
        assert!(Token::read(std::str::from_utf8(&wrong).unwrap()).is_none());
        for wrong in [
            "",
            "mnc_",
            "mnc_é",
            &key.reveal()[1..],
            &format!("{}a", key.reveal()),
        ] {
            assert!(Token::read(wrong).is_none());
        }
    }
}
