//! Rows, JSON and queries.

use actix_web::HttpResponse;
use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{BodyFormat, Rendered, render};
use crate::categories::CategoryRef;
use crate::db::statement::RowType;
use crate::db::{Fragment, Statement};
use crate::http::address::Name;
use crate::http::list::{Filter, List};
use crate::image::Image;
use crate::language::{self, Dir};
use crate::problem::{Fault, Problem};
use crate::resource::{self, Locked, Resource};
use crate::schema::articles;
use crate::slug::{self, SlugTable};
use crate::status::{Sight, Status};
use crate::timeline::{Moment, Timeline, TimelineFilter};

/// What a list of articles can be narrowed to.
#[derive(Debug, Default)]
pub struct ArticleFilter {
    pub timeline: TimelineFilter,
}

impl Filter for ArticleFilter {
    const ITEM: &'static str = "Article";

    fn set(&mut self, name: &str, value: &str) -> Option<Result<(), String>> {
        self.timeline.set(name, value)
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
    "category": {"id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d12", "slug": "agriculture", "name": "Agriculture"},
    "dateline": "Meknès", "image": null, "word_count": 4, "reading_minutes": 1, "canonical_url": null, "source": null,
    "created_at": "2026-11-23T13:58:12.345678Z", "updated_at": "2026-11-23T13:58:12.345678Z", "version": 1,
}))]
pub struct Article {
    #[serde(flatten)]
    #[diesel(embed)]
    pub summary: ArticleSummary,
    #[serde(flatten)]
    #[diesel(embed)]
    pub bodies: ArticleBodies,
}

/// The body of a story in its three forms.
#[derive(Debug, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = articles)]
pub struct ArticleBodies {
    /// The body as it was written.
    #[schema(max_length = 500_000)]
    pub body: String,
    /// The body as HTML that is safe to show.
    pub body_html: String,
    /// The body as plain text, a line for each block.
    pub body_text: String,
}

/// A story without its body.
#[derive(Debug, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = articles)]
pub struct ArticleSummary {
    /// Given once, never changed.
    pub id: Uuid,
    /// Its readable address, unique among the articles.
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
    pub status: Status,
    /// When it went out or, before that, when it will.
    pub published_at: Option<DateTime<Utc>>,
    /// When it went out for the first time.
    pub first_published_at: Option<DateTime<Utc>>,
    pub category_id: Option<Uuid>,
    /// That category in short.
    #[diesel(embed)]
    pub category: Option<CategoryRef>,
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
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// 1 at first, one more with every change.
    #[schema(minimum = 1)]
    pub version: i32,
}

/// An article in short.
#[derive(Clone, Debug, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = articles)]
pub struct ArticleRef {
    pub id: Uuid,
    pub slug: String,
}

/// What makes an article. What only the server writes (`id`, `body_html`, `body_text`, `dir`, `first_published_at`,
/// `category`, `word_count`, `reading_minutes`, `created_at`, `updated_at`, `version`) may stand beside it and is ignored,
/// so that what was read can be sent back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "title": "Les premières pluies relancent les semailles", "kicker": "Campagne agricole",
    "lede": "Après six semaines d’attente, les tracteurs sont de retour.", "body": "Il a plu.\n\nEnfin.",
    "language": "fr", "status": "published", "dateline": "Meknès",
}))]
pub struct NewArticle {
    /// Its readable address. Left out, it is made from `title`, with `-2` and so on where that is taken.
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
}

fn draft() -> Status {
    Status::Draft
}

fn markdown() -> BodyFormat {
    BodyFormat::Markdown
}

const CATEGORY: &str = " LEFT JOIN categories ON categories.id = articles.category_id";

