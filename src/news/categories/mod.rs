//! Categories: the sections of the site, in a tree.

mod handlers;
mod model;

pub use handlers::routes;
pub use model::*;
