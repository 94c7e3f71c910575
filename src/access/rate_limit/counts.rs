//! Counts by caller: `governor` says who may go on; where its numbers are kept, and how many at most, is said here.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use governor::Quota;
use governor::clock::{Clock, MonotonicClock};
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::rate_limit::{Rate, RateLimitKey};
use crate::problem::{Problem, RateExceeded};

/// A policy, and what it leaves to one caller.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"policy": "reads", "requests": 2000, "seconds": 10, "remaining": 1999, "full_in": 1}))]
pub struct Allowance {
    /// What it counts: `reads` (`GET` and `HEAD`), `writes` (all else), `wrong-keys` or `unknown-keys`.
    #[schema(example = "reads", max_length = 20)]
    pub policy: &'static str,
    /// Requests that may be sent in a row.
    #[schema(minimum = 1)]
    pub requests: u32,
    /// Seconds in which as many come back, evenly.
    #[schema(minimum = 1)]
    pub seconds: u32,
    /// Requests that may be sent now.
    #[schema(minimum = 0)]
    pub remaining: u32,
    /// Seconds until all of them may be sent again.
    #[schema(minimum = 0)]
    pub full_in: u32,
    /// Seconds until there is one again, where there is none.
    #[serde(skip)]
    wait: Option<u64>,
}

impl Allowance {
    /// The refusal, where this request was one too many.
    pub fn refused(&self) -> Option<Problem> {
        self.wait.map(|wait| {
            Problem::TooManyRequests(Box::new(RateExceeded {
                policy: self.policy,
                requests: self.requests,
                seconds: self.seconds,
                wait,
            }))
        })
    }

    /// Says it in an answer's head (draft-ietf-httpapi-ratelimit-headers-10).
    pub fn write(&self, headers: &mut HeaderMap) {
        let Self {
            policy,
            requests,
            seconds,
            remaining,
            full_in,
            ..
        } = self;
        let mut say = |name: &'static str, value: String| {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        say(
            "ratelimit-policy",
            format!("\"{policy}\";q={requests};w={seconds}"),
        );
        let until = self.wait.unwrap_or_else(|| (*full_in).into());
        say("ratelimit", format!("\"{policy}\";r={remaining};t={until}"));
    }
}

impl From<&RateExceeded> for Allowance {
    /// Nothing left, for a while.
    fn from(exceeded: &RateExceeded) -> Self {
        Self {
            policy: exceeded.policy,
            requests: exceeded.requests,
            seconds: exceeded.seconds,
            remaining: 0,
            full_in: exceeded.seconds,
            wait: Some(exceeded.wait),
        }
    }
}

type Limiter = governor::RateLimiter<Turn, Kept, MonotonicClock, StateInformationMiddleware>;

/// What one policy has counted.
pub struct RateLimiter(Option<Policy>);

struct Policy {
    name: &'static str,
    requests: NonZeroU32,
    seconds: NonZeroU32,
    limiter: Limiter,
    turns: AtomicU32,
}

impl RateLimiter {
    pub fn new(name: &'static str, rate: Rate) -> Self {
        Self(rate.0.map(|(requests, seconds)| {
            let share = Duration::from_secs(seconds.get().into()) / requests.get();
            let quota = Quota::with_period(share)
                .expect("a share of the time is never nothing")
                .allow_burst(requests);
            Policy {
                name,
                requests,
                seconds,
                limiter: Limiter::new(quota, Kept::default(), MonotonicClock),
                turns: AtomicU32::new(0),
            }
        }))
    }

    /// Counts one more; none where there is no limit.
    pub fn consume(&self, rate_limit_key: &RateLimitKey) -> Option<Allowance> {
        let policy = self.0.as_ref()?;
        // Who has all that they may have again needs no entry.
        if policy.turns.fetch_add(1, Ordering::Relaxed) % TURNS_BETWEEN_CLEARING == 0 {
            policy.limiter.retain_recent();
        }
        Some(policy.turn(rate_limit_key, false))
    }

    /// What is left, with nothing counted.
    pub fn peek(&self, rate_limit_key: &RateLimitKey) -> Option<Allowance> {
        let policy = self.0.as_ref()?;
        let mut left = policy.turn(rate_limit_key, true);
        if left.wait.is_none() {
            left.remaining += 1;
            left.full_in = policy.full_in(left.remaining);
        }
        Some(left)
    }
}

