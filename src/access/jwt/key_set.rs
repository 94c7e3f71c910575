//! The provider's signing keys, kept for a while and asked for anew: by one request at a time, and not without end.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse,
};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

use crate::access::jwt::Unreachable;
use crate::access::jwt::settings::Place;
use crate::access::jwt::source::{self, Source};

/// How long keys are used beyond their age, where the provider can't be asked.
const GRACE: Duration = Duration::from_secs(3600);
/// How long nobody is asked again after an answer, or after none: an unknown key must not make us ask for every request.
const PAUSE: Duration = Duration::from_secs(10);
/// How many keys are looked at.
const MOST: usize = 100;

/// One key, and the one algorithm that it is for.
#[derive(Debug)]
pub struct Key {
    kid: String,
    pub algorithm: Algorithm,
    pub key: DecodingKey,
}

/// All keys of a provider.
pub struct KeySet {
    source: Source,
    max_age: Duration,
    pause: Duration,
    state: RwLock<State>,
    flight: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    keys: Vec<Arc<Key>>,
    /// When the keys were asked for that are there.
    asked_at: Option<Instant>,
    /// When the last attempt ended, well or not.
    tried_at: Option<Instant>,
}

/// What to do before a key is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Answer from what is there.
    Answer,
    /// The same, and ask anew beside it.
    AskBeside,
    /// Ask anew first.
    AskFirst,
}

impl KeySet {
    /// The keys of a place. A file is read at once: unlike another server, it has to be there from the beginning.
    ///
    /// # Errors
    /// Where a file can't be read, or has no key that could have signed a JWT.
    pub fn new(place: Place, max_age: Duration) -> Result<Arc<Self>, String> {
        let state = match &place {
            Place::Url(_) => State::default(),
            Place::File(path) => State::of_file(path)?,
        };
        Ok(Arc::new(Self {
            source: Source::new(place)?,
            max_age,
            pause: PAUSE.min(max_age),
            state: RwLock::new(state),
            flight: tokio::sync::Mutex::new(()),
        }))
    }

    /// The key of this name for this algorithm, if there is one.
    pub async fn find(
        self: &Arc<Self>,
        kid: &str,
        algorithm: Algorithm,
    ) -> Result<Option<Arc<Key>>, Unreachable> {
        match self.step(Some((kid, algorithm))) {
            Step::Answer => {}
            Step::AskBeside => self.refresh_beside(),
            Step::AskFirst => {
                let (own, kid) = (self.clone(), kid.to_owned());
                // On its own, so that a caller who leaves doesn't take along what others wait for.
                let asking = actix_web::rt::spawn(async move {
                    own.refresh(Some((&kid, algorithm))).await;
                });
                let _ = asking.await;
            }
        }
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if state.is_usable(Instant::now(), self.max_age) {
            Ok(state.find(kid, algorithm))
        } else {
            Err(Unreachable)
        }
    }

    /// Asks anew while others go on, unless somebody does already.
    pub fn refresh_beside(self: &Arc<Self>) {
        if self.flight.try_lock().is_ok() {
            let own = self.clone();
            actix_web::rt::spawn(async move { own.refresh(None).await });
        }
    }

    /// Asks anew, unless that turns out to be needless once it is our turn.
    async fn refresh(&self, wanted: Option<(&str, Algorithm)>) {
        let _flight = self.flight.lock().await;
        if self.step(wanted) == Step::Answer {
            return;
        }
        let asked_at = Instant::now();
        let read = match self.source.read().await {
            Ok(bytes) => keys(&bytes),
            Err(error) => Err(error),
        };
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.tried_at = Some(Instant::now());
        match read {
            Ok(keys) => {
                if keys.is_empty() {
                    log::warn!("the identity provider has no key that could have signed a JWT");
                }
                state.keys = keys;
                state.asked_at = Some(asked_at);
            }
            Err(error) => log::warn!("the identity provider's keys can't be had: {error}"),
        }
    }

    fn step(&self, wanted: Option<(&str, Algorithm)>) -> Step {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let known = wanted.is_none_or(|(kid, algorithm)| state.find(kid, algorithm).is_some());
        state.step(known, Instant::now(), self.max_age, self.pause)
    }
}

