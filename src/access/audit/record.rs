//! Recording writes in the audit.

use actix_web::http::StatusCode;

use diesel::prelude::*;
use diesel::sql_types::{Inet, Nullable, Untyped};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::access::actor::{Actor, Origin};
use crate::access::audit::{AuditAction, Audited};
use crate::access::caller::Caller;
use crate::db::{Fragment, Statement};
use crate::events::Change;
use crate::redact::redact;
use crate::schema::audit;

/// The longest name of a caller that is recorded, in characters.
const MAX_NAME: usize = 300;

/// A write that was done.
#[derive(Clone, Copy, Debug)]
pub struct DoneWrite {
    pub resource: Audited,
    pub id: Uuid,
    /// The new version.
    pub version: i32,
    pub action: AuditAction,
    /// The status of the response.
    pub status: StatusCode,
}

/// Records a write in its own transaction.
pub async fn record(
    conn: &mut AsyncPgConnection,
    write: DoneWrite,
    actor: &Actor,
) -> QueryResult<()> {
    NewEntry {
        origin: &actor.origin,
        status: write.status,
        action: Some(write.action.as_str()),
        problem: None,
        resource: write.resource.as_str(),
        resource_id: Some(write.id),
        version: Some(write.version),
        caller: Some(&actor.caller),
    }
    .insert(conn)
    .await
}

/// The statement that records a change of content, in its own transaction.
pub fn insert_change(change: Change, actor: &Actor) -> Fragment {
    let status = match (actor.origin.method.as_str(), change.action.as_str()) {
        ("DELETE", _) => StatusCode::NO_CONTENT,
        (_, "created" | "restored") => StatusCode::CREATED,
        _ => StatusCode::OK,
    };
    NewEntry {
        origin: &actor.origin,
        status,
        action: Some(change.action.as_str()),
        problem: None,
        resource: change.resource,
        resource_id: Some(change.id),
        version: Some(change.version),
        caller: Some(&actor.caller),
    }
    .statement()
}

/// Records a refused write, unless it is none of this API.
pub async fn record_refusal(
    conn: &mut AsyncPgConnection,
    origin: &Origin,
    caller: Option<&Caller>,
    status: StatusCode,
    problem: &str,
) -> QueryResult<()> {
    let mut segments = origin.path.split('/').skip(2);
    let Some(resource) = segments.next().and_then(Audited::at) else {
        return Ok(());
    };
    let id = segments.next().and_then(|id| Uuid::try_parse(id).ok());
    NewEntry {
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

struct NewEntry<'a> {
    origin: &'a Origin,
    status: StatusCode,
    action: Option<&'a str>,
    problem: Option<&'a str>,
    resource: &'a str,
    resource_id: Option<Uuid>,
    version: Option<i32>,
    caller: Option<&'a Caller>,
}

impl NewEntry<'_> {
    async fn insert(self, conn: &mut AsyncPgConnection) -> QueryResult<()> {
        let statement = Statement::<Untyped>::new(self.statement());
        statement.execute(conn).await?;
        Ok(())
    }

    fn statement(self) -> Fragment {
        let name = self.caller.map(|caller| -> String {
            let name = redact(&caller.name);
            name.chars().take(MAX_NAME).collect()
        });
        let address = match self.origin.address {
            Some(address) => Fragment::default().text(address.to_string()).sql("::inet"),
            None => Fragment::new("NULL::inet"),
        };
        Fragment::default().query(diesel::insert_into(audit::table).values((
            audit::id.eq(Uuid::now_v7()),
            audit::method.eq(self.origin.method.clone()),
            audit::path.eq(self.origin.path.clone()),
            audit::status.eq(self.status.as_u16().cast_signed()),
            audit::action.eq(self.action.map(str::to_owned)),
            audit::problem.eq(self.problem.map(str::to_owned)),
            audit::resource.eq(self.resource.to_owned()),
            audit::resource_id.eq(self.resource_id),
            audit::version.eq(self.version),
            audit::key_id.eq(self.caller.and_then(|caller| caller.key_id)),
            audit::caller.eq(name.filter(|name| !name.is_empty())),
            audit::request_id.eq(self.origin.request_id.clone()),
            audit::address.eq(address.typed::<Nullable<Inet>>()),
        )))
    }
}
