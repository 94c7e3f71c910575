//! Rows, JSON types and queries.

use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::column::{Column, column};
use crate::db::statement::RowType;
use crate::db::{Fragment, Json, Statement};
use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::http::cursor::NameKey;
use crate::http::id_or_slug::IdOrSlug;
use crate::http::locale::LanguagePreference;
use crate::http::one::Gettable;
use crate::http::schema::{HasFields, Patch, Patchable};
use crate::http::timestamp;
use crate::news::content::crud::Resource;
use crate::news::content::dependents::{self, Dependents};
use crate::news::content::link::Link;
use crate::news::content::names::{self, Names};
use crate::news::content::slug::{self, SlugTable};
use crate::news::content::visibility::{Status, Visibility};
use crate::news::listing::by_name::NameOrdered;
use crate::news::messages;
use crate::problem::{ConstraintViolation, Fault, Problem};
use crate::schema::{article_authors, authors};

/// A person or organisation that signs articles.
#[derive(Debug, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = authors)]
#[schema(example = json!({
    "id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d21", "slug": "salma-idrissi-kadiri", "name": "Salma Idrissi Kadiri",
    "names": {"ar": "سلمى الإدريسي القادري"}, "bio": "Elle suit les champs et ceux qui en vivent.", "image_url": "https://images.rivage.example/salma.jpg",
    "links": [{"name": "Mastodon", "url": "https://social.rivage.example/@salma"}],
    "created_at": "2026-11-23T14:00:00.000000Z", "updated_at": "2026-11-23T14:00:00.000000Z", "version": 1,
}))]
pub struct Author {
    pub id: Uuid,
    /// Its readable name in URLs, unique among the authors.
    #[schema(format = "slug", max_length = 200)]
    pub slug: String,
    /// The name in bylines, in the site's first language.
    #[schema(format = "line", max_length = 100)]
    pub name: String,
    /// The name in other languages, by language tag (BCP 47).
    #[schema(schema_with = names::schema)]
    pub names: Json<Names>,
    #[schema(format = "prose", max_length = 2000)]
    pub bio: Option<String>,
    /// The URL of a portrait.
    #[schema(format = "uri", max_length = 2048)]
    pub image_url: Option<String>,
    /// Profiles elsewhere on the web.
    #[schema(value_type = Vec<Link>, max_items = 20)]
    pub links: Json<Vec<Link>>,
    #[serde(serialize_with = "timestamp::serialize")]
    pub created_at: DateTime<Utc>,
    #[serde(serialize_with = "timestamp::serialize")]
    pub updated_at: DateTime<Utc>,
    /// Starts at 1 and increases with every change.
    #[schema(minimum = 1)]
    pub version: i32,
    #[serde(skip)]
    name_key: String,
    #[serde(skip)]
    #[diesel(select_expression = column::<Text>("(SELECT languages[1] FROM site)"), select_expression_type = Column<Text>)]
    first_language: String,
}

/// Request body for creating or replacing an author. Fields that only the server writes (`id`, `created_at`, `updated_at`,
/// `version`) are allowed and ignored, so that a representation can be sent back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Salma Idrissi Kadiri", "names": {"ar": "سلمى الإدريسي القادري"}}))]
pub struct NewAuthor {
    /// Its readable name in URLs. If left out, it is made from `name`, with a suffix such as `-2` if that is taken.
    #[serde(default)]
    #[schema(format = "slug", max_length = 200)]
    pub slug: Option<String>,
    /// The name in bylines, in the site's first language.
    #[schema(format = "line", max_length = 100)]
    pub name: String,
    #[serde(default)]
    #[schema(schema_with = names::schema)]
    pub names: Names,
    #[serde(default)]
    #[schema(format = "prose", max_length = 2000)]
    pub bio: Option<String>,
    #[serde(default)]
    #[schema(format = "uri", max_length = 2048)]
    pub image_url: Option<String>,
    /// Profiles elsewhere on the web.
    #[serde(default)]
    #[schema(max_items = 20, default = json!([]))]
    pub links: Vec<Link>,
}

impl NameOrdered for Author {
    fn place(&self) -> (NameKey, Uuid) {
        (NameKey(self.name_key.clone()), self.id)
    }

    async fn load(conn: &mut AsyncPgConnection, sql: &Fragment) -> QueryResult<Vec<Self>> {
        Statement::<RowType<Self>>::select::<Self>(sql)
            .load(conn)
            .await
    }
}

