//! `GET /v1/search`: headlines and articles together.

use std::collections::HashMap;

use actix_web::get;
use actix_web::web::Data;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text as SqlText, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::access::extractors::Reader;
use crate::db::Database;
use crate::db::{Fragment, Statement};
use crate::http::cache_tags::{self, CacheTags};
use crate::http::caching::Kind;
use crate::http::cursor::Cursor;
use crate::http::locale::LanguagePreference;
use crate::http::page::Page;
use crate::http::page_schema::PageExtra;
use crate::http::parameter_types::{Text, Word};
use crate::http::query::{Filter, List};
use crate::http::query_parameters::SentParameters;
use crate::http::schema::{HasFields, Selected};
use crate::news::articles::{Article, ArticleFilter};
use crate::news::content::crud::Resource;
use crate::news::content::visibility::{self, Visibility};
use crate::news::headlines::{Headline, HeadlineFilter};
use crate::news::listing::filter::TimelineFilter;
use crate::news::listing::scan_plan::FilterPredicate;
use crate::news::listing::timeline::Timeline;
use crate::news::search::mark;
use crate::news::search::model::{self, Order, Part, SearchCursor};
use crate::news::search::words::{self, LONGEST_QUERY, ParsedQuery};
use crate::problem::{Fault, Problem};
use crate::query_parameters;

/// How many rows are walked for words that are common: far enough for a band of what one row in a hundred has.
const SCAN_BUDGET: usize = 20_000;
/// The part of a long text in which matches are shown, in characters.
const SHOWN: usize = 10_000;
/// With fewer results than this, a word may have been mistyped.
const FEW: usize = 3;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(search);
}

/// Search headlines and articles
///
/// Finds what has all the words of `q`, in whatever form its language gives them, with or without accents. `"in quotes"`
/// they must stand together, `or` takes either side, `-word` leaves out what has it. What is written together, `covid-19`,
/// is found together; words such as `of` don't count. The best come first: a word in a title counts more than one in a
/// lede, that more than one in a body, and a new story more than an old one (its rank halves every 90 days). So that the commonest word costs no more than a rare one, matches are ranked in bands of 200: the
/// newest 200 by rank, then the 200 before them, and so on. Of a body, the first 100,000 characters are searched.
#[utoipa::path(tag = "Search", params(List<SearchFilter>))]
#[get("/v1/search")]
async fn search(
    db: Data<Database>,
    reader: Reader,
    mut list: List<SearchFilter>,
) -> Result<Page<SearchHit, Suggestion>, Problem> {
    if let Some(status) = list.filter.articles.timeline.status {
        visibility::check_status_filter(&reader, status)?;
    }
    let mut conn = db.connection().await?;
    list.filter.articles.timeline.resolve(&mut conn).await?;
    list.filter.headlines.timeline = list.filter.articles.timeline.clone();
    answer(&mut conn, Visibility::of(&reader), &list).await
}

query_parameters! {
    /// The query of a search and its filters. Both groups of filters have the same timeline.
    pub struct SearchFilter {
        ..articles: ArticleFilter without ["ids", "fallback"],
        ..headlines: HeadlineFilter without ["ids"],

        /// The words to look for.
        #[example("économie")]
        pub q: Text<LONGEST_QUERY>,
        /// Only articles, or only headlines.
        #[name("type")]
        pub kind: Option<HitKind>,
        /// The best first, or the newest.
        pub sort: Order = Order::Relevance,
    }
}

crate::text_enum! {
    /// What was found.
    HitKind {
        Article = "article",
        Headline = "headline",
    }
}

impl Word for HitKind {}

impl Filter for SearchFilter {
    type Item = SearchHit;

    fn check(&self, sent: &SentParameters) -> Vec<Fault> {
        self.timeline().check(sent)
    }
}

