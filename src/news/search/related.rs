//! `GET /v1/articles/{id}/related`: articles to read next.

use actix_web::web::Data;
use actix_web::{HttpRequest, get};
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::access::extractors::Reader;
use crate::db::{Database, Fragment, Statement};
use crate::http::cache_tags::CacheTags;
use crate::http::id_or_slug::{IdOrSlug, ResourcePath};
use crate::http::ids::in_order;
use crate::http::one::GetParameters;
use crate::http::responses::Gone;
use crate::news::articles::Article;
use crate::news::content::crud::{self, Resource};
use crate::news::content::visibility::{Visibility, is_public};
use crate::news::search::short_list::{MOST, ShortList, ShortListItem};
use crate::news::search::statistics::{SearchStatistics, TableStatistics};
use crate::news::search_index::quoted;
use crate::problem::Problem;

/// How many of the newest articles of each tag, of the category and of the language are candidates.
const NEWEST: usize = 30;
/// How many articles that share rare words of the title are looked at.
const SIMILAR: usize = 100;
/// How many words of the title count, how many rare ones find candidates, and that a rare one is in one article of so many.
const TITLE_WORDS: usize = 12;
const RARE_WORDS: usize = 6;
const RARE: f64 = 150.0;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_related_articles);
}

/// List related articles
///
/// Up to 10 published articles in the same language, ranked by shared tags, words of the title and category, newer ones
/// higher. Never a translation of the article itself.
#[utoipa::path(tag = "Articles", params(("id" = String, Path, description = "The id or the slug."), GetParameters<Article>),
    responses(Gone))]
#[get("/v1/articles/{id}/related")]
async fn list_related_articles(
    db: Data<Database>,
    statistics: Data<SearchStatistics>,
    reader: Reader,
    request: HttpRequest,
    one: GetParameters<Article>,
) -> Result<ShortList<Article>, Problem> {
    let path = ResourcePath::before(&request, "/related").ok_or(Problem::NotFound)?;
    let mut conn = db.connection().await?;
    let visibility = Visibility::of(&reader);
    let Some(subject) = Subject::find(&mut conn, &path.name, visibility).await? else {
        return Err(
            match crud::explain_missing::<Article>(&mut conn, &path, visibility).await? {
                Problem::Moved(to) => Problem::Moved(with_related(&to)),
                other => other,
            },
        );
    };
    let statistics = statistics.read(&mut conn).await?;
    let ids = related(&mut conn, &statistics[0], &subject).await?;
    let includes = |field: &str| one.fields.includes(field, !field.starts_with("body"));
    let (rows, _) =
        Article::with_ids(&mut conn, &ids, Visibility::Public, &one.locale, includes).await?;
    let (items, _) = in_order(rows, &ids, |row| row.id);
    let mut cache_tags = CacheTags::default();
    cache_tags.all(Article::NAME);
    cache_tags.extend(&items);
    Ok(ShortList::new(items, one.fields, cache_tags))
}

/// The URL of the related articles of an article, with its query.
fn with_related(address: &str) -> String {
    match address.split_once('?') {
        Some((path, query)) => format!("{path}/related?{query}"),
        None => format!("{address}/related"),
    }
}

impl ShortListItem for Article {
    const LIST_NAME: &'static str = "RelatedArticles";
    const LIST_DESCRIPTION: &'static str = "Related articles, best first.";
}

/// What the related articles are found by.
struct Subject {
    id: Uuid,
    language: String,
    category_id: Option<Uuid>,
    /// The id of the original, which its translations share.
    story: Uuid,
    /// The terms of its title, as they are in the index.
    title: Vec<String>,
}

impl Subject {
    /// Reads the article with this name, if it is visible.
    async fn find(
        conn: &mut AsyncPgConnection,
        name: &IdOrSlug,
        visibility: Visibility,
    ) -> QueryResult<Option<Self>> {
        let sql = Fragment::new(
            "SELECT id, language, category_id, coalesce(translation_of, id), \
             ARRAY(SELECT lexeme FROM unnest(search_head) WHERE 'A' = ANY(weights) ORDER BY positions[1] LIMIT ",
        )
        .number(TITLE_WORDS)
        .sql(") FROM articles WHERE ")
        .append(&visibility.of_content(""));
        let sql = match name {
            IdOrSlug::Id(id) => sql.sql(" AND id = ").id(*id),
            IdOrSlug::Slug(slug) => sql.sql(" AND slug = ").text(slug),
        };
        type Row = (SqlUuid, Text, Nullable<SqlUuid>, SqlUuid, Array<Text>);
        type Loaded = (Uuid, String, Option<Uuid>, Uuid, Vec<String>);
        let found: Option<Loaded> = Statement::<Row>::new(sql)
            .get_result(conn)
            .await
            .optional()?;
        Ok(found.map(|(id, language, category_id, story, title)| Self {
            id,
            language,
            category_id,
            story,
            title,
        }))
    }

