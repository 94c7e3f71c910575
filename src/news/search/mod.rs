//! Full-text search, completion of queries, related articles.

mod fold;
mod mark;
mod model;
mod related;
mod results;
mod short_list;
mod suggest;
mod words;

pub use fold::fold;
pub use results::SearchHit;
pub use suggest::{Completion, CompletionKind};

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    results::routes(cfg);
    suggest::routes(cfg);
    related::routes(cfg);
}
