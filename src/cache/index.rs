//! Which answers a change affects: kept ones by their tags, and the changes that answers on their way may have missed.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::moments::Moments;
use crate::http::cache_tags::CacheTag;

/// How many tags of changes are remembered. Answers that began before that are not kept.
const MOST_CHANGED: usize = 100_000;

/// The number of a cached response; a later answer to the same request has another.
pub type Number = u64;

#[derive(Debug, Default)]
pub struct Index {
    /// Counts the changes.
    changes: u64,
    /// The last change of each tag.
    changed: HashMap<CacheTag, u64>,
    /// Answers that began before this change are not kept.
    forgotten: u64,
    by_tag: HashMap<CacheTag, HashMap<Number, Arc<str>>>,
    last_number: Number,
    /// None until they are read.
    moments: Option<Moments>,
}

impl Index {
    /// The number of changes that are known.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Whether an answer with these tags, which began when `began` changes were known, is still true.
    pub fn is_true(&self, tags: &[CacheTag], began: u64) -> bool {
        let is_later = |tag| self.changed.get(tag).is_some_and(|change| *change > began);
        began >= self.forgotten && !tags.iter().any(is_later)
    }

    /// Registers an answer; none if it isn't to be kept. Returns its number, and until when it holds.
    pub fn add(
        &mut self,
        key: &Arc<str>,
        tags: &[CacheTag],
        (began, time): (u64, DateTime<Utc>),
    ) -> Option<(Number, DateTime<Utc>)> {
        let until = self.moments.as_ref()?.after(time);
        if !self.is_true(tags, began) {
            return None;
        }
        self.last_number += 1;
        for tag in tags {
            let answers = self.by_tag.entry(*tag).or_default();
            answers.insert(self.last_number, key.clone());
        }
        Some((self.last_number, until))
    }

    /// Forgets an answer that is not kept any more.
    pub fn remove(&mut self, number: Number, tags: &[CacheTag]) {
        for tag in tags {
            if let Some(answers) = self.by_tag.get_mut(tag) {
                answers.remove(&number);
                if answers.is_empty() {
                    self.by_tag.remove(tag);
                }
            }
        }
    }

    /// Records a change of these tags; returns the answers to drop.
    pub fn change(
        &mut self,
        tags: &[CacheTag],
        moments: &[DateTime<Utc>],
    ) -> Vec<(Number, Arc<str>)> {
        self.changes += 1;
        if self.changed.len() > MOST_CHANGED {
            self.changed.clear();
            self.forgotten = self.changes;
        }
        if let Some(known) = &mut self.moments {
            known.add(moments);
        }
        let mut dropped = Vec::new();
        for tag in tags {
            self.changed.insert(*tag, self.changes);
            dropped.extend(self.by_tag.remove(tag).into_iter().flatten());
        }
        dropped
    }

    /// Records a change that may affect any answer.
    pub fn change_all(&mut self) {
        self.changes += 1;
        self.changed.clear();
        self.forgotten = self.changes;
        self.by_tag.clear();
    }

    /// Forgets the moments: nothing is kept until they are read again.
    pub fn forget_moments(&mut self) {
        self.moments = None;
    }

    pub fn set_moments(&mut self, moments: &[DateTime<Utc>], until: DateTime<Utc>) {
        let known = self.moments.get_or_insert_default();
        known.extend(moments, until);
    }
}
