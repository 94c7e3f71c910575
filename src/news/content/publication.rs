//! The time at which content goes out, and the time at which it first did.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::Fragment;
use crate::db::statement::Typed;
use crate::news::content::visibility::Status;
use crate::news::messages;
use crate::problem::{Fault, FaultCode, Problem};

/// A time that is stored: known, or that of the transaction by the database's clock, which lists compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredTime {
    Known(Option<DateTime<Utc>>),
    Now,
}

impl StoredTime {
    /// The value to store.
    pub fn value(self) -> Typed<Nullable<Timestamptz>> {
        match self {
            Self::Known(time) => Fragment::default().time(time).typed(),
            Self::Now => Fragment::new("now()").typed(),
        }
    }
}

pub struct Publication {
    pub published_at: StoredTime,
    pub first_published_at: StoredTime,
}

impl Publication {
    /// The times of content with this status. `published` without a time means now. The first time never changes once it has
    /// come.
    pub async fn plan(
        conn: &mut AsyncPgConnection,
        status: Status,
        published_at: Option<DateTime<Utc>>,
        first: Option<DateTime<Utc>>,
    ) -> QueryResult<Self> {
        let is_public = matches!(status, Status::Published | Status::Scheduled);
        let time = match published_at {
            None if status == Status::Published => StoredTime::Now,
            time => StoredTime::Known(time),
        };
        let first_published_at = match first {
            // The clock is asked only where it matters.
            Some(first) if first <= now(conn).await? => StoredTime::Known(Some(first)),
            _ if is_public => time,
            _ => StoredTime::Known(None),
        };
        Ok(Self {
            published_at: time,
            first_published_at,
        })
    }

    /// Refuses an expiry that isn't later, where the time of publication is known only now.
    pub async fn check_expiry(
        &self,
        conn: &mut AsyncPgConnection,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<(), Problem> {
        if expires_at.is_none() {
            return Ok(());
        }
        let published_at = match self.published_at {
            StoredTime::Known(time) => time,
            StoredTime::Now => Some(now(conn).await?),
        };
        match check_expiry(published_at, expires_at) {
            Some(fault) => Err(Problem::Invalid(vec![fault])),
            None => Ok(()),
        }
    }
}

/// Content expires after it is published.
pub fn check_expiry(
    published_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
) -> Option<Fault> {
    (expires_at? <= published_at?).then(|| {
        Fault::at(
            "/expires_at",
            FaultCode::TooEarly,
            messages::expiry_too_early(),
        )
    })
}

/// The time of the transaction by the database's clock.
pub async fn now(conn: &mut AsyncPgConnection) -> QueryResult<DateTime<Utc>> {
    let now = diesel::dsl::now.into_sql::<Timestamptz>();
    diesel::select(now).get_result(conn).await
}
