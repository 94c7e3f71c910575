//! Rows, JSON and queries.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer, Jsonb, Nullable, Text, Untyped, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::Database;
use crate::db::column::{Column, column};
use crate::db::statement::RowType;
use crate::db::{Fragment, Json, Statement};
use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::http::fields::Fields;
use crate::http::id_or_slug::IdOrSlug;
use crate::http::language::{self, Dir};
use crate::http::locale::LanguagePreference;
use crate::http::one::{One, Single};
use crate::http::page::Page;
use crate::http::query::{Filter, List};
use crate::http::query_parameters::SentParameters;
use crate::http::schema::{HasFields, Patch, Patchable};
use crate::news::articles::prepared::{self, PreparedArticle, Renderer};
use crate::news::articles::{BodyFormat, stories};
use crate::news::authors::AuthorRef;
use crate::news::categories::CategoryRef;
use crate::news::content::crud::{CascadedChange, Resource, Write};
use crate::news::content::image::Image;
use crate::news::content::publication::Publication;
use crate::news::content::slug::{self, SlugTable};
use crate::news::content::visibility::{self, Status, Visibility};
use crate::news::listing::byte_budget::ByteBudget;
use crate::news::listing::filter::TimelineFilter;
use crate::news::listing::page::{Source, TimeOrdered};
use crate::news::listing::scan_plan::{FilterPredicate, IndexAccess};
use crate::news::listing::timeline::Timeline;
use crate::news::site::{SITE, Site};
use crate::news::tags::TagRef;
use crate::problem::{ConstraintViolation, Fault, Problem};
use crate::query_parameters;
use crate::schema::articles;

query_parameters! {
    /// The filters of a list of articles.
    pub struct ArticleFilter {
        ..timeline: TimelineFilter,
    }
}

impl Filter for ArticleFilter {
    type Item = Article;

    fn check(&self, sent: &SentParameters) -> Vec<Fault> {
        self.timeline.check(sent)
    }
}

impl ArticleFilter {
    /// The filters that go by what an article names.
    pub fn predicates(&self) -> Vec<FilterPredicate> {
        let predicate = |table, column, id: Fragment| {
            // Who may be seen is alive; said here, it lets an index do that has nothing else.
            let named = Fragment::new("EXISTS (SELECT FROM ")
                .sql(table)
                .sql(" AS named WHERE named.id = line.id AND named.deleted_at IS NULL AND named.")
                .sql(column)
                .sql(" = ")
                .append(&id);
            FilterPredicate {
                condition: named.clone().sql(")"),
                probe: Some(named.sql(" OFFSET 0)")),
                walk: Some(IndexAccess {
                    table,
                    column: Some((column, id)),
                    only: "",
                    by_change: true,
                    exact: true,
                }),
            }
        };
        let author = self.timeline.author_id();
        let author = author.map(|id| predicate("article_authors", "author_id", id));
        let tag = self.timeline.tag_id();
        let tag = tag.map(|id| predicate("article_tags", "tag_id", id));
        let source = self.timeline.source_predicate(Article::TABLE);
        [author, tag, source].into_iter().flatten().collect()
    }
}

