//! Reads the texts of the matches of a page, highlighted.

use diesel::prelude::*;
use diesel::sql_types::{Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::{Fragment, Statement};
use crate::news::search::highlight;
use crate::news::search::parsed_query::ParsedQuery;

/// The part of a long text that is highlighted, in characters.
const HIGHLIGHTED: usize = 10_000;

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
    const TEXT: &str = "concat_ws(E'\\n', articles.lede, articles.body_text)";
    let mut sql = Fragment::new("SELECT id, title, ").append(&query.highlighted(
        "articles",
        "articles.title",
        HIGHLIGHTED,
    ));
    sql = if snippets {
        sql.sql(", left(")
            .sql(TEXT)
            .sql(", ")
            .number(HIGHLIGHTED)
            .sql("), ")
            .append(&query.highlighted("articles", TEXT, HIGHLIGHTED))
    } else {
        sql.sql(", '', ''")
    };
    let sql = sql
        .sql(" FROM articles WHERE id = ANY(")
        .ids(ids.to_vec())
        .sql(")");
    type ArticleTexts = (SqlUuid, Text, Text, Text, Text);
    let rows: Vec<(Uuid, String, String, String, String)> =
        Statement::<ArticleTexts>::new(sql).load(conn).await?;
    let highlighted = rows
        .into_iter()
        .map(|(id, title, marked_title, text, marked)| {
            let snippet = snippets.then(|| highlight::snippet(&text, &marked));
            (id, (highlight::whole(&title, &marked_title), snippet))
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
    let sql = Fragment::new("SELECT id, title, ")
        .append(&query.highlighted("headlines", "headlines.title", HIGHLIGHTED))
        .sql(" FROM headlines WHERE id = ANY(")
        .ids(ids.to_vec())
        .sql(")");
    let rows: Vec<(Uuid, String, String)> = Statement::<(SqlUuid, Text, Text)>::new(sql)
        .load(conn)
        .await?;
    let highlighted = rows.into_iter();
    Ok(highlighted
        .map(|(id, title, marked)| (id, (highlight::whole(&title, &marked), None)))
        .collect())
}
