//! Limits how many streams an address, or a key, has open at once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::settings::StreamSettings;
use crate::problem::Problem;

/// Who has a stream open.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Holder {
    Address(IpAddr),
    /// The account of a key or of a JWT.
    Account(String),
}

/// The open streams of the process.
#[derive(Debug)]
pub struct StreamSlots {
    open: Mutex<HashMap<Holder, u32>>,
    settings: StreamSettings,
}

impl StreamSlots {
    pub fn new(settings: &StreamSettings) -> Self {
        Self {
            open: Mutex::default(),
            settings: settings.clone(),
        }
    }

    /// Counts a stream until its slot is dropped; without a holder, it is not counted.
    ///
    /// # Errors
    /// Where the holder has as many as allowed.
    pub fn take(self: &Arc<Self>, holder: Option<Holder>) -> Result<StreamSlot, Problem> {
        if let Some(holder) = &holder {
            let most = match holder {
                Holder::Address(_) => self.settings.max_streams_per_address,
                Holder::Account(_) => self.settings.max_streams_per_key,
            };
            let mut open = self.lock();
            let count = open.entry(holder.clone()).or_default();
            if *count >= most {
                return Err(Problem::TooManyStreams(most));
            }
            *count += 1;
        }
        Ok(StreamSlot {
            slots: self.clone(),
            holder,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Holder, u32>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A counted stream.
#[derive(Debug)]
pub struct StreamSlot {
    slots: Arc<StreamSlots>,
    holder: Option<Holder>,
}

impl Drop for StreamSlot {
    fn drop(&mut self) {
        let Some(holder) = &self.holder else {
            return;
        };
        let mut open = self.slots.lock();
        if let Some(count) = open.get_mut(holder) {
            *count -= 1;
            if *count == 0 {
                open.remove(holder);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_holder_has_a_limit_and_gets_slots_back() {
        let settings = StreamSettings {
            max_streams_per_address: 1,
            max_streams_per_key: 2,
        };
        let slots = Arc::new(StreamSlots::new(&settings));
        let address = |last: u8| Some(Holder::Address(IpAddr::from([192, 0, 2, last])));
        let first = slots.take(address(1)).unwrap();
        assert!(matches!(
            slots.take(address(1)),
            Err(Problem::TooManyStreams(1))
        ));
        let others = [slots.take(address(2)), slots.take(None), slots.take(None)];
        assert!(others.iter().all(Result::is_ok));
        let account = || Some(Holder::Account("a key".to_owned()));
        let of_account = [slots.take(account()), slots.take(account())];
        assert!(matches!(
            slots.take(account()),
            Err(Problem::TooManyStreams(2))
        ));
        drop(first);
        assert!(slots.take(address(1)).is_ok());
        drop((others, of_account));
        assert_eq!(slots.lock().len(), 0);
    }
}
