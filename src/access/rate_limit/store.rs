//! Where a limit's counts are stored: sharded, in memory, with a bounded number of callers.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;

use super::RateLimitKey;

const SHARDS: usize = 16;
const MAX_CALLERS_PER_SHARD: usize = 4096;
/// The most callers that one limit remembers.
#[cfg(test)]
pub const MAX_CALLERS: usize = SHARDS * MAX_CALLERS_PER_SHARD;

/// A request to count, or a peek, which is not stored.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Request {
    pub key: RateLimitKey,
    pub is_peek: bool,
}

/// The state of `governor`: for each caller, the time at which its allowance is full again.
#[derive(Default)]
pub struct Store {
    hasher: RandomState,
    shards: [Mutex<HashMap<RateLimitKey, u64>>; SHARDS],
}

impl Store {
    fn shard(&self, key: &RateLimitKey) -> MutexGuard<'_, HashMap<RateLimitKey, u64>> {
        let shard = self.hasher.hash_one(key) as usize % SHARDS;
        lock(&self.shards[shard])
    }
}

fn lock<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic can't leave a number half written.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl StateStore for Store {
    type Key = Request;

    fn measure_and_replace<T, F, E>(&self, request: &Request, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut shard = self.shard(&request.key);
        let before = shard.get(&request.key).map(|at| Nanos::from(*at));
        let (outcome, after) = decide(before)?;
        if !request.is_peek {
            if shard.len() >= MAX_CALLERS_PER_SHARD && before.is_none() {
                forget_half(&mut shard);
            }
            shard.insert(request.key.clone(), after.as_u64());
        }
        Ok(outcome)
    }
}

/// Makes room in a full shard; the callers that used most of their allowance stay.
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

impl ShrinkableKeyedStateStore<Request> for Store {
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
