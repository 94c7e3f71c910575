//! `GET /v1/audit`: newest first, with keyset pagination.

use std::net::IpAddr;

use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::access::audit::{AuditAction, AuditEntry, Audited};
use crate::access::extractors::Admin;
use crate::db::statement::RowType;
use crate::db::{Database, Fragment, Statement};
use crate::http::cursor::Cursor;
use crate::http::page::Page;
use crate::http::query::{Filter, List, MOST_COUNTED, Paging, parse_bool, parse_timestamp};
use crate::problem::{KINDS, Problem};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_audit);
}

/// List the audit
///
/// Every write, done or refused, newest first. The audit can't be changed through the API. These are in the server's log only:
/// requests over a limit (429), requests to an unavailable server (503), replayed responses (`Idempotency-Replayed`), and
/// requests whose address or head can't be parsed.
#[utoipa::path(tag = "Operations", security(("key" = ["admin"])), params(Paging, AuditFilter))]
#[get("/v1/audit")]
async fn list_audit(
    db: Data<Database>,
    _: Admin,
    list: List<AuditFilter>,
) -> Result<Page<AuditEntry>, Problem> {
    let mut conn = db.connection().await?;
    page(&mut conn, &list).await
}

/// The filters of the audit.
#[derive(Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditFilter {
    /// Writes with this key.
    #[param(example = "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d10")]
    pub key_id: Option<Uuid>,
    /// Writes of this caller: the name of the key, or the subject of the JWT.
    #[param(max_length = 300, example = "the night desk")]
    pub caller: Option<String>,
    /// Writes of this kind of resource.
    #[param(inline)]
    pub resource: Option<Audited>,
    /// Writes of this resource.
    #[param(example = "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d13")]
    pub resource_id: Option<Uuid>,
    /// Writes that made this change.
    #[param(inline)]
    pub action: Option<AuditAction>,
    /// Refused writes, or done ones.
    #[param(example = true)]
    pub refused: Option<bool>,
    /// Writes refused with this kind of problem: a name under `/problems/`.
    #[param(
        max_length = 50,
        pattern = "^[a-z-]+$",
        example = "precondition-failed"
    )]
    pub problem: Option<String>,
    /// Writes of this request.
    #[param(max_length = 128, example = "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11")]
    pub request_id: Option<String>,
    /// Writes from this address.
    #[param(max_length = 45, value_type = Option<String>, example = "192.0.2.7")]
    pub address: Option<IpAddr>,
    /// After this time.
    #[param(example = "2026-11-23T14:00:00Z")]
    pub after: Option<DateTime<Utc>>,
    /// Before this time.
    #[param(example = "2026-11-23T14:00:00Z")]
    pub before: Option<DateTime<Utc>>,
}

impl Filter for AuditFilter {
    type Item = AuditEntry;

    fn set(&mut self, name: &str, value: &str) -> Option<Result<(), String>> {
        let id = |value: &str| Uuid::try_parse(value).map_err(|_| "an id".to_owned());
        Some(match name {
            "key_id" => id(value).map(|id| self.key_id = Some(id)),
            "caller" => match value.chars().count() {
                1..=300 if !value.contains('\0') => {
                    self.caller = Some(value.to_owned());
                    Ok(())
                }
                _ => Err("a name of 1 to 300 characters".to_owned()),
            },
            "problem" => match KINDS.iter().find(|kind| kind.name == value) {
                Some(kind) => {
                    self.problem = Some(kind.name.to_owned());
                    Ok(())
                }
                None => Err("a name under `/problems/`".to_owned()),
            },
            "resource" => value.parse().map(|it| self.resource = Some(it)),
            "resource_id" => id(value).map(|id| self.resource_id = Some(id)),
            "action" => value.parse().map(|action| self.action = Some(action)),
            "refused" => parse_bool(value).map(|refused| self.refused = Some(refused)),
            "request_id" => match value.len() {
                1..=128 if value.bytes().all(|byte| byte.is_ascii_graphic()) => {
                    self.request_id = Some(value.to_owned());
                    Ok(())
                }
                _ => Err("the `X-Request-Id` of a response".to_owned()),
            },
            "address" => match value.parse() {
                Ok(address) => {
                    self.address = Some(address);
                    Ok(())
                }
                Err(_) => Err("an IP address".to_owned()),
            },
            "after" => parse_timestamp(value).map(|at| self.after = Some(at)),
            "before" => parse_timestamp(value).map(|at| self.before = Some(at)),
            _ => return None,
        })
    }
}

impl AuditFilter {
    /// `FROM` and `WHERE` of the entries that match.
    fn matching(&self) -> Fragment {
        let mut sql = Fragment::new("FROM audit WHERE true");
        if let Some(id) = self.key_id {
            sql = sql.sql(" AND key_id = ").id(id);
        }
        if let Some(caller) = &self.caller {
            sql = sql.sql(" AND caller = ").text(caller);
        }
        if let Some(problem) = &self.problem {
            sql = sql
                .sql(" AND problem IS NOT NULL AND problem = ")
                .text(problem);
        }
        if let Some(resource) = self.resource {
            sql = sql.sql(" AND resource = ").text(resource.as_str());
        }
        if let Some(id) = self.resource_id {
            sql = sql.sql(" AND resource_id = ").id(id);
        }
        if let Some(action) = self.action {
            sql = sql.sql(" AND action = ").text(action.as_str());
        }
        if let Some(refused) = self.refused {
            sql = sql.sql(match refused {
                true => " AND problem IS NOT NULL",
                false => " AND problem IS NULL",
            });
        }
        if let Some(id) = &self.request_id {
            sql = sql.sql(" AND request_id = ").text(id);
        }
        if let Some(address) = self.address {
            let address = address.to_canonical().to_string();
            sql = sql.sql(" AND address = ").text(address).sql("::text::inet");
        }
        if let Some(at) = self.after {
            sql = sql.sql(" AND at > ").time(Some(at));
        }
        if let Some(at) = self.before {
            sql = sql.sql(" AND at < ").time(Some(at));
        }
        sql
    }
}

async fn page(
    conn: &mut AsyncPgConnection,
    list: &List<AuditFilter>,
) -> Result<Page<AuditEntry>, Problem> {
    let cursor: Option<Cursor<Option<DateTime<Utc>>>> = list.cursor()?;
    let forward = cursor.as_ref().is_none_or(|cursor| cursor.forward);
    let mut sql = list.filter.matching();
    if let Some(cursor) = &cursor {
        sql = sql
            .sql(match (cursor.forward, cursor.inclusive) {
                (true, false) => " AND (at, id) < (",
                (true, true) => " AND (at, id) <= (",
                (false, false) => " AND (at, id) > (",
                (false, true) => " AND (at, id) >= (",
            })
            .time(cursor.key)
            .sql(", ")
            .id(cursor.id)
            .sql(")");
    }
    sql = sql
        .sql(match forward {
            true => " ORDER BY at DESC, id DESC LIMIT ",
            false => " ORDER BY at, id LIMIT ",
        })
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
