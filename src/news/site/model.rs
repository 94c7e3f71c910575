//! Rows, JSON types and queries.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::Json;
use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::http::fields::Fields;
use crate::http::id_or_slug::IdOrSlug;
use crate::http::language;
use crate::http::locale::LanguagePreference;
use crate::http::one::Single;
use crate::http::schema::{HasFields, Patch, Patchable};
use crate::news::categories::{Category, CategoryNode};
use crate::news::content::crud::Resource;
use crate::news::content::link::Link;
use crate::news::content::visibility::Visibility;
use crate::problem::{ConstraintViolation, Fault, Problem};
use crate::schema::site;

/// The id of the one site.
pub const SITE: Uuid = Uuid::from_u128(0x00000000_0000_7000_8000_000000000001);

/// The site itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "00000000-0000-7000-8000-000000000001", "name": "Le Rivage", "url": "https://rivage.example/", "languages": ["fr", "ar", "en"],
    "time_zone": "Africa/Casablanca", "links": [{"name": "Mastodon", "url": "https://social.rivage.example/@lerivage"}],
    "categories": [], "created_at": "2026-11-23T14:00:00Z", "updated_at": "2026-11-23T14:00:00Z", "version": 1,
}))]
pub struct Site {
    /// The same everywhere.
    pub id: Uuid,
    #[schema(format = "line", max_length = 100)]
    pub name: String,
    /// Where it is on the web. What is relative in a body (`/contact`, `image.png`) becomes absolute by it when that is
    /// written.
    #[schema(format = "uri", max_length = 500)]
    pub url: Option<String>,
    /// The languages that it is written in (BCP 47), the preferred first. Names of categories, authors and tags are
    /// written in the first.
    #[schema(schema_with = languages_schema)]
    pub languages: Vec<String>,
    /// The time zone that its days are counted in (IANA).
    #[schema(max_length = 64)]
    pub time_zone: String,
    /// Where to follow it elsewhere.
    #[schema(max_items = 20)]
    pub links: Vec<Link>,
    /// The tree of categories.
    #[schema(max_items = 1000)]
    pub categories: Vec<CategoryNode>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// 1 at first, one more with every change.
    #[schema(minimum = 1)]
    pub version: i32,
}

/// What makes a site. What only the server writes (`id`, `categories`, `created_at`, `updated_at`, `version`) may stand
/// beside it and is ignored, so that what was read can be sent back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Le Rivage", "url": "https://rivage.example/", "languages": ["fr", "ar", "en"], "time_zone": "Africa/Casablanca",
    "links": [{"name": "Mastodon", "url": "https://social.rivage.example/@lerivage"}],
}))]
pub struct NewSite {
    #[schema(format = "line", max_length = 100)]
    pub name: String,
    /// Where it is on the web: an `http` or `https` address, with a path or without, but no `?` and no `#`. By it, relative
    /// addresses in bodies become absolute (RFC 3986: end a path with `/`, or its last part goes); without it they are left
    /// out. It holds for bodies that are written from then on.
    #[serde(default)]
    #[schema(format = "uri", max_length = 500)]
    pub url: Option<String>,
    /// The languages that it is written in (BCP 47), the preferred first.
    #[schema(schema_with = languages_schema)]
    pub languages: Vec<String>,
    /// The time zone that its days are counted in: a name of the IANA database.
    #[schema(max_length = 64, example = "Africa/Casablanca")]
    pub time_zone: String,
    /// Where to follow it elsewhere.
    #[serde(default)]
    #[schema(max_items = 20, default = json!([]))]
    pub links: Vec<Link>,
}

fn languages_schema() -> utoipa::openapi::schema::Array {
    use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaFormat, Type};
    let tag = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::Custom("bcp47".into())))
        .max_length(Some(35));
    ArrayBuilder::new()
        .description(Some(
            "The languages that it is written in (BCP 47), the preferred first. Names of categories, authors and tags are written in the first.",
        ))
        .items(tag)
        .min_items(Some(1))
        .max_items(Some(50))
        .unique_items(true)
        .build()
}

/// A day as two moments: its first, and the first of the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    pub begin: DateTime<Utc>,
    pub end: DateTime<Utc>,
}

impl Day {
    /// The day in a time zone. Where clocks move at midnight, it begins with the first moment that there is.
    fn of(date: Date, zone: &TimeZone) -> Option<Self> {
        let first = |date: Date| {
            let at = zone.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
            DateTime::from_timestamp_micros(at.as_microsecond())
        };
        Some(Self {
            begin: first(date)?,
            end: first(date.tomorrow().ok()?)?,
        })
    }
}

impl Site {
    /// What a date means in the site's time zone.
    pub async fn day(conn: &mut AsyncPgConnection, date: Date) -> Result<Day, Problem> {
        let name: String = site::table
            .find(SITE)
            .select(site::time_zone)
            .get_result(conn)
            .await?;
        let zone = TimeZone::get(&name).map_err(Problem::internal)?;
        Day::of(date, &zone).ok_or_else(|| Problem::internal(format!("{date} is no day in {name}")))
    }

    /// What relative addresses in bodies are relative to.
    pub async fn base(conn: &mut AsyncPgConnection) -> Result<Option<Url>, Problem> {
        let url: Option<String> = site::table
            .find(SITE)
            .select(site::url)
            .get_result(conn)
            .await?;
        url.map(|url| Url::parse(&url).map_err(Problem::internal))
            .transpose()
    }

