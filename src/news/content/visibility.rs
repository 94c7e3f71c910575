//! Where content stands in its life, and who sees it there.

use chrono::{DateTime, Utc};

use crate::db::Fragment;
use crate::http::parameter_types::Word;
use crate::problem::Fault;

crate::text_enum! {
    /// Where content stands in its life.
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

/// The state of an article, and of a headline, as it is shown: nobody writes when what is scheduled goes out.
pub const SHOWN_OF_ARTICLES: &str = "CASE WHEN articles.status = 'scheduled' AND articles.listed_at <= now() \
    THEN 'published' ELSE articles.status END";
pub const SHOWN_OF_HEADLINES: &str = "CASE WHEN headlines.status = 'scheduled' AND headlines.listed_at <= now() \
    THEN 'published' ELSE headlines.status END";

impl Status {
    /// Whether content in this state concerns the public, so that changing it needs the scope `publish`.
    pub fn requires_publish_scope(self) -> bool {
        self != Self::Draft
    }
}

/// A scheduled document needs its time.
pub fn check_time(status: Status, published_at: Option<DateTime<Utc>>) -> Option<Fault> {
    (status == Status::Scheduled && published_at.is_none())
        .then(|| Fault::at("/published_at", "required", "`scheduled` needs a time"))
}

/// How much of the content somebody may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// What is published, or scheduled, and whose time has come.
    Public,
    /// That, and what is going out later: for partners under embargo.
    Early,
    /// Everything that is not in the trash.
    Everything,
}

/// The rule of what everybody may see: rows of content, by this alias, that are out and not in the trash. A scheduled row
/// is out once its time has come; nothing writes to it then.
pub fn is_public(alias: &'static str) -> Fragment {
    is_released(alias)
        .sql(" AND ")
        .column(alias, "listed_at <= now()")
}

/// Rows of content that are out or will be, and not in the trash.
fn is_released(alias: &'static str) -> Fragment {
    // The words of an index's condition are written out: a bind would hide them from the planner.
    Fragment::default()
        .column(alias, "deleted_at IS NULL AND ")
        .column(alias, "status IN ('published', 'scheduled')")
}

impl Visibility {
    /// The condition on an article by this alias.
    pub fn of_articles(self, alias: &'static str) -> Fragment {
        match self {
            Self::Public => is_public(alias),
            Self::Early => is_released(alias),
            Self::Everything => Fragment::default().column(alias, "deleted_at IS NULL"),
        }
    }

    /// The condition on a headline by this alias: it must not have left the ticker either.
    pub fn of_headlines(self, alias: &'static str) -> Fragment {
        let sql = self.of_articles(alias);
        match self {
            Self::Public | Self::Early => sql
                .sql(" AND (")
                .column(alias, "expires_at IS NULL OR ")
                .column(alias, "expires_at > now())"),
            Self::Everything => sql,
        }
    }
}
