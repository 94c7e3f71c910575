//! `GET /v1/suggest`: completes what somebody types.

use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, dev, get};
use diesel::prelude::*;
use diesel::sql_types::{Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use std::future::{Ready, ready};
use url::form_urlencoded;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::access::extractors::Reader;
use crate::db::{Database, Fragment, Json, Statement};
use crate::http::cache_tags::CacheTags;
use crate::http::fields::Fields;
use crate::http::language;
use crate::http::locale::{self, LanguagePreference};
use crate::http::one::{AcceptLanguage, FieldsParameter};
use crate::http::schema::HasFields;
use crate::news::content::names::Names;
use crate::news::content::visibility::Visibility;
use crate::news::search::fold::words;
use crate::news::search::short_list::{MOST, ShortList, ShortListItem};
use crate::problem::{Fault, Problem};

/// The most of tags, authors and categories each.
const MOST_OF_NAMES: usize = 3;
/// How many of the newest titles are looked at first; and how many at most where those don't do.
const NEWEST: usize = 500;
const GATHERED: usize = 1_000;
/// The longest beginning, in characters.
const LONGEST: usize = 100;

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

/// What is typed so far.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "it is written for the contract; `Typed` reads the value"
)]
pub struct SuggestParameters {
    /// What is typed so far.
    #[param(min_length = 1, max_length = 100, example = "écon")]
    q: String,
    /// The language that names are wanted in (BCP 47), where what is typed stands in several. Without it, what
    /// `Accept-Language` prefers.
    #[param(format = "bcp47", max_length = 35, example = "ar")]
    language: Option<String>,
}

struct Typed {
    q: String,
    locale: LanguagePreference,
    fields: Fields,
}

impl FromRequest for Typed {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let accepted = locale::accepted(request);
        ready(read(request.query_string(), accepted).map_err(Problem::InvalidParameters))
    }
}

fn read(query: &str, accepted: Vec<String>) -> Result<Typed, Vec<Fault>> {
    let (mut typed, mut asked, mut fields) = (None, None, None);
    let mut faults = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name == "fields" && fields.is_none() {
            let read = Fields::read::<Completion>(&value);
            fields = Some(read.unwrap_or_else(|detail| {
                faults.push(Fault::of("fields", "invalid", detail));
                Fields::default()
            }));
        } else if name == "fields" {
            faults.push(Fault::of(
                "fields",
                "duplicate_parameter",
                "this parameter may be given once",
            ));
        } else if !["q", "language"].contains(&name.as_ref()) {
            faults.push(Fault::of(
                name,
                "unknown",
                "there is no such parameter here",
            ));
        } else if (name == "q" && typed.is_some()) || (name == "language" && asked.is_some()) {
            faults.push(Fault::of(
                name,
                "duplicate_parameter",
                "this parameter may be given once",
            ));
        } else if name == "language" {
            match language::canonical(&value) {
                Ok(tag) => asked = Some(tag),
                Err(detail) => faults.push(Fault::of(name, "invalid", detail)),
            }
        } else if value.is_empty() {
            faults.push(Fault::of("q", "invalid", "must not be blank"));
        } else if value.chars().count() > LONGEST {
            faults.push(Fault::of(
                "q",
                "invalid",
                format!("at most {LONGEST} characters"),
            ));
        } else {
            typed = Some(value.into_owned());
        }
    }
    if typed.is_none() && faults.is_empty() {
        faults.push(Fault::of("q", "required", "what is typed so far"));
    }
    match typed {
        Some(q) if faults.is_empty() => Ok(Typed {
            q,
            locale: LanguagePreference::new(asked, accepted),
            fields: fields.unwrap_or_default(),
        }),
        _ => Err(faults),
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
type Row = (Text, SqlUuid, Text, Nullable<Text>, Jsonb);
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
