//! How to connect to the database: the URL, encryption, timeouts, and the settings of each session.

use std::path::Path;
use std::time::Duration;

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;
use tokio_postgres::config::SslMode;
use tokio_postgres::{AsyncMessage, Client, Notification};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{DatabaseSettings, tls};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// How to connect to the database. Its `Debug` never shows the password.
#[derive(Clone)]
pub struct ConnectOptions {
    postgres: tokio_postgres::Config,
    tls: MakeRustlsConnect,
    /// Whether there may be a connection pooler in front of it: never for an embedded Postgres.
    may_be_pooled: bool,
    statement_timeout_ms: u32,
    read_lock_timeout_ms: u32,
    lock_timeout_ms: u32,
}

impl std::fmt::Debug for ConnectOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConnectOptions")
            .field("hosts", &self.postgres.get_hosts())
            .field("dbname", &self.postgres.get_dbname())
            .finish_non_exhaustive()
    }
}

impl ConnectOptions {
    /// Parses a `DATABASE_URL`. `sslmode` has the meaning of libpq: `prefer` and `require` encrypt without verifying the
    /// server, `verify-full` verifies its certificate and name.
    pub fn from_url(url: &str, settings: &DatabaseSettings) -> Result<Self, Error> {
        let (url, verify) = split_verification(url)?;
        let mut postgres: tokio_postgres::Config = url
            .parse()
            .map_err(|error| format!("DATABASE_URL is invalid: {error}"))?;
        if verify {
            postgres.ssl_mode(SslMode::Require);
        }
        if let Some(password) = settings.password() {
            if postgres.get_password().is_some() {
                return Err(
                    "both DATABASE_URL and MANCHETTE_DATABASE_PASSWORD_FILE have a password: remove one"
                        .into(),
                );
            }
            postgres.password(password);
        }
        let mut options = Self::new(postgres, settings, verify)?;
        options.may_be_pooled = true;
        Ok(options)
    }

    /// The socket of an embedded Postgres, in this folder.
    pub fn from_socket(
        folder: &Path,
        dbname: &str,
        settings: &DatabaseSettings,
    ) -> Result<Self, Error> {
        let mut postgres = tokio_postgres::Config::new();
        postgres
            .host_path(folder)
            .user(super::embedded::OWNER)
            .dbname(dbname)
            .ssl_mode(SslMode::Disable);
        Self::new(postgres, settings, false)
    }

    fn new(
        mut postgres: tokio_postgres::Config,
        settings: &DatabaseSettings,
        verify: bool,
    ) -> Result<Self, Error> {
        if postgres.get_connect_timeout().is_none() {
            postgres.connect_timeout(Duration::from_secs(5));
        }
        if postgres.get_application_name().is_none() {
            postgres.application_name("manchette");
        }
        // Detects within half a minute that the server is gone.
        postgres
            .keepalives_idle(Duration::from_secs(10))
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(3)
            .tcp_user_timeout(Duration::from_secs(25));
        Ok(Self {
            postgres,
            tls: tls::connector(verify, settings.database_ca.as_ref())?,
            may_be_pooled: false,
            statement_timeout_ms: settings.statement_timeout_ms,
            read_lock_timeout_ms: settings.read_lock_timeout_ms,
            lock_timeout_ms: settings.lock_timeout_ms,
        })
    }

    /// The same database, with the timeouts of these settings.
    pub fn with_timeouts(&self, settings: &DatabaseSettings) -> Self {
        Self {
            statement_timeout_ms: settings.statement_timeout_ms,
            read_lock_timeout_ms: settings.read_lock_timeout_ms,
            lock_timeout_ms: settings.lock_timeout_ms,
            ..self.clone()
        }
    }

    /// Another database on the same server.
    pub fn database(&self, dbname: &str) -> Self {
        let mut other = self.clone();
        other.postgres.dbname(dbname);
        other
    }

    /// Opens a connection for requests, with the statement and lock timeouts of a read. A read waits for locks only
    /// briefly: when a whole table is locked, all of its readers wait, and each holds a connection.
    pub async fn connect(&self) -> diesel::ConnectionResult<AsyncPgConnection> {
        self.connect_with(self.read_lock_timeout_ms).await
    }

    /// Opens a connection for a command that writes: like [`Self::connect`], with the lock timeout of a write.
    pub async fn connect_for_writes(&self) -> diesel::ConnectionResult<AsyncPgConnection> {
        self.connect_with(self.lock_timeout_ms).await
    }

    async fn connect_with(
        &self,
        lock_timeout_ms: u32,
    ) -> diesel::ConnectionResult<AsyncPgConnection> {
        self.open(&self.session_settings(lock_timeout_ms)).await
    }

