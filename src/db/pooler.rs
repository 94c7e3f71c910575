//! Detection of transaction pooling: a connection pooler in front of Postgres (PgBouncer with `pool_mode = transaction` or
//! `statement`) that gives a client another session for each transaction. Prepared statements and settings belong to a
//! session: a statement that another client prepared under the same name could be run in place of ours.

use std::time::Duration;

use tokio_postgres::{Client, SimpleQueryMessage};

use super::ConnectOptions;
use super::connect::with_source;

/// The database is behind such a pooler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "DATABASE_URL leads through a connection pooler in transaction or statement mode, which mixes up the prepared statements \
     of its clients: set the pooler to session mode (PgBouncer: pool_mode = session), or connect to Postgres directly"
)]
pub struct SharedSessions;

/// Why the database can't be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Outage {
    #[error("{0}")]
    Unavailable(String),
    #[error(transparent)]
    SharedSessions(#[from] SharedSessions),
}

impl Outage {
    pub fn no_answer() -> Self {
        Self::Unavailable("the database does not answer".to_owned())
    }
}

impl From<tokio_postgres::Error> for Outage {
    fn from(error: tokio_postgres::Error) -> Self {
        let message = with_source(&error);
        // PgBouncer in statement mode refuses to begin a transaction.
        if message.contains("statement pooling mode") {
            SharedSessions.into()
        } else {
            Self::Unavailable(message)
        }
    }
}

/// Identifies a session by the server, its process there, and when each began.
const SESSION: &str = "SELECT concat_ws(' ', pg_postmaster_start_time(), pg_backend_pid(), backend_start) \
                       FROM pg_stat_get_activity(pg_backend_pid())";

/// How long the check at the start may wait for each connection.
const START_TIMEOUT: Duration = Duration::from_secs(2);
/// Of three connections, two meet in one pool even if two processes of a pooler share the port.
const WITNESSES: usize = 2;
/// An idle pooler is detected in the first round, a busy one in one of the next.
const ROUNDS: usize = 3;

/// Requires that every connection has a session of its own. A pooler without a free connection for the check is accepted.
///
/// # Errors
/// If sessions are shared.
pub async fn require_own_sessions(options: &ConnectOptions) -> Result<(), SharedSessions> {
    let check = async {
        let mut probe = Probe::open(options).await?;
        for _ in 0..WITNESSES {
            probe.add_witness(options, START_TIMEOUT).await?;
        }
        probe.rounds(START_TIMEOUT).await
    };
    match check.await {
        Err(Outage::SharedSessions(shared)) => Err(shared),
        Err(Outage::Unavailable(reason)) => {
            log::warn!("can't tell whether a pooler shares sessions: {reason}");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// A connection that checks the database, and witnesses: connections whose sessions are compared with its own.
pub struct Probe {
    first: Member,
    witnesses: Vec<Member>,
}

/// A connection, and the session of its first query.
struct Member {
    client: Client,
    session: String,
}

impl Probe {
    pub async fn open(options: &ConnectOptions) -> Result<Self, Outage> {
        Ok(Self {
            first: Member::open(options).await?,
            witnesses: Vec::new(),
        })
    }

    /// The connection that checks the database.
    pub fn client(&self) -> &Client {
        &self.first.client
    }

    /// Whether it can detect shared sessions.
    pub fn has_witness(&self) -> bool {
        !self.witnesses.is_empty()
    }

    /// Adds a witness, unless no connection can be opened in time: a pooler in session mode has a limited number of them.
    pub async fn add_witness(
        &mut self,
        options: &ConnectOptions,
        timeout: Duration,
    ) -> Result<(), SharedSessions> {
        match tokio::time::timeout(timeout, Member::open(options)).await {
            Ok(Ok(witness)) => self.witnesses.push(witness),
            Ok(Err(Outage::SharedSessions(shared))) => return Err(shared),
            Ok(Err(Outage::Unavailable(reason))) => log::debug!("no witness: {reason}"),
            Err(_) => log::debug!("no witness within {timeout:?}"),
        }
        Ok(())
    }

    /// Compares sessions several times.
    pub async fn rounds(&mut self, timeout: Duration) -> Result<(), Outage> {
        for _ in 0..ROUNDS {
            self.round(timeout).await?;
        }
        Ok(())
    }

    /// Sends the smallest query while each witness is in a transaction: if sessions are shared, a witness now has the one
    /// that the first connection had before. A witness that does not answer proves nothing and is dropped.
    ///
    /// # Errors
    /// If the database does not answer in time, or if sessions are shared.
    pub async fn round(&mut self, timeout: Duration) -> Result<(), Outage> {
        let mut in_transaction = Vec::new();
        for witness in std::mem::take(&mut self.witnesses) {
            match witness.query("BEGIN", timeout / 2).await {
                Ok(session) if session != witness.session || session == self.first.session => {
                    return Err(SharedSessions.into());
                }
                Ok(_) => in_transaction.push(witness),
                Err(Outage::SharedSessions(shared)) => return Err(shared.into()),
                Err(Outage::Unavailable(reason)) => log::debug!("dropped a witness: {reason}"),
            }
        }
        let session = self.first.query("", timeout).await?;
        let is_distinct = |witness: &Member| witness.session != session;
        if session != self.first.session || !in_transaction.iter().all(is_distinct) {
            return Err(SharedSessions.into());
        }
        for witness in in_transaction {
            match witness.query("COMMIT", timeout / 2).await {
                Ok(_) => self.witnesses.push(witness),
                Err(Outage::SharedSessions(shared)) => return Err(shared.into()),
                Err(Outage::Unavailable(reason)) => log::debug!("dropped a witness: {reason}"),
            }
        }
        Ok(())
    }
}

impl Member {
    async fn open(options: &ConnectOptions) -> Result<Self, Outage> {
        let client = options.client().await?;
        let session = session_after(&client, "").await?;
        Ok(Self { client, session })
    }

    /// Runs a statement and returns the session afterwards.
    async fn query(&self, statement: &str, timeout: Duration) -> Result<String, Outage> {
        let session = tokio::time::timeout(timeout, session_after(&self.client, statement));
        session.await.unwrap_or_else(|_| Err(Outage::no_answer()))
    }
}

/// In the simple protocol, because a prepared statement could be prepared in another session.
async fn session_after(client: &Client, statement: &str) -> Result<String, Outage> {
    let messages = client
        .simple_query(&format!("{statement}; {SESSION}"))
        .await?;
    let session = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    session
        .map(str::to_owned)
        .ok_or_else(|| Outage::Unavailable("the database does not identify its session".to_owned()))
}
