//! API keys: what they look like, how they are kept, what they allow, who has which.

mod handlers;
mod me;
pub mod model;
pub mod token;

use utoipa_actix_web::service_config::ServiceConfig;

pub use me::Me;
pub use model::{ApiKey, KeyState, NewKey, SEVEN_DAYS, time};
pub use token::Token;

crate::text_enum! {
    /// What a key allows.
    Scope {
        /// See what is not published.
        Read = "read",
        /// See what is scheduled before its time, for partners under embargo.
        Early = "early",
        /// Create, change and delete drafts and categories.
        Write = "write",
        /// Beside `write`: create, change and delete what concerns the public.
        Publish = "publish",
        /// Everything.
        Admin = "admin",
    }
}

pub fn routes(cfg: &mut ServiceConfig) {
    handlers::routes(cfg);
    cfg.service(me::get_me);
}
