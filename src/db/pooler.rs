//! Finds out whether a connection pooler stands before Postgres that gives a client another session for each transaction
//! (PgBouncer's `pool_mode = transaction` or `statement`). Prepared statements and settings belong to a session: without one
//! of our own, a statement that another client has prepared under the same name could answer for ours.

use std::time::Duration;

use tokio_postgres::{Client, SimpleQueryMessage};

use super::ConnectOptions;
use super::connect::with_source;

/// Why a database behind such a pooler is not used, and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "DATABASE_URL leads through a connection pooler in transaction or statement mode, where prepared statements of one client \
     answer another: set the pooler to session mode (PgBouncer: pool_mode = session), or connect to Postgres directly"
)]
pub struct SharedSessions;

/// Why the database is not asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Outage {
    #[error("{0}")]
    Unavailable(String),
    #[error(transparent)]
    SharedSessions(#[from] SharedSessions),
}

impl From<tokio_postgres::Error> for Outage {
    fn from(error: tokio_postgres::Error) -> Self {
        let words = with_source(&error);
        // PgBouncer in statement mode refuses to begin a transaction.
        if words.contains("statement pooling mode") {
            SharedSessions.into()
        } else {
            Self::Unavailable(words)
        }
    }
}

/// A session by its server, its process there, and when each began.
const SESSION: &str = "SELECT concat_ws(' ', pg_postmaster_start_time(), pg_backend_pid(), backend_start) \
                       FROM pg_stat_get_activity(pg_backend_pid())";

/// How long the first look at a database may wait for each witness.
const LONG: Duration = Duration::from_secs(2);
/// With three connections, two meet in one pool even where two processes of a pooler share the port.
const WITNESSES: usize = 2;
/// A pooler that is asked nothing else gives itself away at once, one that is busy soon.
const ROUNDS: usize = 3;

/// A connection, and the session that it had when it was asked first.
struct Member {
    client: Client,
    session: String,
}

/// A connection by which the database is asked, and others that tell whether its session is its own.
pub struct Probe {
    first: Member,
    witnesses: Vec<Member>,
}

/// Wants every connection to have a session of its own. That a pooler has no connection left to find out with is no refusal.
///
/// # Errors
/// Where sessions are shared.
pub async fn require_own_sessions(address: &ConnectOptions) -> Result<(), SharedSessions> {
    let looked = async {
        let mut probe = Probe::open(address).await?;
        for _ in 0..WITNESSES {
            probe.add_witness(address, LONG).await?;
        }
        probe.rounds(LONG).await
    };
    match looked.await {
        Err(Outage::SharedSessions(shared)) => Err(shared),
        Err(Outage::Unavailable(why)) => {
            log::warn!("whether a pooler shares sessions was not found out: {why}");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

impl Probe {
    /// Opens the connection to ask by.
    pub async fn open(address: &ConnectOptions) -> Result<Self, Outage> {
        Ok(Self {
            first: Member::open(address).await?,
            witnesses: Vec::new(),
        })
    }

    /// The connection to ask by.
    pub fn client(&self) -> &Client {
        &self.first.client
    }

    /// Whether it can tell that sessions are shared.
    pub fn has_witness(&self) -> bool {
        !self.witnesses.is_empty()
    }

    /// Adds a connection to compare with, unless there is none to be had in that time: a pooler in session mode has only so
    /// many.
    pub async fn add_witness(
        &mut self,
        address: &ConnectOptions,
        within: Duration,
    ) -> Result<(), SharedSessions> {
        match tokio::time::timeout(within, Member::open(address)).await {
            Ok(Ok(witness)) => self.witnesses.push(witness),
            Ok(Err(Outage::SharedSessions(shared))) => return Err(shared),
            Ok(Err(Outage::Unavailable(why))) => log::debug!("no witness: {why}"),
            Err(_) => log::debug!("no witness within {within:?}"),
        }
        Ok(())
    }

    /// Compares several times.
    pub async fn rounds(&mut self, silence: Duration) -> Result<(), Outage> {
        for _ in 0..ROUNDS {
            self.round(silence).await?;
        }
        Ok(())
    }

    /// Asks for as little as can be asked for, while each witness is in a transaction: with a shared session, one of them has
    /// then what the first had before. A witness that doesn't answer says nothing, and is let go.
    ///
    /// # Errors
    /// Where the database doesn't answer in that time, or where sessions are shared.
    pub async fn round(&mut self, silence: Duration) -> Result<(), Outage> {
        let mut in_transaction = Vec::new();
        for witness in std::mem::take(&mut self.witnesses) {
            let seen = witness.ask("BEGIN", silence / 2).await;
            match seen {
                Ok(session) if session != witness.session || session == self.first.session => {
                    return Err(SharedSessions.into());
                }
                Ok(_) => in_transaction.push(witness),
                Err(Outage::SharedSessions(shared)) => return Err(shared.into()),
                Err(Outage::Unavailable(why)) => log::debug!("a witness is let go: {why}"),
            }
        }
        let session = self.first.ask("", silence).await?;
        let told_apart = |witness: &Member| witness.session != session;
        if session != self.first.session || !in_transaction.iter().all(told_apart) {
            return Err(SharedSessions.into());
        }
        for witness in in_transaction {
            match witness.ask("COMMIT", silence / 2).await {
                Ok(_) => self.witnesses.push(witness),
                Err(Outage::SharedSessions(shared)) => return Err(shared.into()),
                Err(Outage::Unavailable(why)) => log::debug!("a witness is let go: {why}"),
            }
        }
        Ok(())
    }
}

impl Member {
    async fn open(address: &ConnectOptions) -> Result<Self, Outage> {
        let client = address.client().await?;
        let session = session(&client, "").await?;
        Ok(Self { client, session })
    }

    /// Which session it has now, after this statement.
    async fn ask(&self, first: &str, within: Duration) -> Result<String, Outage> {
        let asked = tokio::time::timeout(within, session(&self.client, first));
        asked.await.unwrap_or_else(|_| {
            Err(Outage::Unavailable(
                "the database doesn't answer".to_owned(),
            ))
        })
    }
}

/// Asked by the simple protocol: what is prepared could be prepared elsewhere.
async fn session(client: &Client, first: &str) -> Result<String, Outage> {
    let answered = client.simple_query(&format!("{first}; {SESSION}")).await?;
    let row = answered.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    row.map(str::to_owned)
        .ok_or_else(|| Outage::Unavailable("the database doesn't know its own session".to_owned()))
}
