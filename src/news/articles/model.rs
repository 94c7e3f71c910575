//! Articles as JSON, read and written.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Nullable, Text, Uuid as SqlUuid};
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
use crate::news::articles::BodyFormat;
use crate::news::articles::bodies::ArticleBodies;
use crate::news::articles::translations::{Translation, TranslationRecord};
use crate::news::authors::{AuthorRecord, AuthorRef};
use crate::news::categories::{CategoryRecord, CategoryRef};
use crate::news::content::crud::Resource;
use crate::news::content::image::Image;
use crate::news::content::visibility::{self, Status};
use crate::news::site::{SITE, Site};
use crate::news::tags::{TagRecord, TagRef};
use crate::schema::articles;

crate::text_enum! {
    /// The kind of a piece.
    ArticleKind {
        News = "news",
        Opinion = "opinion",
        Analysis = "analysis",
        Interview = "interview",
        /// Live coverage of an event.
        Live = "live",
        /// Paid for by somebody else.
        Sponsored = "sponsored",
    }
}

impl Word for ArticleKind {}

/// An article.
#[derive(Debug, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = articles)]
#[schema(example = json!({
    "id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d14", "slug": "les-premieres-pluies-relancent-les-semailles",
    "kind": "news", "title": "Les premières pluies relancent les semailles", "short_title": null, "kicker": "Campagne agricole",
    "lede": "Après six semaines d’attente, les tracteurs sont de retour.", "body": "Il a plu.\n\nEnfin.", "body_format": "markdown",
    "body_html": "<p>Il a plu.</p>\n<p>Enfin.</p>\n", "body_text": "Il a plu.\nEnfin.", "language": "fr", "dir": "ltr",
    "status": "published", "published_at": "2026-11-23T14:00:00.000000Z", "first_published_at": "2026-11-23T14:00:00.000000Z",
    "expires_at": null, "category_id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d12",
    "category": {"id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d12", "slug": "agriculture", "name": "Agriculture",
        "parent": {"id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11", "slug": "economie", "name": "Économie"}},
    "author_ids": ["0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d21"],
    "authors": [{"id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d21", "slug": "salma-idrissi-kadiri", "name": "Salma Idrissi Kadiri",
        "image_url": "https://images.rivage.example/salma.jpg"}],
    "tag_ids": ["0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d31"],
    "tags": [{"id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d31", "slug": "semailles", "name": "Semailles", "kind": "subject"}],
    "dateline": "Meknès", "image": null, "word_count": 4, "reading_minutes": 1, "canonical_url": null, "source": null,
    "translation_of": null,
    "translations": [{"language": "ar", "id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d15", "slug": "أولى-الأمطار", "title": "أولى الأمطار تنعش الزرع"}],
    "is_fallback": false,
    "created_at": "2026-11-23T13:58:12.345678Z", "updated_at": "2026-11-23T13:58:12.345678Z", "version": 1,
}))]
pub struct Article {
    pub id: Uuid,
    /// The readable identifier, unique among articles. A draft without a chosen slug has a provisional one, which ends
    /// with digits of its id and redirects (308) after publication.
    #[schema(format = "slug", max_length = 200)]
    pub slug: String,
    pub kind: ArticleKind,
    #[schema(format = "line", max_length = 300)]
    pub title: String,
    /// A short title for small spaces.
    #[schema(format = "line", max_length = 100)]
    pub short_title: Option<String>,
    /// The line above the title.
    #[schema(format = "line", max_length = 100)]
    pub kicker: Option<String>,
    /// The summary paragraph.
    #[schema(format = "prose", max_length = 2000)]
    pub lede: Option<String>,
    /// The format of `body`.
    pub body_format: BodyFormat,
    /// The language of the content (BCP 47).
    #[schema(format = "bcp47", max_length = 35)]
    pub language: String,
    /// The text direction of the language.
    pub dir: Dir,
    #[diesel(select_expression = column::<Text>(visibility::EFFECTIVE_STATUS_OF_ARTICLES), select_expression_type = Column<Text>)]
    pub status: Status,
    /// The time of publication, past or scheduled.
    #[serde(serialize_with = "timestamp::serialize")]
    pub published_at: Option<DateTime<Utc>>,
    /// The time of the first publication.
    #[serde(serialize_with = "timestamp::serialize")]
    pub first_published_at: Option<DateTime<Utc>>,
    /// The time at which the public stops seeing it.
    #[serde(serialize_with = "timestamp::serialize")]
    pub expires_at: Option<DateTime<Utc>>,
    pub category_id: Option<Uuid>,
    /// A summary of the category.
    #[diesel(select_expression = column::<Nullable<CategoryRecord>>("of_category.category"), select_expression_type = Column<Nullable<CategoryRecord>>)]
    pub category: Option<CategoryRef>,
    /// The ids of its authors, in byline order.
    #[schema(max_items = 20)]
    #[diesel(select_expression = column::<Array<SqlUuid>>("'{}'::uuid[]"), select_expression_type = Column<Array<SqlUuid>>)]
    pub author_ids: Vec<Uuid>,
    /// Summaries of the authors.
    #[schema(max_items = 20)]
    #[diesel(select_expression = column::<Array<AuthorRecord>>("signed.authors"), select_expression_type = Column<Array<AuthorRecord>>)]
    pub authors: Vec<AuthorRef>,
    /// The ids of its tags, in their given order.
    #[schema(max_items = 50)]
    #[diesel(select_expression = column::<Array<SqlUuid>>("'{}'::uuid[]"), select_expression_type = Column<Array<SqlUuid>>)]
    pub tag_ids: Vec<Uuid>,
    /// Summaries of the tags.
    #[schema(max_items = 50)]
    #[diesel(select_expression = column::<Array<TagRecord>>("tagged.tags"), select_expression_type = Column<Array<TagRecord>>)]
    pub tags: Vec<TagRef>,
    /// The place of writing.
    #[schema(format = "line", max_length = 100)]
    pub dateline: Option<String>,
    pub image: Option<Image>,
    /// The number of words in the body (UAX #29).
    #[schema(minimum = 0)]
    pub word_count: i32,
    /// The reading time at 200 words per minute.
    #[schema(minimum = 1)]
    pub reading_minutes: i32,
    /// The URL of the original publication, if it was elsewhere.
    #[schema(format = "uri", max_length = 2048)]
    pub canonical_url: Option<String>,
    /// The source, such as a news agency.
    #[schema(format = "line", max_length = 200)]
    pub source: Option<String>,
    /// The original article that this translates; null for an original, or if the caller may not see the original.
    #[diesel(select_expression = column::<Nullable<SqlUuid>>("translated.translation_of"), select_expression_type = Column<Nullable<SqlUuid>>)]
    pub translation_of: Option<Uuid>,
    /// The translations of the same story.
    #[schema(max_items = 100)]
    #[diesel(select_expression = column::<Array<TranslationRecord>>("translated.translations"), select_expression_type = Column<Array<TranslationRecord>>)]
    pub translations: Vec<Translation>,
    /// Whether this is a fallback because the requested language has no translation.
    #[diesel(select_expression = column::<Bool>("false"), select_expression_type = Column<Bool>)]
    pub is_fallback: bool,
    #[serde(serialize_with = "timestamp::serialize")]
    pub created_at: DateTime<Utc>,
    #[serde(serialize_with = "timestamp::serialize")]
    pub updated_at: DateTime<Utc>,
    /// The version number: starts at 1 and increases with every change.
    #[schema(minimum = 1)]
    pub version: i32,
    #[serde(flatten)]
    #[diesel(embed)]
    pub bodies: ArticleBodies,
}

