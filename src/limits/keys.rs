//! Keys that are not good: too many of them from one address are no longer looked at. Keys that were good once go on
//! all the while, so that a whole newsroom behind one address isn't locked out by one colleague's old script.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header;
use sha2::{Digest, Sha256};

use super::counts::{Allowance, Counts};
use super::{Party, Rate};
use crate::api_keys::Caller;
use crate::problem::Problem;

type Hash = [u8; 32];

pub struct Keys {
    wrong: Counts,
    /// Who holds the keys that were good when they were last looked at, by what they hash to.
    good: Mutex<HashMap<Hash, Party>>,
    /// Keys that nobody has seen yet are looked at one after another for each of these, so that the wrong ones of many
    /// requests at once are counted like those of one after another.
    queues: Vec<tokio::sync::Mutex<()>>,
    hasher: RandomState,
    patience: Duration,
}

/// Far more keys than a newsroom has; beyond, all are looked at anew.
const MOST: usize = 10_000;
const QUEUES: usize = 64;

impl Keys {
    pub fn new(wrong: Rate, patience: Duration) -> Self {
        Self {
            wrong: Counts::new("wrong-keys", wrong),
            good: Mutex::default(),
            queues: (0..QUEUES).map(|_| tokio::sync::Mutex::default()).collect(),
            hasher: RandomState::new(),
            patience,
        }
    }

    /// Who holds the key of this request, if it was good when it was last looked at.
    pub fn holder(&self, request: &HttpRequest) -> Option<Party> {
        self.good().get(&hash(request)).cloned()
    }

    /// What is left of the wrong keys that somebody may send.
    pub fn wrong(&self, party: &Party) -> Option<Allowance> {
        self.wrong.look(party)
    }

    pub async fn prove(
        &self,
        request: &HttpRequest,
        party: &Party,
        ask: impl Future<Output = Result<Option<Caller>, Problem>>,
    ) -> Result<Option<Caller>, Problem> {
        let hash = hash(request);
        let seen = self.good().contains_key(&hash);
        let proved = tokio::time::timeout(self.patience, async {
            if seen {
                return ask.await;
            }
            self.check(party)?;
            let queue = self.hasher.hash_one(party) as usize % QUEUES;
            let _turn = self.queues[queue].lock().await;
            self.check(party)?;
            let found = ask.await;
            // Still in turn: the next one's check has to know.
            if let Err(Problem::Unauthorized(_)) = &found {
                self.wrong.take(party);
            }
            found
        });
        let found = proved.await.unwrap_or_else(|_| {
            Err(Problem::Unavailable(
                "a key could not be looked up in time".into(),
            ))
        });
        match &found {
            Ok(Some(caller)) if !seen => {
                let mut good = self.good();
                if good.len() >= MOST {
                    good.clear();
                }
                good.insert(hash, caller.into());
            }
            Err(Problem::Unauthorized(_)) if seen => {
                self.good().remove(&hash);
                self.wrong.take(party);
            }
            _ => {}
        }
        found
    }

    fn check(&self, party: &Party) -> Result<(), Problem> {
        let left = self.wrong.look(party);
        left.and_then(|left| left.refused()).map_or(Ok(()), Err)
    }

    fn good(&self) -> std::sync::MutexGuard<'_, HashMap<Hash, Party>> {
        self.good.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a request brings to prove itself, whatever it is; it is kept as a hash alone.
fn hash(request: &HttpRequest) -> Hash {
    let mut hash = Sha256::new();
    for credentials in request.headers().get_all(header::AUTHORIZATION) {
        hash.update(credentials.as_bytes());
        hash.update(b"\n");
    }
    hash.finalize().into()
}
