//! Rate limits. An API key or a JWT's subject has its own counts, from whichever address it is used; requests without one
//! share the counts of their address. Reads and writes are counted apart, and each node counts for itself.

mod allowance;
mod credentials;
mod limiter;
mod settings;
mod store;

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::Method;
use uuid::Uuid;

pub use allowance::Allowance;
use credentials::CredentialLimits;
use limiter::RateLimiter;
pub use settings::{Rate, RateLimitSettings};

use crate::access::caller::Caller;
use crate::connection::client_address::{client_address, network};
use crate::problem::Problem;

/// The key under which requests are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RateLimitKey {
    /// The id of an API key.
    Key(Uuid),
    /// The subject of a JWT.
    Name(String),
    /// An IPv4 address, or the /64 network of an IPv6 address.
    Address(IpAddr),
}

impl RateLimitKey {
    fn of_address(request: &HttpRequest) -> Self {
        Self::Address(network(client_address(request)))
    }
}

impl From<&Caller> for RateLimitKey {
    fn from(caller: &Caller) -> Self {
        caller
            .key_id
            .map_or_else(|| Self::Name(caller.name.clone()), Self::Key)
    }
}

/// The limits of this node, shared by all workers.
pub struct Limits {
    with_key: Limiters,
    without_key: Limiters,
    credentials: CredentialLimits,
}

/// The limiters of callers with credentials, or of those without.
struct Limiters {
    reads: RateLimiter,
    writes: RateLimiter,
}

impl Limiters {
    fn of(&self, method: &Method) -> &RateLimiter {
        match *method {
            Method::GET | Method::HEAD => &self.reads,
            _ => &self.writes,
        }
    }
}

/// The allowance after a request was counted, if there is a limit, and whether the request is within it.
pub type Counted = (Option<Allowance>, Result<(), Problem>);

impl Limits {
    pub fn new(settings: &RateLimitSettings) -> Arc<Self> {
        Arc::new(Self {
            with_key: Limiters {
                reads: RateLimiter::new("reads", settings.rate_reads),
                writes: RateLimiter::new("writes", settings.rate_writes),
            },
            without_key: Limiters {
                reads: RateLimiter::new("reads", settings.rate_reads_without_key),
                writes: RateLimiter::new("writes", settings.rate_writes_without_key),
            },
            credentials: CredentialLimits::new(
                settings.rate_wrong_keys,
                settings.rate_reads_without_key,
            ),
        })
    }

    /// The owner of the credentials of a request, if those were valid when they were last looked up.
    pub fn known_owner(&self, request: &HttpRequest) -> Option<RateLimitKey> {
        self.credentials.known_owner(request)
    }

    /// Counts a request without valid credentials against its client's address.
    pub fn count_address(&self, request: &HttpRequest) -> Counted {
        count(
            &self.without_key,
            &RateLimitKey::of_address(request),
            request,
        )
    }

    /// Counts a read without credentials against its client's address; none where it is one too many.
    pub fn count_read(&self, address: IpAddr) -> Option<Option<Allowance>> {
        let key = RateLimitKey::Address(network(address));
        let allowance = self.without_key.reads.consume(&key);
        let is_refused = allowance.as_ref().and_then(Allowance::refused).is_some();
        (!is_refused).then_some(allowance)
    }

    /// Counts a request against the owner of its credentials.
    pub fn count_owner(&self, owner: &RateLimitKey, request: &HttpRequest) -> Counted {
        count(&self.with_key, owner, request)
    }

    /// Counts malformed credentials.
    ///
    /// # Errors
    /// Where an address has sent too many.
    pub fn count_malformed(&self, request: &HttpRequest) -> Result<(), Problem> {
        self.credentials
            .count_malformed(&RateLimitKey::of_address(request))
    }

    /// Looks up the owner of a request's credentials with `lookup`.
    ///
    /// # Errors
    /// The lookup's, or where an address has sent too many unknown credentials.
    pub async fn authenticate(
        &self,
        request: &HttpRequest,
        lookup: impl Future<Output = Result<Caller, Problem>>,
    ) -> Result<Caller, Problem> {
        let address = RateLimitKey::of_address(request);
        self.credentials
            .authenticate(request, &address, lookup)
            .await
    }

    /// The limits of an authenticated caller, with what is left of each; none for what is not limited.
    pub fn remaining(&self, owner: &RateLimitKey) -> Vec<Allowance> {
        [&self.with_key.reads, &self.with_key.writes]
            .into_iter()
            .filter_map(|limiter| limiter.peek(owner))
            .collect()
    }
}

fn count(limiters: &Limiters, key: &RateLimitKey, request: &HttpRequest) -> Counted {
    let allowance = limiters.of(request.method()).consume(key);
    let refused = allowance.as_ref().and_then(Allowance::refused);
    (allowance, refused.map_or(Ok(()), Err))
}
