//! Reads the texts of the matches of a page, highlighted.

use diesel::prelude::*;
use diesel::sql_types::{Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::{Fragment, Statement};
use crate::news::search::highlight::Highlighter;
use crate::news::search::parsed_query::ParsedQuery;
use crate::schema::headlines;

/// How much of a lede and a body is read for a snippet, in characters.
const READ: usize = 5_000;

/// An id, the highlighted title, and a snippet.
type HighlightedText = (Uuid, (String, Option<String>));

pub async fn of_articles(
    conn: &mut AsyncPgConnection,
    query: &ParsedQuery,
    ids: &[Uuid],
    snippets: bool,
) -> QueryResult<Vec<HighlightedText>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Fragment::new("SELECT id, language, title, ");
    sql = match snippets {
        true => sql
            .sql("left(concat_ws(E'\\n', lede, left(body_text, ")
            .number(READ)
            .sql(")), ")
            .number(READ)
            .sql(")"),
        false => sql.sql("''"),
    };
    let sql = sql
        .sql(" FROM articles WHERE id = ANY(")
        .ids(ids.to_vec())
        .sql(")");
    type ArticleTexts = (SqlUuid, Text, Text, Text);
    let rows: Vec<(Uuid, String, String, String)> =
        Statement::<ArticleTexts>::new(sql).load(conn).await?;
    let highlighted = rows.into_iter().map(|(id, language, title, text)| {
        let highlighter = Highlighter::new(&query.rendered, &language);
        let snippet = snippets.then(|| highlighter.snippet(&text));
        (id, (highlighter.whole(&title), snippet))
    });
    Ok(highlighted.collect())
}

pub async fn of_headlines(
    conn: &mut AsyncPgConnection,
    query: &ParsedQuery,
    ids: &[Uuid],
) -> QueryResult<Vec<HighlightedText>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(Uuid, String, String)> = headlines::table
        .filter(headlines::id.eq_any(ids))
        .select((headlines::id, headlines::language, headlines::title))
        .load(conn)
        .await?;
    let highlighted = rows.into_iter().map(|(id, language, title)| {
        let highlighter = Highlighter::new(&query.rendered, &language);
        (id, (highlighter.whole(&title), None))
    });
    Ok(highlighted.collect())
}
