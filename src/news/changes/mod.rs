//! What has changed since a place in the log of changes: read in one way for `GET /v1/changes` and for the streams.
//!
//! `log` reads events from a place on, `outcome` says what they did to a reader, `documents` reads the newest state of what
//! they changed, `selection` what a client has asked for; `batch` puts these together, in one snapshot of the database.
//! `snapshot` pages through everything that is there at first.

pub mod batch;
pub mod cursor;
pub mod documents;
mod handlers;
mod log;
mod model;
pub mod outcome;
pub mod parameters;
mod selection;
mod snapshot;

pub use batch::{Batch, Change};
pub use cursor::ChangesCursor;
pub use handlers::routes;
pub use log::{Head, head};
pub use outcome::{Ending, Outcome};
pub use selection::{Selected, Selection};

use crate::http::parameter_types::Word;

crate::text_enum! {
    /// A kind of resource whose changes clients can follow.
    #[schema(as = ChangedResource)]
    ResourceKind {
        Site = "site",
        Category = "category",
        Tag = "tag",
        Author = "author",
        Article = "article",
        Headline = "headline",
    }
}

impl Word for ResourceKind {}
