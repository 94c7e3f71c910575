//! The numbers of published articles in categories and their descendants.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::{ConnectOptions, Fragment, Statement};
use crate::http::query::MOST_COUNTED;

use super::Category;

/// Sets the article counts of categories. They are exact up to [`MOST_COUNTED`].
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

/// The number of articles directly in each category, in tree order: of those that are or will be public, without those that will,
/// and those that have expired since the log last said so.
async fn own_counts(conn: &mut AsyncPgConnection) -> QueryResult<Vec<(String, i64)>> {
    let sql = Fragment::new(
        "SELECT tree_key, (coalesce(own.count, 0) - ahead.count)::bigint FROM categories LEFT JOIN (\
         SELECT category_id, sum(count) AS count FROM (SELECT category_id, count FROM article_counts \
         UNION ALL SELECT category_id, change FROM article_count_changes) AS counted GROUP BY category_id\
         ) AS own ON own.category_id = categories.id CROSS JOIN LATERAL (\
         SELECT count(*) FROM ((SELECT FROM articles WHERE articles.category_id = categories.id AND deleted_at IS NULL \
         AND status IN ('published', 'scheduled') AND release IS DISTINCT FROM 'expired' AND listed_at > now() LIMIT ",
    )
    .number(MOST_COUNTED + 1)
    .sql(
        ") UNION ALL (SELECT FROM articles WHERE articles.category_id = categories.id AND release IN ('pending', 'out') \
         AND expires_at <= now() LIMIT ",
    )
    .number(MOST_COUNTED + 1)
    .sql(")) AS others) AS ahead WHERE deleted_at IS NULL ORDER BY tree_key");
    Statement::<(Text, BigInt)>::new(sql).load(conn).await
}

/// How often the changes of the counts are added up, and how many at once.
const INTERVAL: Duration = Duration::from_secs(60);
const MOST_CHANGES: usize = 10_000;

/// Adds up the changes of the counts, for as long as the server runs. Every node may.
pub async fn keep_summed(options: ConnectOptions) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        if let Ok(mut conn) = options.connect().await
            && let Err(error) = sum_changes(&mut conn).await
        {
            log::warn!("the counts of articles were not added up: {error}");
        }
    }
}

/// Adds the changes to the counts, until few are left.
///
/// # Errors
/// Those of the database; what was added up stays.
pub async fn sum_changes(conn: &mut AsyncPgConnection) -> QueryResult<()> {
    let sql = Fragment::new(
        "WITH gone AS (DELETE FROM article_count_changes WHERE id IN (\
         SELECT id FROM article_count_changes ORDER BY id LIMIT ",
    )
    .number(MOST_CHANGES)
    .sql(
        " FOR UPDATE SKIP LOCKED) RETURNING category_id, change), \
         sums AS (INSERT INTO article_counts AS own (category_id, count) \
         SELECT category_id, sum(change) FROM gone GROUP BY category_id ORDER BY category_id \
         ON CONFLICT (category_id) DO UPDATE SET count = own.count + excluded.count) \
         SELECT count(*) FROM gone",
    );
    while Statement::<BigInt>::new(sql.clone())
        .get_result::<i64>(conn)
        .await?
        >= MOST_CHANGES as i64
    {}
    Ok(())
}
