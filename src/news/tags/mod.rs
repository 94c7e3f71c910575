//! Tags: free labels for what articles are about.

mod handlers;
mod model;

pub use handlers::routes;
pub use model::*;
