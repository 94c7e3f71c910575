//! Finds completions of a text: names of categories, tags and authors, and titles of articles.

use diesel::prelude::*;
use diesel::sql_types::{Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::{Fragment, Json, Statement};
use crate::http::locale::LanguagePreference;
use crate::http::schema::HasFields;
use crate::news::content::names::Names;
use crate::news::content::visibility::{Visibility, is_public};
use crate::news::search::short_list::{MOST, ShortListItem};
use crate::news::search_index::words;

/// The most of tags, authors and categories each.
const MOST_OF_NAMES: usize = 3;
/// How many of the newest titles are looked at first, and how many of all if those don't suffice.
const NEWEST: usize = 500;
const MOST_FETCHED: usize = 1_000;

/// One completion.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "category", "id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d12", "slug": "economie", "text": "Économie",
}))]
pub struct Completion {
    /// The kind of completion.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    pub kind: CompletionKind,
    pub id: Uuid,
    pub slug: String,
    /// The title or name.
    pub text: String,
}

impl HasFields for Completion {}

impl ShortListItem for Completion {
    const LIST_NAME: &'static str = "Completions";
    const LIST_DESCRIPTION: &'static str = "Completions of the query: names, then titles.";
}

crate::text_enum! {
    /// The kind of a completion.
    #[schema(as = CompletionType)]
    CompletionKind {
        Category = "category",
        Tag = "tag",
        Author = "author",
        Article = "article",
    }
}

/// A query for all of the words, the last of them as a prefix. Words are letters and digits alone, so none of them can be read
/// as an operator.
fn as_query(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    format!("{}:*", quoted.join(" & "))
}

/// Completes a text: names, then titles.
pub async fn complete(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    typed: &str,
    locale: &LanguagePreference,
) -> QueryResult<Vec<Completion>> {
    let words = words(typed);
    let completion = |found| completion(found, locale);
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let query = as_query(&words);
    let beginning = words.join(" ");
    let mut found: Vec<Completion> = Vec::new();
    let rows = Statement::<CompletionRow>::new(names(visibility, &query, &beginning))
        .load::<FoundCompletion>(conn)
        .await?;
    found.extend(rows.into_iter().filter_map(completion));
    // Most prefixes occur among the newest titles; rarer ones are found by their words.
    let remaining = MOST - found.len();
    let mut titles = Statement::<CompletionRow>::new(newest(&words, remaining))
        .load::<FoundCompletion>(conn)
        .await?;
    if titles.len() < remaining {
        titles = Statement::<CompletionRow>::new(of_all_times(&query, remaining))
            .load::<FoundCompletion>(conn)
            .await?;
    }
    found.extend(titles.into_iter().filter_map(completion));
    Ok(found)
}

/// Kind, id, slug, the text and, where several names have the words, these by language.
type CompletionRow = (Text, SqlUuid, Text, Nullable<Text>, Jsonb);
type FoundCompletion = (String, Uuid, String, Option<String>, Json<Names>);

fn completion(
    (kind, id, slug, text, by_language): FoundCompletion,
    locale: &LanguagePreference,
) -> Option<Completion> {
    let translated = locale.name(&by_language.0).map(str::to_owned);
    Some(Completion {
        kind: kind.parse().ok()?,
        id,
        slug,
        text: translated.or(text)?,
    })
}

/// Names with these words: first those that begin so, then the shortest.
fn names(visibility: Visibility, query: &str, beginning: &str) -> Fragment {
    let mut sql = Fragment::new("SELECT kind, id, slug, name, names FROM (");
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
            .sql(" AS n, id, slug, name, names, starts FROM (SELECT * FROM ")
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

/// The condition that a tag or an author is on a visible article: a name that only drafts have would reveal what is being
/// written. Checked for one after the other, the best first, until there are enough.
fn on_article(visibility: Visibility, articles: &'static str, column: &'static str) -> Fragment {
    if visibility == Visibility::Everything {
        return Fragment::default();
    }
    Fragment::new(" WHERE EXISTS (SELECT FROM ")
        .sql(articles)
        .sql(" AS own WHERE own.")
        .sql(column)
        .sql(" = named.id AND ")
        .append(&visibility.of_content("own"))
        .sql(" OFFSET 0)")
}

/// The rows of a table with a name that has these words, in any language: the first such name, and all of them by language.
/// `key` is the expression that the name itself is compared by.
fn named(table: &'static str, key: &'static str, query: &str, beginning: &str) -> Fragment {
    Fragment::new(
        "(SELECT few.id, few.slug, (array_agg(one.name ORDER BY one.language))[1] AS name, \
         jsonb_object_agg(coalesce(nullif(one.language, ''), (SELECT languages[1] FROM site)), one.name \
            ORDER BY one.language DESC) AS names, \
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
    .number(MOST_FETCHED)
    .sql(
        ") AS few CROSS JOIN LATERAL (SELECT few.name, '', few.key UNION ALL \
         SELECT value, key, search_key(value) COLLATE \"C\" FROM jsonb_each_text(few.names)) AS one (name, language, key) \
         WHERE few.names = '{}' OR to_tsvector('simple', one.key) @@ ",
    )
    .text(query)
    .sql("::tsquery GROUP BY few.id, few.slug)")
}

/// The titles of public articles, from a subquery that is left open.
fn titles() -> Fragment {
    Fragment::new(
        "SELECT 'article'::text, id, slug, title, '{}'::jsonb FROM \
         (SELECT id, slug, title, title_key, listed_at FROM articles WHERE ",
    )
    .append(&is_public(""))
}

/// The newest titles that have these words.
fn newest(words: &[String], remaining: usize) -> Fragment {
    let mut sql = titles()
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
        .number(remaining)
        .uncached()
}

/// Titles with these words, of any age; of very many, only some are looked at.
fn of_all_times(query: &str, remaining: usize) -> Fragment {
    titles()
        .sql(" AND to_tsvector('simple', title_key) @@ ")
        .text(query)
        .sql("::tsquery LIMIT ")
        .number(MOST_FETCHED)
        .sql(") AS fetched ORDER BY listed_at DESC, id DESC LIMIT ")
        .number(remaining)
}