impl State {
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
            asked_at: Some(now),
            tried_at: Some(now),
        })
    }

    fn find(&self, kid: &str, algorithm: Algorithm) -> Option<Arc<Key>> {
        let is_it = |key: &&Arc<Key>| key.kid == kid && key.algorithm == algorithm;
        self.keys.iter().find(is_it).cloned()
    }

    fn step(&self, known: bool, now: Instant, max_age: Duration, pause: Duration) -> Step {
        let since = |at: Instant| now.saturating_duration_since(at);
        if self.tried_at.is_some_and(|at| since(at) < pause) {
            return Step::Answer;
        }
        match self.asked_at.map(since) {
            None => Step::AskFirst,
            Some(age) if age >= max_age || !known => Step::AskFirst,
            Some(age) if age >= max_age * 3 / 4 => Step::AskBeside,
            Some(_) => Step::Answer,
        }
    }

    fn is_usable(&self, now: Instant, max_age: Duration) -> bool {
        self.asked_at
            .is_some_and(|at| now.saturating_duration_since(at) < max_age + GRACE)
    }
}

/// The keys of a JWK Set (RFC 7517) that may sign here. Others may stand beside them.
fn keys(bytes: &[u8]) -> Result<Vec<Arc<Key>>, String> {
    let set: Value = serde_json::from_slice(bytes).map_err(|_| "what is there is not JSON")?;
    let all = set["keys"]
        .as_array()
        .ok_or("what is there is not a JWK Set")?;
    Ok(all
        .iter()
        .take(MOST)
        .filter_map(key)
        .map(Arc::new)
        .collect())
}

fn key(value: &Value) -> Option<Key> {
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
    let meant = common
        .key_algorithm
        .is_none_or(|its| its == KeyAlgorithm::from(algorithm))
        && common
            .public_key_use
            .as_ref()
            .is_none_or(|its| *its == PublicKeyUse::Signature)
        && common.key_operations.as_ref().is_none_or(verifies);
    Some(Key {
        kid: jwk.common.key_id.clone().filter(|_| meant)?,
        algorithm,
        key: DecodingKey::from_jwk(&jwk).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX_AGE: Duration = Duration::from_secs(300);

    fn step(asked: Option<u64>, tried: Option<u64>, known: bool) -> Step {
        let begun = Instant::now();
        let now = begun + Duration::from_secs(100_000);
        let ago = |seconds: u64| now - Duration::from_secs(seconds);
        let state = State {
            keys: Vec::new(),
            asked_at: asked.map(ago),
            tried_at: tried.map(ago),
        };
        state.step(known, now, MAX_AGE, PAUSE)
    }

    #[test]
    fn keys_are_asked_for_when_they_are_old_or_unknown_and_not_too_often() {
        assert_eq!(step(None, None, true), Step::AskFirst);
        assert_eq!(step(None, Some(9), true), Step::Answer);
        assert_eq!(step(None, Some(10), true), Step::AskFirst);
        assert_eq!(step(Some(100), Some(100), true), Step::Answer);
        assert_eq!(step(Some(100), Some(100), false), Step::AskFirst);
        assert_eq!(step(Some(5), Some(5), false), Step::Answer);
        assert_eq!(step(Some(225), Some(225), true), Step::AskBeside);
        assert_eq!(step(Some(300), Some(300), true), Step::AskFirst);
        assert_eq!(step(Some(400), Some(5), true), Step::Answer);
    }

    #[test]
    fn old_keys_are_used_for_an_hour_while_the_provider_is_away() {
        let begun = Instant::now();
        let state = State {
            asked_at: Some(begun),
            ..State::default()
        };
        assert!(state.is_usable(begun + MAX_AGE + GRACE - Duration::from_secs(1), MAX_AGE));
        assert!(!state.is_usable(begun + MAX_AGE + GRACE, MAX_AGE));
        assert!(!State::default().is_usable(begun, MAX_AGE));
    }

    #[test]
    fn only_keys_that_may_sign_here_are_taken() {
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
