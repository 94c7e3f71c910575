//! The provider's signing keys: cached, and fetched again when they are old or a key is unknown, by one request at a time.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse,
};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

use crate::access::jwt::Unreachable;
use crate::access::jwt::settings::KeySource;
use crate::access::jwt::source::{self, Source};

/// How long outdated keys are used while the provider can't be reached.
const GRACE: Duration = Duration::from_secs(3600);
/// The pause between two fetches, successful or not: unknown keys must not cause a fetch for every request.
const PAUSE: Duration = Duration::from_secs(10);
/// The most keys of a set; others are ignored.
const MAX_KEYS: usize = 100;

/// A key with its only algorithm.
#[derive(Debug)]
pub struct SigningKey {
    kid: String,
    pub algorithm: Algorithm,
    pub key: DecodingKey,
}

/// The keys of a provider.
pub struct KeySet {
    source: Source,
    max_age: Duration,
    pause: Duration,
    state: RwLock<KeySetState>,
    /// Held while the keys are fetched.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct KeySetState {
    keys: Vec<Arc<SigningKey>>,
    /// When the cached keys were requested.
    fetched_at: Option<Instant>,
    /// When the last fetch ended, successful or not.
    tried_at: Option<Instant>,
}

/// The step before a key is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FetchStep {
    /// Use the cached keys.
    UseCache,
    /// Use the cached keys, and fetch in the background.
    FetchInBackground,
    /// Fetch first.
    FetchFirst,
}

impl KeySet {
    /// The keys of a URL or a file. A file is read at once: unlike a server, it has to be there from the start.
    ///
    /// # Errors
    /// Where a file can't be read, or has no usable signing key.
    pub fn new(source: KeySource, max_age: Duration) -> Result<Arc<Self>, String> {
        let state = match &source {
            KeySource::Url(_) => KeySetState::default(),
            KeySource::File(path) => KeySetState::of_file(path)?,
        };
        Ok(Arc::new(Self {
            source: Source::new(source)?,
            max_age,
            pause: PAUSE.min(max_age),
            state: RwLock::new(state),
            fetching: tokio::sync::Mutex::new(()),
        }))
    }

    /// The key with this id for this algorithm, if there is one.
    ///
    /// # Errors
    /// Where the cached keys are missing or outdated, and no others can be fetched.
    pub async fn find(
        self: &Arc<Self>,
        kid: &str,
        algorithm: Algorithm,
    ) -> Result<Option<Arc<SigningKey>>, Unreachable> {
        match self.step(Some((kid, algorithm))) {
            FetchStep::UseCache => {}
            FetchStep::FetchInBackground => self.refresh_in_background(),
            FetchStep::FetchFirst => {
                let (own, kid) = (self.clone(), kid.to_owned());
                // A task of its own: other requests wait for it, even if this one is dropped.
                let fetching = actix_web::rt::spawn(async move {
                    own.refresh(Some((&kid, algorithm))).await;
                });
                let _ = fetching.await;
            }
        }
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if state.is_usable(Instant::now(), self.max_age) {
            Ok(state.find(kid, algorithm))
        } else {
            Err(Unreachable)
        }
    }

    /// Fetches the keys in the background, unless that is in progress.
    pub fn refresh_in_background(self: &Arc<Self>) {
        if self.fetching.try_lock().is_ok() {
            let own = self.clone();
            actix_web::rt::spawn(async move { own.refresh(None).await });
        }
    }

    /// Fetches the keys, unless another fetch has made that needless meanwhile.
    async fn refresh(&self, wanted: Option<(&str, Algorithm)>) {
        let _fetching = self.fetching.lock().await;
        if self.step(wanted) == FetchStep::UseCache {
            return;
        }
        let fetched_at = Instant::now();
        let read = match self.source.read().await {
            Ok(bytes) => keys(&bytes),
            Err(error) => Err(error),
        };
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.tried_at = Some(Instant::now());
        match read {
            Ok(keys) => {
                if keys.is_empty() {
                    log::warn!("the identity provider has no usable signing key");
                }
                state.keys = keys;
                state.fetched_at = Some(fetched_at);
            }
            Err(error) => log::warn!("the identity provider's keys can't be fetched: {error}"),
        }
    }

    fn step(&self, wanted: Option<(&str, Algorithm)>) -> FetchStep {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let known = wanted.is_none_or(|(kid, algorithm)| state.find(kid, algorithm).is_some());
        state.step(known, Instant::now(), self.max_age, self.pause)
    }
}

impl KeySetState {
    fn of_file(path: &Path) -> Result<Self, String> {
        let refused = |why: String| format!("`--jwt-jwks-file`: {why}");
        let now = Instant::now();
        let keys = source::read_file(path)
            .and_then(|bytes| keys(&bytes).map_err(|why| format!("{}: {why}", path.display())))
            .map_err(refused)?;
        if keys.is_empty() {
            let why =
                "has no key that could have signed a JWT (RS256, ES256 or EdDSA, with a `kid`)";
            return Err(refused(format!("{} {why}", path.display())));
        }
        Ok(Self {
            keys,
            fetched_at: Some(now),
            tried_at: Some(now),
        })
    }

    fn find(&self, kid: &str, algorithm: Algorithm) -> Option<Arc<SigningKey>> {
        let matches = |key: &&Arc<SigningKey>| key.kid == kid && key.algorithm == algorithm;
        self.keys.iter().find(matches).cloned()
    }

