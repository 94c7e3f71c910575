//! The site itself: what a front end needs for its frame, and which day it is there.

mod handlers;
mod model;

pub use handlers::routes;
pub use model::*;