    /// The rarest words of the title, if few articles have them, as a `tsquery`: so many as have about [`SIMILAR`] articles
    /// together, and one at least.
    fn rare_words(&self, statistics: &TableStatistics) -> String {
        let matches = |term| statistics.matches_of_term(term);
        let mut terms: Vec<&String> = self.title.iter().collect();
        terms.sort_by(|a, b| matches(a).total_cmp(&matches(b)));
        let most = (statistics.rows / RARE).max(100.0);
        let mut sum = 0.0;
        let rarest = terms.into_iter().filter(|term| matches(term) <= most);
        any_of(rarest.take(RARE_WORDS).enumerate().map_while(|(n, term)| {
            sum += matches(term);
            (n == 0 || sum <= SIMILAR as f64).then_some(term)
        }))
    }
}

/// The `tsquery` of documents with any of these terms of the index.
fn any_of<'a>(terms: impl Iterator<Item = &'a String>) -> String {
    let quoted: Vec<String> = terms.map(|term| quoted(term)).collect();
    quoted.join(" | ")
}

/// The ids of the related articles, the best first: a bounded number of candidates of each kind, then a score for each.
async fn related(
    conn: &mut AsyncPgConnection,
    statistics: &TableStatistics,
    subject: &Subject,
) -> QueryResult<Vec<Uuid>> {
    // No category has the nil id.
    let category = subject.category_id.unwrap_or_default();
    let public = is_public("");
    let in_language = |sql: Fragment| {
        sql.sql("language = ")
            .text(&subject.language)
            .sql(" AND ")
            .append(&public)
    };
    let newest = |sql: Fragment| {
        in_language(sql)
            .sql(" ORDER BY listed_at DESC, id DESC LIMIT ")
            .number(NEWEST)
    };
    let sql = Fragment::new(
        "WITH near AS MATERIALIZED (SELECT found.id FROM article_tags AS own CROSS JOIN LATERAL (\
         SELECT id FROM article_tags AS other WHERE other.tag_id = own.tag_id AND ",
    );
    let sql = newest(sql).sql(") AS found WHERE own.id = ").id(subject.id);
    let sql = sql
        .sql(" UNION (SELECT id FROM articles WHERE category_id = ")
        .id(category)
        .sql(" AND ");
    let sql = newest(sql)
        .sql(") UNION (SELECT id FROM (SELECT id, listed_at FROM articles WHERE search @@ ");
    let sql = sql
        .text(subject.rare_words(statistics))
        .sql("::tsquery AND ");
    let sql = in_language(sql)
        .sql(" LIMIT ")
        .number(SIMILAR)
        .sql(") AS alike ORDER BY listed_at DESC LIMIT ")
        .number(NEWEST)
        .sql(") UNION (SELECT id FROM articles WHERE ");
    let sql = newest(sql)
        .sql(
            ")) SELECT articles.id FROM near JOIN articles ON articles.id = near.id LEFT JOIN (\
             SELECT other.id, count(*) AS shared FROM article_tags AS own JOIN article_tags AS other USING (tag_id) \
             WHERE other.id IN (SELECT id FROM near) AND own.id = ",
        )
        .id(subject.id)
        .sql(
            " GROUP BY other.id) AS tagged ON tagged.id = articles.id \
             WHERE coalesce(articles.translation_of, articles.id) <> ",
        )
        .id(subject.story)
        .sql(" ORDER BY (3 * coalesce(tagged.shared, 0) + CASE WHEN articles.category_id = ")
        .id(category)
        .sql(" THEN 1 ELSE 0 END + 4 * ts_rank('{0.1, 0.3, 0.6, 1.0}', articles.search_head, (SELECT ")
        .text(any_of(subject.title.iter()))
        .sql(
            "::tsquery))) * exp(-greatest(extract(epoch FROM now() - articles.listed_at), 0)::double precision / 86400 / 180) DESC, \
             articles.listed_at DESC, articles.id DESC LIMIT ",
        )
        .number(MOST);
    Statement::<SqlUuid>::new(sql).load(conn).await
}
