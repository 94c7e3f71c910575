//! The status of content, and which content a caller may see.

use chrono::{DateTime, Utc};

use crate::access::caller::Scope;
use crate::access::extractors::Reader;
use crate::db::Fragment;
use crate::http::parameter_types::Word;
use crate::news::messages;
use crate::problem::{Fault, FaultCode, Problem, Unauthenticated};

crate::text_enum! {
    /// The status of content.
    #[schema(as = ContentStatus)]
    Status {
        /// Being written.
        Draft = "draft",
        /// Goes out at `published_at`, and is `published` from then on.
        Scheduled = "scheduled",
        /// Out, once `published_at` has come.
        Published = "published",
        /// Taken down.
        Withdrawn = "withdrawn",
    }
}

impl Word for Status {}

/// The effective status of an article and of a headline: `scheduled` counts as `published` from `listed_at` on, without a
/// write.
pub const EFFECTIVE_STATUS_OF_ARTICLES: &str = "CASE WHEN articles.status = 'scheduled' AND articles.listed_at <= now() \
    THEN 'published' ELSE articles.status END";
pub const EFFECTIVE_STATUS_OF_HEADLINES: &str = "CASE WHEN headlines.status = 'scheduled' AND headlines.listed_at <= now() \
    THEN 'published' ELSE headlines.status END";

impl Status {
    /// Whether the public sees content with this status, now or when its time comes.
    pub fn is_public_in_time(self) -> bool {
        matches!(self, Self::Scheduled | Self::Published)
    }

    /// Whether changing content with this status needs the scope `publish`: all but drafts is, was or will be public.
    pub fn requires_publish_scope(self) -> bool {
        self != Self::Draft
    }
}

/// Refuses a filter by this status to a reader who may not see it.
pub fn check_status_filter(reader: &Reader, status: Status) -> Result<(), Problem> {
    match (Visibility::of(reader), status) {
        (Visibility::Everything, _)
        | (Visibility::Early, Status::Published | Status::Scheduled) => Ok(()),
        (Visibility::Public, _) if reader.is_anonymous() => {
            Err(Problem::Unauthorized(Unauthenticated::StatusFilter))
        }
        _ => Err(Problem::Forbidden(Scope::Read.as_str())),
    }
}

/// The content that a caller may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Content that is published, or scheduled and due, until it expires.
    Public,
    /// Also content that is scheduled: for partners under embargo.
    Early,
    /// All content that is not in the trash.
    Everything,
}

impl Visibility {
    /// The content that a reader sees. An editor of drafts sees them too.
    pub fn of(reader: &Reader) -> Self {
        let sees_drafts = [Scope::Read, Scope::Write, Scope::Publish];
        if sees_drafts.iter().any(|scope| reader.has(*scope)) {
            Self::Everything
        } else if reader.has(Scope::Early) {
            Self::Early
        } else {
            Self::Public
        }
    }

    /// The condition for visible articles or headlines; `alias` is the name or alias of the table in the statement, or empty.
    pub fn of_content(self, alias: &'static str) -> Fragment {
        match self {
            Self::Public => is_public(alias),
            Self::Early => is_released(alias).sql(" AND ").append(&is_unexpired(alias)),
            Self::Everything => Fragment::default().column(alias, "deleted_at IS NULL"),
        }
    }
}

/// The condition for content that everybody may see: scheduled content from its moment on, whether or not the log says so yet.
pub fn is_public(alias: &'static str) -> Fragment {
    is_released(alias)
        .sql(" AND ")
        .column(alias, "listed_at <= now() AND ")
        .append(&is_unexpired(alias))
}

/// The condition for content that has not expired. Its first part is that of the indexes, which still have what expired within
/// the last second.
pub fn is_unexpired(alias: &'static str) -> Fragment {
    Fragment::default()
        .column(alias, "release IS DISTINCT FROM 'expired' AND (")
        .column(alias, "expires_at IS NULL OR ")
        .column(alias, "expires_at > now())")
}

/// The condition for content that is published or scheduled, whether or not it has expired.
pub fn is_released(alias: &'static str) -> Fragment {
    // The words of an index's condition are written out: a bind value would hide them from the planner.
    Fragment::default()
        .column(alias, "deleted_at IS NULL AND ")
        .column(alias, "status IN ('published', 'scheduled')")
}

/// Checks that scheduled content has its time.
pub fn check_time(status: Status, published_at: Option<DateTime<Utc>>) -> Option<Fault> {
    (status == Status::Scheduled && published_at.is_none()).then(|| {
        Fault::at(
            "/published_at",
            FaultCode::Required,
            messages::scheduled_needs_time(),
        )
    })
}