impl Article {
    /// One page, newest first. The bodies are read only where they are asked for.
    pub async fn list(
        conn: &mut AsyncPgConnection,
        sight: Sight,
        list: &List<ArticleFilter>,
    ) -> Result<HttpResponse, Problem> {
        let filter = &list.filter.timeline;
        let cursor = list.cursor::<Moment>()?;
        let timeline = Timeline {
            table: "articles",
            alternatives: vec![filter.conditions(sight)],
            filter,
            filters: filter.used(),
        };
        let sql = Fragment::new("FROM ")
            .then(&timeline.rows(cursor.as_ref(), list.rows()))
            .sql(CATEGORY)
            .then(&timeline.order(cursor.as_ref()));
        let bodies = ["body", "body_html", "body_text"]
            .iter()
            .any(|body| list.wants(body));
        if bodies {
            let rows: Vec<Self> = Statement::<RowType<Self>>::select::<Self>(&sql)
                .load(conn)
                .await?;
            timeline.check_category(conn, rows.len()).await?;
            let total = if list.counts() {
                Some(timeline.count(conn).await?)
            } else {
                None
            };
            list.page(
                rows,
                cursor.as_ref(),
                |row| (row.summary.published_at, row.summary.id),
                total,
            )
        } else {
            let rows: Vec<ArticleSummary> =
                Statement::<RowType<ArticleSummary>>::select::<ArticleSummary>(&sql)
                    .load(conn)
                    .await?;
            timeline.check_category(conn, rows.len()).await?;
            let total = if list.counts() {
                Some(timeline.count(conn).await?)
            } else {
                None
            };
            list.page(
                rows,
                cursor.as_ref(),
                |row| (row.published_at, row.id),
                total,
            )
        }
    }
}

impl Resource for Article {
    type New = NewArticle;

    const NAME: &'static str = "article";
    const PATH: &'static str = "/v1/articles";
    const NEW_SCHEMA: &'static str = "NewArticle";
    const PATCH_SCHEMA: &'static str = "ArticlePatch";

    fn id(&self) -> Uuid {
        self.summary.id
    }

    fn version(&self) -> i32 {
        self.summary.version
    }

    fn updated_at(&self) -> DateTime<Utc> {
        self.summary.updated_at
    }

    fn slug(&self) -> Option<&str> {
        Some(&self.summary.slug)
    }

    async fn find(
        conn: &mut AsyncPgConnection,
        name: &Name,
        sight: Sight,
    ) -> QueryResult<Option<Self>> {
        let sql = Fragment::new("FROM articles")
            .sql(CATEGORY)
            .sql(" WHERE ")
            .then(&sight.of_articles());
        let sql = match name {
            Name::Id(id) => sql.sql(" AND articles.id = ").id(*id),
            Name::Slug(slug) => sql.sql(" AND articles.slug = ").text(slug),
        };
        Statement::<RowType<Self>>::select::<Self>(&sql)
            .get_result(conn)
            .await
            .optional()
    }

    async fn former(conn: &mut AsyncPgConnection, slug: &str) -> QueryResult<Option<Uuid>> {
        SlugTable::Articles.former(conn, slug).await
    }

    async fn is_gone(conn: &mut AsyncPgConnection, name: &Name) -> QueryResult<bool> {
        let sql = Fragment::new(
            "SELECT EXISTS (SELECT FROM articles WHERE deleted_at IS NULL AND status = 'withdrawn' \
             AND first_published_at <= now() AND ",
        );
        let sql = match name {
            Name::Id(id) => sql.sql("id = ").id(*id),
            Name::Slug(slug) => sql.sql("slug = ").text(slug),
        };
        Statement::<Bool>::new(sql.sql(")")).get_result(conn).await
    }