impl SearchFilter {
    /// The tables that are searched: a filter that only one resource has leaves out the other.
    fn parts(&self, visibility: Visibility, words: &ParsedQuery) -> Vec<Part<'_>> {
        let lines = &self.headlines;
        let of_lines =
            lines.priority.is_some() || lines.pinned.is_some() || lines.has_article.is_some();
        let articles = self.kind != Some(HitKind::Headline) && !of_lines;
        let headlines = self.kind != Some(HitKind::Article) && self.timeline().author.is_none();
        let mut parts = Vec::new();
        if articles {
            let table = Article::TABLE;
            let mut predicates = self.articles.predicates();
            // The tables of authors and tags have no words: while they are walked, each article itself is asked.
            let timeline = self.timeline();
            let probe = (timeline.author.is_some() || timeline.tag.is_some()).then(|| {
                Fragment::new("EXISTS (SELECT FROM articles AS told WHERE told.id = line.id AND ")
                    .append(&words.match_row("told"))
                    .sql(" OFFSET 0)")
            });
            predicates.push(FilterPredicate {
                condition: words.match_row("line"),
                probe,
                walk: None,
            });
            parts.push(Part {
                table,
                timeline: Timeline::new(table, visibility, &self.articles.timeline, predicates)
                    .reaching(SCAN_BUDGET),
            });
        }
        if headlines {
            let table = Headline::TABLE;
            let mut predicates = lines.predicates(visibility);
            let probe = lines.timeline.tag.is_some().then(|| {
                Fragment::new("EXISTS (SELECT FROM headlines AS told WHERE told.id = line.id AND ")
                    .append(&words.match_row("told"))
                    .sql(" OFFSET 0)")
            });
            predicates.push(FilterPredicate {
                condition: words.match_row("line"),
                probe,
                walk: None,
            });
            parts.push(Part {
                table,
                timeline: Timeline::new(table, visibility, &lines.timeline, predicates)
                    .reaching(SCAN_BUDGET),
            });
        }
        parts
    }

    fn timeline(&self) -> &TimelineFilter {
        &self.articles.timeline
    }
}

type ListedArticle = Selected<Article>;
type ListedHeadline = Selected<Headline>;

/// Something that was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "headline",
    "title_highlighted": "Les premières pluies relancent les <mark>semailles</mark>",
    "snippet": null, "article": null,
    "headline": {"id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d13", "title": "Les premières pluies relancent les semailles", "language": "fr"},
}))]
pub struct SearchHit {
    /// Which of the two it is.
    #[serde(rename = "type")]
    #[schema(inline, rename = "type")]
    kind: HitKind,
    /// The title as HTML: `<mark>` around what matched, everything else escaped.
    title_highlighted: String,
    /// The part of an article where the words are, as HTML in the same way; null for a headline.
    snippet: Option<String>,
    /// The article, as lists have it, its bodies where `fields` names them (`article.body_text`); null for a headline.
    #[schema(value_type = Option<ListedArticle>)]
    article: Option<Article>,
    /// The headline; null for an article.
    #[schema(value_type = Option<ListedHeadline>)]
    headline: Option<Headline>,
}

impl HasFields for SearchHit {}

impl cache_tags::CacheTagged for SearchHit {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        cache_tags.extend(&self.article);
        cache_tags.extend(&self.headline);
    }
}

/// Beside a page of results: a query that may have been meant.
#[derive(Debug, Serialize)]
struct Suggestion {
    suggestion: Option<String>,
}

impl PageExtra for Suggestion {
    fn fields() -> Vec<(&'static str, RefOr<Schema>, Value)> {
        let suggestion = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .max_length(Some(400))
            .description(Some(
                "A corrected query, if this one found next to nothing and a word of it seems to be misspelt.",
            ));
        vec![("suggestion", suggestion.into(), Value::Null)]
    }
}

async fn answer(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    list: &List<SearchFilter>,
) -> Result<Page<SearchHit, Suggestion>, Problem> {
    let filter = &list.filter;
    let cursor: Option<Cursor<SearchCursor>> = list.cursor()?;
    let locale = LanguagePreference::asked_for(filter.timeline().language.clone());
    let words = ParsedQuery::read(conn, &filter.q).await?;
    let parts = filter.parts(visibility, &words);
    let limit = list.wanted().limit;
    let mut found = model::find(conn, &parts, &words, filter.sort, cursor.as_ref(), limit).await?;
    let mut total = None;
    if list.counts() {
        let mut sum = 0;
        for part in &parts {
            sum += part.timeline.count(conn).await?;
        }
        total = Some(sum);
    }
    let suggestion = if cursor.is_none() && found.matches.len() < FEW {
        suggestion(conn, visibility, filter).await?
    } else {
        None
    };
    let mut told = HashMap::new();
    let mut articles = found.ids(true);
    if list.wants("article", true) && !articles.is_empty() {
        let wants = |field: &str| list.wants_within("article", field, !field.starts_with("body"));
        let (rows, beyond) = Article::with_ids(conn, &articles, visibility, &locale, wants).await?;
        told = rows.into_iter().map(|row| (row.id, row)).collect();
        if let Some(beyond) = beyond {
            found.end_before(beyond);
            articles = found.ids(true);
        }
    }
    let headlines = found.ids(false);
    let mut lines = HashMap::new();
    if list.wants("headline", true) && !headlines.is_empty() {
        let wants = |field: &str| list.wants_within("headline", field, true);
        let rows = Headline::with_ids(conn, &headlines, visibility, &locale, wants).await?;
        lines = rows.into_iter().map(|row| (row.id, row)).collect();
    }
    let snippets = list.wants("snippet", true);
    let mut shown = HashMap::new();
    if list.wants("title_highlighted", true) || snippets {
        shown.extend(of_articles(conn, &words, &articles, snippets).await?);
        shown.extend(of_headlines(conn, &words, &headlines).await?);
    }
    let hits = found.matches.iter().map(|found| {
        let (title_highlighted, snippet) = shown.remove(&found.id).unwrap_or_default();
        SearchHit {
            kind: if found.is_article {
                HitKind::Article
            } else {
                HitKind::Headline
            },
            title_highlighted,
            snippet,
            article: told.remove(&found.id),
            headline: lines.remove(&found.id),
        }
    });
    let hits = hits.collect();
    let mut page = list.page_between(Article::NAME, hits, [found.next, found.prev]);
    page.cache_tags.all(Headline::NAME);
    Ok(page
        .with_total(total)
        .cached_as(Kind::Search)
        .with_extra(Suggestion { suggestion }))
}

