//! Headlines as JSON, read and written.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::column::{Column, column};
use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::http::language::Dir;
use crate::http::one::Gettable;
use crate::http::parameter_types::Word;
use crate::http::schema::{HasFields, Patch, Patchable};
use crate::http::timestamp;
use crate::news::articles::{ArticleRecord, ArticleRef};
use crate::news::categories::{CategoryRecord, CategoryRef};
use crate::news::content::crud::Resource;
use crate::news::content::visibility::{self, Status};
use crate::schema::headlines;

crate::text_enum! {
    /// The priority of a headline.
    Priority {
        Normal = "normal",
        /// It interrupts the day.
        Breaking = "breaking",
        /// It stops everything else.
        Flash = "flash",
    }
}

impl Word for Priority {}

/// A line of the ticker: a title and its publication time.
#[derive(Debug, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = headlines)]
#[schema(example = json!({
    "id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d13",
    "title": "Les premières pluies relancent les semailles", "language": "fr", "dir": "ltr",
    "status": "published", "published_at": "2026-11-23T14:00:00.000000Z", "priority": "normal", "pinned": false, "expires_at": null,
    "category_id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d12",
    "category": {"id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d12", "slug": "agriculture", "name": "Agriculture",
        "parent": {"id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11", "slug": "economie", "name": "Économie"}},
    "article_id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d14",
    "article": {"id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d14", "slug": "les-premieres-pluies-relancent-les-semailles",
        "title": "Les premières pluies relancent les semailles",
        "image": {"url": "https://images.rivage.example/semis.jpg", "alt": "Un tracteur dans un champ", "caption": null,
            "credit": "Le Rivage", "width": 1600, "height": 1067}},
    "url": null, "source": null,
    "created_at": "2026-11-23T13:58:12.345678Z", "updated_at": "2026-11-23T13:58:12.345678Z", "version": 1,
}))]
pub struct Headline {
    pub id: Uuid,
    /// One line of plain text.
    #[schema(format = "line", max_length = 300)]
    pub title: String,
    /// The language of the content (BCP 47).
    #[schema(format = "bcp47", max_length = 35)]
    pub language: String,
    /// The text direction of the language.
    pub dir: Dir,
    #[diesel(select_expression = column::<Text>(visibility::EFFECTIVE_STATUS_OF_HEADLINES), select_expression_type = Column<Text>)]
    pub status: Status,
    /// The time of publication, past or scheduled.
    #[serde(serialize_with = "timestamp::serialize")]
    pub published_at: Option<DateTime<Utc>>,
    pub priority: Priority,
    /// Whether a front end should keep it visible.
    pub pinned: bool,
    /// The time at which it leaves the ticker.
    #[serde(serialize_with = "timestamp::serialize")]
    pub expires_at: Option<DateTime<Utc>>,
    pub category_id: Option<Uuid>,
    /// A summary of the category.
    #[diesel(select_expression = column::<Nullable<CategoryRecord>>("of_category.category"), select_expression_type = Column<Nullable<CategoryRecord>>)]
    pub category: Option<CategoryRef>,
    /// The article that it links to; null if there is none, or none that the caller may see.
    pub article_id: Option<Uuid>,
    /// The same, whether the caller may see the article or not.
    #[serde(skip)]
    #[diesel(column_name = article_id)]
    pub(super) linked_article_id: Option<Uuid>,
    /// A summary of the article, with its image; null while the article is in the trash.
    #[diesel(select_expression = column::<Nullable<ArticleRecord>>("of_article.article"), select_expression_type = Column<Nullable<ArticleRecord>>)]
    pub article: Option<ArticleRef>,
    /// Another page that it links to.
    #[schema(format = "uri", max_length = 2048)]
    pub url: Option<String>,
    /// The source, such as a news agency.
    #[schema(format = "line", max_length = 200)]
    pub source: Option<String>,
    #[serde(serialize_with = "timestamp::serialize")]
    pub created_at: DateTime<Utc>,
    #[serde(serialize_with = "timestamp::serialize")]
    pub updated_at: DateTime<Utc>,
    /// The version number: starts at 1 and increases with every change.
    #[schema(minimum = 1)]
    pub version: i32,
}

/// Request body for creating or replacing a headline. Read-only fields (`id`, `dir`, `category`, `article`,
/// `created_at`, `updated_at`, `version`) are accepted and ignored, so that a resource that was read can be sent back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"title": "Les premières pluies relancent les semailles", "language": "fr", "status": "published"}))]
pub struct NewHeadline {
    /// One line of plain text.
    #[schema(format = "line", max_length = 300)]
    pub title: String,
    /// The language of the content (BCP 47).
    #[schema(format = "bcp47", max_length = 35, example = "fr")]
    pub language: String,
    #[serde(default = "draft")]
    #[schema(default = "draft")]
    pub status: Status,
    /// The publication time. `published` without it means now; `scheduled` requires it. From the year 1600 to 9999.
    #[serde(default)]
    pub published_at: Option<DateTime<Utc>>,
    #[serde(default = "normal")]
    #[schema(default = "normal")]
    pub priority: Priority,
    #[serde(default)]
    #[schema(default = false)]
    pub pinned: bool,
    /// The time at which it leaves the ticker: later than `published_at`.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub category_id: Option<Uuid>,
    /// The article that it links to.
    #[serde(default)]
    pub article_id: Option<Uuid>,
    /// Another page that it links to: an `http` or `https` URL.
    #[serde(default)]
    #[schema(format = "uri", max_length = 2048)]
    pub url: Option<String>,
    #[serde(default)]
    #[schema(format = "line", max_length = 200)]
    pub source: Option<String>,
}

fn draft() -> Status {
    Status::Draft
}

fn normal() -> Priority {
    Priority::Normal
}

impl HasFields for Headline {}

pub type HeadlinePatch = Patch<NewHeadline>;

impl Patchable for NewHeadline {
    fn patch_example() -> Value {
        json!({"title": "Les premières pluies relancent enfin les semailles"})
    }
}

impl Gettable for Headline {
    const IS_CONTENT: bool = true;
}

impl CacheTagged for Headline {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        cache_tags.one(Self::NAME, self.id);
        cache_tags.extend(&self.category);
        cache_tags.extend(&self.article);
        // The article, once it is public.
        if let (None, Some(article)) = (&self.article, self.linked_article_id) {
            cache_tags.hidden(article);
        }
    }
}
