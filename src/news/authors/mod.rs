//! Authors: the bylines of articles.

mod embedded;
mod handlers;
mod list;
mod model;

pub use embedded::{AuthorRecord, AuthorRef};
pub use handlers::routes;
pub use list::AuthorFilter;
pub use model::{Author, AuthorPatch, NewAuthor};
