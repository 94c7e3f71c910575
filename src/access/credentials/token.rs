//! The token of an API key: `mnc_`, 41 random letters and digits, and a checksum of 6.

use rand::distr::{Alphanumeric, SampleString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The start of every token, by which secret scanners recognise one.
const START: &str = "mnc_";
/// Random characters of 62 kinds: 244 bits.
const RANDOM: usize = 41;
const CHECKSUM: usize = 6;
const LENGTH: usize = START.len() + RANDOM + CHECKSUM;
/// The length of the prefix, which is stored in clear and may be shown.
const PREFIX: usize = 12;

/// A token as its holder has it. It is never stored, and shown only once.
pub struct Token(String);

impl Token {
    /// What every token begins with.
    pub const START: &str = START;

    /// A new token, from the system's random numbers.
    pub fn new() -> Self {
        let random = Alphanumeric.sample_string(&mut rand::rng(), RANDOM);
        let checksum = checksum(&random);
        Self(format!("{START}{random}{checksum}"))
    }

    /// Parses a token; none if its form or its checksum is wrong.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(START)?;
        if text.len() != LENGTH || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let (random, sum) = rest.split_at(RANDOM);
        (checksum(random) == sum).then(|| Self(text.to_owned()))
    }

    /// The start of the token, by which its key is found.
    pub fn prefix(&self) -> &str {
        &self.0[..PREFIX]
    }

    /// The hash that is stored.
    pub fn hash(&self) -> Vec<u8> {
        Sha256::digest(&self.0).to_vec()
    }

    /// Whether this is the token with that hash, in constant time.
    pub fn matches(&self, hash: &[u8]) -> bool {
        self.hash().ct_eq(hash).into()
    }

    /// The token in clear, for the response that hands it out.
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
    fn a_token_parses_and_a_mistyped_one_does_not() {
        let token = Token::new();
        assert_eq!(token.reveal().len(), LENGTH);
        let again = Token::parse(token.reveal()).unwrap();
        assert!(again.matches(&token.hash()));
        assert!(!Token::new().matches(&token.hash()));
        let mut wrong = token.reveal().to_owned().into_bytes();
        wrong[20] = if wrong[20] == b'a' { b'b' } else { b'a' };
        assert!(Token::parse(std::str::from_utf8(&wrong).unwrap()).is_none());
        for wrong in [
            "",
            "mnc_",
            "mnc_é",
            &token.reveal()[1..],
            &format!("{}a", token.reveal()),
        ] {
            assert!(Token::parse(wrong).is_none());
        }
    }
}
