//! The numbers of published articles in categories and their descendants.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::{Fragment, Statement};
use crate::http::query::MOST_COUNTED;
use crate::news::content::visibility::is_public;

use super::Category;

/// Sets the article counts of categories. At most [`MOST_COUNTED`] articles of each category are counted.
pub async fn count_articles(
    conn: &mut AsyncPgConnection,
    rows: &mut [Category],
) -> QueryResult<()> {
    let counts = own_counts(conn).await?;
    // The sums of all categories before each one, in tree order: a category and its descendants are consecutive.
    let mut before = vec![0];
    before.extend(counts.iter().scan(0, |sum, (_, count)| {
        *sum += count;
        Some(*sum)
    }));
    for row in rows {
        let begin = counts.partition_point(|(key, _)| *key < row.tree_key);
        let end_key = format!("{}g", row.tree_key);
        let end = counts.partition_point(|(key, _)| *key < end_key);
        let count = before[end] - before[begin];
        row.article_count = Some(count.min(MOST_COUNTED as i64));
        row.article_count_is_exact = Some(count <= MOST_COUNTED as i64);
    }
    Ok(())
}

/// The number of articles directly in each category, in tree order.
async fn own_counts(conn: &mut AsyncPgConnection) -> QueryResult<Vec<(String, i64)>> {
    let sql = Fragment::new(
        "SELECT tree_key, own.count FROM categories CROSS JOIN LATERAL \
         (SELECT count(*) FROM (SELECT FROM articles WHERE articles.category_id = categories.id \
         AND ",
    )
    .append(&is_public("articles"))
    .sql(" LIMIT ")
    .number(MOST_COUNTED + 1)
    .sql(") AS a) AS own WHERE deleted_at IS NULL ORDER BY tree_key");
    Statement::<(Text, BigInt)>::new(sql).load(conn).await
}
