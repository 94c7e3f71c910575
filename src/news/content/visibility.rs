//! The status of content, and which content a caller may see.

use crate::db::Fragment;
use crate::http::parameter_types::Word;

crate::text_enum! {
    /// The status of content.
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
pub const SHOWN_OF_ARTICLES: &str = "CASE WHEN articles.status = 'scheduled' AND articles.listed_at <= now() \
    THEN 'published' ELSE articles.status END";
pub const SHOWN_OF_HEADLINES: &str = "CASE WHEN headlines.status = 'scheduled' AND headlines.listed_at <= now() \
    THEN 'published' ELSE headlines.status END";

impl Status {
    /// Whether changing content with this status needs the scope `publish`: all but drafts is, was or will be public.
    pub fn requires_publish_scope(self) -> bool {
        self != Self::Draft
    }
}

/// Which content a caller may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Content that is published, or scheduled and due.
    Public,
    /// Also content that is scheduled: for partners under embargo.
    Early,
    /// All content that is not in the trash.
    Everything,
}

impl Visibility {
    /// The condition for visible headlines; `table` is the name or alias of the table in the statement.
    pub fn of_headlines(self, table: &'static str) -> Fragment {
        let sql = self.of_articles(table);
        match self {
            Self::Public | Self::Early => sql
                .sql(" AND (")
                .sql(table)
                .sql(".expires_at IS NULL OR ")
                .sql(table)
                .sql(".expires_at > now())"),
            Self::Everything => sql,
        }
    }

    /// The condition for visible articles; `table` is the name or alias of the table in the statement.
    pub fn of_articles(self, table: &'static str) -> Fragment {
        let sql = Fragment::new(table).sql(".deleted_at IS NULL");
        match self {
            Self::Public => sql
                .sql(" AND ")
                .sql(table)
                .sql(".status IN ('published', 'scheduled') AND ")
                .sql(table)
                .sql(".listed_at <= now()"),
            Self::Early => sql
                .sql(" AND ")
                .sql(table)
                .sql(".status IN ('published', 'scheduled')"),
            Self::Everything => sql,
        }
    }
}