impl Policy {
    fn turn(&self, rate_limit_key: &RateLimitKey, looks: bool) -> Allowance {
        let turn = Turn {
            rate_limit_key: rate_limit_key.clone(),
            looks,
        };
        let (remaining, wait) = match self.limiter.check_key(&turn) {
            Ok(left) => (left.remaining_burst_capacity(), None),
            Err(refused) => {
                let wait = refused.wait_time_from(self.limiter.clock().now());
                (0, Some(wait.as_millis().div_ceil(1000).max(1) as u64))
            }
        };
        Allowance {
            policy: self.name,
            requests: self.requests.get(),
            seconds: self.seconds.get(),
            remaining,
            full_in: self.full_in(remaining),
            wait,
        }
    }

    fn full_in(&self, remaining: u32) -> u32 {
        let gone = u64::from(self.requests.get() - remaining) * u64::from(self.seconds.get());
        gone.div_ceil(self.requests.get().into())
            .try_into()
            .unwrap_or(u32::MAX)
    }
}

const TURNS_BETWEEN_CLEARING: u32 = 4096;
const SHARDS: usize = 16;
/// The most callers that one policy remembers in one shard.
const MOST: usize = 4096;

/// Somebody's turn; whoever only looks leaves no trace.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Turn {
    rate_limit_key: RateLimitKey,
    looks: bool,
}

/// The numbers that `governor` keeps: for each caller, when all that it used will have come back.
#[derive(Default)]
struct Kept {
    hasher: RandomState,
    shards: [Mutex<HashMap<RateLimitKey, u64>>; SHARDS],
}

impl Kept {
    fn shard(&self, rate_limit_key: &RateLimitKey) -> MutexGuard<'_, HashMap<RateLimitKey, u64>> {
        let shard = self.hasher.hash_one(rate_limit_key) as usize % SHARDS;
        lock(&self.shards[shard])
    }
}

fn lock<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    // A number is written whole or not at all.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl StateStore for Kept {
    type Key = Turn;

    fn measure_and_replace<T, F, E>(&self, turn: &Turn, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut shard = self.shard(&turn.rate_limit_key);
        let before = shard.get(&turn.rate_limit_key).map(|at| Nanos::from(*at));
        let (outcome, after) = decide(before)?;
        if !turn.looks {
            if shard.len() >= MOST && before.is_none() {
                forget_half(&mut shard);
            }
            shard.insert(turn.rate_limit_key.clone(), after.as_u64());
        }
        Ok(outcome)
    }
}

/// Makes room, should so many callers come that there is none: whoever used most stays counted.
fn forget_half(shard: &mut HashMap<RateLimitKey, u64>) {
    let mut at: Vec<u64> = shard.values().copied().collect();
    let middle = at.len() / 2;
    let (_, median, _) = at.select_nth_unstable(middle);
    let median = *median;
    let mut room = middle;
    shard.retain(|_, at| {
        let goes = *at <= median && room > 0;
        room -= usize::from(goes);
        !goes
    });
}

impl ShrinkableKeyedStateStore<Turn> for Kept {
    fn retain_recent(&self, drop_below: Nanos) {
        for shard in &self.shards {
            lock(shard).retain(|_, at| *at > drop_below.as_u64());
        }
    }

    fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn counts(requests: u32, seconds: u32) -> RateLimiter {
        RateLimiter::new(
            "reads",
            Rate(Some((
                NonZeroU32::new(requests).unwrap(),
                NonZeroU32::new(seconds).unwrap(),
            ))),
        )
    }

    fn rate_limit_key(n: u32) -> RateLimitKey {
        RateLimitKey::Address(IpAddr::V4(Ipv4Addr::from(n)))
    }

    #[test]
    fn looking_takes_nothing_and_taking_ends() {
        let counts = counts(3, 3600);
        for left in [3, 2, 1] {
            let look = counts.peek(&rate_limit_key(1)).unwrap();
            assert_eq!((look.remaining, look.refused().is_none()), (left, true));
            assert_eq!(look.full_in, (3 - left) * 1200);
            assert_eq!(
                counts.consume(&rate_limit_key(1)).unwrap().remaining,
                left - 1
            );
        }
        let over = counts.consume(&rate_limit_key(1)).unwrap();
        assert!(over.refused().is_some() && (1100..=1200).contains(&over.wait.unwrap()));
        assert!(counts.peek(&rate_limit_key(1)).unwrap().refused().is_some());
        assert_eq!(counts.consume(&rate_limit_key(2)).unwrap().remaining, 2);
    }

    #[test]
    fn memory_is_bounded_and_who_used_most_stays_counted() {
        let counts = counts(3, 604_800);
        for _ in 0..3 {
            counts.consume(&rate_limit_key(0));
        }
        for n in 1..200_000 {
            counts.consume(&rate_limit_key(n));
        }
        assert!(counts.0.as_ref().unwrap().limiter.len() <= SHARDS * MOST);
        assert!(
            counts
                .consume(&rate_limit_key(0))
                .unwrap()
                .refused()
                .is_some()
        );
    }
}
