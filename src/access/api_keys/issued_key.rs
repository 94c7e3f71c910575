//! The response that hands out a new key.

use serde::Serialize;
use utoipa::ToSchema;

use super::model::ApiKey;
use crate::access::credentials::Token;
use crate::http::preconditions::Version;
use crate::http::resource_response::Representation;

/// A new key, with its token.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "key": "mnc_kY3vQ8ZrW1nB5tL0aHc7dEs2fUg9iXj4mOp6qRyTzVw1x2b",
    "id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d41", "name": "newsroom", "prefix": "mnc_kY3vQ8Zr", "scopes": ["publish", "write"],
    "expires_at": "2027-11-23T14:00:00.000000Z", "last_used_at": null, "revoked_at": null, "rotated_from": null,
    "created_by": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d40",
    "created_at": "2026-11-23T14:00:00.000000Z", "updated_at": "2026-11-23T14:00:00.000000Z", "version": 1,
}))]
pub struct IssuedKey {
    /// The key itself, which is sent after `Bearer`. Shown only this once.
    #[schema(pattern = "^mnc_[0-9A-Za-z]{47}$")]
    key: String,
    #[serde(flatten)]
    of: ApiKey,
}

impl IssuedKey {
    pub fn new(of: ApiKey, token: &Token) -> Self {
        let key = token.reveal().to_owned();
        Self { key, of }
    }
}

impl Representation for IssuedKey {
    const CACHEABLE: bool = false;

    fn version_tag(&self) -> Option<Version> {
        self.of.version_tag()
    }

    fn location(&self) -> Option<String> {
        self.of.location()
    }
}
