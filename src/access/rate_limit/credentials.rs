//! Limits for invalid credentials. Malformed ones are refused without a lookup, and too many of them from one address are
//! refused altogether. Well-formed ones are looked up whatever came from their address before, so that neither a colleague's
//! broken script nor a restart, after which no key is known to be valid, locks a newsroom out.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use actix_web::HttpRequest;
use actix_web::http::header;
use sha2::{Digest, Sha256};

use super::allowance::Allowance;
use super::limiter::RateLimiter;
use super::{Rate, RateLimitKey};
use crate::access::caller::Caller;
use crate::problem::Problem;

type Hash = [u8; 32];

/// The most credentials remembered as valid: far more than a newsroom has. Beyond that, all are forgotten.
const MAX_OWNERS: usize = 10_000;

pub struct CredentialLimits {
    malformed: RateLimiter,
    /// Well-formed credentials that were looked up and not found.
    unknown: RateLimiter,
    /// The owners of credentials that were valid when last looked up, by the hash of the credentials.
    owners: Mutex<HashMap<Hash, RateLimitKey>>,
}

impl CredentialLimits {
    pub fn new(malformed: Rate, unknown: Rate) -> Self {
        Self {
            malformed: RateLimiter::new("wrong-keys", malformed),
            unknown: RateLimiter::new("unknown-keys", unknown),
            owners: Mutex::default(),
        }
    }

    /// The owner of a request's credentials, if those were valid when last looked up.
    pub fn known_owner(&self, request: &HttpRequest) -> Option<RateLimitKey> {
        self.owners().get(&hash(request)).cloned()
    }

    /// Counts malformed credentials.
    ///
    /// # Errors
    /// Where the address has sent too many.
    pub fn count_malformed(&self, address: &RateLimitKey) -> Result<(), Problem> {
        let allowance = self.malformed.consume(address);
        let refused = allowance.as_ref().and_then(Allowance::refused);
        refused.map_or(Ok(()), Err)
    }

    /// Looks up the owner of a request's credentials.
    ///
    /// # Errors
    /// The lookup's; or, without a lookup, where the address has sent too many unknown credentials and these were not valid
    /// before.
    pub async fn authenticate(
        &self,
        request: &HttpRequest,
        address: &RateLimitKey,
        lookup: impl Future<Output = Result<Caller, Problem>>,
    ) -> Result<Caller, Problem> {
        let hash = hash(request);
        let was_valid = self.owners().contains_key(&hash);
        let allowance = self.unknown.peek(address);
        let refused = allowance.as_ref().and_then(Allowance::refused);
        if let (false, Some(problem)) = (was_valid, refused) {
            return Err(problem);
        }
        let found = lookup.await;
        match &found {
            Ok(caller) if !was_valid => {
                let mut owners = self.owners();
                if owners.len() >= MAX_OWNERS {
                    owners.clear();
                }
                owners.insert(hash, caller.into());
            }
            Err(Problem::Unauthorized(_)) => {
                self.owners().remove(&hash);
                self.unknown.consume(address);
            }
            _ => {}
        }
        found
    }

    fn owners(&self) -> MutexGuard<'_, HashMap<Hash, RateLimitKey>> {
        self.owners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The hash of all credentials of a request; the credentials themselves are not kept.
fn hash(request: &HttpRequest) -> Hash {
    let mut hash = Sha256::new();
    for credentials in request.headers().get_all(header::AUTHORIZATION) {
        hash.update(credentials.as_bytes());
        hash.update(b"\n");
    }
    hash.finalize().into()
}
