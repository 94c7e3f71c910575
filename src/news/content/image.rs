//! The lead image of an article.

use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{Output, ToSql};
use diesel::sql_types::Jsonb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The lead image of an article. Only its URL is stored.
#[derive(
    Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, AsExpression, FromSqlRow,
)]
#[serde(deny_unknown_fields)]
#[diesel(sql_type = Jsonb)]
#[schema(example = json!({
    "url": "https://images.rivage.example/oliviers.jpg", "alt": "Des oliviers au soleil", "caption": null,
    "credit": "Le Rivage", "width": 1600, "height": 1067,
}))]
pub struct Image {
    /// The URL of the image.
    #[schema(format = "uri", max_length = 2048)]
    pub url: String,
    /// Alternative text: what the image shows.
    #[serde(default)]
    #[schema(format = "line", max_length = 500)]
    pub alt: Option<String>,
    #[serde(default)]
    #[schema(format = "prose", max_length = 1000)]
    pub caption: Option<String>,
    /// The photographer or agency.
    #[serde(default)]
    #[schema(format = "line", max_length = 200)]
    pub credit: Option<String>,
    /// In pixels.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100_000)]
    pub width: Option<i32>,
    /// In pixels.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100_000)]
    pub height: Option<i32>,
}

impl ToSql<Jsonb, Pg> for Image {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> diesel::serialize::Result {
        let json = serde_json::to_value(self)?;
        <serde_json::Value as ToSql<Jsonb, Pg>>::to_sql(&json, &mut out.reborrow())
    }
}

impl FromSql<Jsonb, Pg> for Image {
    fn from_sql(bytes: PgValue<'_>) -> diesel::deserialize::Result<Self> {
        let json = <serde_json::Value as FromSql<Jsonb, Pg>>::from_sql(bytes)?;
        Ok(serde_json::from_value(json)?)
    }
}
