//! Answers 503 in place of a handler that takes too long, or whose database is lost meanwhile. A database that hangs, rather
//! than being gone, ends no statement by itself.

use std::time::Duration;

use actix_web::http::Method;

use super::context::RequestContext;
use super::database;
use crate::config::Config;
use crate::problem::Problem;

/// How long a request for changes may be held.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How long a request may take.
#[derive(Clone, Copy, Debug)]
pub struct RequestTimeouts {
    /// In the database: its wait for a connection, its statement, and a second.
    database: Duration,
    /// While its body arrives.
    body: Duration,
}

impl RequestTimeouts {
    pub fn new(config: &Config) -> Self {
        let statement = Duration::from_millis(config.database.statement_timeout_ms.into());
        Self {
            database: config.database.pool_timeout() + statement + Duration::from_secs(1),
            body: config.connection.body_timeout(),
        }
    }

    fn request_timeout(&self, method: &Method, address: &str) -> Duration {
        match *method {
            // Held until there is something to send.
            Method::GET if address.starts_with("/v1/changes?") => self.database + LONGEST_WAIT,
            Method::GET | Method::HEAD | Method::DELETE => self.database,
            _ => self.database + self.body,
        }
    }
}

/// Runs the handler until it is done, its time is over or the database is lost; in the latter cases it is dropped.
pub async fn within<F: Future>(context: &RequestContext, handler: F) -> Result<F::Output, Problem> {
    let request_timeout = context
        .app
        .timeouts
        .request_timeout(&context.method, &context.address);
    tokio::select! {
        biased;
        handled = tokio::time::timeout(request_timeout, handler) => handled.map_err(|_| {
            let late = format!("no answer from the database within {request_timeout:?}");
            Problem::Unavailable(late.into())
        }),
        () = database::lost(context) => {
            Err(Problem::Unavailable("the database went away meanwhile".into()))
        }
    }
}
