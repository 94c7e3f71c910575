//! Rows, JSON types and queries.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::Json;
use crate::db::column::{Column, column};
use crate::db::statement::Typed;
use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::http::id_or_slug::IdOrSlug;
use crate::http::locale::LanguagePreference;
use crate::http::one::Gettable;
use crate::http::timestamp;
use crate::news::content::crud::{self, Locked, Resource};
use crate::news::content::dependents::{self, Dependents};
use crate::news::content::names::{self, Names};
use crate::news::content::slug::{self, SlugTable};
use crate::news::content::visibility::Visibility;
use crate::news::messages;
use crate::problem::{ConstraintViolation, Fault, FaultCode, Problem};
use crate::schema::{articles, categories, headlines};

use super::embedded::{ParentRecord, ParentRef};
use super::new::{CategoryRow, NewCategory};
use super::tree;

/// A section of the site.
#[derive(Debug, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = categories)]
#[schema(example = json!({
    "id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d12",
    "slug": "agriculture", "name": "Agriculture", "names": {"ar": "الفلاحة", "en": "Farming"},
    "description": "Les champs, les eaux et ceux qui en vivent.",
    "parent_id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11",
    "parent": {"id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11", "slug": "economie", "name": "Économie"},
    "position": 1, "media_topic": "medtop:20000210",
    "created_at": "2026-11-23T14:00:00.000000Z", "updated_at": "2026-11-23T14:00:00.000000Z", "version": 1,
}))]
pub struct Category {
    pub id: Uuid,
    /// Its readable name in URLs, unique among the categories.
    #[schema(format = "slug", max_length = 200)]
    pub slug: String,
    /// The name in the site's first language.
    #[schema(format = "line", max_length = 100)]
    pub name: String,
    /// The name in other languages, by language tag (BCP 47).
    #[schema(schema_with = names::schema)]
    pub names: Json<Names>,
    /// Its subject.
    #[schema(format = "prose", max_length = 1000)]
    pub description: Option<String>,
    /// The parent category; null at the top level.
    pub parent_id: Option<Uuid>,
    /// The parent category.
    #[diesel(select_expression = ParentRef::of_categories(), select_expression_type = Typed<Nullable<ParentRecord>>)]
    pub parent: Option<ParentRef>,
    /// Its position among its siblings: in ascending order, then by age.
    #[schema(minimum = 0, maximum = 9999)]
    pub position: i32,
    /// The IPTC media topic.
    #[schema(pattern = "^medtop:[0-9]{8}$", example = "medtop:20000210")]
    pub media_topic: Option<String>,
    #[serde(serialize_with = "timestamp::serialize")]
    pub created_at: DateTime<Utc>,
    #[serde(serialize_with = "timestamp::serialize")]
    pub updated_at: DateTime<Utc>,
    /// Starts at 1 and increases with every change.
    #[schema(minimum = 1)]
    pub version: i32,
    /// The number of published articles in it and its descendants, if `count=true`; 10,000 at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 10_000)]
    #[diesel(select_expression = column::<Nullable<BigInt>>("NULL::bigint"), select_expression_type = Column<Nullable<BigInt>>)]
    pub article_count: Option<i64>,
    /// Whether that is the exact number: false if there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[diesel(select_expression = column::<Nullable<Bool>>("NULL::boolean"), select_expression_type = Column<Nullable<Bool>>)]
    pub article_count_is_exact: Option<bool>,
    #[serde(skip)]
    pub(super) tree_key: String,
    #[serde(skip)]
    #[diesel(select_expression = column::<Text>("(SELECT languages[1] FROM site)"), select_expression_type = Column<Text>)]
    first_language: String,
}

impl CacheTagged for Category {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        cache_tags.one(Self::NAME, self.id);
        cache_tags.extend(&self.parent);
        if self.article_count.is_some() {
            cache_tags.all("article");
        }
    }
}

impl Gettable for Category {}

impl Resource for Category {
    type New = NewCategory;
    type Prepared = NewCategory;
    type Preparer = ();

