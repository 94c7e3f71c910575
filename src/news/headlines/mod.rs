//! Headlines: the lines of the ticker.

mod handlers;
mod model;

pub use handlers::routes;
pub use model::*;
