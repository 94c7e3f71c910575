//! For those who only need to know that something has changed.

use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::{Event, Follower, Subscriber};
use crate::db::ConnectOptions;

/// Tells that there may be something new in the log.
#[derive(Clone, Debug)]
pub struct Signal(watch::Sender<()>);

impl Default for Signal {
    fn default() -> Self {
        Self(watch::Sender::new(()))
    }
}

impl Subscriber for Signal {
    fn restart(&self) {
        self.0.send_replace(());
    }

    fn apply(&self, _: &[Event]) {
        self.0.send_replace(());
    }

    fn set_moments(&self, _: &[DateTime<Utc>], _: DateTime<Utc>) {}
}

/// News of the log, for many at once.
pub struct News {
    signal: Signal,
    /// How to follow the log, where nobody has it followed already.
    options: Option<ConnectOptions>,
    follower: OnceLock<Follower>,
}

impl News {
    /// From a signal that a follower has as a subscriber.
    pub fn followed(signal: Signal) -> Self {
        Self {
            signal,
            options: None,
            follower: OnceLock::new(),
        }
    }

    /// From a follower that starts when somebody asks first.
    pub fn follow_when_needed(options: &ConnectOptions) -> Self {
        Self {
            options: Some(options.clone()),
            ..Self::followed(Signal::default())
        }
    }

    /// Changes whenever there is news.
    pub fn subscribe(&self) -> watch::Receiver<()> {
        if let Some(options) = &self.options {
            let signal = || Arc::new(self.signal.clone());
            self.follower
                .get_or_init(|| Follower::start(options, vec![signal()]));
        }
        self.signal.0.subscribe()
    }
}
