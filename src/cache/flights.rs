//! Requests for answers that are not kept: of several for the same answer, one asks the database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::watch;

/// The requests that are on their way, by the address of their answer.
#[derive(Debug, Default)]
pub struct Flights(Mutex<HashMap<Arc<str>, Landing>>);

/// Ends with a request; true if its answer changed on the way, so that it is worth fetching again.
pub type Landing = watch::Receiver<bool>;

/// A request that asks the database, for all that want the same answer. They go on when it is dropped.
#[derive(Debug)]
pub struct Flight {
    pub key: Arc<str>,
    /// The changes that were known when it began, and the earliest time that the database's clock may have shown.
    pub began: (u64, DateTime<Utc>),
    flights: Arc<Flights>,
    landed: watch::Sender<bool>,
}

/// Who asks the database.
pub enum Turn {
    Mine(Flight),
    /// Another request does.
    Others(Landing),
}

impl Flights {
    /// Whose turn it is to ask the database for this answer.
    pub fn turn(
        self: &Arc<Self>,
        key: &Arc<str>,
        began: impl FnOnce() -> (u64, DateTime<Utc>),
    ) -> Turn {
        let mut flights = self.lock();
        if let Some(flight) = flights.get(key) {
            return Turn::Others(flight.clone());
        }
        let (landed, waiting) = watch::channel(false);
        flights.insert(key.clone(), waiting);
        drop(flights);
        Turn::Mine(Flight {
            key: key.clone(),
            began: began(),
            flights: self.clone(),
            landed,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Landing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flight {
    /// Tells the others that the answer changed on the way.
    pub fn changed(&self) {
        self.landed.send_replace(true);
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.flights.lock().remove(&self.key);
    }
}
