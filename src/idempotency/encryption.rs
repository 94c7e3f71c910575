//! Encrypts stored responses with a key derived from the caller's credential: ChaCha20-Poly1305 (RFC 8439) under a key from
//! HKDF (RFC 5869).

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::rand::{SecureRandom, SystemRandom};

use crate::problem::Problem;

/// A key derived from a secret. The secret itself is not stored in it.
#[derive(Clone)]
pub struct EncryptionKey([u8; 32]);

impl std::fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EncryptionKey")
    }
}

impl EncryptionKey {
    /// Derives the key of this secret for this purpose alone.
    pub fn derive(secret: &[u8], purpose: &[u8]) -> Self {
        let mut key = [0; 32];
        let extracted = Salt::new(HKDF_SHA256, b"manchette: encryption").extract(secret);
        extracted
            .expand(&[purpose], KeyLength)
            .and_then(|expanded| expanded.fill(&mut key))
            .expect("HKDF gives up to 255 times 32 bytes");
        Self(key)
    }

    fn cipher(&self) -> LessSafeKey {
        let key = UnboundKey::new(&CHACHA20_POLY1305, &self.0);
        LessSafeKey::new(key.expect("a key has 32 bytes"))
    }

    /// Encrypts and authenticates a text: the random nonce, then the ciphertext with its tag.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn encrypt(&self, plaintext: &[u8]) -> Result<Vec<u8>, Problem> {
        let failed = |_| Problem::internal("a response can't be encrypted");
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(failed)?;
        let mut ciphertext = plaintext.to_vec();
        let cipher = self.cipher();
        cipher
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::empty(),
                &mut ciphertext,
            )
            .map_err(failed)?;
        Ok([nonce.as_slice(), &ciphertext].concat())
    }

    /// Decrypts the output of [`Self::encrypt`]; none if it was encrypted under another key.
    pub fn decrypt(&self, encrypted: &[u8]) -> Option<Vec<u8>> {
        let (nonce, ciphertext) = encrypted.split_first_chunk::<NONCE_LEN>()?;
        let mut ciphertext = ciphertext.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plaintext = self
            .cipher()
            .open_in_place(nonce, Aad::empty(), &mut ciphertext);
        plaintext.ok().map(|plaintext| plaintext.to_vec())
    }
}

/// The length of a key in the form that HKDF takes.
struct KeyLength;

impl ring::hkdf::KeyType for KeyLength {
    fn len(&self) -> usize {
        32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_secret_and_purpose_decrypt() {
        let key = EncryptionKey::derive(b"secret", b"one");
        let encrypted = key.encrypt(b"clear").unwrap();
        assert_eq!(
            key.decrypt(&encrypted).as_deref(),
            Some(b"clear".as_slice())
        );
        assert_ne!(key.encrypt(b"clear").unwrap(), encrypted);
        assert!(!encrypted.windows(5).any(|part| part == b"clear"));
        for (secret, purpose) in [("other", "one"), ("secret", "two")] {
            let other = EncryptionKey::derive(secret.as_bytes(), purpose.as_bytes());
            assert_eq!(other.decrypt(&encrypted), None);
        }
        assert_eq!(key.decrypt(&encrypted[1..]), None);
        assert_eq!(key.decrypt(b""), None);
    }
}
