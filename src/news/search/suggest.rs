//! `GET /v1/suggest`: completes what somebody types.

use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, dev, get};
use diesel::prelude::*;
use diesel::sql_types::{Jsonb, Nullable, Text as SqlText, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use std::future::{Ready, ready};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::access::extractors::Reader;
use crate::db::{Database, Fragment, Json, Statement};
use crate::http::cache_tags::CacheTags;
use crate::http::fields::Fields;
use crate::http::language::LanguageTag;
use crate::http::locale::{self, LanguagePreference};
use crate::http::one::{AcceptLanguage, FieldsParameter};
use crate::http::parameter_types::Text;
use crate::http::query_parameters::parse;
use crate::http::schema::HasFields;
use crate::news::content::names::Names;
use crate::news::content::visibility::Visibility;
use crate::news::search::fold::words;
use crate::news::search::short_list::{MOST, ShortList, ShortListItem};
use crate::problem::Problem;
use crate::query_parameters;

/// The most of tags, authors and categories each.
const MOST_OF_NAMES: usize = 3;
/// How many of the newest titles are looked at first; and how many at most where those don't do.
const NEWEST: usize = 500;
const GATHERED: usize = 1_000;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(suggest);
}

/// Complete what is typed
///
/// Categories, tags, authors and titles of published articles that have each of the words, the last of them as a
/// beginning; accents and case don't matter. A name is found in any language, and given in one that has the words: the
/// `language` asked for, or else what `Accept-Language` prefers, where that does. Of tags and authors, those that stand on
/// an article that the caller may see. At most 10: first up to 3 of each kind of name, then titles, the newest first.
#[utoipa::path(
    tag = "Search",
    params(SuggestParameters, FieldsParameter, AcceptLanguage)
)]
#[get("/v1/suggest")]
async fn suggest(
    db: Data<Database>,
    reader: Reader,
    typed: Typed,
) -> Result<ShortList<Completion>, Problem> {
    let mut conn = db.connection().await?;
    let items = complete(&mut conn, Visibility::of(&reader), &typed).await?;
    let mut cache_tags = CacheTags::default();
    for kind in ["article", "author", "category", "tag"] {
        cache_tags.all(kind);
    }
    let negotiated = typed.locale.is_negotiated();
    Ok(ShortList::new(items, typed.fields, cache_tags).varying_by_language(negotiated))
}

query_parameters! {
    /// The beginning of a text that is being typed.
    pub struct SuggestParameters {
        /// What is typed so far.
        #[example("écon")]
        pub q: Text<100>,
        /// The language that names are wanted in (BCP 47), where what is typed stands in several. Without it, what
        /// `Accept-Language` prefers.
        #[example("ar")]
        pub language: Option<LanguageTag>,
    }
}

/// The parameters of a request for completions.
struct Typed {
    q: Text<100>,
    locale: LanguagePreference,
    fields: Fields,
}

impl FromRequest for Typed {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let query = request.query_string();
        let ((typed, names), _, mut faults) = parse::<(SuggestParameters, FieldsParameter)>(query);
        let fields = names.read::<Completion>(&mut faults);
        if !faults.is_empty() {
            return ready(Err(Problem::InvalidParameters(faults)));
        }
        let accepted = locale::accepted(request);
        ready(Ok(Self {
            q: typed.q,
            locale: LanguagePreference::new(typed.language, accepted),
            fields,
        }))
    }
}

/// One completion.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "category", "id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d12", "slug": "economie", "text": "Économie",
}))]
pub struct Completion {
    /// What it is.
    #[serde(rename = "type")]
    #[schema(inline, rename = "type")]
    pub kind: CompletionKind,
    pub id: Uuid,
    pub slug: String,
    /// The title or the name, as it is written.
    pub text: String,
}

impl HasFields for Completion {
    const IS_LISTED: bool = false;
}

impl ShortListItem for Completion {
    const LIST_NAME: &'static str = "Completions";
    const LIST_DESCRIPTION: &'static str = "Completions of the query: names, then titles.";
}

crate::text_enum! {
    /// What a completion is.
    CompletionKind {
        Category = "category",
        Tag = "tag",
        Author = "author",
        Article = "article",
    }
}

/// The query that wants every word, the last as a beginning. Words are letters and digits alone, so nothing in them can
/// be read as an operator.
fn as_query(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    format!("{}:*", quoted.join(" & "))
}

async fn complete(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    typed: &Typed,
) -> QueryResult<Vec<Completion>> {
    let words = words(&typed.q);
    let completion = |found| completion(found, &typed.locale);
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let query = as_query(&words);
    let beginning = words.join(" ");
    let mut found: Vec<Completion> = Vec::new();
    let rows = Statement::<Row>::new(names(visibility, &query, &beginning))
        .load::<Found>(conn)
        .await?;
    found.extend(rows.into_iter().filter_map(completion));
    // First among the newest: most beginnings are found there. What is too rare for that, by its words.
    let wanted = MOST - found.len();
    let mut titles = Statement::<Row>::new(newest(&words, wanted))
        .load::<Found>(conn)
        .await?;
    if titles.len() < wanted {
        titles = Statement::<Row>::new(gathered(&query, wanted))
            .load::<Found>(conn)
            .await?;
    }
    found.extend(titles.into_iter().filter_map(completion));
    Ok(found)
}

