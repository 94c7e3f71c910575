//! Full-text search, completion of queries, related articles.

mod completions;
mod corrections;
mod cursor;
mod filter;
mod handlers;
mod highlight;
mod highlighted_texts;
mod hit;
mod matches;
mod model;
mod parsed_query;
mod periods;
mod ranking;
mod related;
mod short_list;
mod statistics;
mod suggest;

pub use completions::{Completion, CompletionKind};
pub use hit::SearchHit;
pub use statistics::SearchStatistics;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    handlers::routes(cfg);
    suggest::routes(cfg);
    related::routes(cfg);
}
