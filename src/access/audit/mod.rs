//! Who did what: every write, noted in its own transaction, and every write that was refused.

mod handlers;
mod model;
mod origin;

pub use handlers::routes;
pub use model::{AuditEntry, done, done_to_key, refused};
pub use origin::{By, Origin};

use crate::http::parameter_types::Word;

crate::text_enum! {
    /// What a write did.
    AuditAction {
        Created = "created",
        Updated = "updated",
        /// To the trash.
        Deleted = "deleted",
        /// Out of the trash.
        Restored = "restored",
        /// A key that is good no more.
        Revoked = "revoked",
        /// A key that another stands in for.
        Rotated = "rotated",
    }
}

impl Word for AuditAction {}

crate::text_enum! {
    /// What can be written.
    Audited {
        Category = "category",
        Headline = "headline",
        Article = "article",
        Author = "author",
        Tag = "tag",
        Site = "site",
        Key = "key",
        /// The audit itself, which nobody can write.
        Audit = "audit",
    }
}

impl Word for Audited {}

impl Audited {
    /// What lives below `/v1/` by this word.
    fn at(segment: &str) -> Option<Self> {
        Some(match segment {
            "categories" => Self::Category,
            "headlines" => Self::Headline,
            "articles" => Self::Article,
            "authors" => Self::Author,
            "tags" => Self::Tag,
            "site" => Self::Site,
            "keys" => Self::Key,
            "audit" => Self::Audit,
            _ => return None,
        })
    }
}