/// A story.
#[derive(Debug, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = articles)]
#[schema(example = json!({
    "id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d14", "slug": "les-premieres-pluies-relancent-les-semailles",
    "title": "Les premières pluies relancent les semailles", "short_title": null, "kicker": "Campagne agricole",
    "lede": "Après six semaines d’attente, les tracteurs sont de retour.", "body": "Il a plu.\n\nEnfin.", "body_format": "markdown",
    "body_html": "<p>Il a plu.</p>\n<p>Enfin.</p>\n", "body_text": "Il a plu.\nEnfin.", "language": "fr", "dir": "ltr",
    "status": "published", "published_at": "2026-11-23T14:00:00Z", "first_published_at": "2026-11-23T14:00:00Z",
    "category_id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d12",
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
    /// Given once, never changed.
    pub id: Uuid,
    /// Its readable address, unique among the articles. A draft for which none was chosen has a provisional one, which ends
    /// with digits of its id and leads on (308) once it has gone out.
    #[schema(format = "slug", max_length = 200)]
    pub slug: String,
    #[schema(format = "line", max_length = 300)]
    pub title: String,
    /// The title where there is little room.
    #[schema(format = "line", max_length = 100)]
    pub short_title: Option<String>,
    /// The line above the title.
    #[schema(format = "line", max_length = 100)]
    pub kicker: Option<String>,
    /// The paragraph that sums it up.
    #[schema(format = "prose", max_length = 2000)]
    pub lede: Option<String>,
    /// What `body` is written in.
    #[schema(inline)]
    pub body_format: BodyFormat,
    /// The language that it is written in (BCP 47).
    #[schema(format = "bcp47", max_length = 35)]
    pub language: String,
    /// The direction of that language.
    #[schema(inline)]
    pub dir: Dir,
    #[schema(inline)]
    #[diesel(select_expression = column::<Text>(visibility::SHOWN_OF_ARTICLES), select_expression_type = Column<Text>)]
    pub status: Status,
    /// When it went out or, before that, when it will.
    pub published_at: Option<DateTime<Utc>>,
    /// When it went out for the first time.
    pub first_published_at: Option<DateTime<Utc>>,
    pub category_id: Option<Uuid>,
    /// That category in short.
    #[schema(value_type = Option<CategoryRef>)]
    #[diesel(select_expression = column::<Nullable<Jsonb>>("of_category.category"), select_expression_type = Column<Nullable<Jsonb>>)]
    pub category: Option<Json<CategoryRef>>,
    /// Who signs it, in the order of the byline.
    #[schema(value_type = Vec<Uuid>, max_items = 20)]
    #[diesel(select_expression = column::<Jsonb>("signed.author_ids"), select_expression_type = Column<Jsonb>)]
    pub author_ids: Json<Vec<Uuid>>,
    /// They in short.
    #[schema(value_type = Vec<AuthorRef>, max_items = 20)]
    #[diesel(select_expression = column::<Jsonb>("signed.authors"), select_expression_type = Column<Jsonb>)]
    pub authors: Json<Vec<AuthorRef>>,
    /// What it is about, in the order given.
    #[schema(value_type = Vec<Uuid>, max_items = 50)]
    #[diesel(select_expression = column::<Jsonb>("tagged.tag_ids"), select_expression_type = Column<Jsonb>)]
    pub tag_ids: Json<Vec<Uuid>>,
    /// These in short.
    #[schema(value_type = Vec<TagRef>, max_items = 50)]
    #[diesel(select_expression = column::<Jsonb>("tagged.tags"), select_expression_type = Column<Jsonb>)]
    pub tags: Json<Vec<TagRef>>,
    /// Where it was written.
    #[schema(format = "line", max_length = 100)]
    pub dateline: Option<String>,
    pub image: Option<Image>,
    /// Words of the body (UAX #29).
    #[schema(minimum = 0)]
    pub word_count: i32,
    /// At 200 words a minute.
    #[schema(minimum = 1)]
    pub reading_minutes: i32,
    /// Where it stood first, if that was elsewhere.
    #[schema(format = "uri", max_length = 2048)]
    pub canonical_url: Option<String>,
    /// Who brought it: an agency, say.
    #[schema(format = "line", max_length = 200)]
    pub source: Option<String>,
    /// The original that it translates; null for an original, and where the caller may not see that.
    #[diesel(select_expression = column::<Nullable<SqlUuid>>("translated.translation_of"), select_expression_type = Column<Nullable<SqlUuid>>)]
    pub translation_of: Option<Uuid>,
    /// The same story in other languages.
    #[schema(value_type = Vec<Translation>, max_items = 100)]
    #[diesel(select_expression = column::<Jsonb>("translated.translations"), select_expression_type = Column<Jsonb>)]
    pub translations: Json<Vec<Translation>>,
    /// Whether another language was asked for, and this is what there is instead.
    #[diesel(select_expression = column::<Bool>("false"), select_expression_type = Column<Bool>)]
    pub is_fallback: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// 1 at first, one more with every change.
    #[schema(minimum = 1)]
    pub version: i32,
    #[serde(flatten)]
    #[diesel(embed)]
    pub bodies: ArticleBodies,
}

/// The body of a story in its three forms; in a list only those that were asked for.
#[derive(Debug, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = articles)]
pub struct ArticleBodies {
    /// The body as it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = true, value_type = String, max_length = 500_000)]
    #[diesel(select_expression = column::<Nullable<Text>>("bodies.body"), select_expression_type = Column<Nullable<Text>>)]
    pub body: Option<String>,
    /// The body as HTML that is safe to show: no scripts, styles, forms, event handlers, nor `javascript:` and `data:`
    /// addresses. Headings, lists, quotes, tables, figures, pictures, audio, video and notes stay, with `lang` and `dir`;
    /// links are absolute (`http`, `https`) and carry `rel`: relative ones are resolved against the site's `url`. Quoted posts
    /// (`<blockquote class="twitter-tweet">` and the like) keep their class; an `iframe` stays where a setting of the server
    /// names its host. The ids in it begin with `fn-` or `fnref-`. At most 4 MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = true, value_type = String)]
    #[diesel(select_expression = column::<Nullable<Text>>("bodies.body_html"), select_expression_type = Column<Nullable<Text>>)]
    pub body_html: Option<String>,
    /// The body as plain text, a line for each block.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = true, value_type = String)]
    #[diesel(select_expression = column::<Nullable<Text>>("bodies.body_text"), select_expression_type = Column<Nullable<Text>>)]
    pub body_text: Option<String>,
    // Whether the page that it was read for ends before it.
    #[serde(skip)]
    #[schema(ignore)]
    #[diesel(select_expression = column::<Bool>("bodies.is_beyond"), select_expression_type = Column<Bool>)]
    is_beyond: bool,
}

