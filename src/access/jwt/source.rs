//! Reads a provider's keys from a URL or a file, with limits of time and size.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::header::ACCEPT;
use hyper::{Request, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};

use crate::access::jwt::settings::KeySource;

/// How long reading may take.
const TIMEOUT: Duration = Duration::from_secs(2);
/// The most bytes of a key set.
const MAX_BYTES: usize = 256 * 1024;

/// An HTTP client that sends no bodies.
type HttpClient = Client<HttpsConnector<HttpConnector>, Empty<Bytes>>;

/// A source of keys, ready to be read.
pub enum Source {
    Url {
        address: Uri,
        client: Box<HttpClient>,
    },
    File(PathBuf),
}

impl Source {
    pub fn new(source: KeySource) -> Result<Self, String> {
        Ok(match source {
            KeySource::File(path) => Self::File(path),
            KeySource::Url(address) => Self::Url {
                client: Box::new(client().map_err(|error| format!("no TLS: {error}"))?),
                address,
            },
        })
    }

    /// Reads the current key set.
    pub async fn read(&self) -> Result<Vec<u8>, String> {
        let reading = async {
            match self {
                Self::Url { address, client } => fetch(client, address.clone()).await,
                Self::File(path) => {
                    let path = path.clone();
                    tokio::task::spawn_blocking(move || read_file(&path))
                        .await
                        .map_err(|error| error.to_string())?
                }
            }
        };
        tokio::time::timeout(TIMEOUT, reading)
            .await
            .unwrap_or_else(|_| Err(format!("no answer within {} seconds", TIMEOUT.as_secs())))
    }
}

/// A client for a request every few minutes: it keeps no connection, uses no proxy and follows no redirect.
fn client() -> Result<HttpClient, rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .build();
    Ok(Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(0)
        .build(connector))
}

async fn fetch(client: &HttpClient, address: Uri) -> Result<Vec<u8>, String> {
    let request = Request::get(address)
        .header(ACCEPT, "application/jwk-set+json, application/json")
        .body(Empty::new())
        .map_err(|error| error.to_string())?;
    let response = client
        .request(request)
        .await
        .map_err(|error| with_cause(&error))?;
    if response.status() != StatusCode::OK {
        return Err(format!("the provider answers {}", response.status()));
    }
    let body = Limited::new(response.into_body(), MAX_BYTES)
        .collect()
        .await;
    match body {
        Ok(body) => Ok(body.to_bytes().to_vec()),
        Err(error) => Err(error.to_string()),
    }
}

fn with_cause(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// Reads a file, unless it is too large.
pub fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    if bytes.len() > MAX_BYTES {
        return Err(format!("{} is too large", path.display()));
    }
    Ok(bytes)
}
