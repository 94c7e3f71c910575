//! A request that takes effect once: its first response is looked up, or made and stored.

use actix_web::HttpRequest;
use actix_web::http::header;
use diesel::dsl::{IntervalDsl, now};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Timestamptz, Untyped};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::encryption::EncryptionKey;
use super::messages;
use super::response::{Created, StoredResponse, StoredRow};
use crate::db::{Fragment, Statement};
use crate::http::resource_response::{Representation, ResourceResponse};
use crate::problem::Problem;
use crate::schema::idempotency_keys;

/// How long a response is stored, in hours.
const STORED_HOURS: u8 = 24;
/// How many expired responses are deleted with each new one.
const DELETED_AT_ONCE: usize = 20;

/// A request of one account, told from others by its key.
#[derive(Clone, Debug)]
pub struct IdempotentRequest {
    account: String,
    key: Option<String>,
    /// Hash of path and body: with the same key, these have to be the same.
    digest: Vec<u8>,
    /// Encrypts the response, where it holds a secret.
    encryption: Option<EncryptionKey>,
}

impl IdempotentRequest {
    pub(super) fn new(account: String, key: Option<String>, digest: Vec<u8>) -> Self {
        Self {
            account,
            key,
            digest,
            encryption: None,
        }
    }

    /// Stores the response encrypted under the credential of this request, so that neither the database nor a copy of it
    /// discloses the secret in it.
    pub fn encrypted_for(self, request: &HttpRequest) -> Self {
        let credentials = request.headers().get(header::AUTHORIZATION);
        let token = credentials.map(|credentials| {
            let bytes = credentials.as_bytes();
            let space = bytes.iter().position(|byte| *byte == b' ');
            bytes[space.unwrap_or_default()..].trim_ascii()
        });
        Self {
            encryption: token.map(|token| EncryptionKey::derive(token, &self.digest)),
            ..self
        }
    }

    /// Replays the first response, or runs `create` and stores what it returns. To be called in the transaction of the write.
    ///
    /// # Errors
    /// If the key was used for another request, if the first request is still in progress, or if `create` fails.
    pub async fn run<R: Representation>(
        &self,
        conn: &mut AsyncPgConnection,
        create: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<ResourceResponse<R>, Problem>,
    ) -> Result<Created<R>, Problem> {
        let Some(key) = &self.key else {
            return Ok(StoredResponse::new(&create(conn).await?)?.into());
        };
        if let Some(first) = self.first_response(conn, key).await? {
            return Ok(first.into());
        }
        let response = StoredResponse::new(&create(conn).await?)?;
        self.store(conn, key, &response).await?;
        Ok(response.into())
    }

    /// The stored response, if any. Requests with the same key are refused until the transaction ends.
    async fn first_response(
        &self,
        conn: &mut AsyncPgConnection,
        key: &str,
    ) -> Result<Option<StoredResponse>, Problem> {
        let lock = Fragment::new("SELECT pg_try_advisory_xact_lock(hashtextextended(")
            .text(format!("idempotency:{}:{key}", self.account))
            .sql(", 0))");
        if !Statement::<Bool>::new(lock).get_result(conn).await? {
            return Err(Problem::InProgress);
        }
        let since = now.into_sql::<Timestamptz>() - i32::from(STORED_HOURS).hours();
        let row = StoredRow::query()
            .filter(idempotency_keys::caller.eq(&self.account))
            .filter(idempotency_keys::key.eq(key))
            .filter(idempotency_keys::created_at.gt(since))
            .first(conn)
            .await
            .optional()?;
        let Some(mut row) = row else {
            return Ok(None);
        };
        if row.request_digest != self.digest {
            return Err(Problem::KeyReused);
        }
        if let Some(encryption) = &self.encryption {
            let body = encryption.decrypt(&row.response_body);
            row.response_body = body.ok_or_else(other_credential)?;
        }
        row.into_response().map(Some)
    }

    /// Stores a response, in place of an expired one.
    async fn store(
        &self,
        conn: &mut AsyncPgConnection,
        key: &str,
        response: &StoredResponse,
    ) -> Result<(), Problem> {
        let row = response.to_row(&self.digest, |body| match &self.encryption {
            Some(encryption) => encryption.encrypt(body),
            None => Ok(body.to_vec()),
        })?;
        diesel::insert_into(idempotency_keys::table)
            .values((
                idempotency_keys::caller.eq(&self.account),
                idempotency_keys::key.eq(key),
                row.clone(),
            ))
            .on_conflict((idempotency_keys::caller, idempotency_keys::key))
            .do_update()
            .set((row, idempotency_keys::created_at.eq(now)))
            .execute(conn)
            .await?;
        Ok(delete_expired(conn).await?)
    }
}

fn other_credential() -> Problem {
    Problem::Conflict(messages::other_credential(), Vec::new())
}

/// Deletes some expired responses: more than each request adds, so that none stays for long.
async fn delete_expired(conn: &mut AsyncPgConnection) -> QueryResult<()> {
    let sql = Fragment::new(
        "DELETE FROM idempotency_keys WHERE (caller, key) IN (SELECT caller, key FROM idempotency_keys \
         WHERE created_at < now() - interval '1 hour' * ",
    )
    .number(usize::from(STORED_HOURS))
    .sql(" ORDER BY created_at LIMIT ")
    .number(DELETED_AT_ONCE)
    .sql(" FOR UPDATE SKIP LOCKED)");
    Statement::<Untyped>::new(sql).execute(conn).await?;
    Ok(())
}
