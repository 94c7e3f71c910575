//! One connection to the database: its address, its encryption and what it is told first.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres::Client;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::DatabaseSettings;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Where the database is and how to speak to it. Its `Debug` never shows the password.
#[derive(Clone)]
pub struct ConnectOptions {
    postgres: tokio_postgres::Config,
    tls: MakeRustlsConnect,
    /// Whether a connection pooler may stand before it: never before a Postgres of our own.
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
    /// What a `DATABASE_URL` says. `sslmode` means what libpq means by it: `prefer` and `require` encrypt without
    /// asking who is there, `verify-full` checks certificate and name.
    pub fn from_url(url: &str, settings: &DatabaseSettings) -> Result<Self, Error> {
        let (url, verify) = split_verification(url)?;
        let mut postgres: tokio_postgres::Config = url
            .parse()
            .map_err(|error| format!("DATABASE_URL can't be read: {error}"))?;
        if verify {
            postgres.ssl_mode(SslMode::Require);
        }
        let mut address = Self::new(postgres, settings, verify)?;
        address.may_be_pooled = true;
        Ok(address)
    }

    /// The socket of a Postgres of our own, in this folder.
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
        // A peer that vanished without a word is noticed within half a minute.
        postgres
            .keepalives_idle(Duration::from_secs(10))
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(3)
            .tcp_user_timeout(Duration::from_secs(25));
        Ok(Self {
            postgres,
            tls: tls(verify, settings.database_ca.as_ref())?,
            may_be_pooled: false,
            statement_timeout_ms: settings.statement_timeout_ms,
            read_lock_timeout_ms: settings.read_lock_timeout_ms,
            lock_timeout_ms: settings.lock_timeout_ms,
        })
    }

    /// The same database, with these settings' timeouts.
    pub fn with_timeouts(&self, settings: &DatabaseSettings) -> Self {
        Self {
            statement_timeout_ms: settings.statement_timeout_ms,
            read_lock_timeout_ms: settings.read_lock_timeout_ms,
            lock_timeout_ms: settings.lock_timeout_ms,
            ..self.clone()
        }
    }

    /// The same server, another database on it.
    pub fn database(&self, dbname: &str) -> Self {
        let mut other = self.clone();
        other.postgres.dbname(dbname);
        other
    }

    /// Opens a connection for requests: every statement is bounded in time, and planned once. Every statement is
    /// written so that one plan serves whatever is bound to it; planning anew would cost more than most of them take. A
    /// page from anywhere costs little more than the next one: so it is on what databases are kept on today. Compiling a
    /// plan would take longer than it may run; and requests are many, so none takes a second process for itself. A read waits
    /// for locks only shortly: whoever locks a whole table keeps all of its readers waiting, each with a connection.
    pub async fn connect(&self) -> diesel::ConnectionResult<AsyncPgConnection> {
        self.connect_with(self.read_lock_timeout_ms).await
    }

    /// Opens a connection for a command that writes, bounded like the one for requests, with the patience of a write.
    pub async fn connect_for_writes(&self) -> diesel::ConnectionResult<AsyncPgConnection> {
        self.connect_with(self.lock_timeout_ms).await
    }

    async fn connect_with(
        &self,
        lock_timeout_ms: u32,
    ) -> diesel::ConnectionResult<AsyncPgConnection> {
        self.open(&self.setup(lock_timeout_ms)).await
    }

    /// Opens a connection like one for requests, which is asked by the simple protocol alone.
    pub async fn client(&self) -> Result<Client, tokio_postgres::Error> {
        let (client, connection) = self.postgres.connect(self.tls.clone()).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                log::debug!("a connection ended: {}", with_source(&error));
            }
        });
        client
            .batch_execute(&self.setup(self.read_lock_timeout_ms))
            .await?;
        Ok(client)
    }

    /// Whether a connection pooler may stand before the database.
    pub fn may_be_pooled(&self) -> bool {
        self.may_be_pooled
    }

    fn setup(&self, lock_timeout_ms: u32) -> String {
        format!(
            "SET statement_timeout = {0}; SET lock_timeout = {1}; \
             SET idle_in_transaction_session_timeout = '10s'; SET TIME ZONE 'UTC'; \
             SET plan_cache_mode = force_generic_plan; SET random_page_cost = 1.1; SET jit = off; \
             SET max_parallel_workers_per_gather = 0; \
             SET client_min_messages = warning",
            self.statement_timeout_ms, lock_timeout_ms
        )
    }

    /// Opens a connection for work that may take long: migrations, loading.
    pub async fn connect_unbounded(&self) -> diesel::ConnectionResult<AsyncPgConnection> {
        self.open("SET statement_timeout = 0; SET TIME ZONE 'UTC'")
            .await
    }

    async fn open(&self, first: &str) -> diesel::ConnectionResult<AsyncPgConnection> {
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
        conn.batch_execute(first)
            .await
            .map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
        // So that a refusal can be told by its words; not everybody may set it, and most servers speak English anyway.
        if let Err(error) = conn.batch_execute("SET lc_messages = 'C'").await {
            log::debug!("the database keeps its own language: {error}");
        }
        Ok(conn)
    }
}

/// An error with what caused it: Postgres's own words are one level down.
pub(super) fn with_source(error: &tokio_postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// Takes `sslmode=verify-full` and `verify-ca` out of an address: `tokio-postgres` knows neither.
fn split_verification(url: &str) -> Result<(String, bool), Error> {
    // What has no such word is left as it is: `tokio-postgres` reads more forms of an address than the web has.
    if !url.contains("sslmode=verify-") || !url.starts_with("postgres") {
        return Ok((url.to_owned(), false));
    }
    let mut url =
        url::Url::parse(url).map_err(|error| format!("DATABASE_URL can't be read: {error}"))?;
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

fn tls(verify: bool, ca: Option<&PathBuf>) -> Result<MakeRustlsConnect, Error> {
    let provider = Arc::new(ring::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?;
    let config = if verify {
        let mut roots = RootCertStore::empty();
        match ca {
            Some(file) => {
                for certificate in CertificateDer::pem_file_iter(file)? {
                    roots.add(certificate?)?;
                }
            }
            None => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
        }
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
        builder.with_webpki_verifier(verifier).with_no_client_auth()
    } else {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(algorithms)))
            .with_no_client_auth()
    };
    Ok(MakeRustlsConnect::new(config))
}

/// What `sslmode=prefer` and `require` ask for: encryption, whoever is at the other end.
#[derive(Debug)]
struct AnyCertificate(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verification_is_split_from_an_address_and_nothing_else_is() {
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
