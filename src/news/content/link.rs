//! Links to where somebody is found elsewhere.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where somebody is found elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Mastodon", "url": "https://social.rivage.example/@lerivage"}))]
pub struct Link {
    /// What the place is called.
    #[schema(format = "line", max_length = 100)]
    pub name: String,
    /// Its address: `http` or `https`.
    #[schema(format = "uri", max_length = 2048)]
    pub url: String,
}