/// Request body for creating or replacing an article. Read-only fields (`id`, `body_html`, `body_text`, `dir`,
/// `first_published_at`, `category`, `authors`, `tags`, `translations`, `is_fallback`, `word_count`, `reading_minutes`,
/// `created_at`, `updated_at`, `version`) are accepted and ignored, so that a resource that was read can be sent back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "title": "Les premières pluies relancent les semailles", "kicker": "Campagne agricole",
    "lede": "Après six semaines d’attente, les tracteurs sont de retour.", "body": "Il a plu.\n\nEnfin.",
    "language": "fr", "status": "published", "dateline": "Meknès",
}))]
pub struct NewArticle {
    /// The readable identifier; a chosen one is reserved at once. If omitted, it is derived from `title` when the
    /// article leaves the draft status, with `-2` and so on if that is taken.
    #[serde(default)]
    #[schema(format = "slug", max_length = 200)]
    pub slug: Option<String>,
    #[serde(default = "news")]
    #[schema(default = "news")]
    pub kind: ArticleKind,
    #[schema(format = "line", max_length = 300)]
    pub title: String,
    /// A short title for small spaces.
    #[serde(default)]
    #[schema(format = "line", max_length = 100)]
    pub short_title: Option<String>,
    /// The line above the title.
    #[serde(default)]
    #[schema(format = "line", max_length = 100)]
    pub kicker: Option<String>,
    /// The summary paragraph.
    #[serde(default)]
    #[schema(format = "prose", max_length = 2000)]
    pub lede: Option<String>,
    /// The body, in the format that `body_format` names.
    #[serde(default)]
    #[schema(format = "body", max_length = 500_000, default = "")]
    pub body: String,
    #[serde(default = "markdown")]
    #[schema(default = "markdown")]
    pub body_format: BodyFormat,
    /// The language of the content (BCP 47).
    #[schema(format = "bcp47", max_length = 35, example = "fr")]
    pub language: String,
    #[serde(default = "draft")]
    #[schema(default = "draft")]
    pub status: Status,
    /// The publication time. `published` without it means now; `scheduled` requires it. From the year 1600 to 9999.
    #[serde(default)]
    pub published_at: Option<DateTime<Utc>>,
    /// The time at which the public stops seeing it: later than `published_at`.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub category_id: Option<Uuid>,
    #[serde(default)]
    #[schema(schema_with = authors_schema)]
    pub author_ids: Vec<Uuid>,
    #[serde(default)]
    #[schema(schema_with = tags_schema)]
    pub tag_ids: Vec<Uuid>,
    /// The place of writing.
    #[serde(default)]
    #[schema(format = "line", max_length = 100)]
    pub dateline: Option<String>,
    #[serde(default)]
    pub image: Option<Image>,
    /// The URL of the original publication, if it was elsewhere.
    #[serde(default)]
    #[schema(format = "uri", max_length = 2048)]
    pub canonical_url: Option<String>,
    #[serde(default)]
    #[schema(format = "line", max_length = 200)]
    pub source: Option<String>,
    /// The article that it translates, or another translation of the same; stored as the original's id. If the original
    /// goes to the trash, its oldest translation becomes the original. An article restored without this field rejoins
    /// its former translations, unless another has its language there by now.
    #[serde(default)]
    pub translation_of: Option<Uuid>,
}

