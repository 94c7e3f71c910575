//! The site: its name, URL, languages, time zone and the tree of categories.

mod calendar;
mod handlers;
mod model;
mod validation;

pub use calendar::Day;
pub use handlers::routes;
pub use model::{NewSite, SITE, Site, SitePatch};
