//! Rows, JSON types and queries.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::Json;
use crate::http::cache_tags::{CacheTag, CacheTagged, CacheTags};
use crate::http::fields::Fields;
use crate::http::id_or_slug::IdOrSlug;
use crate::http::locale::LanguagePreference;
use crate::http::one::Gettable;
use crate::http::schema::{HasFields, Patch, Patchable};
use crate::http::timestamp;
use crate::news::categories::{Category, CategoryNode};
use crate::news::content::crud::Resource;
use crate::news::content::link::Link;
use crate::news::content::visibility::Visibility;
use crate::problem::{ConstraintViolation, Fault, Problem};
use crate::schema::site;

use super::validation::{self, invalid_time_zone, languages_schema};

/// The id of the only site.
pub const SITE: Uuid = Uuid::from_u128(0x00000000_0000_7000_8000_000000000001);

/// The site.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "00000000-0000-7000-8000-000000000001", "name": "Le Rivage", "url": "https://rivage.example/", "languages": ["fr", "ar", "en"],
    "time_zone": "Africa/Casablanca", "links": [{"name": "Mastodon", "url": "https://social.rivage.example/@lerivage"}],
    "categories": [], "created_at": "2026-11-23T14:00:00.000000Z", "updated_at": "2026-11-23T14:00:00.000000Z", "version": 1,
}))]
pub struct Site {
    /// The same on every server.
    pub id: Uuid,
    #[schema(format = "line", max_length = 100)]
    pub name: String,
    /// Its URL. Relative URLs in bodies (`/contact`, `image.png`) are resolved against it when a body is written.
    #[schema(format = "uri", max_length = 500)]
    pub url: Option<String>,
    /// Its languages (BCP 47), in order of preference. The names of categories, authors and tags are in the first.
    #[schema(schema_with = languages_schema)]
    pub languages: Vec<String>,
    /// The time zone of its calendar days (IANA).
    #[schema(max_length = 64)]
    pub time_zone: String,
    /// Profiles elsewhere on the web.
    #[schema(max_items = 20)]
    pub links: Vec<Link>,
    /// The tree of categories.
    #[schema(max_items = 1000)]
    pub categories: Vec<CategoryNode>,
    #[serde(serialize_with = "timestamp::serialize")]
    pub created_at: DateTime<Utc>,
    #[serde(serialize_with = "timestamp::serialize")]
    pub updated_at: DateTime<Utc>,
    /// Starts at 1 and increases with every change.
    #[schema(minimum = 1)]
    pub version: i32,
}

/// Request body for replacing the site. Fields that only the server writes (`id`, `categories`, `created_at`, `updated_at`,
/// `version`) are allowed and ignored, so that a representation can be sent back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Le Rivage", "url": "https://rivage.example/", "languages": ["fr", "ar", "en"], "time_zone": "Africa/Casablanca",
    "links": [{"name": "Mastodon", "url": "https://social.rivage.example/@lerivage"}],
}))]
pub struct NewSite {
    #[schema(format = "line", max_length = 100)]
    pub name: String,
    /// Its URL: `http` or `https`, with an optional path, without `?` and `#`. Relative URLs in bodies are resolved against
    /// it (RFC 3986: end a path with `/`, or its last segment is replaced); without it, they are removed. A change applies to
    /// bodies written after it.
    #[serde(default)]
    #[schema(format = "uri", max_length = 500)]
    pub url: Option<String>,
    /// Its languages (BCP 47), in order of preference.
    #[schema(schema_with = languages_schema)]
    pub languages: Vec<String>,
    /// The time zone of its calendar days: a name of the IANA database.
    #[schema(max_length = 64, example = "Africa/Casablanca")]
    pub time_zone: String,
    /// Profiles elsewhere on the web.
    #[serde(default)]
    #[schema(max_items = 20, default = json!([]))]
    pub links: Vec<Link>,
}

