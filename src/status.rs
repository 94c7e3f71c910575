//! Where content stands in its life, and who sees it there.

use crate::db::Fragment;

crate::text_enum! {
    /// Where content stands in its life.
    Status {
        /// Being written.
        Draft = "draft",
        /// Goes out at `published_at`.
        Scheduled = "scheduled",
        /// Out, once `published_at` has come.
        Published = "published",
        /// Taken down.
        Withdrawn = "withdrawn",
    }
}

impl Status {
    /// Whether content in this state concerns the public, so that changing it needs the scope `publish`.
    pub fn concerns_public(self) -> bool {
        self != Self::Draft
    }
}

/// How much of the content somebody may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// What is published and whose time has come.
    Public,
    /// That, and what is going out later: for partners under embargo.
    Early,
    /// Everything that is not in the trash.
    Everything,
}

impl Sight {
    /// What of `headlines` can be seen.
    pub fn of_headlines(self) -> Fragment {
        Fragment::new(match self {
            Self::Public => {
                "headlines.deleted_at IS NULL AND headlines.status = 'published' AND headlines.listed_at <= now() \
                 AND (headlines.expires_at IS NULL OR headlines.expires_at > now())"
            }
            Self::Early => {
                "headlines.deleted_at IS NULL AND headlines.status IN ('published', 'scheduled') \
                 AND (headlines.expires_at IS NULL OR headlines.expires_at > now())"
            }
            Self::Everything => "headlines.deleted_at IS NULL",
        })
    }

    /// What of `articles` can be seen.
    pub fn of_articles(self) -> Fragment {
        Fragment::new(match self {
            Self::Public => {
                "articles.deleted_at IS NULL AND articles.status = 'published' AND articles.listed_at <= now()"
            }
            Self::Early => {
                "articles.deleted_at IS NULL AND articles.status IN ('published', 'scheduled')"
            }
            Self::Everything => "articles.deleted_at IS NULL",
        })
    }
}