impl NewArticle {
    /// A draft with no more than a title.
    pub fn draft(title: String, language: String) -> Self {
        Self {
            slug: None,
            kind: news(),
            title,
            short_title: None,
            kicker: None,
            lede: None,
            body: String::new(),
            body_format: markdown(),
            language,
            status: draft(),
            published_at: None,
            expires_at: None,
            category_id: None,
            author_ids: Vec::new(),
            tag_ids: Vec::new(),
            dateline: None,
            image: None,
            canonical_url: None,
            source: None,
            translation_of: None,
        }
    }
}

fn ids_schema(words: &str, most: usize) -> utoipa::openapi::schema::Array {
    use utoipa::openapi::schema::{ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, Type};
    let id = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)));
    ArrayBuilder::new()
        .description(Some(words))
        .items(id)
        .max_items(Some(most))
        .unique_items(true)
        .default(Some(serde_json::json!([])))
        .build()
}

fn authors_schema() -> utoipa::openapi::schema::Array {
    ids_schema("The ids of its authors, in byline order, each once.", 20)
}

fn tags_schema() -> utoipa::openapi::schema::Array {
    ids_schema("The ids of its tags, in display order, each once.", 50)
}

fn news() -> ArticleKind {
    ArticleKind::News
}

fn draft() -> Status {
    Status::Draft
}

fn markdown() -> BodyFormat {
    BodyFormat::Markdown
}

impl HasFields for Article {
    const ON_REQUEST: &'static [&'static str] = &["body", "body_html", "body_text"];
}

pub type ArticlePatch = Patch<NewArticle>;

impl Patchable for NewArticle {
    fn patch_example() -> Value {
        json!({"title": "Les premières pluies relancent enfin les semailles"})
    }
}

impl Gettable for Article {
    const IS_CONTENT: bool = true;
}

impl CacheTagged for Article {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        cache_tags.one(Self::NAME, self.id);
        cache_tags.extend(&self.category);
        cache_tags.extend(&self.authors);
        cache_tags.extend(&self.tags);
        for other in &self.translations {
            cache_tags.one(Self::NAME, other.id);
        }
        if self.is_fallback {
            cache_tags.one(Site::NAME, SITE);
        }
    }
}
