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
use crate::http::parameter_types::Word;
use crate::http::schema::{HasFields, Patch, Patchable};
use crate::http::timestamp;
use crate::news::content::crud::Resource;
use crate::news::content::dependents::{self, Dependents};
use crate::news::content::names::{self, Names};
use crate::news::content::slug::{self, SlugTable};
use crate::news::content::visibility::{Status, Visibility};
use crate::news::listing::by_name::NameOrdered;
use crate::news::messages;
use crate::problem::{ConstraintViolation, Fault, Problem};
use crate::schema::{article_tags, tags};

crate::text_enum! {
    /// The kind of thing that a tag names.
    TagKind {
        Subject = "subject",
        Person = "person",
        Organisation = "organisation",
        Place = "place",
    }
}

impl Word for TagKind {}

/// A label for the subject of articles.
#[derive(Debug, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = tags)]
#[schema(example = json!({
    "id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d31", "slug": "semailles", "name": "Semailles",
    "names": {"ar": "البذر", "en": "Sowing"}, "kind": "subject",
    "created_at": "2026-11-23T14:00:00.000000Z", "updated_at": "2026-11-23T14:00:00.000000Z", "version": 1,
}))]
pub struct Tag {
    pub id: Uuid,
    /// Its readable name in URLs, unique among the tags.
    #[schema(format = "slug", max_length = 200)]
    pub slug: String,
    /// The name in the site's first language.
    #[schema(format = "line", max_length = 100)]
    pub name: String,
    /// The name in other languages, by language tag (BCP 47).
    #[schema(schema_with = names::schema)]
    pub names: Json<Names>,
    pub kind: TagKind,
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

/// Request body for creating or replacing a tag. Fields that only the server writes (`id`, `created_at`, `updated_at`,
/// `version`) are allowed and ignored, so that a representation can be sent back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Semailles", "names": {"ar": "البذر", "en": "Sowing"}, "kind": "subject"}))]
pub struct NewTag {
    /// Its readable name in URLs. If left out, it is made from `name`, with a suffix such as `-2` if that is taken.
    #[serde(default)]
    #[schema(format = "slug", max_length = 200)]
    pub slug: Option<String>,
    #[schema(format = "line", max_length = 100)]
    pub name: String,
    #[serde(default)]
    #[schema(schema_with = names::schema)]
    pub names: Names,
    #[serde(default = "subject")]
    #[schema(default = "subject")]
    pub kind: TagKind,
}

fn subject() -> TagKind {
    TagKind::Subject
}

impl NameOrdered for Tag {
    fn place(&self) -> (NameKey, Uuid) {
        (NameKey(self.name_key.clone()), self.id)
    }

    async fn load(conn: &mut AsyncPgConnection, sql: &Fragment) -> QueryResult<Vec<Self>> {
        Statement::<RowType<Self>>::select::<Self>(sql)
            .load(conn)
            .await
    }
}

impl CacheTagged for Tag {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        cache_tags.one(Self::NAME, self.id);
    }
}

impl HasFields for Tag {}

pub type TagPatch = Patch<NewTag>;

impl Patchable for NewTag {
    fn patch_example() -> Value {
        json!({"kind": "place"})
    }
}

impl Gettable for Tag {}

impl Resource for Tag {
    type New = NewTag;
    type Prepared = NewTag;
    type Preparer = ();

    const NAME: &'static str = "tag";
    const TABLE: &'static str = "tags";
    const SLUGS: Option<SlugTable> = Some(SlugTable::Tags);
    const PATH: &'static str = "/v1/tags";

    fn constraint_problem(violation: &ConstraintViolation) -> Option<Problem> {
        let in_use = || Problem::Conflict(messages::used_by_articles(), Vec::new());
        (violation.name == "tags_in_use").then(in_use)
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
        let query = tags::table
            .filter(tags::deleted_at.is_null())
            .select(Self::as_select());
        match name {
            IdOrSlug::Id(id) => query.filter(tags::id.eq(id)).get_result(conn).await,
            IdOrSlug::Slug(slug) => query.filter(tags::slug.eq(slug)).get_result(conn).await,
        }
        .optional()
    }

    fn localize(&mut self, locale: &LanguagePreference) {
        names::localize(&mut self.name, &self.names.0, &self.first_language, locale);
    }

    fn validate(new: &mut NewTag) -> Result<(), Vec<Fault>> {
        names::validate(new.slug.as_deref(), &mut new.names)
    }

    fn chosen_slug(new: &NewTag) -> Option<&str> {
        new.slug.as_deref()
    }

    async fn is_publicly_referenced(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<bool> {
        let references = article_tags::table
            .filter(article_tags::tag_id.eq(id))
            .filter(article_tags::deleted_at.is_null())
            .filter(article_tags::status.ne(Status::Draft));
        diesel::select(exists(references)).get_result(conn).await
    }

    async fn insert(conn: &mut AsyncPgConnection, id: Uuid, new: NewTag) -> Result<(), Problem> {
        let chosen = new.slug.as_deref();
        let slug = slug::claim(conn, SlugTable::Tags, id, chosen, &new.name).await?;
        diesel::insert_into(tags::table)
            .values((TagRow::from(&new)?, tags::id.eq(id), tags::slug.eq(slug)))
            .execute(conn)
            .await?;
        Ok(())
    }

    async fn update(conn: &mut AsyncPgConnection, id: Uuid, new: NewTag) -> Result<(), Problem> {
        let chosen = new.slug.as_deref();
        let slug = slug::keep_or_claim(conn, SlugTable::Tags, id, chosen, &new.name).await?;
        diesel::update(tags::table.find(id))
            .set((
                TagRow::from(&new)?,
                tags::slug.eq(slug),
                tags::version.eq(tags::version + 1),
                tags::deleted_at.eq(None::<DateTime<Utc>>),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }

    async fn check_deletable(conn: &mut AsyncPgConnection, id: Uuid) -> Result<(), Problem> {
        let articles = article_tags::table
            .filter(article_tags::tag_id.eq(id))
            .filter(article_tags::deleted_at.is_null())
            .count()
            .get_result(conn)
            .await?;
        dependents::require_none(messages::used_by, &[Dependents::articles(articles)])
    }
}

/// The columns that a write sets.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = tags, treat_none_as_null = true, treat_none_as_default_value = false)]
struct TagRow<'a> {
    name: &'a str,
    names: serde_json::Value,
    kind: TagKind,
}

impl<'a> TagRow<'a> {
    fn from(new: &'a NewTag) -> Result<Self, Problem> {
        Ok(Self {
            name: &new.name,
            names: serde_json::to_value(&new.names).map_err(Problem::internal)?,
            kind: new.kind,
        })
    }
}
