//! The entries of the audit.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::audit::{AuditAction, Audited};
use crate::db::column::{Column, column};
use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::http::schema::HasFields;
use crate::schema::audit;

/// One write, done or refused.
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
    /// The path of the request, its first 300 characters; or the command on the command line.
    #[schema(max_length = 300)]
    pub path: String,
    /// The status of the response.
    #[schema(minimum = 200, maximum = 599)]
    pub status: i16,
    /// The change; null if it was refused.
    #[schema(inline)]
    pub action: Option<AuditAction>,
    /// The kind of problem, a name under `/problems/`; null if the write was done.
    #[schema(max_length = 50)]
    pub problem: Option<String>,
    #[schema(inline)]
    pub resource: Audited,
    /// The id of the resource; null if a refused request named none by its id.
    pub resource_id: Option<Uuid>,
    /// The new version; null if the write was refused.
    #[schema(minimum = 1)]
    pub version: Option<i32>,
    /// The id of the caller's key; null without a valid key.
    pub key_id: Option<Uuid>,
    /// The name of the key at that time, or the subject of a JWT.
    #[schema(max_length = 300)]
    pub caller: Option<String>,
    /// `X-Request-Id` of the response.
    #[schema(max_length = 128)]
    pub request_id: String,
    /// The client's address.
    #[schema(max_length = 45)]
    #[diesel(select_expression = column::<Nullable<Text>>("host(audit.address)"), select_expression_type = Column<Nullable<Text>>)]
    pub address: Option<String>,
}

impl HasFields for AuditEntry {}

impl CacheTagged for AuditEntry {
    fn add_cache_tags(&self, _: &mut CacheTags) {}
}