    async fn lock(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<Locked>> {
        articles::table
            .find(id)
            .select((articles::version, articles::deleted_at.is_not_null()))
            .for_no_key_update()
            .get_result(conn)
            .await
            .optional()
            .map(|row: Option<(i32, bool)>| {
                row.map(|(version, in_trash)| Locked { version, in_trash })
            })
    }

    fn settle(new: &mut NewArticle) -> Result<(), Vec<Fault>> {
        let mut faults = slug::settle(new.slug.as_deref()).err().unwrap_or_default();
        match language::canonical(&new.language) {
            Ok(tag) => new.language = tag,
            Err(detail) => faults.push(Fault::at("/language", "not_a_language", detail)),
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

    fn concerns_public(old: Option<&Self>, new: Option<&NewArticle>) -> bool {
        old.is_some_and(|old| old.summary.status.concerns_public())
            || new.is_some_and(|new| new.status.concerns_public())
    }

    async fn insert(
        conn: &mut AsyncPgConnection,
        id: Uuid,
        new: NewArticle,
    ) -> Result<(), Problem> {
        let slug = slug::claim(
            conn,
            SlugTable::Articles,
            id,
            new.slug.as_deref(),
            &new.title,
        )
        .await?;
        let row = Row::from(conn, new, None).await?;
        diesel::insert_into(articles::table)
            .values((row, articles::id.eq(id), articles::slug.eq(slug)))
            .execute(conn)
            .await?;
        Ok(())
    }

    async fn update(
        conn: &mut AsyncPgConnection,
        id: Uuid,
        new: NewArticle,
    ) -> Result<(), Problem> {
        let slug = slug::keep_or_claim(
            conn,
            SlugTable::Articles,
            id,
            new.slug.as_deref(),
            &new.title,
        )
        .await?;
        let first: Option<DateTime<Utc>> = articles::table
            .find(id)
            .select(articles::first_published_at)
            .get_result(conn)
            .await?;
        let row = Row::from(conn, new, first).await?;
        diesel::update(articles::table.find(id))
            .set((
                row,
                articles::slug.eq(slug),
                articles::updated_at.eq(now),
                articles::version.eq(articles::version + 1),
                articles::deleted_at.eq(None::<DateTime<Utc>>),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }

    async fn trash(conn: &mut AsyncPgConnection, id: Uuid) -> Result<(), Problem> {
        diesel::update(articles::table.find(id))
            .set((
                articles::deleted_at.eq(now),
                articles::updated_at.eq(now),
                articles::version.eq(articles::version + 1),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = articles, treat_none_as_null = true)]
struct Row {
    title: String,
    short_title: Option<String>,
    kicker: Option<String>,
    lede: Option<String>,
    body: String,
    body_format: BodyFormat,
    body_html: String,
    body_text: String,
    dir: Dir,
    language: String,
    status: Status,
    published_at: Option<DateTime<Utc>>,
    first_published_at: Option<DateTime<Utc>>,
    category_id: Option<Uuid>,
    dateline: Option<String>,
    image: Option<Image>,
    word_count: i32,
    reading_minutes: i32,
    canonical_url: Option<String>,
    source: Option<String>,
}

impl Row {
    async fn from(
        conn: &mut AsyncPgConnection,
        new: NewArticle,
        first: Option<DateTime<Utc>>,
    ) -> Result<Self, Problem> {
        let time = resource::publication(conn, new.status, new.published_at, first).await?;
        let (body, format) = (new.body, new.body_format);
        // A long body takes a while to render: not on the thread that answers everybody else.
        let (body, rendered) = tokio::task::spawn_blocking(move || {
            let rendered = render(&body, format);
            (body, rendered)
        })
        .await
        .map_err(Problem::internal)?;
        let rendered = rendered.map_err(|detail| {
            Problem::Invalid(vec![Fault::at("/body", "too_intricate", detail)])
        })?;
        let Rendered {
            html,
            text,
            word_count,
            reading_minutes,
        } = rendered;
        Ok(Self {
            title: new.title,
            short_title: new.short_title,
            kicker: new.kicker,
            lede: new.lede,
            body,
            body_format: format,
            body_html: html,
            body_text: text,
            dir: language::dir(&new.language),
            language: new.language,
            status: new.status,
            published_at: time.published_at,
            first_published_at: time.first_published_at,
            category_id: new.category_id,
            dateline: new.dateline,
            image: new.image,
            word_count,
            reading_minutes,
            canonical_url: new.canonical_url,
            source: new.source,
        })
    }
}
