//! What is kept so that only whoever has a certain secret can read it: ChaCha20-Poly1305 (RFC 8439) under a key that HKDF
//! (RFC 5869) makes of the secret.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::rand::{SecureRandom, SystemRandom};

use crate::problem::Problem;

/// A key that was made of a secret. The secret itself is not in it.
#[derive(Clone)]
pub struct Seal([u8; 32]);

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
    }
}

impl Seal {
    /// A seal of this secret, for this purpose alone.
    pub fn new(secret: &[u8], purpose: &[u8]) -> Self {
        let mut key = [0; 32];
        let made = Salt::new(HKDF_SHA256, b"manchette: seal").extract(secret);
        made.expand(&[purpose], Length)
            .and_then(|found| found.fill(&mut key))
            .expect("32 bytes are no more than HKDF gives");
        Self(key)
    }

    fn key(&self) -> LessSafeKey {
        let key = UnboundKey::new(&CHACHA20_POLY1305, &self.0);
        LessSafeKey::new(key.expect("a key has 32 bytes"))
    }

    /// Seals this.
    ///
    /// # Errors
    /// Where the system has no random numbers.
    pub fn close(&self, clear: &[u8]) -> Result<Vec<u8>, Problem> {
        let failed = |_| Problem::internal("it can't be sealed");
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(failed)?;
        let mut closed = clear.to_vec();
        let key = self.key();
        key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::empty(),
            &mut closed,
        )
        .map_err(failed)?;
        Ok([nonce.as_slice(), &closed].concat())
    }

    /// Opens what [`Seal::close`] gave; none where it was sealed with another secret.
    pub fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, closed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut closed = closed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let clear = self.key().open_in_place(nonce, Aad::empty(), &mut closed);
        clear.ok().map(|clear| clear.to_vec())
    }
}

/// How long a key is, in the way that HKDF is told.
struct Length;

impl ring::hkdf::KeyType for Length {
    fn len(&self) -> usize {
        32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_secret_opens_what_it_sealed() {
        let seal = Seal::new(b"secret", b"one");
        let sealed = seal.close(b"clear").unwrap();
        assert_eq!(seal.open(&sealed).as_deref(), Some(b"clear".as_slice()));
        assert_ne!(seal.close(b"clear").unwrap(), sealed);
        assert!(!sealed.windows(5).any(|part| part == b"clear"));
        assert_eq!(Seal::new(b"other", b"one").open(&sealed), None);
        assert_eq!(Seal::new(b"secret", b"two").open(&sealed), None);
        assert_eq!(seal.open(&sealed[1..]), None);
        assert_eq!(seal.open(b""), None);
    }
}
