//! The cached responses of a process, shared by all workers.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use actix_web::http::header::{self, HeaderMap};
use actix_web::web::Bytes;
use chrono::{DateTime, Utc};

use super::cached_response::CachedResponse;
use super::collapsing::{CollapsedRequests, ForwardedRequest, Turn};
use super::index::Index;
use super::settings::CacheSettings;
use crate::events::follow::{Event, State, Subscriber};
use crate::http::cache_tags::{CacheTag, CacheTags};
use crate::http::preconditions::Version;

/// Answers larger than this part of the memory are not kept.
const LARGEST_PART: u64 = 16;
/// How often a request waits for another that asks the database, before it asks itself.
const MOST_WAITS: usize = 3;

/// What is kept under an address.
#[derive(Clone, Debug)]
enum Slot {
    Answer(Arc<CachedResponse>),
    /// The answers differ by `Accept-Language`: they are kept under the address with its value.
    ByLanguage,
}

/// The cached responses.
pub struct ResponseCache {
    slots: moka::sync::Cache<Arc<str>, Slot>,
    index: Arc<Mutex<Index>>,
    collapsed: Arc<CollapsedRequests>,
    log: OnceLock<Arc<State>>,
    max_bytes: u64,
    max_stale: Duration,
}

/// What there is for a request.
pub enum Lookup {
    /// A cached response, and whether another request has just fetched it.
    Hit(Arc<CachedResponse>, bool),
    /// The request asks the database, and keeps the answer.
    Fetch(ForwardedRequest),
    /// Nothing is kept at the moment.
    Bypass,
}

impl ResponseCache {
    /// Without memory, it keeps nothing.
    pub fn new(settings: &CacheSettings) -> Arc<Self> {
        let index = Arc::new(Mutex::new(Index::default()));
        let of_removed = index.clone();
        let slots = moka::sync::Cache::builder()
            .max_capacity(settings.bytes())
            .weigher(|key: &Arc<str>, slot: &Slot| {
                let key: u32 = key.len().try_into().unwrap_or(u32::MAX);
                match slot {
                    Slot::Answer(kept) => kept.weight().saturating_add(key),
                    Slot::ByLanguage => key.saturating_add(256),
                }
            })
            .eviction_listener(move |_, slot, _| {
                if let Slot::Answer(kept) = slot {
                    let mut index = of_removed.lock().unwrap_or_else(PoisonError::into_inner);
                    index.remove(kept.number, &kept.tags);
                }
            })
            .build();
        Arc::new(Self {
            slots,
            index,
            collapsed: Arc::default(),
            log: OnceLock::new(),
            max_bytes: settings.bytes(),
            max_stale: settings.max_stale(),
        })
    }

    /// Whether it keeps anything at all.
    pub fn is_on(&self) -> bool {
        self.max_bytes > 0
    }

    /// Sets the log of changes that keeps it true. Before, nothing is kept.
    pub fn set_log(&self, log: Arc<State>) {
        let _ = self.log.set(log);
    }

    /// Waits until the changes that are committed now have dropped what they affect. If the log can't be read so soon, or can't
    /// be read now, nothing is served until it was.
    pub async fn catch_up(&self) {
        if let Some(log) = self.current_log() {
            log.catch_up().await;
        }
    }

    fn current_log(&self) -> Option<&State> {
        let log = self.log.get()?;
        log.is_current().then_some(log)
    }

    /// What there is for a request with this path and query, and this `Accept-Language`. Waits while another request fetches
    /// the answer.
    pub async fn lookup(&self, address: &str, language: &str) -> Lookup {
        for waits in 0..MOST_WAITS {
            if self.current_log().is_none() {
                return Lookup::Bypass;
            }
            if let Some(kept) = self.get(address, language) {
                return Lookup::Hit(kept, waits > 0);
            }
            match self
                .collapsed
                .turn(&self.key(address, language), || self.beginning())
            {
                Turn::Forward(forwarded) => return Lookup::Fetch(forwarded),
                Turn::Wait(mut forwarded) => {
                    // It ends with an error, as nothing more is sent.
                    while forwarded.changed().await.is_ok() {}
                    if !*forwarded.borrow() && self.get(address, language).is_none() {
                        return Lookup::Bypass;
                    }
                }
            }
        }
        Lookup::Bypass
    }

    /// A cached response that is true.
    pub fn get(&self, address: &str, language: &str) -> Option<Arc<CachedResponse>> {
        let (_, latest) = self.current_log()?.database_clock();
        self.slot(address, language)
            .filter(|kept| kept.holds_at(latest))
    }

