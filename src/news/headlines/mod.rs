//! Headlines: the lines of the ticker.

mod filter;
mod handlers;
mod model;
mod queries;
mod resource;
mod write;

pub use filter::HeadlineFilter;
pub use handlers::routes;
pub use model::{Headline, NewHeadline, Priority};
