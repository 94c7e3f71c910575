//! Streams with the same rights and filters.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use actix_web::web::Bytes;
use diesel_async::AsyncPgConnection;
use tokio::sync::broadcast;

use super::stream::{Membership, Sent};
use crate::news::changes::parameters::ContentFilter;
use crate::news::changes::{ResourceKind, Selection};
use crate::news::content::visibility::Visibility;
use crate::news::headlines::Priority;
use crate::problem::Problem;

/// How many frames a group keeps for those of its readers who have not read them.
const KEPT: usize = 256;

/// What a stream asks for.
#[derive(Clone, Debug)]
pub struct Subscription {
    pub visibility: Visibility,
    pub kinds: Vec<ResourceKind>,
    pub filter: ContentFilter,
    pub priority: Option<Priority>,
}

impl Subscription {
    /// Streams with the same key are a group.
    pub fn key(&self) -> String {
        format!("{self:?}")
    }

    pub async fn resolve(&self, conn: &mut AsyncPgConnection) -> Result<Selection, Problem> {
        Selection::resolve(conn, &self.kinds, &self.filter, self.priority).await
    }
}

/// A group of streams.
pub struct Group {
    pub subscription: Subscription,
    pub selection: Arc<Selection>,
    sender: broadcast::Sender<Sent>,
    total: Arc<AtomicU64>,
}

impl Group {
    pub fn new(subscription: Subscription, selection: Arc<Selection>) -> Self {
        Self {
            subscription,
            selection,
            sender: broadcast::Sender::new(KEPT),
            total: Arc::default(),
        }
    }

    pub fn join(&self) -> Membership {
        Membership {
            received: self.sender.subscribe(),
            total: self.total.clone(),
        }
    }

    pub fn has_readers(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    pub fn send(&self, bytes: Bytes) {
        let length = bytes.len() as u64;
        let total = self.total.fetch_add(length, Ordering::Relaxed) + length;
        // Without readers, nothing is lost.
        let _ = self.sender.send(Sent {
            bytes,
            total,
            at: Instant::now(),
        });
    }
}

/// The kinds of readers that the groups have.
pub fn readers<'a>(groups: impl Iterator<Item = &'a Group>) -> Vec<Visibility> {
    let mut readers = Vec::new();
    for group in groups {
        if !readers.contains(&group.subscription.visibility) {
            readers.push(group.subscription.visibility);
        }
    }
    readers
}