    /// A cached response that was true when the log was read last, if that is not too long ago.
    pub fn get_stale(&self, address: &str, language: &str) -> Option<Arc<CachedResponse>> {
        let age = self.log.get()?.age()?;
        let kept = self.slot(address, language)?;
        (age <= self.max_stale && kept.is_confirmed.load(Ordering::Acquire)).then_some(kept)
    }

    fn slot(&self, address: &str, language: &str) -> Option<Arc<CachedResponse>> {
        match self.slots.get(address)? {
            Slot::Answer(kept) => Some(kept),
            Slot::ByLanguage => match self.slots.get(by_language(address, language).as_str())? {
                Slot::Answer(kept) => Some(kept),
                Slot::ByLanguage => None,
            },
        }
    }

    /// The key under which the answer to a request is kept, as far as is known.
    fn key(&self, address: &str, language: &str) -> Arc<str> {
        match self.slots.get(address) {
            Some(Slot::ByLanguage) => by_language(address, language).into(),
            Some(Slot::Answer(_)) | None => address.into(),
        }
    }

    /// The changes that are known, and the earliest time that the database's clock may show.
    fn beginning(&self) -> (u64, DateTime<Utc>) {
        let log = self.log.get();
        let earliest = log.map_or(DateTime::<Utc>::MIN_UTC, |log| log.database_clock().0);
        (self.lock().changes(), earliest)
    }

    /// Keeps the answer that a forwarded has fetched; none if it is too large, or may not be true any more.
    pub fn keep(
        &self,
        forwarded: &ForwardedRequest,
        (address, language): (&str, &str),
        headers: &HeaderMap,
        body: &Bytes,
        version: Option<Version>,
        tags: &CacheTags,
    ) -> Option<Arc<CachedResponse>> {
        self.current_log()?;
        let mut key = forwarded.key.clone();
        if varies_by_language(headers) {
            if &*key == address {
                self.slots.insert(key, Slot::ByLanguage);
            }
            key = by_language(address, language).into();
        }
        let tags: Vec<CacheTag> = tags.iter().collect();
        let Some(place) = self.lock().add(&key, &tags, forwarded.began) else {
            forwarded.changed();
            return None;
        };
        let kept = CachedResponse::new(headers.clone(), body.clone(), version, tags, place);
        let kept = Arc::new(kept);
        if u64::from(kept.weight()) > self.max_bytes / LARGEST_PART {
            self.lock().remove(kept.number, &kept.tags);
            return None;
        }
        self.slots.insert(key.clone(), Slot::Answer(kept.clone()));
        // A change may have come between the two: it has dropped what was there before.
        let index = self.lock();
        if index.is_true(&kept.tags, forwarded.began.0) {
            kept.is_confirmed.store(true, Ordering::Release);
            return Some(kept);
        }
        drop(index);
        self.slots.invalidate(&key);
        forwarded.changed();
        None
    }

    fn lock(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn drop_all(&self, index: impl FnOnce(&mut Index)) {
        index(&mut self.lock());
        self.slots.invalidate_all();
    }
}

fn by_language(address: &str, language: &str) -> String {
    // No address has a line break.
    format!("{address}\n{language}")
}

fn varies_by_language(headers: &HeaderMap) -> bool {
    let vary = headers
        .get(header::VARY)
        .and_then(|vary| vary.to_str().ok());
    vary.is_some_and(|vary| vary.contains("Accept-Language"))
}

impl Subscriber for ResponseCache {
    fn restart(&self) {
        self.drop_all(|index| {
            index.change_all();
            index.forget_moments();
        });
    }

    fn apply(&self, events: &[Event]) {
        for event in events {
            let Some(tags) = &event.tags else {
                self.drop_all(Index::change_all);
                continue;
            };
            let tags: Vec<CacheTag> = tags.iter().copied().map(CacheTag::from_i64).collect();
            let dropped = self.lock().change(&tags, &event.moments);
            for (number, key) in dropped {
                // A later answer to the same request stays: it has another number.
                let is_later = |kept: &CachedResponse| kept.number > number;
                if !matches!(self.slots.get(&key), Some(Slot::Answer(kept)) if is_later(&kept)) {
                    self.slots.invalidate(&key);
                }
            }
        }
    }

    fn set_moments(&self, moments: &[DateTime<Utc>], until: DateTime<Utc>) {
        self.lock().set_moments(moments, until);
    }
}
