//! How much one caller may ask for. A key has its own counts, wherever it is used from; who has none shares those of the
//! address. Reads and writes are counted apart. The counts are this process's own: every node has its own.

pub mod address;
mod counts;
mod keys;
mod settings;

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::http::{Method, header};
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest};
use uuid::Uuid;

pub use counts::Allowance;
use counts::RateLimiter;
use keys::Keys;
pub use settings::{ProxyHeader, Rate, Settings};

use crate::access::caller::Caller;
use crate::access::extractors::caller;
use crate::problem::Problem;
use crate::server::docs;

/// Whose requests are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RateLimitKey {
    Key(Uuid),
    /// Somebody with a key that is not kept here.
    Name(String),
    /// An IPv4 address, or the first half of one of IPv6.
    Address(IpAddr),
}

impl From<&Caller> for RateLimitKey {
    fn from(caller: &Caller) -> Self {
        caller
            .key_id
            .map_or_else(|| Self::Name(caller.name.clone()), Self::Key)
    }
}

/// Every count, shared by all workers.
pub struct Limits {
    settings: Settings,
    with_key: Pair,
    without_key: Pair,
    keys: Keys,
}

/// The counts of those who have a key, or of those who have none.
struct Pair {
    reads: RateLimiter,
    writes: RateLimiter,
}

impl Pair {
    fn of(&self, method: &Method) -> &RateLimiter {
        match *method {
            Method::GET | Method::HEAD => &self.reads,
            _ => &self.writes,
        }
    }
}

impl Limits {
    pub fn new(settings: &Settings) -> Arc<Self> {
        Arc::new(Self {
            with_key: Pair {
                reads: RateLimiter::new("reads", settings.rate_reads),
                writes: RateLimiter::new("writes", settings.rate_writes),
            },
            without_key: Pair {
                reads: RateLimiter::new("reads", settings.rate_reads_without_key),
                writes: RateLimiter::new("writes", settings.rate_writes_without_key),
            },
            keys: Keys::new(settings.rate_wrong_keys, settings.rate_reads_without_key),
            settings: settings.clone(),
        })
    }

    /// The address that a request counts for: the caller's, where a trusted proxy says it.
    pub fn party_of_address(&self, request: &HttpRequest) -> RateLimitKey {
        RateLimitKey::Address(address::network(address::caller_address(
            request,
            &self.settings,
        )))
    }

    /// Who holds the key that a request has, where that was known a moment ago.
    pub fn holder(&self, request: &HttpRequest) -> Option<RateLimitKey> {
        self.keys.holder(request)
    }

    /// The address, or network, whose answers are bounded together: the caller's; none where all that is known is one of our
    /// own proxies.
    pub fn address_to_bound(&self, request: &HttpRequest) -> Option<IpAddr> {
        let address = address::caller_address(request, &self.settings);
        (!self.settings.trusts(address)).then(|| address::network(address))
    }

    /// Counts a request, unless it is one more than its sender may send. What is left is said either way.
    pub async fn admit(&self, request: &HttpRequest) -> (Option<Allowance>, Result<(), Problem>) {
        if ["/livez", "/readyz"].contains(&request.path()) || request.method() == Method::OPTIONS {
            return (None, Ok(()));
        }
        // Pages that anybody may read ask nobody who they are: they are there while the database is not.
        if !request.headers().contains_key(header::AUTHORIZATION) || docs::is_page(request.path()) {
            return self.count_address(request);
        }
        // Whoever's key was good a moment ago is counted before the database is asked whether it still is.
        if let Some(rate_limit_key) = self.keys.holder(request) {
            let (left, counted) = self.count(&self.with_key, &rate_limit_key, request);
            let Err(problem) = counted else {
                return match caller(request).await {
                    Ok(_) => (left, Ok(())),
                    Err(problem) => self.refused(request, problem),
                };
            };
            return (left, Err(problem));
        }
        match caller(request).await {
            Ok(Some(caller)) => self.count(&self.with_key, &caller.as_ref().into(), request),
            Ok(None) => self.count_address(request),
            Err(problem) => self.refused(request, problem),
        }
    }

    /// Who comes with a key that is not good counts as one who has none.
    fn refused(
        &self,
        request: &HttpRequest,
        problem: Problem,
    ) -> (Option<Allowance>, Result<(), Problem>) {
        match problem {
            Problem::Unauthorized(_) => {
                let (left, counted) = self.count_address(request);
                (left, counted.and(Err(problem)))
            }
            Problem::TooManyRequests(ref exceeded) => {
                (Some(exceeded.as_ref().into()), Err(problem))
            }
            problem => (None, Err(problem)),
        }
    }

    fn count_address(&self, request: &HttpRequest) -> (Option<Allowance>, Result<(), Problem>) {
        self.count(&self.without_key, &self.party_of_address(request), request)
    }

    fn count(
        &self,
        pair: &Pair,
        rate_limit_key: &RateLimitKey,
        request: &HttpRequest,
    ) -> (Option<Allowance>, Result<(), Problem>) {
        let left = pair.of(request.method()).consume(rate_limit_key);
        let refused = left.as_ref().and_then(Allowance::refused);
        (left, refused.map_or(Ok(()), Err))
    }

    /// Counts credentials that could not be a key.
    ///
    /// # Errors
    /// Where they were some too many.
    pub fn wrong_key(&self, request: &HttpRequest) -> Result<(), Problem> {
        self.keys.wrong(&self.party_of_address(request))
    }

    /// Hears from `ask` who holds the key that a request has.
    ///
    /// # Errors
    /// What `ask` says, or that too many keys from that address were unknown.
    pub async fn prove(
        &self,
        request: &HttpRequest,
        ask: impl Future<Output = Result<Caller, Problem>>,
    ) -> Result<Caller, Problem> {
        let rate_limit_key = self.party_of_address(request);
        self.keys.prove(request, &rate_limit_key, ask).await
    }
}

/// The policies that hold for whoever sent a request, with what is left of each; none where nothing is limited.
pub async fn limits_of(request: &HttpRequest) -> Result<Vec<Allowance>, Problem> {
    let limits = request
        .app_data::<Data<Limits>>()
        .expect("every worker has its limits");
    let (pair, rate_limit_key) = match caller(request).await? {
        Some(caller) => (&limits.with_key, caller.as_ref().into()),
        None => (&limits.without_key, limits.party_of_address(request)),
    };
    Ok([&pair.reads, &pair.writes]
        .into_iter()
        .filter_map(|counts| counts.peek(&rate_limit_key))
        .collect())
}

/// The address that a request came from, as far as it can be believed.
pub fn address_of(request: &HttpRequest) -> Option<IpAddr> {
    if let Some(known) = request.extensions().get::<address::Known>() {
        return Some(known.0);
    }
    let limits = request.app_data::<Data<Limits>>()?;
    Some(address::caller_address(request, &limits.settings))
}