/// An article in short.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ArticleRef {
    pub id: Uuid,
    pub slug: String,
    pub title: String,
    pub image: Option<Image>,
}

impl ArticleRef {
    /// The article with the id that stands in this column, if somebody may see it, to be read from `of_article.article`.
    pub fn of(column: &'static str, visibility: Visibility) -> Fragment {
        Fragment::new(
            " LEFT JOIN LATERAL (SELECT jsonb_build_object('id', its.id, 'slug', its.slug, 'title', its.title, \
             'image', its.image) AS article \
             FROM articles AS its WHERE its.id = ",
        )
        .sql(column)
        .sql(" AND ")
        .append(&visibility.of_articles("its"))
        .sql(") AS of_article ON true")
    }
}

impl CacheTagged for ArticleRef {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        cache_tags.one(Article::NAME, self.id);
    }
}

/// A story in another language.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Translation {
    /// The language (BCP 47).
    pub language: String,
    pub id: Uuid,
    pub slug: String,
    pub title: String,
}

/// What makes an article. What only the server writes (`id`, `body_html`, `body_text`, `dir`, `first_published_at`,
/// `category`, `authors`, `tags`, `translations`, `is_fallback`, `word_count`, `reading_minutes`, `created_at`,
/// `updated_at`, `version`) may stand beside it and is ignored, so that what was read can be sent back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "title": "Les premières pluies relancent les semailles", "kicker": "Campagne agricole",
    "lede": "Après six semaines d’attente, les tracteurs sont de retour.", "body": "Il a plu.\n\nEnfin.",
    "language": "fr", "status": "published", "dateline": "Meknès",
}))]
pub struct NewArticle {
    /// Its readable address; one that is chosen is taken from then on. Left out, it is made from `title` when the article goes
    /// out (as soon as it is more than a draft), with `-2` and so on where that is taken.
    #[serde(default)]
    #[schema(format = "slug", max_length = 200)]
    pub slug: Option<String>,
    #[schema(format = "line", max_length = 300)]
    pub title: String,
    /// The title where there is little room.
    #[serde(default)]
    #[schema(format = "line", max_length = 100)]
    pub short_title: Option<String>,
    /// The line above the title.
    #[serde(default)]
    #[schema(format = "line", max_length = 100)]
    pub kicker: Option<String>,
    /// The paragraph that sums it up.
    #[serde(default)]
    #[schema(format = "prose", max_length = 2000)]
    pub lede: Option<String>,
    /// The body, in the format that `body_format` names.
    #[serde(default)]
    #[schema(format = "body", max_length = 500_000, default = "")]
    pub body: String,
    #[serde(default = "markdown")]
    #[schema(inline, default = "markdown")]
    pub body_format: BodyFormat,
    /// The language that it is written in (BCP 47).
    #[schema(format = "bcp47", max_length = 35, example = "fr")]
    pub language: String,
    #[serde(default = "draft")]
    #[schema(inline, default = "draft")]
    pub status: Status,
    /// When it goes out. Published without it means now; `scheduled` needs it. From the year 1600 to 9999.
    #[serde(default)]
    pub published_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub category_id: Option<Uuid>,
    /// Who signs it, in the order of the byline.
    #[serde(default)]
    #[schema(schema_with = authors_schema)]
    pub author_ids: Vec<Uuid>,
    /// What it is about, in the order in which it is shown.
    #[serde(default)]
    #[schema(schema_with = tags_schema)]
    pub tag_ids: Vec<Uuid>,
    /// Where it was written.
    #[serde(default)]
    #[schema(format = "line", max_length = 100)]
    pub dateline: Option<String>,
    #[serde(default)]
    pub image: Option<Image>,
    /// Where it stood first, if that was elsewhere.
    #[serde(default)]
    #[schema(format = "uri", max_length = 2048)]
    pub canonical_url: Option<String>,
    #[serde(default)]
    #[schema(format = "line", max_length = 200)]
    pub source: Option<String>,
    /// The article that it translates, or another translation of the same; kept as the original's id. Where the original
    /// goes to the trash, the oldest of its translations is the original from then on. One that comes out of the trash
    /// without it joins the translations that it stood with, unless another has its language there by now.
    #[serde(default)]
    pub translation_of: Option<Uuid>,
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
    ids_schema("Who signs it, in the order of the byline.", 20)
}

