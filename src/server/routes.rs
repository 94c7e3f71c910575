//! All routes: one line for each resource.

use utoipa_actix_web::service_config::ServiceConfig;

use crate::access::{api_keys, audit};
use crate::news::{articles, authors, categories, changes, headlines, live, search, site, tags};
use crate::server::health;

/// Adds every route of the contract.
pub fn configure(cfg: &mut ServiceConfig) {
    // Before the headlines, whose ids would match its path.
    live::routes(cfg);
    changes::routes(cfg);
    categories::routes(cfg);
    headlines::routes(cfg);
    articles::routes(cfg);
    authors::routes(cfg);
    tags::routes(cfg);
    site::routes(cfg);
    search::routes(cfg);
    audit::routes(cfg);
    api_keys::routes(cfg);
    health::routes(cfg);
}
