//! Credentials that are not good. What can't be a key at all is told without asking anybody, and too much of it from one
//! address is refused. A key that could be one is looked up, whatever came from its address before: so neither one
//! colleague's broken script nor a restart, after which nobody remembers which keys were good, locks a newsroom out.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use actix_web::HttpRequest;
use actix_web::http::header;
use sha2::{Digest, Sha256};

use crate::access::caller::Caller;
use crate::access::rate_limit::counts::RateLimiter;
use crate::access::rate_limit::{Rate, RateLimitKey};
use crate::problem::Problem;

type Hash = [u8; 32];

pub struct Keys {
    /// What could not be a key.
    wrong: RateLimiter,
    /// Keys that were looked up in vain.
    unknown: RateLimiter,
    /// Who holds the keys that were good when they were last looked up, by what they hash to.
    good: Mutex<HashMap<Hash, RateLimitKey>>,
}

/// Far more keys than a newsroom has; beyond, all are forgotten.
const MOST: usize = 10_000;

impl Keys {
    pub fn new(wrong: Rate, unknown: Rate) -> Self {
        Self {
            wrong: RateLimiter::new("wrong-keys", wrong),
            unknown: RateLimiter::new("unknown-keys", unknown),
            good: Mutex::default(),
        }
    }

    /// Who holds the key of this request, if it was good when it was last looked up.
    pub fn holder(&self, request: &HttpRequest) -> Option<RateLimitKey> {
        self.good().get(&hash(request)).cloned()
    }

    /// Counts what could not be a key.
    ///
    /// # Errors
    /// Where it was one too many.
    pub fn wrong(&self, rate_limit_key: &RateLimitKey) -> Result<(), Problem> {
        let left = self.wrong.consume(rate_limit_key);
        left.and_then(|left| left.refused()).map_or(Ok(()), Err)
    }

    /// Hears from `ask` who holds a key.
    ///
    /// # Errors
    /// What `ask` says; or that nobody is asked, as too many keys from this address were unknown and this one was not good
    /// before.
    pub async fn prove(
        &self,
        request: &HttpRequest,
        rate_limit_key: &RateLimitKey,
        ask: impl Future<Output = Result<Caller, Problem>>,
    ) -> Result<Caller, Problem> {
        let hash = hash(request);
        let was_good = self.good().contains_key(&hash);
        let left = self.unknown.peek(rate_limit_key);
        if let (false, Some(problem)) = (was_good, left.and_then(|left| left.refused())) {
            return Err(problem);
        }
        let found = ask.await;
        match &found {
            Ok(caller) if !was_good => {
                let mut good = self.good();
                if good.len() >= MOST {
                    good.clear();
                }
                good.insert(hash, caller.into());
            }
            Err(Problem::Unauthorized(_)) => {
                self.good().remove(&hash);
                self.unknown.consume(rate_limit_key);
            }
            _ => {}
        }
        found
    }

    fn good(&self) -> std::sync::MutexGuard<'_, HashMap<Hash, RateLimitKey>> {
        self.good.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a request brings to prove itself, whatever it is; it is kept as a hash alone.
fn hash(request: &HttpRequest) -> Hash {
    let mut hash = Sha256::new();
    for credentials in request.headers().get_all(header::AUTHORIZATION) {
        hash.update(credentials.as_bytes());
        hash.update(b"\n");
    }
    hash.finalize().into()
}