fn tags_schema() -> utoipa::openapi::schema::Array {
    ids_schema("What it is about, in the order in which it is shown.", 50)
}

fn draft() -> Status {
    Status::Draft
}

fn markdown() -> BodyFormat {
    BodyFormat::Markdown
}

/// The bodies of an article: the field, and the column.
const BODIES: [(&str, &str); 3] = [
    ("body", "articles.body"),
    ("body_html", "articles.body_html"),
    ("body_text", "articles.body_text"),
];

/// What a page of articles may carry, where bodies are wanted.
fn budget(wants: impl Fn(&str) -> bool, limit: usize) -> Option<ByteBudget> {
    let columns = BODIES.iter().filter(|(field, _)| wants(field));
    ByteBudget::of(columns.map(|(_, column)| *column).collect(), limit)
}

/// What an article refers to, and its bodies, as far as they are wanted; those of a row behind the end of a page are not
/// read.
fn relations(
    visibility: Visibility,
    wants: impl Fn(&str) -> bool,
    budget: Option<&ByteBudget>,
) -> Fragment {
    let mut sql = if wants("category") {
        CategoryRef::of("articles.category_id")
    } else {
        CategoryRef::unwanted()
    };
    sql = sql.sql(if wants("authors") || wants("author_ids") {
        " CROSS JOIN LATERAL (SELECT coalesce(jsonb_agg(authors.id ORDER BY place), '[]') AS author_ids, \
         coalesce(jsonb_agg(jsonb_build_object('id', authors.id, 'slug', slug, 'name', name, 'image_url', image_url, \
         'names', CASE WHEN names = '{}' THEN names ELSE names || jsonb_build_object((SELECT languages[1] FROM site), name) END) ORDER BY place), '[]') AS authors \
         FROM article_authors JOIN authors ON authors.id = author_id WHERE article_authors.id = articles.id) AS signed"
    } else {
        " CROSS JOIN (SELECT '[]'::jsonb AS author_ids, '[]'::jsonb AS authors) AS signed"
    });
    sql = sql.sql(if wants("tags") || wants("tag_ids") {
        " CROSS JOIN LATERAL (SELECT coalesce(jsonb_agg(tags.id ORDER BY place), '[]') AS tag_ids, \
         coalesce(jsonb_agg(jsonb_build_object('id', tags.id, 'slug', slug, 'name', name, 'kind', kind, \
         'names', CASE WHEN names = '{}' THEN names ELSE names || jsonb_build_object((SELECT languages[1] FROM site), name) END) ORDER BY place), '[]') AS tags \
         FROM article_tags JOIN tags ON tags.id = tag_id WHERE article_tags.id = articles.id) AS tagged"
    } else {
        " CROSS JOIN (SELECT '[]'::jsonb AS tag_ids, '[]'::jsonb AS tags) AS tagged"
    });
    sql = if wants("translations") || wants("translation_of") {
        let sql = sql.sql(" CROSS JOIN LATERAL (SELECT ");
        let sql = match visibility {
            Visibility::Everything => sql.sql("articles.translation_of"),
            // Without a word of an original that is not to be seen.
            _ => sql
                .sql("min(other.id::text) FILTER (WHERE other.id = articles.translation_of)::uuid"),
        };
        sql.sql(
            " AS translation_of, coalesce(jsonb_agg(jsonb_build_object('language', other.language, 'id', other.id, \
             'slug', other.slug, 'title', other.title) ORDER BY other.language) FILTER (WHERE other.id IS NOT NULL), '[]') AS translations \
             FROM articles AS other WHERE coalesce(other.translation_of, other.id) = coalesce(articles.translation_of, articles.id) \
             AND other.id <> articles.id AND ",
        )
        .append(&visibility.of_articles("other"))
        .sql(") AS translated")
    } else {
        sql.sql(" CROSS JOIN (SELECT NULL::uuid AS translation_of, '[]'::jsonb AS translations) AS translated")
    };
    sql = sql.sql(" CROSS JOIN LATERAL (SELECT ");
    for (field, column) in BODIES {
        sql = match (wants(field), budget) {
            (false, _) => sql.sql("NULL::text"),
            (true, None) => sql.sql(column),
            (true, Some(_)) => sql
                .sql("CASE WHEN NOT articles.is_beyond THEN ")
                .sql(column)
                .sql(" END"),
        };
        sql = sql.sql(" AS ").sql(field).sql(", ");
    }
    sql.sql(match budget {
        Some(_) => "articles.is_beyond",
        None => "false AS is_beyond",
    })
    .sql(") AS bodies")
}

