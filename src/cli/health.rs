//! `manchette health`: asks a running server whether it is ready, for the health checks of containers.

use std::time::Duration;

use clap::Args;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::Uri;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use super::greeting::base_url;
use super::{Error, print};
use crate::config::Config;

/// The most bytes of a response that are shown.
const MAX_BYTES: usize = 16 * 1024;

#[derive(Debug, Args)]
pub struct HealthCommand {
    /// What to request (`http` only): 200 means healthy. Default: `/readyz` at the address of `--listen`.
    #[arg(long)]
    url: Option<Uri>,
    /// Seconds to wait for the response.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    timeout: u64,
}

/// Prints a line and succeeds if the server is ready.
pub async fn run(config: &Config, command: HealthCommand) -> Result<(), Error> {
    let url = match command.url {
        Some(url) => url,
        None => format!("{}/readyz", base_url(config.listen)).parse()?,
    };
    let timeout = Duration::from_secs(command.timeout);
    let status = tokio::time::timeout(timeout, request(url.clone()))
        .await
        .map_err(|_| format!("{url}: no answer within {} seconds", command.timeout))?
        .map_err(|error| format!("{url}: {error}"))?;
    print(&format!("{url}: {status}\n"))
}

/// The status of a success; everything else is an error with the beginning of the body.
async fn request(url: Uri) -> Result<String, Error> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let response = client.get(url).await.map_err(|error| with_cause(&error))?;
    let status = response.status();
    if status.is_success() {
        return Ok(status.to_string());
    }
    let body = Limited::new(response.into_body(), MAX_BYTES)
        .collect()
        .await;
    let body = body.map(|body| body.to_bytes()).unwrap_or_default();
    Err(format!("{status} {}", String::from_utf8_lossy(&body).trim()).into())
}

/// The error and all its causes, such as `connection refused`.
fn with_cause(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