/// Kind, id, slug, the text and, where the thing has several names with the words, all of these by language.
type Row = (SqlText, SqlUuid, SqlText, Nullable<SqlText>, Jsonb);
type Found = (String, Uuid, String, Option<String>, Json<Names>);

fn completion(
    (kind, id, slug, text, said): Found,
    locale: &LanguagePreference,
) -> Option<Completion> {
    let wanted = locale.name(&said.0).map(str::to_owned);
    Some(Completion {
        kind: kind.parse().ok()?,
        id,
        slug,
        text: wanted.or(text)?,
    })
}

/// Names with these words: first those that begin so, then the shortest.
fn names(visibility: Visibility, query: &str, beginning: &str) -> Fragment {
    let mut sql = Fragment::new("SELECT kind, id, slug, name, said FROM (");
    for (n, (kind, table, key, articles)) in [
        ("'category'", "categories", "search_key(name)", None),
        (
            "'tag'",
            "tags",
            "name_key",
            Some(("article_tags", "tag_id")),
        ),
        (
            "'author'",
            "authors",
            "name_key",
            Some(("article_authors", "author_id")),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        sql = sql
            .sql(if n > 0 { " UNION ALL (" } else { "(" })
            .sql("SELECT ")
            .sql(kind)
            .sql("::text AS kind, ")
            .number(n)
            .sql(" AS n, id, slug, name, said, starts FROM (SELECT * FROM ")
            .append(&named(table, key, query, beginning))
            .sql(" AS named ORDER BY starts DESC, char_length(name), id) AS named")
            .append(&articles.map_or_else(Fragment::default, |(table, column)| {
                on_article(visibility, table, column)
            }))
            .sql(" ORDER BY starts DESC, char_length(name), id LIMIT ")
            .number(MOST_OF_NAMES)
            .sql(")");
    }
    sql.sql(") AS named ORDER BY starts DESC, n, char_length(name), id")
}

/// Wants a tag or an author to stand on an article that somebody may see: a name that only drafts have tells what is being
/// written. Looked up for one after the other, the best first, until there are enough.
fn on_article(visibility: Visibility, articles: &'static str, column: &'static str) -> Fragment {
    if visibility == Visibility::Everything {
        return Fragment::default();
    }
    Fragment::new(" WHERE EXISTS (SELECT FROM ")
        .sql(articles)
        .sql(" AS own WHERE own.")
        .sql(column)
        .sql(" = named.id AND ")
        .append(&visibility.of_articles("own"))
        .sql(" OFFSET 0)")
}

/// What of a table has a name with these words, in whichever language: the first such name, the one that is written before
/// all others, and all of them by language. `key` is what the name as it is written is compared by.
fn named(table: &'static str, key: &'static str, query: &str, beginning: &str) -> Fragment {
    Fragment::new(
        "(SELECT few.id, few.slug, (array_agg(one.name ORDER BY one.language))[1] AS name, \
         jsonb_object_agg(coalesce(nullif(one.language, ''), (SELECT languages[1] FROM site)), one.name \
            ORDER BY one.language DESC) AS said, \
         (array_agg(starts_with(one.key, ",
    )
    .text(beginning)
    .sql(") ORDER BY one.language))[1] AS starts FROM (SELECT id, slug, name, names, ")
    .sql(key)
    .sql(" COLLATE \"C\" AS key FROM ")
    .sql(table)
    .sql(" WHERE deleted_at IS NULL AND to_tsvector('simple', search_names(name, names)) @@ ")
    .text(query)
    .sql("::tsquery LIMIT ")
    .number(GATHERED)
    .sql(
        ") AS few CROSS JOIN LATERAL (SELECT few.name, '', few.key UNION ALL \
         SELECT value, key, search_key(value) COLLATE \"C\" FROM jsonb_each_text(few.names)) AS one (name, language, key) \
         WHERE few.names = '{}' OR to_tsvector('simple', one.key) @@ ",
    )
    .text(query)
    .sql("::tsquery GROUP BY few.id, few.slug)")
}

const TITLES: &str = "SELECT 'article'::text, id, slug, title, '{}'::jsonb FROM (SELECT id, slug, title, title_key, listed_at FROM articles \
    WHERE status IN ('published', 'scheduled') AND deleted_at IS NULL AND listed_at <= now()";

/// Those of the newest titles that have these words.
fn newest(words: &[String], wanted: usize) -> Fragment {
    let mut sql = Fragment::new(TITLES)
        .sql(" ORDER BY listed_at DESC, id DESC LIMIT ")
        .number(NEWEST)
        .sql(") AS newest WHERE true");
    for (n, word) in words.iter().enumerate() {
        let end = if n + 1 < words.len() { " " } else { "" };
        sql = sql
            .sql(" AND strpos(' ' || title_key || ' ', ")
            .text(format!(" {word}{end}"))
            .sql(") > 0");
    }
    sql.sql(" ORDER BY listed_at DESC, id DESC LIMIT ")
        .number(wanted)
        .uncached()
}

/// Titles with these words, of however long ago; of a great many only some are looked at.
fn gathered(query: &str, wanted: usize) -> Fragment {
    Fragment::new(TITLES)
        .sql(" AND to_tsvector('simple', title_key) @@ ")
        .text(query)
        .sql("::tsquery LIMIT ")
        .number(GATHERED)
        .sql(") AS gathered ORDER BY listed_at DESC, id DESC LIMIT ")
        .number(wanted)
}
