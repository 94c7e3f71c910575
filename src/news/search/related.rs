//! `GET /v1/articles/{id}/related`: articles to read next.

use actix_web::web::Data;
use actix_web::{HttpRequest, get};
use diesel::prelude::*;
use diesel::sql_types::Uuid as SqlUuid;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::access::extractors::Reader;
use crate::db::{Database, Fragment, Statement};
use crate::http::cache_tags::CacheTags;
use crate::http::id_or_slug::ResourcePath;
use crate::http::ids::in_order;
use crate::http::one::GetParameters;
use crate::http::responses::Gone;
use crate::news::articles::Article;
use crate::news::content::crud::{self, Resource};
use crate::news::content::visibility::{Visibility, is_public};
use crate::news::search::short_list::{MOST, ShortList, ShortListItem};
use crate::problem::Problem;

/// How many of the newest articles of each tag, of the category and of the language are candidates.
const NEWEST: usize = 60;
/// How many articles that share rare words of the title are candidates.
const SIMILAR: usize = 500;

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
    reader: Reader,
    request: HttpRequest,
    one: GetParameters<Article>,
) -> Result<ShortList<Article>, Problem> {
    let path = ResourcePath::before(&request, "/related").ok_or(Problem::NotFound)?;
    let mut conn = db.connection().await?;
    let visibility = Visibility::of(&reader);
    let Some(article) = Article::find(&mut conn, &path.name, visibility).await? else {
        return Err(
            match crud::explain_missing::<Article>(&mut conn, &path, visibility).await? {
                Problem::Moved(to) => Problem::Moved(with_related(&to)),
                other => other,
            },
        );
    };
    let ids = related(&mut conn, article.id).await?;
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

/// The ids of the related articles, the best first, in one statement: a bounded number of candidates of each kind, then a
/// score for each.
async fn related(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Vec<Uuid>> {
    let public = is_public("");
    let sql = Fragment::new(
        "WITH this AS MATERIALIZED (SELECT id, language, category_id, coalesce(translation_of, id) AS story, \
         array_to_string(ARRAY(SELECT quote_literal(lexeme) FROM unnest(search_head) WHERE 'A' = ANY(weights) LIMIT 12), ' | ')::tsquery AS title, \
         array_to_string(ARRAY(SELECT quote_literal(lexeme) FROM unnest(search_head) WHERE 'A' = ANY(weights) AND \
         search_estimate_rows('articles', quote_literal(lexeme)::tsquery) <= (SELECT greatest(reltuples / 150, 100) FROM pg_class WHERE oid = 'articles'::regclass) \
         LIMIT 6), ' | ')::tsquery AS rare FROM articles WHERE id = ",
    )
    .id(id)
    .sql("), near AS MATERIALIZED (SELECT found.id FROM article_tags AS own CROSS JOIN LATERAL (SELECT id FROM article_tags AS other WHERE other.tag_id = own.tag_id AND other.language = (SELECT language FROM this) AND ")
    .append(&public)
    .sql(" ORDER BY other.listed_at DESC, other.id DESC LIMIT ")
    .number(NEWEST)
    .sql(") AS found WHERE own.id = (SELECT id FROM this) UNION (SELECT id FROM articles WHERE category_id = (SELECT category_id FROM this) AND language = (SELECT language FROM this) AND ")
    .append(&public)
    .sql(" ORDER BY listed_at DESC, id DESC LIMIT ")
    .number(NEWEST)
    .sql(") UNION (SELECT id FROM (SELECT id, listed_at FROM articles WHERE search @@ (SELECT rare FROM this) AND language = (SELECT language FROM this) AND ")
    .append(&public)
    .sql(" LIMIT ")
    .number(SIMILAR)
    .sql(") AS alike ORDER BY listed_at DESC LIMIT ")
    .number(NEWEST)
    .sql(") UNION (SELECT id FROM articles WHERE language = (SELECT language FROM this) AND ")
    .append(&public)
    .sql(" ORDER BY listed_at DESC, id DESC LIMIT ")
    .number(NEWEST)
    .sql(
        ")) SELECT articles.id FROM near JOIN articles ON articles.id = near.id CROSS JOIN this \
         WHERE coalesce(articles.translation_of, articles.id) <> this.story ORDER BY \
         (3 * (SELECT count(*) FROM article_tags AS own JOIN article_tags AS other USING (tag_id) WHERE own.id = this.id AND other.id = articles.id) \
         + CASE WHEN articles.category_id = this.category_id THEN 1 ELSE 0 END \
         + 4 * coalesce(ts_rank('{0.1, 0.3, 0.6, 1.0}', articles.search_head, this.title), 0)) \
         * exp(-greatest(extract(epoch FROM now() - articles.listed_at), 0)::double precision / 86400 / 180) DESC, \
         articles.listed_at DESC, articles.id DESC LIMIT ",
    )
    .number(MOST);
    Statement::<SqlUuid>::new(sql).load(conn).await
}
