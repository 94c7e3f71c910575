//! The entries of the audit.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::filter::AuditFilter;
use crate::access::audit::{AuditAction, Audited};
use crate::db::column::{Column, column};
use crate::db::statement::RowType;
use crate::db::{Fragment, Keyset, Statement};
use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::http::cursor::Cursor;
use crate::http::page::Page;
use crate::http::query::{List, MOST_COUNTED};
use crate::http::schema::HasFields;
use crate::http::timestamp;
use crate::problem::Problem;
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
    #[serde(serialize_with = "timestamp::serialize")]
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
    pub action: Option<AuditAction>,
    /// The kind of problem, a name under `/problems/`; null if the write was done.
    #[schema(max_length = 50)]
    pub problem: Option<String>,
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

impl AuditEntry {
    /// A page of entries, newest first.
    pub(super) async fn page(
        conn: &mut AsyncPgConnection,
        list: &List<AuditFilter>,
    ) -> Result<Page<AuditEntry>, Problem> {
        let cursor: Option<Cursor<Option<DateTime<Utc>>>> = list.cursor()?;
        let forward = cursor.as_ref().is_none_or(|cursor| cursor.forward);
        let mut sql = list.filter.matching();
        let keyset = Keyset {
            alias: "",
            columns: &["at", "id"],
            descending: forward,
        };
        if let Some(cursor) = &cursor {
            let at = Fragment::default().time(cursor.key);
            let id = Fragment::default().id(cursor.id);
            let after = keyset.after(&[at, id], cursor.inclusive);
            sql = sql.sql(" AND ").append(&after);
        }
        sql = sql
            .append(&keyset.order_by())
            .sql(" LIMIT ")
            .number(list.rows())
            .uncached();
        let rows: Vec<AuditEntry> = Statement::<RowType<AuditEntry>>::select::<AuditEntry>(&sql)
            .load(conn)
            .await?;
        let total = if list.counts() {
            let sql = Fragment::new("SELECT count(*) FROM (SELECT ")
                .append(&list.filter.matching())
                .sql(" LIMIT ")
                .number(MOST_COUNTED + 1)
                .sql(") AS counted")
                .uncached();
            Some(Statement::<BigInt>::new(sql).get_result(conn).await?)
        } else {
            None
        };
        let place = |row: &AuditEntry| (Some(row.at), row.id);
        let page = list.page("audit", rows, cursor.as_ref(), place);
        Ok(page.with_total(total))
    }
}