    /// Opens a connection like [`Self::connect`], for the simple protocol only.
    pub async fn client(&self) -> Result<Client, tokio_postgres::Error> {
        let (client, connection) = self.postgres.connect(self.tls.clone()).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                log::debug!(
                    "a connection to the database ended: {}",
                    with_source(&error)
                );
            }
        });
        client
            .batch_execute(&self.session_settings(self.read_lock_timeout_ms))
            .await?;
        Ok(client)
    }

    /// Opens a connection like [`Self::client`], and the receiver of the notifications that it listens to, which ends with the
    /// connection.
    pub async fn listener(
        &self,
    ) -> Result<(Client, mpsc::UnboundedReceiver<Notification>), tokio_postgres::Error> {
        let (client, mut connection) = self.postgres.connect(self.tls.clone()).await?;
        let (sender, receiver) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut messages = stream::poll_fn(move |context| connection.poll_message(context));
            while let Some(Ok(message)) = messages.next().await {
                if let AsyncMessage::Notification(notification) = message
                    && sender.send(notification).is_err()
                {
                    break;
                }
            }
        });
        client
            .batch_execute(&self.session_settings(self.read_lock_timeout_ms))
            .await?;
        Ok((client, receiver))
    }

    /// The server, the user and the database.
    pub(super) fn postgres(&self) -> &tokio_postgres::Config {
        &self.postgres
    }

    /// Whether there may be a connection pooler in front of the database.
    pub fn may_be_pooled(&self) -> bool {
        self.may_be_pooled
    }

    /// The settings of a session for requests.
    ///
    /// - `plan_cache_mode`: every statement is written so that one plan serves all values; planning again for each would
    ///   cost more than most of them take.
    /// - `random_page_cost`: on SSDs, random reads cost little more than sequential ones.
    /// - `jit`: compiling a plan would take longer than it may run.
    /// - `max_parallel_workers_per_gather`: there are many requests, so none gets a second process.
    fn session_settings(&self, lock_timeout_ms: u32) -> String {
        format!(
            "SET statement_timeout = {0}; SET lock_timeout = {1}; \
             SET idle_in_transaction_session_timeout = '10s'; SET TIME ZONE 'UTC'; \
             SET plan_cache_mode = force_generic_plan; SET random_page_cost = 1.1; SET jit = off; \
             SET max_parallel_workers_per_gather = 0; \
             SET client_min_messages = warning",
            self.statement_timeout_ms, lock_timeout_ms
        )
    }

    /// Opens a connection without a statement timeout: for migrations and for loading content.
    pub async fn connect_unbounded(&self) -> diesel::ConnectionResult<AsyncPgConnection> {
        self.open("SET statement_timeout = 0; SET TIME ZONE 'UTC'")
            .await
    }

    async fn open(&self, settings: &str) -> diesel::ConnectionResult<AsyncPgConnection> {
        let failed = |error: tokio_postgres::Error| {
            diesel::ConnectionError::BadConnection(with_source(&error))
        };
        let (client, connection) = self
            .postgres
            .connect(self.tls.clone())
            .await
            .map_err(failed)?;
        let mut conn =
            AsyncPgConnection::try_from_client_and_connection(client, connection).await?;
        conn.batch_execute(settings)
            .await
            .map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
        // Error messages in English can be recognised. Not every role may set it, and most servers use English anyway.
        if let Err(error) = conn.batch_execute("SET lc_messages = 'C'").await {
            log::debug!("can't set lc_messages: {error}");
        }
        Ok(conn)
    }
}

/// An error with its cause: the message of Postgres is one level down.
pub(super) fn with_source(error: &tokio_postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// Removes `sslmode=verify-full` and `verify-ca`, which `tokio-postgres` does not support, from a URL.
fn split_verification(url: &str) -> Result<(String, bool), Error> {
    // Any other string is left as it is: `tokio-postgres` parses more forms than URLs.
    if !url.contains("sslmode=verify-") || !url.starts_with("postgres") {
        return Ok((url.to_owned(), false));
    }
    let mut url =
        url::Url::parse(url).map_err(|error| format!("DATABASE_URL is invalid: {error}"))?;
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let verify =
        |(name, value): &(String, String)| name == "sslmode" && value.starts_with("verify-");
    if !pairs.iter().any(verify) {
        return Ok((url.into(), false));
    }
    url.query_pairs_mut()
        .clear()
        .extend_pairs(pairs.iter().filter(|pair| !verify(pair)));
    Ok((url.into(), true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_verification_mode_is_removed_from_a_url() {
        let (url, verify) =
            split_verification("postgres://u:p%40ss@h/d?sslmode=verify-full&application_name=x")
                .unwrap();
        assert!(verify);
        assert_eq!(url, "postgres://u:p%40ss@h/d?application_name=x");
        let plain = "postgres://u@h/d?sslmode=require";
        assert_eq!(
            split_verification(plain).unwrap(),
            (plain.to_owned(), false)
        );
        let socket = "postgres://u@/d?host=/run/postgresql";
        assert_eq!(
            split_verification(socket).unwrap(),
            (socket.to_owned(), false)
        );
        let words = "host=h user=u dbname=d";
        assert_eq!(
            split_verification(words).unwrap(),
            (words.to_owned(), false)
        );
    }
}
