//! `/v1/me`: the caller's own key.

use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::caller::Scope;
use crate::access::extractors::Authenticated;
use crate::access::rate_limit::{Allowance, Limits};
use crate::http::one::{GetParameters, Gettable};
use crate::http::resource_response::{Representation, ResourceResponse};
use crate::http::schema::HasFields;
use crate::http::timestamp;
use crate::problem::Problem;

/// Get one's own key
///
/// The name, scopes, expiry and limits of the key or JWT that the request was sent with.
#[utoipa::path(tag = "Keys", security(("key" = [])), params(GetParameters<Me>))]
#[get("/v1/me")]
pub async fn get_me(
    authenticated: Authenticated,
    one: GetParameters<Me>,
    limits: Data<Limits>,
) -> Result<ResourceResponse<Me>, Problem> {
    let caller = authenticated.caller();
    let me = Me {
        name: caller.name.clone(),
        kind: match caller.key_id {
            Some(_) => CredentialKind::Key,
            None => CredentialKind::Jwt,
        },
        key_id: caller.key_id,
        scopes: caller.scopes.clone(),
        expires_at: caller.expires_at,
        limits: limits.remaining(&caller.into()),
    };
    Ok(ResourceResponse::ok(me).with_fields(one.fields))
}

impl HasFields for Me {}

impl Representation for Me {}

impl Gettable for Me {
    const TAKES_LANGUAGE: bool = false;
}

crate::text_enum! {
    /// The kind of credentials.
    CredentialKind {
        /// A key of this server.
        Key = "key",
        /// A JWT of the identity provider.
        Jwt = "jwt",
    }
}

/// The caller of the request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "newsroom", "kind": "key", "key_id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d41", "scopes": ["publish", "write"],
    "expires_at": "2027-11-23T14:00:00.000000Z",
    "limits": [{"policy": "reads", "requests": 2000, "seconds": 10, "remaining": 1999, "full_in": 1}],
}))]
pub struct Me {
    /// The name of the key, or the subject of the JWT (`sub`).
    pub name: String,
    pub kind: CredentialKind,
    /// The key's id; null with a JWT.
    pub key_id: Option<Uuid>,
    /// The scopes; `admin` includes all. Of a JWT's scopes, those that this API knows.
    #[schema(value_type = Vec<Scope>, max_items = 5)]
    pub scopes: Vec<String>,
    /// The end of its validity; null: none.
    #[serde(serialize_with = "timestamp::serialize")]
    pub expires_at: Option<DateTime<Utc>>,
    /// The rate limits on this node, and the requests that are left.
    #[schema(max_items = 10)]
    pub limits: Vec<Allowance>,
}
