//! API keys: their scopes, validity and rotation, and the endpoints that manage them.

mod handlers;
mod issued_key;
mod lifecycle;
mod me;
mod model;

use utoipa_actix_web::service_config::ServiceConfig;

pub use crate::access::caller::Scope;
pub use crate::access::credentials::Token;
pub use lifecycle::{MAX_OVERLAP, NewRotation, database_time};
pub use me::Me;
pub use model::{ApiKey, KeyState, NewKey, constraint_problem};

pub fn routes(cfg: &mut ServiceConfig) {
    handlers::routes(cfg);
    cfg.service(me::get_me);
}