/// How many of what a suggestion finds are read to see whether its words stand there.
const READ: usize = 5;

/// What the query may have meant, where that finds something that the caller may see, and its words stand there as they are
/// spelt: what has the same stem may be told by a text that the caller may not see.
async fn suggestion(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    filter: &SearchFilter,
) -> Result<Option<String>, Problem> {
    for tried in words::meant(conn, &filter.q).await? {
        let words = ParsedQuery::read(conn, &tried).await?;
        let parts = filter.parts(visibility, &words);
        let found = model::find(conn, &parts, &words, filter.sort, None, READ).await?;
        let ids: Vec<Uuid> = found.matches.iter().map(|found| found.id).collect();
        if !ids.is_empty() && stand_in(conn, &words::added(&filter.q, &tried), &ids).await? {
            return Ok(Some(tried));
        }
    }
    Ok(None)
}

/// Whether each of these words stands in one of these articles and headlines, letter for letter but for accents and case.
async fn stand_in(
    conn: &mut AsyncPgConnection,
    words: &[String],
    ids: &[Uuid],
) -> QueryResult<bool> {
    let mut sql = Fragment::new(
        "WITH texts AS MATERIALIZED (SELECT search_fold(left(concat_ws(' ', title, kicker, dateline, lede, body_text), 100000)) \
         AS text FROM articles WHERE id = ANY(",
    )
    .ids(ids.to_vec())
    .sql(") UNION ALL SELECT search_fold(title) FROM headlines WHERE id = ANY(")
    .ids(ids.to_vec())
    .sql(")) SELECT true");
    for word in words {
        sql = sql
            .sql(" AND EXISTS (SELECT FROM texts WHERE strpos(text, ")
            .text(word)
            .sql(") > 0)");
    }
    Statement::<Bool>::new(sql.uncached())
        .get_result(conn)
        .await
}

type ResourceResponse = (Uuid, (String, Option<String>));

async fn of_articles(
    conn: &mut AsyncPgConnection,
    words: &ParsedQuery,
    ids: &[Uuid],
    snippets: bool,
) -> QueryResult<Vec<ResourceResponse>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    const TEXT: &str = "concat_ws(E'\\n', articles.lede, articles.body_text)";
    let mut sql = Fragment::new("SELECT id, title, ").append(&words.marked(
        "articles",
        "articles.title",
        SHOWN,
    ));
    sql = if snippets {
        sql.sql(", left(")
            .sql(TEXT)
            .sql(", ")
            .number(SHOWN)
            .sql("), ")
            .append(&words.marked("articles", TEXT, SHOWN))
    } else {
        sql.sql(", '', ''")
    };
    let sql = sql
        .sql(" FROM articles WHERE id = ANY(")
        .ids(ids.to_vec())
        .sql(")");
    type Row = (SqlUuid, SqlText, SqlText, SqlText, SqlText);
    let rows: Vec<(Uuid, String, String, String, String)> =
        Statement::<Row>::new(sql).load(conn).await?;
    let shown = rows
        .into_iter()
        .map(|(id, title, marked_title, text, marked)| {
            let snippet = snippets.then(|| mark::snippet(&text, &marked));
            (id, (mark::whole(&title, &marked_title), snippet))
        });
    Ok(shown.collect())
}

async fn of_headlines(
    conn: &mut AsyncPgConnection,
    words: &ParsedQuery,
    ids: &[Uuid],
) -> QueryResult<Vec<ResourceResponse>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = Fragment::new("SELECT id, title, ")
        .append(&words.marked("headlines", "headlines.title", SHOWN))
        .sql(" FROM headlines WHERE id = ANY(")
        .ids(ids.to_vec())
        .sql(")");
    let rows: Vec<(Uuid, String, String)> = Statement::<(SqlUuid, SqlText, SqlText)>::new(sql)
        .load(conn)
        .await?;
    let shown = rows.into_iter();
    Ok(shown
        .map(|(id, title, marked)| (id, (mark::whole(&title, &marked), None)))
        .collect())
}