impl Article {
    /// One page. The bodies are read only where they are asked for.
    pub async fn list(
        conn: &mut AsyncPgConnection,
        visibility: Visibility,
        list: &List<ArticleFilter>,
    ) -> Result<Page<Self>, Problem> {
        let filter = &list.filter;
        let locale = LanguagePreference::asked_for(filter.timeline.language.clone());
        let wants = |field: &str| list.wants(field, !field.starts_with("body"));
        let limit = filter.timeline.ids.as_ref().map(Vec::len);
        let budget = budget(wants, limit.unwrap_or(list.wanted().limit));
        let related = relations(visibility, wants, budget.as_ref());
        let is_bounded = budget.is_some();
        let timeline = Timeline::new(
            Self::TABLE,
            visibility,
            &filter.timeline,
            filter.predicates(),
        );
        let timeline = timeline.within(budget);
        let timeline = timeline.with_common(stories::predicate(&filter.timeline, visibility));
        let told = |row: &mut Self| {
            row.localize(&locale);
            row.is_fallback = filter.timeline.fallback && !locale.has(&row.language);
        };
        let mut page = if let Some(ids) = &filter.timeline.ids {
            let (ids, gone) = Self::of_ids(conn, ids, &timeline, filter, visibility).await?;
            let asked = list.ids_page(&ids)?;
            let source = timeline.with_ids(&asked.ids());
            let mut rows = Self::read(conn, source, &related).await?;
            rows.iter_mut().for_each(told);
            let beyond = rows.pop_if(|row| row.is_beyond()).map(|row| row.id);
            let mut named = asked.end(rows, |row| row.id, beyond);
            named.missing.extend(gone);
            list.named(Self::NAME, named)
        } else {
            let cursor = list.cursor()?;
            let (mut rows, total) = timeline
                .page::<Self>(conn, cursor.as_ref(), list.wanted(), &related)
                .await?;
            rows.iter_mut().for_each(told);
            let place = |row: &Self| timeline.place(row.published_at, row.updated_at, row.id);
            let cursor = cursor.as_ref();
            let page = if is_bounded {
                let more = rows.pop_if(|row| row.is_beyond()).is_some();
                list.page_of(Self::NAME, rows, more, cursor, place)
            } else {
                list.page(Self::NAME, rows, cursor, place)
            };
            page.with_total(total)
        };
        if filter.timeline.fallback {
            // Which language stands for a story is the site's to say.
            page.cache_tags.one(Site::NAME, SITE);
        }
        Ok(page)
    }

    /// The ids of what is to be read where these are asked for, and those that lead to nothing. Where stories are listed, each
    /// stands for its story, which is listed once.
    async fn of_ids(
        conn: &mut AsyncPgConnection,
        ids: &[Uuid],
        timeline: &Timeline<'_>,
        filter: &ArticleFilter,
        visibility: Visibility,
    ) -> QueryResult<(Vec<Uuid>, Vec<Uuid>)> {
        if !filter.timeline.fallback {
            return Ok((ids.to_vec(), Vec::new()));
        }
        let chosen = stories::of_ids(conn, ids, timeline, &filter.timeline, visibility).await?;
        let chosen: HashMap<Uuid, Uuid> = chosen.into_iter().collect();
        let (mut wanted, mut gone) = (Vec::new(), Vec::new());
        for id in ids {
            match chosen.get(id) {
                Some(chosen) if wanted.contains(chosen) => {}
                Some(chosen) => wanted.push(*chosen),
                None => gone.push(*id),
            }
        }
        Ok((wanted, gone))
    }

    /// Those with these ids that somebody may see, in any order; and the first of the ids, in their order, that a page has
    /// no room for, where bodies are wanted: neither it nor those behind it are among them.
    pub async fn with_ids(
        conn: &mut AsyncPgConnection,
        ids: &[Uuid],
        visibility: Visibility,
        locale: &LanguagePreference,
        wants: impl Fn(&str) -> bool,
    ) -> QueryResult<(Vec<Self>, Option<Uuid>)> {
        let filter = TimelineFilter::default();
        let budget = budget(&wants, ids.len());
        let related = relations(visibility, wants, budget.as_ref());
        let timeline = Timeline::new(Self::TABLE, visibility, &filter, Vec::new()).within(budget);
        let mut rows = Self::read(conn, timeline.with_ids(ids), &related).await?;
        rows.iter_mut().for_each(|row| row.localize(locale));
        let beyond = rows.pop_if(|row| row.is_beyond()).map(|row| row.id);
        Ok((rows, beyond))
    }