    fn step(&self, known: bool, now: Instant, max_age: Duration, pause: Duration) -> FetchStep {
        let since = |at: Instant| now.saturating_duration_since(at);
        if self.tried_at.is_some_and(|at| since(at) < pause) {
            return FetchStep::UseCache;
        }
        match self.fetched_at.map(since) {
            None => FetchStep::FetchFirst,
            Some(age) if age >= max_age || !known => FetchStep::FetchFirst,
            Some(age) if age >= max_age * 3 / 4 => FetchStep::FetchInBackground,
            Some(_) => FetchStep::UseCache,
        }
    }

    fn is_usable(&self, now: Instant, max_age: Duration) -> bool {
        self.fetched_at
            .is_some_and(|at| now.saturating_duration_since(at) < max_age + GRACE)
    }
}

/// The usable signing keys of a JWK Set (RFC 7517). Other keys are ignored.
fn keys(bytes: &[u8]) -> Result<Vec<Arc<SigningKey>>, String> {
    let set: Value = serde_json::from_slice(bytes).map_err(|_| "not JSON")?;
    let all = set["keys"].as_array().ok_or("not a JWK Set")?;
    Ok(all
        .iter()
        .take(MAX_KEYS)
        .filter_map(key)
        .map(Arc::new)
        .collect())
}

fn key(value: &Value) -> Option<SigningKey> {
    let jwk: Jwk = serde_json::from_value(value.clone()).ok()?;
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P256 => {
            Algorithm::ES256
        }
        AlgorithmParameters::OctetKeyPair(point) if point.curve == EllipticCurve::Ed25519 => {
            Algorithm::EdDSA
        }
        _ => return None,
    };
    let common = &jwk.common;
    let verifies = |ops: &Vec<KeyOperations>| ops.contains(&KeyOperations::Verify);
    let is_for_signatures = common
        .key_algorithm
        .is_none_or(|key_algorithm| key_algorithm == KeyAlgorithm::from(algorithm))
        && common
            .public_key_use
            .as_ref()
            .is_none_or(|key_use| *key_use == PublicKeyUse::Signature)
        && common.key_operations.as_ref().is_none_or(verifies);
    Some(SigningKey {
        kid: jwk.common.key_id.clone().filter(|_| is_for_signatures)?,
        algorithm,
        key: DecodingKey::from_jwk(&jwk).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX_AGE: Duration = Duration::from_secs(300);

    fn step(fetched: Option<u64>, tried: Option<u64>, known: bool) -> FetchStep {
        let begun = Instant::now();
        let now = begun + Duration::from_secs(100_000);
        let ago = |seconds: u64| now - Duration::from_secs(seconds);
        let state = KeySetState {
            keys: Vec::new(),
            fetched_at: fetched.map(ago),
            tried_at: tried.map(ago),
        };
        state.step(known, now, MAX_AGE, PAUSE)
    }

    #[test]
    fn keys_are_fetched_when_they_are_old_or_unknown_with_a_pause() {
        assert_eq!(step(None, None, true), FetchStep::FetchFirst);
        assert_eq!(step(None, Some(9), true), FetchStep::UseCache);
        assert_eq!(step(None, Some(10), true), FetchStep::FetchFirst);
        assert_eq!(step(Some(100), Some(100), true), FetchStep::UseCache);
        assert_eq!(step(Some(100), Some(100), false), FetchStep::FetchFirst);
        assert_eq!(step(Some(5), Some(5), false), FetchStep::UseCache);
        assert_eq!(
            step(Some(225), Some(225), true),
            FetchStep::FetchInBackground
        );
        assert_eq!(step(Some(300), Some(300), true), FetchStep::FetchFirst);
        assert_eq!(step(Some(400), Some(5), true), FetchStep::UseCache);
    }

    #[test]
    fn outdated_keys_are_used_for_an_hour_while_the_provider_is_unreachable() {
        let begun = Instant::now();
        let state = KeySetState {
            fetched_at: Some(begun),
            ..KeySetState::default()
        };
        assert!(state.is_usable(begun + MAX_AGE + GRACE - Duration::from_secs(1), MAX_AGE));
        assert!(!state.is_usable(begun + MAX_AGE + GRACE, MAX_AGE));
        assert!(!KeySetState::default().is_usable(begun, MAX_AGE));
    }

    #[test]
    fn only_usable_signing_keys_are_taken() {
        let point = "11qYAycTLXEcZ7Xr0Yg6bSgWYz5NhYl4BdkMMuGUuDw";
        let set = serde_json::json!({"keys": [
            {"kty": "OKP", "crv": "Ed25519", "kid": "good", "x": point},
            {"kty": "OKP", "crv": "Ed25519", "kid": "good too", "x": point, "use": "sig", "alg": "EdDSA", "key_ops": ["verify"]},
            {"kty": "OKP", "crv": "Ed25519", "x": point},
            {"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": point, "use": "enc"},
            {"kty": "OKP", "crv": "Ed25519", "kid": "b", "x": point, "alg": "HS256"},
            {"kty": "OKP", "crv": "Ed25519", "kid": "c", "x": point, "key_ops": ["encrypt"]},
            {"kty": "OKP", "crv": "X25519", "kid": "d", "x": point},
            {"kty": "oct", "kid": "e", "k": point},
            {"kty": "EC", "crv": "P-384", "kid": "f", "x": point, "y": point},
            {"kty": "OKP", "crv": "Ed25519", "kid": "g", "x": "not base64!"},
            {"kty": "new"}, 1, null,
        ]});
        let found = keys(set.to_string().as_bytes()).unwrap();
        let names: Vec<&str> = found.iter().map(|key| key.kid.as_str()).collect();
        assert_eq!(names, ["good", "good too"]);
        assert!(keys(b"{").is_err() && keys(b"[]").is_err() && keys(b"{}").is_err());
    }
}
