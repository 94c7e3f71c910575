//! The filters of the audit, and their SQL.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use utoipa::openapi::{Object, ObjectBuilder, Type};
use uuid::Uuid;

use crate::access::audit::{AuditAction, AuditEntry, Audited};
use crate::access::messages;
use crate::db::Fragment;
use crate::http::parameter_types::Text;
use crate::http::query::Filter;
use crate::http::query_parameters::ParameterType;
use crate::problem;
use crate::problem::KINDS;
use crate::query_parameters;

query_parameters! {
    /// The filters of the audit.
    pub struct AuditFilter {
        /// Writes with this key.
        #[example("0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d10")]
        pub key_id: Option<Uuid>,
        /// Writes of this caller: the name of the key, or the subject of the JWT.
        #[example("the night desk")]
        pub caller: Option<Text<300>>,
        /// Writes of this kind of resource.
        pub resource: Option<Audited>,
        /// Writes of this resource.
        #[example("0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d13")]
        pub resource_id: Option<Uuid>,
        /// Writes that made this change.
        pub action: Option<AuditAction>,
        /// Refused writes, or done ones.
        #[example(true)]
        pub refused: Option<bool>,
        /// Writes refused with this kind of problem: a name under `/problems/`.
        #[example("precondition-failed")]
        pub problem: Option<ProblemName>,
        /// Writes of this request.
        #[example("0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11")]
        pub request_id: Option<RecordedRequestId>,
        /// Writes from this address.
        #[example("192.0.2.7")]
        pub address: Option<IpAddr>,
        /// After this time.
        #[example("2026-11-23T14:00:00Z")]
        pub after: Option<DateTime<Utc>>,
        /// Before this time.
        #[example("2026-11-23T14:00:00Z")]
        pub before: Option<DateTime<Utc>>,
    }
}

impl Filter for AuditFilter {
    type Item = AuditEntry;
}

/// The name of a problem type, as under `/problems/`.
#[derive(Clone, Copy, Debug)]
pub struct ProblemName(&'static str);

impl ParameterType for ProblemName {
    fn parse(text: &str) -> Result<Self, problem::Text> {
        let kind = KINDS.iter().find(|kind| kind.name == text);
        kind.map(|kind| Self(kind.name))
            .ok_or_else(messages::problem_name)
    }

    fn schema() -> Object {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(50))
            .pattern(Some("^[a-z-]+$"))
            .build()
    }
}

/// The id of a request, as in `X-Request-Id`.
#[derive(Clone, Debug)]
pub struct RecordedRequestId(String);

impl ParameterType for RecordedRequestId {
    fn parse(text: &str) -> Result<Self, problem::Text> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        match text.len() {
            1..=128 if is_plain => Ok(Self(text.to_owned())),
            _ => Err(messages::request_id()),
        }
    }

    fn schema() -> Object {
        <Text<128> as ParameterType>::schema()
    }
}

impl AuditFilter {
    /// `FROM` and `WHERE` of the entries that match.
    pub(super) fn matching(&self) -> Fragment {
        let mut sql = Fragment::new("FROM audit WHERE true");
        if let Some(id) = self.key_id {
            sql = sql.sql(" AND key_id = ").id(id);
        }
        if let Some(caller) = &self.caller {
            sql = sql.sql(" AND caller = ").text(&**caller);
        }
        if let Some(problem) = &self.problem {
            sql = sql
                .sql(" AND problem IS NOT NULL AND problem = ")
                .text(problem.0);
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
            sql = sql.sql(" AND request_id = ").text(&id.0);
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