    /// The story of this name in the language asked for or, where it is not told in that, in what the site prefers.
    pub async fn find_translated(
        conn: &mut AsyncPgConnection,
        name: &IdOrSlug,
        visibility: Visibility,
        one: &One<Self>,
    ) -> QueryResult<Option<Self>> {
        let wants = |field: &str| one.fields.wants(field, true);
        // Which languages there are decides, whether that is asked for or not.
        let languages = |field: &str| field == "translations" || wants(field);
        let Some(article) = Self::find_with(conn, name, visibility, languages).await? else {
            return Ok(None);
        };
        let others = article.translations.0.iter();
        let there: Vec<&str> = std::iter::once(article.language.as_str())
            .chain(others.map(|other| other.language.as_str()))
            .collect();
        let wanted = one.locale.pick(there.iter().copied());
        let (language, is_fallback) = match wanted {
            Some(language) => (language, false),
            None => {
                let preferred = Site::languages(conn).await?;
                let preferred = preferred.into_iter().find_map(|tag| {
                    LanguagePreference::new(Some(tag), Vec::new()).pick(there.iter().copied())
                });
                (preferred.unwrap_or(&article.language), true)
            }
        };
        let chosen = match article
            .translations
            .0
            .iter()
            .find(|other| other.language == language)
        {
            // Should it go just now, what was asked for is still there.
            Some(other) => {
                Self::find_with(conn, &IdOrSlug::Id(other.id), visibility, wants).await?
            }
            None => None,
        };
        let mut chosen = chosen.unwrap_or(article);
        chosen.is_fallback = is_fallback;
        Ok(Some(chosen))
    }

    /// The one of this name, with what is wanted of what it refers to, and of its bodies.
    async fn find_with(
        conn: &mut AsyncPgConnection,
        name: &IdOrSlug,
        visibility: Visibility,
        wants: impl Fn(&str) -> bool + Send,
    ) -> QueryResult<Option<Self>> {
        let sql = Fragment::new("FROM articles")
            .append(&relations(visibility, wants, None))
            .sql(" WHERE ")
            .append(&visibility.of_articles("articles"));
        let sql = match name {
            IdOrSlug::Id(id) => sql.sql(" AND articles.id = ").id(*id),
            IdOrSlug::Slug(slug) => sql.sql(" AND articles.slug = ").text(slug),
        };
        Statement::<RowType<Self>>::select::<Self>(&sql)
            .get_result(conn)
            .await
            .optional()
    }

    /// Writes down who or what an article names, in the order given, where that is not there yet.
    async fn name(
        conn: &mut AsyncPgConnection,
        (table, column): (&'static str, &'static str),
        id: Uuid,
        names: &[Uuid],
    ) -> QueryResult<()> {
        let sql = Fragment::new("SELECT ")
            .sql(column)
            .sql(" FROM ")
            .sql(table)
            .sql(" WHERE id = ")
            .id(id)
            .sql(" ORDER BY place");
        let there: Vec<Uuid> = Statement::<SqlUuid>::new(sql).load(conn).await?;
        if there == names {
            return Ok(());
        }
        if !there.is_empty() {
            let sql = Fragment::new("DELETE FROM ")
                .sql(table)
                .sql(" WHERE id = ")
                .id(id);
            Statement::<Untyped>::new(sql).execute(conn).await?;
        }
        // The triggers copy the rest from the article.
        let sql = Fragment::new("INSERT INTO ")
            .sql(table)
            .sql(" (id, place, ")
            .sql(column)
            .sql(") SELECT ")
            .id(id)
            .sql(", place - 1, name FROM unnest(")
            .ids(names.to_vec())
            .sql(") WITH ORDINALITY AS named (name, place)");
        Statement::<Untyped>::new(sql).execute(conn).await?;
        Ok(())
    }
}

impl TimeOrdered for Article {
    fn is_beyond(&self) -> bool {
        self.bodies.is_beyond
    }

    async fn read(
        conn: &mut AsyncPgConnection,
        source: Source,
        related: &Fragment,
    ) -> QueryResult<Vec<Self>> {
        let sql = Fragment::new("FROM ")
            .append(&source.rows)
            .append(related)
            .append(&source.order);
        Statement::<RowType<Self>>::select::<Self>(&sql)
            .load(conn)
            .await
    }
}

impl CacheTagged for Article {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        cache_tags.one(Self::NAME, self.id);
        cache_tags.extend(self.category.iter().map(|category| &category.0));
        cache_tags.extend(&self.authors.0);
        cache_tags.extend(&self.tags.0);
        for other in &self.translations.0 {
            cache_tags.one(Self::NAME, other.id);
        }
        if self.is_fallback {
            cache_tags.one(Site::NAME, SITE);
        }
    }
}

/// The slug that a client has chosen: not the provisional one that it has read.
fn chosen_slug(new: &NewArticle, id: Uuid) -> Option<&str> {
    let slug = new.slug.as_deref();
    slug.filter(|slug| !slug::is_provisional(slug, id))
}

/// Where it is kept who signs an article, and what it is about.
const AUTHORS: (&str, &str) = ("article_authors", "author_id");
const TAGS: (&str, &str) = ("article_tags", "tag_id");