impl Site {
    /// The base of relative URLs in bodies.
    pub async fn base(conn: &mut AsyncPgConnection) -> Result<Option<Url>, Problem> {
        let url: Option<String> = site::table
            .find(SITE)
            .select(site::url)
            .get_result(conn)
            .await?;
        url.map(|url| Url::parse(&url).map_err(Problem::internal))
            .transpose()
    }

    /// Its languages, in order of preference.
    pub async fn languages(conn: &mut AsyncPgConnection) -> QueryResult<Vec<String>> {
        site::table
            .find(SITE)
            .select(site::languages)
            .get_result(conn)
            .await
    }
}

impl CacheTagged for Site {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        cache_tags.one(Self::NAME, self.id);
        cache_tags.all(Category::NAME);
    }
}

/// The stored row.
#[derive(Queryable, Selectable)]
#[diesel(table_name = site)]
struct SiteRow {
    name: String,
    url: Option<String>,
    languages: Vec<String>,
    time_zone: String,
    links: Json<Vec<Link>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i32,
}

impl HasFields for Site {}

pub type SitePatch = Patch<NewSite>;

impl Patchable for NewSite {
    fn patch_example() -> Value {
        json!({"time_zone": "Africa/Casablanca"})
    }
}

impl Gettable for Site {}

impl Resource for Site {
    type New = NewSite;
    type Prepared = NewSite;
    type Preparer = ();

    const NAME: &'static str = "site";
    const TABLE: &'static str = "site";
    const PATH: &'static str = "/v1/site";

    /// Languages and the time zone decide what other answers show.
    fn affected_tags(&self) -> Option<Vec<CacheTag>> {
        None
    }

    fn constraint_problem(violation: &ConstraintViolation) -> Option<Problem> {
        let invalid = || Problem::Invalid(vec![invalid_time_zone()]);
        (violation.name == "site_time_zone_check").then(invalid)
    }

    fn id(&self) -> Uuid {
        self.id
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn localize(&mut self, locale: &LanguagePreference) {
        for node in &mut self.categories {
            node.localize(locale);
        }
    }

    async fn find(
        conn: &mut AsyncPgConnection,
        name: &IdOrSlug,
        visibility: Visibility,
    ) -> QueryResult<Option<Self>> {
        Self::find_part(conn, name, visibility, &Fields::default()).await
    }

    async fn find_part(
        conn: &mut AsyncPgConnection,
        _: &IdOrSlug,
        _: Visibility,
        fields: &Fields,
    ) -> QueryResult<Option<Self>> {
        let row: SiteRow = site::table
            .find(SITE)
            .select(SiteRow::as_select())
            .get_result(conn)
            .await?;
        Ok(Some(Self {
            id: SITE,
            name: row.name,
            url: row.url,
            languages: row.languages,
            time_zone: row.time_zone,
            links: row.links.0,
            categories: match fields.includes("categories", true) {
                true => Category::tree(conn).await?,
                false => Vec::new(),
            },
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }))
    }

    fn validate(new: &mut NewSite) -> Result<(), Vec<Fault>> {
        validation::validate(new)
    }

    fn requires_publish_scope(_: Option<&Self>, _: Option<&NewSite>) -> bool {
        true
    }

    async fn insert(_: &mut AsyncPgConnection, _: Uuid, _: NewSite) -> Result<(), Problem> {
        Err(Problem::internal("the site always exists"))
    }

    async fn update(conn: &mut AsyncPgConnection, id: Uuid, new: NewSite) -> Result<(), Problem> {
        diesel::update(site::table.find(id))
            .set((
                site::name.eq(&new.name),
                site::url.eq(&new.url),
                site::languages.eq(&new.languages),
                site::time_zone.eq(&new.time_zone),
                site::links.eq(serde_json::to_value(&new.links).map_err(Problem::internal)?),
                site::version.eq(site::version + 1),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }
}
