//! Every route, a line a resource.

use utoipa_actix_web::service_config::ServiceConfig;

use crate::{articles, categories, headlines, health};

/// Adds every route of the contract.
pub fn configure(cfg: &mut ServiceConfig) {
    categories::routes(cfg);
    headlines::routes(cfg);
    articles::routes(cfg);
    health::routes(cfg);
}
