//! The life of an API key: its changes, its rotation, its end, each recorded in the audit.

use actix_web::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{ApiKey, NewKey, constraint_problem};
use crate::access::actor::Actor;
use crate::access::audit::{self, AuditAction, Audited, DoneWrite};
use crate::access::caller::Scope;
use crate::access::credentials::Token;
use crate::access::messages;
use crate::http::values::in_range;
use crate::problem::{Fault, FaultCode, OnConstraint, Problem};
use crate::schema::api_keys;

/// Request body for rotating a key.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"overlap": 3600}))]
pub struct NewRotation {
    /// Seconds for which the old key stays valid, unless it expires earlier: at most 7 days.
    #[serde(default = "one_day")]
    #[schema(minimum = 0, maximum = 604_800, default = 86_400)]
    pub overlap: u32,
}

/// The longest overlap of two keys, in seconds.
pub const MAX_OVERLAP: u32 = 604_800;

fn one_day() -> u32 {
    86_400
}

/// A rotated key and its successor.
pub struct Rotated {
    pub old: ApiKey,
    pub successor: ApiKey,
    /// The token of the successor.
    pub token: Token,
}

impl ApiKey {
    /// Refuses a revoked or expired key.
    pub fn check_active(&self, at: DateTime<Utc>) -> Result<(), Problem> {
        let conflict = |detail| Err(Problem::Conflict(detail, Vec::new()));
        if self.revoked_at.is_some() {
            return conflict(messages::key_revoked());
        }
        if self.expires_at.is_some_and(|end| end <= at) {
            return conflict(messages::key_expired());
        }
        Ok(())
    }

    /// Replaces name, scopes and expiry.
    pub async fn update(
        &self,
        conn: &mut AsyncPgConnection,
        new: &NewKey,
    ) -> Result<Self, Problem> {
        if new.expires_at != self.expires_at {
            new.check_expiry(database_time(conn).await?)?;
        }
        let changed = diesel::update(api_keys::table.find(self.id))
            .set((
                api_keys::name.eq(&new.name),
                api_keys::scopes.eq(new.scope_words()),
                api_keys::expires_at.eq(new.expires_at),
                api_keys::version.eq(api_keys::version + 1),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .await?;
        Ok(changed)
    }

    /// Creates a successor with the same name, scopes and length of validity. This key, which has to be locked, stays valid for
    /// `overlap` seconds at most.
    pub async fn rotate(
        &self,
        conn: &mut AsyncPgConnection,
        overlap: u32,
        created_by: Option<Uuid>,
    ) -> Result<Rotated, Problem> {
        let at = database_time(conn).await?;
        self.check_active(at)?;
        let new = NewKey {
            name: self.name.clone(),
            scopes: Scope::among(&self.scopes),
            expires_at: self.expires_at.map(|end| {
                let later = at + (end - self.created_at);
                if in_range(later) { later } else { end }
            }),
        };
        let (successor, token) =
            Self::insert(conn, Uuid::now_v7(), &new, created_by, Some(self.id)).await?;
        let end = at + TimeDelta::seconds(overlap.into());
        let end = self.expires_at.map_or(end, |own| own.min(end));
        let old = diesel::update(api_keys::table.find(self.id))
            .set((
                api_keys::expires_at.eq(end),
                api_keys::version.eq(api_keys::version + 1),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .await?;
        Ok(Rotated {
            old,
            successor,
            token,
        })
    }

    /// Revokes the key with this id, prefix or token: `None` if there is none, `Some(None)` if it was revoked before, else its new
    /// state.
    pub async fn revoke(
        conn: &mut AsyncPgConnection,
        name: &str,
    ) -> Result<Option<Option<Self>>, Problem> {
        conn.transaction(async |conn| {
            let Some(key) = Self::lock_named(conn, name).await? else {
                return Ok(None);
            };
            Ok(Some(key.revoke_locked(conn).await?))
        })
        .await
        .on_constraint(constraint_problem)
    }

    /// Revokes this key, which has to be locked, and returns its new state; none if it was revoked before.
    pub async fn revoke_locked(
        &self,
        conn: &mut AsyncPgConnection,
    ) -> Result<Option<Self>, Problem> {
        let revoked = diesel::update(api_keys::table.find(self.id))
            .filter(api_keys::revoked_at.is_null())
            .set((
                api_keys::revoked_at.eq(now),
                api_keys::version.eq(api_keys::version + 1),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .await
            .optional()?;
        Ok(revoked)
    }

    /// Records a change of this key in the audit.
    pub async fn record(
        &self,
        conn: &mut AsyncPgConnection,
        action: AuditAction,
        actor: &Actor,
    ) -> QueryResult<()> {
        let write = DoneWrite {
            resource: Audited::Key,
            id: self.id,
            version: self.version,
            action,
            status: match action {
                AuditAction::Revoked => StatusCode::NO_CONTENT,
                AuditAction::Updated => StatusCode::OK,
                _ => StatusCode::CREATED,
            },
        };
        audit::record(conn, write, actor).await
    }
}

impl NewKey {
    /// Refuses an expiry in the past.
    pub fn check_expiry(&self, at: DateTime<Utc>) -> Result<(), Problem> {
        match self.expires_at.and_then(|end| expiry_fault(end, at)) {
            Some(fault) => Err(Problem::Invalid(vec![fault])),
            None => Ok(()),
        }
    }
}

/// The fault of an expiry in the past.
pub fn expiry_fault(end: DateTime<Utc>, at: DateTime<Utc>) -> Option<Fault> {
    (end <= at).then(|| Fault::at("/expires_at", FaultCode::InThePast, messages::in_the_past()))
}

/// The time of the current transaction, by the database's clock.
pub async fn database_time(conn: &mut AsyncPgConnection) -> QueryResult<DateTime<Utc>> {
    diesel::select(now.into_sql::<Timestamptz>())
        .get_result(conn)
        .await
}
