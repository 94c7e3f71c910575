//! Where content stands in its life, and who sees it there.

use crate::access::caller::Scope;
use crate::access::extractors::Reader;
use crate::db::Fragment;
use crate::problem::Problem;

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

/// Refuses a filter by this status to a reader who may not see it.
pub fn check_status_filter(reader: &Reader, status: Status) -> Result<(), Problem> {
    match (Visibility::of(reader), status) {
        (Visibility::Everything, _)
        | (Visibility::Early, Status::Published | Status::Scheduled) => Ok(()),
        (Visibility::Public, _) if reader.is_anonymous() => {
            Err(Problem::Unauthorized("to filter by status needs a key"))
        }
        _ => Err(Problem::Forbidden(Scope::Read.as_str())),
    }
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

    /// What of the headlines that go by a name in a statement can be seen.
    pub fn of_headlines(self, line: &'static str) -> Fragment {
        let sql = self.of_articles(line);
        match self {
            Self::Public | Self::Early => sql
                .sql(" AND (")
                .sql(line)
                .sql(".expires_at IS NULL OR ")
                .sql(line)
                .sql(".expires_at > now())"),
            Self::Everything => sql,
        }
    }

    /// What of the articles that go by a name in a statement can be seen.
    pub fn of_articles(self, line: &'static str) -> Fragment {
        let sql = Fragment::new(line).sql(".deleted_at IS NULL");
        match self {
            Self::Public => sql
                .sql(" AND ")
                .sql(line)
                .sql(".status IN ('published', 'scheduled') AND ")
                .sql(line)
                .sql(".listed_at <= now()"),
            Self::Early => sql
                .sql(" AND ")
                .sql(line)
                .sql(".status IN ('published', 'scheduled')"),
            Self::Everything => sql,
        }
    }
}
