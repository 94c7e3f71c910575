//! Request bodies: read with limits of size and time, as strict JSON.

use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::http::header::{self, Header};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, dev};
use futures_util::StreamExt;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::connection::broken_body;
use crate::cpu_tasks::CpuTasks;
use crate::http::messages;
use crate::http::strict_json::{self, JsonErrorKind, MAX_DEPTH};
use crate::problem::Problem;

/// The largest body, in bytes, unless a resource needs more.
pub const MAX_BODY: usize = 1 << 20;

/// How much of a body that is too large is still read and discarded, in bytes: many clients read the answer only after they
/// have sent everything.
const MAX_DRAINED: usize = 32 << 20;

/// The largest body that is parsed and validated on the worker's own thread, in bytes: it takes less than a millisecond.
const INLINE_LIMIT: usize = 64 << 10;

/// How bodies are read and processed.
#[derive(Clone, Debug)]
pub struct BodySettings {
    /// How long a body may take to arrive.
    pub timeout: Duration,
    /// Where large bodies are parsed and validated.
    pub cpu_tasks: CpuTasks,
}

/// The SHA-256 of a body in its canonical form (RFC 8785): spaces and the order of fields, which some encoders vary from one
/// request to the next, make no difference.
pub type Digest = [u8; 32];

/// A request's body before it is read. The handler takes it as an argument and reads it: after the caller was
/// authenticated, and before a database connection is taken.
pub struct Body {
    request: HttpRequest,
    payload: dev::Payload,
    max_bytes: usize,
}

impl FromRequest for Body {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        ready(Ok(Self {
            request: request.clone(),
            payload: payload.take(),
            max_bytes: MAX_BODY,
        }))
    }
}

/// The media types of JSON bodies.
pub const JSON: &[&str] = &["application/json"];
pub const MERGE_PATCH: &[&str] = &["application/merge-patch+json", "application/json"];

impl Body {
    /// Replaces the limit of the size.
    pub fn at_most(self, max_bytes: usize) -> Self {
        Self { max_bytes, ..self }
    }

    /// Reads the body as JSON.
    pub async fn json(self, types: &'static [&'static str]) -> Result<Value, Problem> {
        Ok(self.read(types).await?.0)
    }

    /// Reads the body as JSON, with its digest, which tells whether the same body was sent before.
    pub async fn read(self, types: &'static [&'static str]) -> Result<(Value, Digest), Problem> {
        self.read_as(types, Ok).await
    }

    /// Reads the body as JSON, and validates and converts it with `convert`, off the worker's thread if it is large.
    pub async fn read_as<T: Send + 'static>(
        mut self,
        types: &'static [&'static str],
        convert: impl FnOnce(Value) -> Result<T, Problem> + Send + 'static,
    ) -> Result<(T, Digest), Problem> {
        let bytes = self.bytes().await?;
        self.convert(bytes, types, convert).await
    }

    /// Reads a body whose fields all have defaults: an empty body means `{}`, whatever its media type.
    pub async fn read_or_empty(
        mut self,
        types: &'static [&'static str],
    ) -> Result<(Value, Digest), Problem> {
        let bytes = self.bytes().await?;
        if bytes.is_empty() {
            let empty = Value::from(Map::new());
            let digest = digest(&empty);
            return Ok((empty, digest));
        }
        self.convert(bytes, types, Ok).await
    }

    async fn convert<T: Send + 'static>(
        &self,
        bytes: Vec<u8>,
        types: &'static [&'static str],
        convert: impl FnOnce(Value) -> Result<T, Problem> + Send + 'static,
    ) -> Result<(T, Digest), Problem> {
        self.check_type(types)?;
        let is_small = bytes.len() <= INLINE_LIMIT;
        let task = move || {
            let value = parse(&bytes)?;
            let digest = digest(&value);
            Ok((convert(value)?, digest))
        };
        let tasks = &self.settings().cpu_tasks;
        tasks.run(is_small, task).await?
    }

    fn settings(&self) -> &Data<BodySettings> {
        let settings = self.request.app_data();
        settings.expect("every worker registers `BodySettings`")
    }

    fn check_type(&self, types: &'static [&'static str]) -> Result<(), Problem> {
        let is_encoded = self
            .request
            .headers()
            .get_all(header::CONTENT_ENCODING)
            .any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"));
        if is_encoded {
            return Err(Problem::UnsupportedMediaType(messages::no_content_coding()));
        }
        let sent = header::ContentType::parse(&self.request).ok();
        let charset = |mime: &actix_web::mime::Mime| {
            mime.get_param("charset").is_none_or(|set| set == "utf-8")
        };
        match sent {
            Some(sent) if types.contains(&sent.0.essence_str()) && charset(&sent.0) => Ok(()),
            _ if types.len() == 1 => Err(Problem::UnsupportedMediaType(messages::must_be_json())),
            _ => Err(Problem::UnsupportedMediaType(
                messages::must_be_merge_patch(),
            )),
        }
    }

    async fn bytes(&mut self) -> Result<Vec<u8>, Problem> {
        let timeout = self.settings().timeout;
        tokio::time::timeout(timeout, self.all_bytes())
            .await
            .unwrap_or(Err(Problem::TooSlow(timeout.as_secs())))
    }

    async fn all_bytes(&mut self) -> Result<Vec<u8>, Problem> {
        let mut bytes = Vec::new();
        let mut received = 0;
        while let Some(chunk) = self.payload.next().await {
            let chunk = chunk.map_err(|error| {
                broken_body(&self.request).unwrap_or_else(|| {
                    Problem::Malformed(messages::body_incomplete(error.to_string()))
                })
            })?;
            received += chunk.len();
            if received > MAX_DRAINED {
                break;
            } else if received > self.max_bytes {
                bytes = Vec::new();
            } else {
                bytes.extend_from_slice(&chunk);
            }
        }
        if received > self.max_bytes {
            return Err(Problem::TooLarge(self.max_bytes));
        }
        Ok(bytes)
    }
}

fn digest(body: &Value) -> Digest {
    let canonical = serde_json_canonicalizer::to_vec(body);
    Sha256::digest(canonical.expect("JSON has a canonical form")).into()
}

fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    strict_json::parse(bytes).map_err(|error| {
        let (line, column) = (error.line, error.column);
        Problem::Malformed(match error.kind {
            JsonErrorKind::Syntax(_) if bytes.is_empty() => messages::body_empty(),
            JsonErrorKind::Syntax(cause) => messages::not_json(line, column, cause),
            JsonErrorKind::FieldTwice(name) => messages::json_field_twice(name, line, column),
            JsonErrorKind::TooDeep => messages::json_too_deep(MAX_DEPTH, line, column),
        })
    })
}
