//! Tags: labels for the subjects of articles.

mod embedded;
mod handlers;
mod list;
mod model;

pub use embedded::{TagRecord, TagRef};
pub use handlers::routes;
pub use list::TagFilter;
pub use model::{NewTag, Tag, TagKind, TagPatch};
