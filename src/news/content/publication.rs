//! The time at which content goes out, and the time at which it first did.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::news::content::visibility::Status;

pub struct Publication {
    pub published_at: Option<DateTime<Utc>>,
    pub first_published_at: Option<DateTime<Utc>>,
}

impl Publication {
    /// The times of content with this status. `published` without a time means now: the transaction's time by the database's
    /// clock, which lists compare with. The first time never changes once it has come.
    pub async fn plan(
        conn: &mut AsyncPgConnection,
        status: Status,
        published_at: Option<DateTime<Utc>>,
        first: Option<DateTime<Utc>>,
    ) -> QueryResult<Self> {
        let is_public = matches!(status, Status::Published | Status::Scheduled);
        // The clock is asked only where it matters.
        if first.is_none() && (status != Status::Published || published_at.is_some()) {
            return Ok(Self {
                published_at,
                first_published_at: published_at.filter(|_| is_public),
            });
        }
        let time = diesel::dsl::now.into_sql::<Timestamptz>();
        let now: DateTime<Utc> = diesel::select(time).get_result(conn).await?;
        let published_at = published_at.or((status == Status::Published).then_some(now));
        let first_published_at = match first {
            Some(first) if first <= now => Some(first),
            _ if is_public => published_at,
            _ => None,
        };
        Ok(Self {
            published_at,
            first_published_at,
        })
    }
}
