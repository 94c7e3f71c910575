//! Request bodies for writing categories, and the columns that they set.

use diesel::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::schema::{Patch, Patchable};
use crate::news::content::names::{self, Names};
use crate::problem::Problem;
use crate::schema::categories;

/// Request body for creating or replacing a category. Fields that only the server writes (`id`, `parent`, `children`,
/// `article_count`, `article_count_is_exact`, `created_at`, `updated_at`, `version`) are allowed and ignored, so that a
/// representation can be sent back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Agriculture", "names": {"ar": "الفلاحة"}, "position": 1}))]
pub struct NewCategory {
    /// Its readable name in URLs. If left out, it is made from `name`, with a suffix such as `-2` if that is taken.
    #[serde(default)]
    #[schema(format = "slug", max_length = 200)]
    pub slug: Option<String>,
    #[schema(format = "line", max_length = 100)]
    pub name: String,
    #[serde(default)]
    #[schema(schema_with = names::schema)]
    pub names: Names,
    #[serde(default)]
    #[schema(format = "prose", max_length = 1000)]
    pub description: Option<String>,
    #[serde(default)]
    pub parent_id: Option<Uuid>,
    /// Its position among its siblings: in ascending order, then by age.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 9999, default = 0)]
    pub position: i32,
    #[serde(default)]
    #[schema(pattern = "^medtop:[0-9]{8}$")]
    pub media_topic: Option<String>,
}

pub type CategoryPatch = Patch<NewCategory>;

impl Patchable for NewCategory {
    fn patch_example() -> Value {
        json!({"position": 3})
    }
}

/// The columns that a write sets.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = categories, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct CategoryRow<'a> {
    name: &'a str,
    names: serde_json::Value,
    description: Option<&'a str>,
    parent_id: Option<Uuid>,
    position: i32,
    media_topic: Option<&'a str>,
}

impl<'a> CategoryRow<'a> {
    pub fn from(new: &'a NewCategory) -> Result<Self, Problem> {
        Ok(Self {
            name: &new.name,
            names: serde_json::to_value(&new.names).map_err(Problem::internal)?,
            description: new.description.as_deref(),
            parent_id: new.parent_id,
            position: new.position,
            media_topic: new.media_topic.as_deref(),
        })
    }
}
