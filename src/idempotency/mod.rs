//! Safe retries: a `POST` with an `Idempotency-Key` is done once, however often it is sent. The answer is kept in the very
//! transaction of what was done, so it is there exactly if that is, whatever breaks afterwards.
//!
//! Only what was done is kept. A refused request has changed nothing, so it is judged anew when it comes again.

pub mod encryption;

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use diesel::dsl::{IntervalDsl, now};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Timestamptz, Untyped};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::access::extractors::Caller;
use crate::db::{Fragment, Statement};
use crate::http::json_body::Digest;
use crate::http::preconditions::Version;
use crate::idempotency::encryption::Seal;
use crate::problem::Problem;
use crate::schema::idempotency_keys;

/// The header that names what is to be done once.
pub static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
static IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// How long an answer is kept, in hours.
const KEPT_HOURS: i32 = 24;
/// The longest key, in characters.
pub const LONGEST_KEY: usize = 255;
/// How many answers that are too old are cleared with each new one.
const CLEARED_AT_ONCE: usize = 20;

/// What a request says about being sent more than once.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    key: Option<String>,
    path: String,
}

impl FromRequest for IdempotencyKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut given = request.headers().get_all(&IDEMPOTENCY_KEY);
        let key = match (given.next(), given.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => read(value).map(Some),
            (Some(_), Some(_)) => Err(wrong("may be given once")),
        };
        ready(key.map(|key| Self {
            key,
            path: request.path().to_owned(),
        }))
    }
}

/// A key as it is sent: visible ASCII, in quotes (as a structured field has it, RFC 9651) or not.
fn read(value: &HeaderValue) -> Result<String, Problem> {
    let text = value.to_str().unwrap_or_default().trim_matches(' ');
    let key = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text);
    let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    if visible && (1..=LONGEST_KEY).contains(&key.len()) {
        Ok(key.to_owned())
    } else {
        Err(wrong("takes 1 to 255 visible ASCII characters"))
    }
}

fn wrong(detail: &str) -> Problem {
    Problem::Malformed(format!("`Idempotency-Key` {detail}"))
}

/// An answer that can be given again.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredResponse {
    status: StatusCode,
    headers: Vec<(HeaderName, String)>,
    /// Of what it shows, where that is one resource.
    pub version: Option<Version>,
    body: Vec<u8>,
    /// Whether it was given before.
    replayed: bool,
}

impl StoredResponse {
    pub fn new(status: StatusCode) -> Self {
        Self {
            status,
            headers: Vec::new(),
            version: None,
            body: Vec::new(),
            replayed: false,
        }
    }

    pub fn header(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// JSON, written out.
    pub fn body(self, body: Vec<u8>) -> Self {
        Self { body, ..self }
    }

    pub fn answer(self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.content_type(header::ContentType::json());
        for header in self.headers {
            response.insert_header(header);
        }
        if self.replayed {
            response.insert_header((IDEMPOTENCY_REPLAYED.clone(), "true"));
        }
        let mut response = response.body(self.body);
        if let Some(version) = self.version {
            response.extensions_mut().insert(version);
        }
        response
    }
}

#[derive(HasQuery)]
#[diesel(table_name = idempotency_keys)]
struct Row {
    request_digest: Vec<u8>,
    response_status: i16,
    response_headers: Value,
    response_body: Vec<u8>,
    resource_version: Option<String>,
}

#[derive(Clone, Insertable, AsChangeset)]
#[diesel(table_name = idempotency_keys, treat_none_as_null = true)]
struct NewRow<'a> {
    request_digest: &'a [u8],
    response_status: i16,
    response_headers: Value,
    response_body: &'a [u8],
    resource_version: Option<&'a str>,
}

impl Row {
    fn kept(self) -> Result<StoredResponse, Problem> {
        let status = u16::try_from(self.response_status).map_err(Problem::internal)?;
        let mut kept =
            StoredResponse::new(StatusCode::from_u16(status).map_err(Problem::internal)?);
        for (name, value) in self.response_headers.as_object().into_iter().flatten() {
            let name = name.parse::<HeaderName>().map_err(Problem::internal)?;
            kept = kept.header(name, value.as_str().unwrap_or_default().to_owned());
        }
        kept.version = self.resource_version.map(Version::from_text);
        kept.replayed = true;
        Ok(kept.body(self.response_body))
    }
}

impl IdempotencyKey {
    /// What is asked for, and by whom. `digest` is of the body.
    pub fn asked(self, caller: &Caller, digest: Digest) -> IdempotentRequest {
        let mut hash = Sha256::new();
        hash.update(&self.path);
        hash.update([0]);
        hash.update(digest);
        IdempotentRequest {
            caller: caller.account(),
            key: self.key,
            digest: hash.finalize().to_vec(),
            seal: None,
        }
    }
}