impl CacheTagged for Author {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        cache_tags.one(Self::NAME, self.id);
    }
}

impl HasFields for Author {}

pub type AuthorPatch = Patch<NewAuthor>;

impl Patchable for NewAuthor {
    fn patch_example() -> Value {
        json!({"bio": "Elle suit les champs, les eaux et ceux qui en vivent."})
    }
}

impl Gettable for Author {}

impl Resource for Author {
    type New = NewAuthor;
    type Prepared = NewAuthor;
    type Preparer = ();

    const NAME: &'static str = "author";
    const TABLE: &'static str = "authors";
    const SLUGS: Option<SlugTable> = Some(SlugTable::Authors);
    const PATH: &'static str = "/v1/authors";

    fn constraint_problem(violation: &ConstraintViolation) -> Option<Problem> {
        let in_use = || Problem::Conflict(messages::used_by_articles(), Vec::new());
        (violation.name == "authors_in_use").then(in_use)
    }

    fn id(&self) -> Uuid {
        self.id
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn slug(&self) -> Option<&str> {
        Some(&self.slug)
    }

    async fn find(
        conn: &mut AsyncPgConnection,
        name: &IdOrSlug,
        _: Visibility,
    ) -> QueryResult<Option<Self>> {
        let query = authors::table
            .filter(authors::deleted_at.is_null())
            .select(Self::as_select());
        match name {
            IdOrSlug::Id(id) => query.filter(authors::id.eq(id)).get_result(conn).await,
            IdOrSlug::Slug(slug) => query.filter(authors::slug.eq(slug)).get_result(conn).await,
        }
        .optional()
    }

    fn localize(&mut self, locale: &LanguagePreference) {
        names::localize(&mut self.name, &self.names.0, &self.first_language, locale);
    }

    fn validate(new: &mut NewAuthor) -> Result<(), Vec<Fault>> {
        names::validate(new.slug.as_deref(), &mut new.names)
    }

    fn chosen_slug(new: &NewAuthor) -> Option<&str> {
        new.slug.as_deref()
    }

    async fn is_publicly_referenced(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<bool> {
        let references = article_authors::table
            .filter(article_authors::author_id.eq(id))
            .filter(article_authors::deleted_at.is_null())
            .filter(article_authors::status.ne(Status::Draft));
        diesel::select(exists(references)).get_result(conn).await
    }

    async fn insert(conn: &mut AsyncPgConnection, id: Uuid, new: NewAuthor) -> Result<(), Problem> {
        let chosen = new.slug.as_deref();
        let slug = slug::claim(conn, SlugTable::Authors, id, chosen, &new.name).await?;
        diesel::insert_into(authors::table)
            .values((
                AuthorRow::from(&new)?,
                authors::id.eq(id),
                authors::slug.eq(slug),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }

    async fn update(conn: &mut AsyncPgConnection, id: Uuid, new: NewAuthor) -> Result<(), Problem> {
        let chosen = new.slug.as_deref();
        let slug = slug::keep_or_claim(conn, SlugTable::Authors, id, chosen, &new.name).await?;
        diesel::update(authors::table.find(id))
            .set((
                AuthorRow::from(&new)?,
                authors::slug.eq(slug),
                authors::version.eq(authors::version + 1),
                authors::deleted_at.eq(None::<DateTime<Utc>>),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }

    async fn check_deletable(conn: &mut AsyncPgConnection, id: Uuid) -> Result<(), Problem> {
        let articles = article_authors::table
            .filter(article_authors::author_id.eq(id))
            .filter(article_authors::deleted_at.is_null())
            .count()
            .get_result(conn)
            .await?;
        dependents::require_none(messages::used_by, &[Dependents::articles(articles)])
    }
}

/// The columns that a write sets.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = authors, treat_none_as_null = true, treat_none_as_default_value = false)]
struct AuthorRow<'a> {
    name: &'a str,
    names: serde_json::Value,
    bio: Option<&'a str>,
    image_url: Option<&'a str>,
    links: serde_json::Value,
}

impl<'a> AuthorRow<'a> {
    fn from(new: &'a NewAuthor) -> Result<Self, Problem> {
        Ok(Self {
            name: &new.name,
            names: serde_json::to_value(&new.names).map_err(Problem::internal)?,
            bio: new.bio.as_deref(),
            image_url: new.image_url.as_deref(),
            links: serde_json::to_value(&new.links).map_err(Problem::internal)?,
        })
    }
}