impl HasFields for Article {
    const ON_REQUEST: &'static [&'static str] = &["body", "body_html", "body_text"];
}

pub type ArticlePatch = Patch<NewArticle>;

impl Patchable for NewArticle {
    fn patch_example() -> Value {
        json!({"title": "Les premières pluies relancent enfin les semailles"})
    }
}

impl Single for Article {
    const IS_CONTENT: bool = true;
}

impl Resource for Article {
    type New = NewArticle;
    type Prepared = PreparedArticle;
    type Preparer = Renderer;

    const NAME: &'static str = "article";
    const TABLE: &'static str = "articles";
    const SLUGS: Option<SlugTable> = Some(SlugTable::Articles);
    const PATH: &'static str = "/v1/articles";
    const SIBLING_LOCK: &'static str = "translations";
    const MAX_BODY: usize = prepared::MAX_BODY;

    fn constraint_problem(violation: &ConstraintViolation) -> Option<Problem> {
        super::constraints::problem(violation)
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
        visibility: Visibility,
    ) -> QueryResult<Option<Self>> {
        Self::find_with(conn, name, visibility, |_| true).await
    }

    async fn find_part(
        conn: &mut AsyncPgConnection,
        name: &IdOrSlug,
        visibility: Visibility,
        fields: &Fields,
    ) -> QueryResult<Option<Self>> {
        Self::find_with(conn, name, visibility, |field| fields.wants(field, true)).await
    }

    async fn is_gone(conn: &mut AsyncPgConnection, name: &IdOrSlug) -> QueryResult<bool> {
        let sql = Fragment::new(
            "SELECT EXISTS (SELECT FROM articles WHERE deleted_at IS NULL AND status = 'withdrawn' \
             AND first_published_at <= now() AND ",
        );
        let sql = match name {
            IdOrSlug::Id(id) => sql.sql("id = ").id(*id),
            IdOrSlug::Slug(slug) => sql.sql("slug = ").text(slug),
        };
        Statement::<Bool>::new(sql.sql(")")).get_result(conn).await
    }

    fn language(&self) -> Option<&str> {
        Some(&self.language)
    }

    fn localize(&mut self, locale: &LanguagePreference) {
        let locale = locale.or_in(&self.language);
        if let Some(category) = &mut self.category {
            category.0.localize(&locale);
        }
        for author in &mut self.authors.0 {
            author.localize(&locale);
        }
        for tag in &mut self.tags.0 {
            tag.localize(&locale);
        }
    }

    async fn prepare(
        db: &Database,
        renderer: &Renderer,
        new: NewArticle,
    ) -> Result<PreparedArticle, Problem> {
        PreparedArticle::prepare(db, renderer, new).await
    }

    fn reuse_prepared(
        old: &Self,
        new: NewArticle,
        prepared: Option<PreparedArticle>,
    ) -> Result<PreparedArticle, Box<NewArticle>> {
        PreparedArticle::fit(old, new, prepared)
    }

