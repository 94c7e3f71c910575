//! One rate limit, counted by key with `governor`.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::Quota;
use governor::clock::{Clock, MonotonicClock};
use governor::middleware::StateInformationMiddleware;

use super::allowance::Allowance;
use super::store::{Request, Store};
use super::{Rate, RateLimitKey};

/// How many requests are counted between two searches for entries that can go.
const CLEAR_EVERY: u32 = 4096;

type Limiter = governor::RateLimiter<Request, Store, MonotonicClock, StateInformationMiddleware>;

/// One policy and its counts; none for no limit.
pub struct RateLimiter(Option<Policy>);

struct Policy {
    name: &'static str,
    requests: NonZeroU32,
    seconds: NonZeroU32,
    limiter: Limiter,
    /// Requests counted, to clear the store now and then.
    counted: AtomicU32,
}

impl RateLimiter {
    pub fn new(name: &'static str, rate: Rate) -> Self {
        Self(rate.0.map(|(requests, seconds)| {
            let period = Duration::from_secs(seconds.get().into()) / requests.get();
            let quota = Quota::with_period(period)
                .expect("the settings allow no period of zero")
                .allow_burst(requests);
            Policy {
                name,
                requests,
                seconds,
                limiter: Limiter::new(quota, Store::default(), MonotonicClock),
                counted: AtomicU32::new(0),
            }
        }))
    }

    /// Counts a request; none where there is no limit.
    pub fn consume(&self, key: &RateLimitKey) -> Option<Allowance> {
        let policy = self.0.as_ref()?;
        // A caller whose whole allowance is refilled needs no entry.
        if policy.counted.fetch_add(1, Ordering::Relaxed) % CLEAR_EVERY == 0 {
            policy.limiter.retain_recent();
        }
        Some(policy.check(key, false))
    }

    /// The allowance without counting a request.
    pub fn peek(&self, key: &RateLimitKey) -> Option<Allowance> {
        let policy = self.0.as_ref()?;
        let mut allowance = policy.check(key, true);
        if allowance.wait.is_none() {
            allowance.remaining += 1;
            allowance.full_in = policy.full_in(allowance.remaining);
        }
        Some(allowance)
    }
}

impl Policy {
    fn check(&self, key: &RateLimitKey, is_peek: bool) -> Allowance {
        let request = Request {
            key: key.clone(),
            is_peek,
        };
        let (remaining, wait) = match self.limiter.check_key(&request) {
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
        let used = u64::from(self.requests.get() - remaining) * u64::from(self.seconds.get());
        used.div_ceil(self.requests.get().into())
            .try_into()
            .unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::access::rate_limit::store::MAX_CALLERS;

    fn limiter(requests: u32, seconds: u32) -> RateLimiter {
        RateLimiter::new(
            "reads",
            Rate(Some((
                NonZeroU32::new(requests).unwrap(),
                NonZeroU32::new(seconds).unwrap(),
            ))),
        )
    }

    fn address(n: u32) -> RateLimitKey {
        RateLimitKey::Address(IpAddr::V4(Ipv4Addr::from(n)))
    }

    #[test]
    fn peeking_counts_nothing_and_consuming_ends() {
        let limiter = limiter(3, 3600);
        for left in [3, 2, 1] {
            let left_now = limiter.peek(&address(1)).unwrap();
            assert_eq!(
                (left_now.remaining, left_now.refused().is_none()),
                (left, true)
            );
            assert_eq!(left_now.full_in, (3 - left) * 1200);
            assert_eq!(limiter.consume(&address(1)).unwrap().remaining, left - 1);
        }
        let over = limiter.consume(&address(1)).unwrap();
        assert!(over.refused().is_some() && (1100..=1200).contains(&over.wait.unwrap()));
        assert!(limiter.peek(&address(1)).unwrap().refused().is_some());
        assert_eq!(limiter.consume(&address(2)).unwrap().remaining, 2);
    }

    #[test]
    fn memory_is_bounded_and_the_heaviest_callers_stay_counted() {
        let limiter = limiter(3, 604_800);
        for _ in 0..3 {
            limiter.consume(&address(0));
        }
        for n in 1..200_000 {
            limiter.consume(&address(n));
        }
        assert!(limiter.0.as_ref().unwrap().limiter.len() <= MAX_CALLERS);
        assert!(limiter.consume(&address(0)).unwrap().refused().is_some());
    }
}
