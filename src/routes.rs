//! Every route, a line a resource.

use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    api_keys, articles, audit, authors, categories, headlines, health, search, site, tags,
};

/// Adds every route of the contract.
pub fn configure(cfg: &mut ServiceConfig) {
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