    fn validate(new: &mut NewArticle) -> Result<(), Vec<Fault>> {
        let mut faults = slug::validate(new.slug.as_deref())
            .err()
            .unwrap_or_default();
        match language::canonical(&new.language) {
            Ok(tag) => new.language = tag,
            Err(detail) => faults.push(Fault::at("/language", "invalid_language", detail)),
        }
        // The schema compares them as they are spelt; an id has several spellings.
        for (list, ids) in [("author_ids", &new.author_ids), ("tag_ids", &new.tag_ids)] {
            let twice = (1..ids.len()).filter(|n| ids[..*n].contains(&ids[*n]));
            faults.extend(twice.map(|n| {
                Fault::at(
                    format!("/{list}/{n}"),
                    "duplicate_item",
                    "items must be unique",
                )
            }));
        }
        if new.status == Status::Scheduled && new.published_at.is_none() {
            faults.push(Fault::at(
                "/published_at",
                "required",
                "what is scheduled needs its time",
            ));
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }

    fn requires_publish_scope(old: Option<&Self>, new: Option<&NewArticle>) -> bool {
        old.is_some_and(|old| old.status.requires_publish_scope())
            || new.is_some_and(|new| new.status.requires_publish_scope())
    }

    async fn insert(
        conn: &mut AsyncPgConnection,
        id: Uuid,
        new: PreparedArticle,
    ) -> Result<(), Problem> {
        let (new, body, _permit) = new.into_columns();
        let body = body.ok_or_else(|| Problem::internal("the body is not rendered"))?;
        let slug = match chosen_slug(&new, id) {
            None if new.status == Status::Draft => slug::provisional(&new.title, Self::NAME, id),
            chosen => slug::claim(conn, SlugTable::Articles, id, chosen, &new.title).await?,
        };
        let (authors, tags) = (new.author_ids.clone(), new.tag_ids.clone());
        let row = Row::from(conn, new, None).await?;
        diesel::insert_into(articles::table)
            .values((row, body, articles::id.eq(id), articles::slug.eq(slug)))
            .execute(conn)
            .await?;
        Self::name(conn, AUTHORS, id, &authors).await?;
        Self::name(conn, TAGS, id, &tags).await?;
        Ok(())
    }

    async fn update(
        conn: &mut AsyncPgConnection,
        id: Uuid,
        new: PreparedArticle,
    ) -> Result<(), Problem> {
        let (new, body, _permit) = new.into_columns();
        let (own, first): (String, Option<DateTime<Utc>>) = articles::table
            .find(id)
            .select((articles::slug, articles::first_published_at))
            .get_result(conn)
            .await?;
        // A draft gets its address when it goes out.
        let chosen = chosen_slug(&new, id);
        let slug = match chosen {
            None if slug::is_provisional(&own, id) && new.status == Status::Draft => own,
            None if slug::is_provisional(&own, id) => {
                slug::claim(conn, SlugTable::Articles, id, None, &new.title).await?
            }
            _ => slug::keep_or_claim(conn, SlugTable::Articles, id, chosen, &new.title).await?,
        };
        let (authors, tags) = (new.author_ids.clone(), new.tag_ids.clone());
        let row = Row::from(conn, new, first).await?;
        diesel::update(articles::table.find(id))
            .set((
                row,
                body,
                articles::slug.eq(slug),
                articles::version.eq(articles::version + 1),
                articles::deleted_at.eq(None::<DateTime<Utc>>),
            ))
            .execute(conn)
            .await?;
        Self::name(conn, AUTHORS, id, &authors).await?;
        Self::name(conn, TAGS, id, &tags).await?;
        Ok(())
    }

    /// What joins translations, leaves them, or goes to the trash or out of it, may change the others.
    async fn affects_siblings(
        conn: &mut AsyncPgConnection,
        id: Uuid,
        write: Write<'_, Self>,
    ) -> QueryResult<bool> {
        let new = match write {
            Write::Put(new) => new,
            Write::Patch(fields) => return Ok(fields.contains_key("translation_of")),
            Write::Delete => return Ok(true),
        };
        let now: Option<(bool, Option<Uuid>)> = articles::table
            .find(id)
            .select((articles::deleted_at.is_not_null(), articles::translation_of))
            .get_result(conn)
            .await
            .optional()?;
        let (in_trash, translation_of) = now.unwrap_or((false, None));
        Ok(in_trash || translation_of != new.translation_of)
    }

    /// Translations that it brought along to another story, or left behind.
    async fn cascaded_changes(
        conn: &mut AsyncPgConnection,
        id: Uuid,
    ) -> QueryResult<Vec<CascadedChange>> {
        let sql = Fragment::new(
            "SELECT id, version, status <> 'draft' FROM articles WHERE deleted_at IS NULL \
             AND xmin = pg_current_xact_id()::xid AND coalesce(translation_of, id) = \
             (SELECT coalesce(translation_of, id) FROM articles WHERE id = ",
        )
        .id(id)
        .sql(") AND id <> ")
        .id(id)
        .sql(" ORDER BY id");
        let rows: Vec<(Uuid, i32, bool)> = Statement::<(SqlUuid, Integer, Bool)>::new(sql)
            .load(conn)
            .await?;
        let along = |(id, version, requires_publish_scope)| CascadedChange {
            id,
            version,
            requires_publish_scope,
        };
        Ok(rows.into_iter().map(along).collect())
    }
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = articles, treat_none_as_null = true)]
struct Row {
    title: String,
    short_title: Option<String>,
    kicker: Option<String>,
    lede: Option<String>,
    dir: Dir,
    language: String,
    status: Status,
    published_at: Option<DateTime<Utc>>,
    first_published_at: Option<DateTime<Utc>>,
    category_id: Option<Uuid>,
    dateline: Option<String>,
    image: Option<Image>,
    canonical_url: Option<String>,
    source: Option<String>,
    translation_of: Option<Uuid>,
}

impl Row {
    async fn from(
        conn: &mut AsyncPgConnection,
        new: NewArticle,
        first: Option<DateTime<Utc>>,
    ) -> Result<Self, Problem> {
        let time = Publication::plan(conn, new.status, new.published_at, first).await?;
        Ok(Self {
            title: new.title,
            short_title: new.short_title,
            kicker: new.kicker,
            lede: new.lede,
            dir: language::dir(&new.language),
            language: new.language,
            status: new.status,
            published_at: time.published_at,
            first_published_at: time.first_published_at,
            category_id: new.category_id,
            dateline: new.dateline,
            image: new.image,
            canonical_url: new.canonical_url,
            source: new.source,
            translation_of: new.translation_of,
        })
    }
}
