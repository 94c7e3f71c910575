//! Links to profiles elsewhere on the web.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A link to a profile elsewhere on the web.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Mastodon", "url": "https://social.rivage.example/@lerivage"}))]
pub struct Link {
    /// The name of the place.
    #[schema(format = "line", max_length = 100)]
    pub name: String,
    /// Its URL: `http` or `https`.
    #[schema(format = "uri", max_length = 2048)]
    pub url: String,
}