    const NAME: &'static str = "category";
    const TABLE: &'static str = "categories";
    const SLUGS: Option<SlugTable> = Some(SlugTable::Categories);
    const PATH: &'static str = "/v1/categories";

    fn constraint_problem(violation: &ConstraintViolation) -> Option<Problem> {
        let at_parent =
            |code, detail| Problem::Invalid(vec![Fault::at("/parent_id", code, detail)]);
        let conflict = |detail| Problem::Conflict(detail, Vec::new());
        Some(match violation.name.as_str() {
            "categories_parent_id_live" => crud::missing_reference("/parent_id"),
            "categories_no_cycle" => at_parent(FaultCode::Cycle, messages::below_itself()),
            "categories_depth" => at_parent(FaultCode::TooDeep, messages::five_levels()),
            "categories_count" => conflict(messages::too_many_categories()),
            "categories_in_use" => conflict(messages::category_not_empty()),
            _ => return None,
        })
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
        let query = categories::table
            .filter(categories::deleted_at.is_null())
            .select(Self::as_select());
        match name {
            IdOrSlug::Id(id) => query.filter(categories::id.eq(id)).get_result(conn).await,
            IdOrSlug::Slug(slug) => {
                query
                    .filter(categories::slug.eq(slug))
                    .get_result(conn)
                    .await
            }
        }
        .optional()
    }

    async fn lock(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<Locked>> {
        tree::lock(conn).await?;
        crud::lock_row(conn, Self::TABLE, id).await
    }

    fn localize(&mut self, locale: &LanguagePreference) {
        names::localize(&mut self.name, &self.names.0, &self.first_language, locale);
        if let Some(parent) = &mut self.parent {
            parent.localize(locale);
        }
    }

    fn validate(new: &mut NewCategory) -> Result<(), Vec<Fault>> {
        names::validate(new.slug.as_deref(), &mut new.names)
    }

    /// The whole tree is public.
    fn requires_publish_scope(_: Option<&Self>, _: Option<&NewCategory>) -> bool {
        true
    }

    async fn insert(
        conn: &mut AsyncPgConnection,
        id: Uuid,
        new: NewCategory,
    ) -> Result<(), Problem> {
        tree::lock(conn).await?;
        let chosen = new.slug.as_deref();
        let slug = slug::claim(conn, SlugTable::Categories, id, chosen, &new.name).await?;
        diesel::insert_into(categories::table)
            .values((
                CategoryRow::from(&new)?,
                categories::id.eq(id),
                categories::slug.eq(slug),
                categories::tree_key.eq(""),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }

    async fn update(
        conn: &mut AsyncPgConnection,
        id: Uuid,
        new: NewCategory,
    ) -> Result<(), Problem> {
        let chosen = new.slug.as_deref();
        let slug = slug::keep_or_claim(conn, SlugTable::Categories, id, chosen, &new.name).await?;
        diesel::update(categories::table.find(id))
            .set((
                CategoryRow::from(&new)?,
                categories::slug.eq(slug),
                categories::version.eq(categories::version + 1),
                categories::deleted_at.eq(None::<DateTime<Utc>>),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }

    async fn check_deletable(conn: &mut AsyncPgConnection, id: Uuid) -> Result<(), Problem> {
        let subcategories = categories::table
            .filter(categories::parent_id.eq(id))
            .filter(categories::deleted_at.is_null());
        let articles = articles::table
            .filter(articles::category_id.eq(id))
            .filter(articles::deleted_at.is_null());
        let headlines = headlines::table
            .filter(headlines::category_id.eq(id))
            .filter(headlines::deleted_at.is_null());
        let dependents = [
            Dependents {
                count: subcategories.count().get_result(conn).await?,
                code: FaultCode::HasCategories,
                one: messages::one_category,
                several: messages::categories,
            },
            Dependents::articles(articles.count().get_result(conn).await?),
            Dependents {
                count: headlines.count().get_result(conn).await?,
                code: FaultCode::HasHeadlines,
                one: messages::one_headline,
                several: messages::headlines,
            },
        ];
        dependents::require_none(messages::category_contains, &dependents)
    }
}
