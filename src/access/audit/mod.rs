//! The audit: every write, recorded in its own transaction, and every write that was refused.

mod filter;
mod handlers;
mod model;
mod record;

pub use handlers::routes;
pub use model::AuditEntry;
pub use record::{DoneWrite, insert_change, record, record_refusal};

use crate::http::parameter_types::Word;

crate::text_enum! {
    /// The change that a write made.
    AuditAction {
        Created = "created",
        Updated = "updated",
        /// Moved to the trash.
        Deleted = "deleted",
        /// Taken out of the trash.
        Restored = "restored",
        /// A key that is no longer valid.
        Revoked = "revoked",
        /// A key that has a successor.
        Rotated = "rotated",
    }
}

impl Word for AuditAction {}

crate::text_enum! {
    /// The resources of which writes are recorded.
    #[schema(as = AuditedResource)]
    Audited {
        Category = "category",
        Headline = "headline",
        Article = "article",
        Author = "author",
        Tag = "tag",
        Site = "site",
        Key = "key",
        /// The audit itself: every write is refused.
        Audit = "audit",
    }
}

impl Word for Audited {}

impl Audited {
    /// The resource at this path segment below `/v1/`.
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
