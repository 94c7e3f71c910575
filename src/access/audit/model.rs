//! The table, and what of it is shown.

use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, SmallInt, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::api_keys::ApiKey;
use crate::access::audit::{AuditAction, Audited, By, Origin};
use crate::access::extractors::Caller;
use crate::db::column::{Column, column};
use crate::events::Change;
use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::http::schema::HasFields;
use crate::redact::redact;
use crate::schema::audit;

/// One write, or one attempt.
#[derive(Debug, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = audit)]
#[schema(example = json!({
    "id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d19", "at": "2026-11-23T13:58:12.345678Z",
    "method": "PATCH", "path": "/v1/articles/0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d13", "status": 412,
    "action": null, "problem": "precondition-failed", "resource": "article",
    "resource_id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d13", "version": null,
    "key_id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d10", "caller": "the night desk",
    "request_id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11", "address": "192.0.2.7",
}))]
pub struct AuditEntry {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    /// `POST`, `PUT`, `PATCH` or `DELETE`.
    #[schema(max_length = 10)]
    pub method: String,
    /// What was asked for; the first 300 characters. Or which command was given on the command line.
    #[schema(max_length = 300)]
    pub path: String,
    /// What was answered.
    #[schema(minimum = 200, maximum = 599)]
    pub status: i16,
    /// What was done; null where it was refused.
    #[schema(inline)]
    pub action: Option<AuditAction>,
    /// Why it was refused: a name under `/problems/`; null where it was done.
    #[schema(max_length = 50)]
    pub problem: Option<String>,
    #[schema(inline)]
    pub resource: Audited,
    /// Which one; null where a refused request named none by its id.
    pub resource_id: Option<Uuid>,
    /// The version that the write made; null where it was refused.
    #[schema(minimum = 1)]
    pub version: Option<i32>,
    /// Whose key; null where there was none that is good.
    pub key_id: Option<Uuid>,
    /// What the key was called then, or whom an identity provider vouched for.
    #[schema(max_length = 300)]
    pub caller: Option<String>,
    /// `X-Request-Id` of the answer.
    #[schema(max_length = 128)]
    pub request_id: String,
    /// Where the request came from.
    #[schema(max_length = 45)]
    #[diesel(select_expression = column::<Nullable<Text>>("host(audit.address)"), select_expression_type = Column<Nullable<Text>>)]
    pub address: Option<String>,
}

impl HasFields for AuditEntry {}

impl CacheTagged for AuditEntry {
    fn add_cache_tags(&self, _: &mut CacheTags) {}
}

/// What is to be noted.
struct Entry<'a> {
    origin: &'a Origin,
    status: u16,
    action: Option<&'a str>,
    problem: Option<&'a str>,
    resource: &'a str,
    resource_id: Option<Uuid>,
    version: Option<i32>,
    caller: Option<&'a Caller>,
}

impl Entry<'_> {
    async fn insert(self, conn: &mut AsyncPgConnection) -> QueryResult<()> {
        let name = self
            .caller
            .map(|caller| redact(&caller.name).chars().take(300).collect());
        diesel::sql_query(
            "INSERT INTO audit (id, method, path, status, action, problem, resource, resource_id, version, key_id, caller, \
                request_id, address) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::inet)",
        )
        .bind::<SqlUuid, _>(Uuid::now_v7())
        .bind::<Text, _>(&self.origin.method)
        .bind::<Text, _>(&self.origin.path)
        .bind::<SmallInt, _>(self.status.cast_signed())
        .bind::<Nullable<Text>, _>(self.action)
        .bind::<Nullable<Text>, _>(self.problem)
        .bind::<Text, _>(self.resource)
        .bind::<Nullable<SqlUuid>, _>(self.resource_id)
        .bind::<Nullable<Integer>, _>(self.version)
        .bind::<Nullable<SqlUuid>, _>(self.caller.and_then(|caller| caller.key_id))
        .bind::<Nullable<Text>, _>(name.filter(|name: &String| !name.is_empty()))
        .bind::<Text, _>(&self.origin.request_id)
        .bind::<Nullable<Text>, _>(self.origin.address.map(|address| address.to_string()))
        .execute(conn)
        .await?;
        Ok(())
    }
}

/// Notes a change of content, in the transaction that makes it.
pub async fn done(conn: &mut AsyncPgConnection, change: Change, by: &By) -> QueryResult<()> {
    let status = match (by.origin.method.as_str(), change.action.as_str()) {
        ("DELETE", _) => 204,
        (_, "created" | "restored") => 201,
        _ => 200,
    };
    Entry {
        origin: &by.origin,
        status,
        action: Some(change.action.as_str()),
        problem: None,
        resource: change.resource,
        resource_id: Some(change.id),
        version: Some(change.version),
        caller: Some(&by.caller),
    }
    .insert(conn)
    .await
}

/// Notes a change of a key, in the transaction that makes it.
pub async fn done_to_key(
    conn: &mut AsyncPgConnection,
    action: AuditAction,
    key: &ApiKey,
    status: StatusCode,
    by: &By,
) -> QueryResult<()> {
    Entry {
        origin: &by.origin,
        status: status.as_u16(),
        action: Some(action.as_str()),
        problem: None,
        resource: Audited::Key.as_str(),
        resource_id: Some(key.id),
        version: Some(key.version),
        caller: Some(&by.caller),
    }
    .insert(conn)
    .await
}

/// Notes a write that was refused; what is not a write of ours is left out.
pub async fn refused(
    conn: &mut AsyncPgConnection,
    origin: &Origin,
    caller: Option<&Caller>,
    status: u16,
    problem: &str,
) -> QueryResult<()> {
    let mut segments = origin.path.split('/').skip(2);
    let Some(resource) = segments.next().and_then(Audited::at) else {
        return Ok(());
    };
    let id = segments.next().and_then(|id| Uuid::try_parse(id).ok());
    Entry {
        origin,
        status,
        action: None,
        problem: Some(problem),
        resource: resource.as_str(),
        resource_id: id,
        version: None,
        caller,
    }
    .insert(conn)
    .await
}
