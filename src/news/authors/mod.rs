//! Authors: who signs.

mod handlers;
mod model;

pub use handlers::routes;
pub use model::*;