    /// The languages that it is written in, the preferred first.
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

/// The row as it is kept.
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

impl HasFields for Site {
    const IS_LISTED: bool = false;
}

pub type SitePatch = Patch<NewSite>;

impl Patchable for NewSite {
    fn patch_example() -> Value {
        json!({"time_zone": "Africa/Casablanca"})
    }
}

impl Single for Site {}

impl Resource for Site {
    type New = NewSite;
    type Prepared = NewSite;
    type Preparer = ();

    const NAME: &'static str = "site";
    const TABLE: &'static str = "site";
    const PATH: &'static str = "/v1/site";

    fn constraint_problem(violation: &ConstraintViolation) -> Option<Problem> {
        let invalid = || Problem::Invalid(vec![not_a_time_zone()]);
        (violation.name == "site_time_zone_check").then(invalid)
    }

    fn id(&self) -> Uuid {
        self.id
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn localize(&mut self, locale: &LanguagePreference) {
        fn all(nodes: &mut [CategoryNode], locale: &LanguagePreference) {
            for node in nodes {
                node.category.localize(locale);
                all(&mut node.children, locale);
            }
        }
        all(&mut self.categories, locale);
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
        let kept: SiteRow = site::table
            .find(SITE)
            .select(SiteRow::as_select())
            .get_result(conn)
            .await?;
        Ok(Some(Self {
            id: SITE,
            name: kept.name,
            url: kept.url,
            languages: kept.languages,
            time_zone: kept.time_zone,
            links: kept.links.0,
            categories: match fields.wants("categories", true) {
                true => Category::tree(conn).await?,
                false => Vec::new(),
            },
            created_at: kept.created_at,
            updated_at: kept.updated_at,
            version: kept.version,
        }))
    }

    fn validate(new: &mut NewSite) -> Result<(), Vec<Fault>> {
        let mut faults = Vec::new();
        let mut languages: Vec<String> = Vec::new();
        for (n, tag) in new.languages.iter().enumerate() {
            match language::canonical(tag) {
                Ok(tag) if languages.contains(&tag) => {
                    let detail = "this language is there already";
                    faults.push(Fault::at(
                        format!("/languages/{n}"),
                        "duplicate_item",
                        detail,
                    ));
                }
                Ok(tag) => languages.push(tag),
                Err(detail) => {
                    faults.push(Fault::at(
                        format!("/languages/{n}"),
                        "invalid_language",
                        detail,
                    ));
                }
            }
        }
        new.languages = languages;
        if new.url.as_ref().is_some_and(|url| url.contains(['?', '#'])) {
            let detail = "the address of a site has no `?` and no `#`";
            faults.push(Fault::at("/url", "invalid_url", detail));
        }
        // `Factory` is what a clock shows that nobody has set.
        let zone = TimeZone::get(&new.time_zone)
            .ok()
            .filter(|zone| !zone.is_unknown() && zone.iana_name() != Some("Factory"));
        match zone.as_ref().and_then(TimeZone::iana_name) {
            Some(name) => new.time_zone = name.to_owned(),
            None => faults.push(not_a_time_zone()),
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }

    fn requires_publish_scope(_: Option<&Self>, _: Option<&NewSite>) -> bool {
        true
    }

    async fn insert(_: &mut AsyncPgConnection, _: Uuid, _: NewSite) -> Result<(), Problem> {
        Err(Problem::internal("the site is always there"))
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

/// A name that the IANA database doesn't have.
fn not_a_time_zone() -> Fault {
    Fault::at(
        "/time_zone",
        "not_a_time_zone",
        "must be a name of the IANA database, such as `Africa/Casablanca`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(zone: &str, date: &str) -> (String, i64) {
        let day = Day::of(date.parse().unwrap(), &TimeZone::get(zone).unwrap()).unwrap();
        (day.begin.to_rfc3339(), (day.end - day.begin).num_hours())
    }

    #[test]
    fn a_day_is_as_long_as_its_clocks_make_it() {
        // Morocco's clocks go back for Ramadan and forth after it; since September 2026 they stay back.
        for (zone, date, begin, long) in [
            (
                "Africa/Casablanca",
                "2025-11-23",
                "2025-11-22T23:00:00+00:00",
                24,
            ),
            (
                "Africa/Casablanca",
                "2026-02-15",
                "2026-02-14T23:00:00+00:00",
                25,
            ),
            (
                "Africa/Casablanca",
                "2026-03-22",
                "2026-03-22T00:00:00+00:00",
                23,
            ),
            (
                "Africa/Casablanca",
                "2026-11-23",
                "2026-11-23T00:00:00+00:00",
                24,
            ),
            (
                "Europe/Paris",
                "2026-03-29",
                "2026-03-28T23:00:00+00:00",
                23,
            ),
            (
                "Europe/Paris",
                "2026-10-25",
                "2026-10-24T22:00:00+00:00",
                25,
            ),
            // There is no midnight on this day: clocks go from 23:59 to 1:00.
            (
                "Africa/Cairo",
                "2026-04-24",
                "2026-04-23T22:00:00+00:00",
                23,
            ),
            (
                "America/Havana",
                "2024-11-03",
                "2024-11-03T04:00:00+00:00",
                25,
            ),
            ("UTC", "1970-01-01", "1970-01-01T00:00:00+00:00", 24),
        ] {
            assert_eq!(hours(zone, date), (begin.to_owned(), long), "{zone} {date}");
        }
    }
}
