//! Tags: labels for the subjects of articles.

mod embedded;
mod handlers;
mod model;

pub use embedded::TagRef;
pub use handlers::routes;
pub use model::{NewTag, Tag, TagFilter, TagKind, TagPatch};
