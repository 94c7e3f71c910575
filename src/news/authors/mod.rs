//! Authors: the bylines of articles.

mod embedded;
mod handlers;
mod model;

pub use embedded::AuthorRef;
pub use handlers::routes;
pub use model::{Author, AuthorFilter, AuthorPatch, NewAuthor};
