//! `/v1/me`: what a key's holder may know about it.

use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::api_keys::Scope;
use crate::access::extractors::Authenticated;
use crate::access::rate_limit::{Allowance, Limits};
use crate::http::one::{One, Single};
use crate::http::resource_response::{Representation, ResourceResponse};
use crate::http::schema::HasFields;
use crate::problem::Problem;

/// Look at one's own key
///
/// Whose key the request came with, what it allows, and until when.
#[utoipa::path(tag = "Keys", security(("key" = [])), params(One<Me>))]
#[get("/v1/me")]
pub async fn get_me(
    holder: Authenticated,
    one: One<Me>,
    limits: Data<Limits>,
) -> Result<ResourceResponse<Me>, Problem> {
    let caller = holder.caller();
    let me = Me {
        name: caller.name.clone(),
        kind: match caller.key_id {
            Some(_) => Proof::Key,
            None => Proof::Jwt,
        },
        key_id: caller.key_id,
        scopes: caller.scopes.clone(),
        expires_at: caller.expires_at,
        limits: limits.remaining(&caller.into()),
    };
    Ok(ResourceResponse::ok(me).with_fields(one.fields))
}

impl HasFields for Me {
    const IS_LISTED: bool = false;
}

impl Representation for Me {}

impl Single for Me {
    const TAKES_LANGUAGE: bool = false;
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
    "limits": [{"policy": "reads", "requests": 2000, "seconds": 10, "remaining": 1999, "full_in": 1}],
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
    /// How much it may send to this node, and how much of that is left.
    #[schema(max_items = 10)]
    pub limits: Vec<Allowance>,
}
