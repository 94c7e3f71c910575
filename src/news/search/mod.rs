//! What finds words: searches, completions as one types, and what is related to an article.

mod fold;
mod mark;
mod model;
mod related;
mod results;
mod suggest;
mod words;

pub use fold::fold;
pub use results::SearchHit;
pub use suggest::{Completion, CompletionKind, Completions};

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    results::routes(cfg);
    suggest::routes(cfg);
    related::routes(cfg);
}