/// Something that is to be done once.
#[derive(Clone, Debug)]
pub struct IdempotentRequest {
    caller: String,
    key: Option<String>,
    /// Of everything else.
    digest: Vec<u8>,
    /// Where the answer is a secret: what it is kept under.
    seal: Option<Seal>,
}

impl IdempotentRequest {
    /// Keeps the answer so that only whoever has the key that this request came with can read it: not the database, nor who
    /// has a copy of it.
    pub fn sealed_for(self, request: &HttpRequest) -> Self {
        let credentials = request.headers().get(header::AUTHORIZATION);
        let token = credentials.map(|it| {
            let bytes = it.as_bytes();
            let space = bytes.iter().position(|byte| *byte == b' ');
            bytes[space.unwrap_or_default()..].trim_ascii()
        });
        let seal = token.map(|token| Seal::new(token, &self.digest));
        Self { seal, ..self }
    }

    /// The answer that was given before, if any: then nothing is to be done. Until the transaction ends nobody else gets
    /// further than here with the same key.
    ///
    /// # Errors
    /// Where the key was used for something else, or the first request is still being worked on.
    pub async fn first_answer(
        &self,
        conn: &mut AsyncPgConnection,
    ) -> Result<Option<StoredResponse>, Problem> {
        let Some(key) = &self.key else {
            return Ok(None);
        };
        let lock = Fragment::new("SELECT pg_try_advisory_xact_lock(hashtextextended(")
            .text(format!("answer:{}:{key}", self.caller))
            .sql(", 0))");
        if !Statement::<Bool>::new(lock).get_result(conn).await? {
            return Err(Problem::InProgress);
        }
        let since = now.into_sql::<Timestamptz>() - KEPT_HOURS.hours();
        let row = Row::query()
            .filter(idempotency_keys::caller.eq(&self.caller))
            .filter(idempotency_keys::key.eq(key))
            .filter(idempotency_keys::created_at.gt(since))
            .first(conn)
            .await
            .optional()?;
        match row {
            Some(row) if row.request_digest != self.digest => Err(Problem::KeyReused),
            None => Ok(None),
            Some(mut row) => {
                if let Some(seal) = &self.seal {
                    row.response_body = seal.open(&row.response_body).ok_or_else(|| {
                        Problem::Conflict("this was done, and only what asked for it first is shown what came of it".into(), Vec::new())
                    })?;
                }
                row.kept().map(Some)
            }
        }
    }

    /// Keeps an answer, in place of one that was kept too long.
    pub async fn keep(
        &self,
        conn: &mut AsyncPgConnection,
        kept: &StoredResponse,
    ) -> Result<(), Problem> {
        let Some(key) = &self.key else {
            return Ok(());
        };
        let headers: Map<String, Value> = kept
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.as_str().into()))
            .collect();
        let body = match &self.seal {
            Some(seal) => seal.close(&kept.body)?,
            None => kept.body.clone(),
        };
        let row = NewRow {
            request_digest: &self.digest,
            response_status: kept.status.as_u16().cast_signed(),
            response_headers: Value::Object(headers),
            response_body: &body,
            resource_version: kept.version.as_ref().map(Version::as_str),
        };
        diesel::insert_into(idempotency_keys::table)
            .values((
                idempotency_keys::caller.eq(&self.caller),
                idempotency_keys::key.eq(key),
                row.clone(),
            ))
            .on_conflict((idempotency_keys::caller, idempotency_keys::key))
            .do_update()
            .set((row, idempotency_keys::created_at.eq(now)))
            .execute(conn)
            .await?;
        clear(conn).await?;
        Ok(())
    }
}

/// Takes away some of what was kept long enough: more than each request brings, so none stays for long.
async fn clear(conn: &mut AsyncPgConnection) -> QueryResult<()> {
    let sql = Fragment::new(
        "DELETE FROM idempotency_keys WHERE (caller, key) IN (SELECT caller, key FROM idempotency_keys \
         WHERE created_at < now() - interval '24 hours' ORDER BY created_at LIMIT ",
    )
    .number(CLEARED_AT_ONCE)
    .sql(" FOR UPDATE SKIP LOCKED)");
    Statement::<Untyped>::new(sql).execute(conn).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_with_quotes_or_without() {
        let read = |text: &str| read(&HeaderValue::from_str(text).unwrap()).ok();
        assert_eq!(read("\"a-b\"").as_deref(), Some("a-b"));
        assert_eq!(read("a-b"), read("\"a-b\""));
        assert_eq!(read(&"x".repeat(255)).map(|key| key.len()), Some(255));
        for wrong in ["", "\"\"", "a b", "é", &"x".repeat(256)] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
