//! `/v1/me`: what a key's holder may know about it.

use actix_web::get;
use actix_web::web::Json;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Caller, Holder, Scope};

/// Look at one's own key
///
/// Whose key the request came with, what it allows, and until when.
#[utoipa::path(tag = "Keys", security(("key" = [])),
    responses((status = OK, description = "What the key is good for.", body = Me)))]
#[get("/v1/me")]
pub async fn get_me(holder: Holder) -> Json<Me> {
    Json(Me::from(holder.caller()))
}

crate::text_enum! {
    /// What somebody showed to be let in.
    Proof {
        /// A key of this server.
        Key = "key",
        /// A JWT of the identity provider.
        Jwt = "jwt",
    }
}

/// Who asks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "newsroom", "kind": "key", "key_id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d41", "scopes": ["publish", "write"],
    "expires_at": "2027-11-23T14:00:00Z",
}))]
pub struct Me {
    /// What the key is called; of a JWT, its subject (`sub`).
    pub name: String,
    #[schema(inline)]
    pub kind: Proof,
    /// The key's id; null with a JWT.
    pub key_id: Option<Uuid>,
    /// What it allows; `admin` allows everything. Of a JWT's scopes, those that mean something here.
    #[schema(value_type = Vec<Scope>, inline, max_items = 5)]
    pub scopes: Vec<String>,
    /// From when on it is refused; null: never.
    pub expires_at: Option<DateTime<Utc>>,
}

impl From<&Caller> for Me {
    fn from(caller: &Caller) -> Self {
        Self {
            name: caller.name.clone(),
            kind: match caller.key_id {
                Some(_) => Proof::Key,
                None => Proof::Jwt,
            },
            key_id: caller.key_id,
            scopes: caller.scopes.clone(),
            expires_at: caller.expires_at,
        }
    }
}
