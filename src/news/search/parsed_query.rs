//! A search query, in the terms of the index.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Double, Nullable, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::{Fragment, Statement};
use crate::news::listing::timeline::SortTime;
use crate::news::search::periods::TableStatistics;
use crate::news::search_index::{Dictionary, Rendered, SearchQuery, completions};

/// The longest query, in characters.
pub const LONGEST_QUERY: usize = 200;

const TABLES: [&str; 2] = ["articles", "headlines"];

/// A query, and how many rows match it by the planner's statistics.
#[derive(Clone, Debug)]
pub struct ParsedQuery {
    pub rendered: Rendered,
    /// Of each of the tables.
    statistics: [TableStatistics; 2],
}

impl ParsedQuery {
    /// Parses a query for content in one language, or in all. With `completes_last`, the last word is the beginning of one.
    pub async fn read(
        conn: &mut AsyncPgConnection,
        query: &str,
        language: Option<&str>,
        completes_last: bool,
    ) -> QueryResult<Self> {
        let parsed = SearchQuery::parse(query, completes_last);
        let prefixes = parsed.prefixes();
        let completions = match prefixes.is_empty() {
            true => HashMap::new(),
            false => completions(conn, prefixes).await?,
        };
        let rendered = match language.map(Dictionary::of) {
            Some(dictionary) => parsed.render(&[dictionary], &completions),
            None => parsed.render(&Dictionary::ALL, &completions),
        };
        let mut read = Self {
            rendered,
            statistics: Default::default(),
        };
        if !read.is_empty() {
            read.estimate(conn).await?;
        }
        Ok(read)
    }

    /// Whether only stop words were given, such as `le` in French.
    pub fn is_empty(&self) -> bool {
        self.rendered.tsquery.is_empty()
    }

    async fn estimate(&mut self, conn: &mut AsyncPgConnection) -> QueryResult<()> {
        type Row = (Double, Double, Nullable<Timestamptz>, Nullable<Timestamptz>);
        let mut sql = Fragment::default();
        for (n, table) in TABLES.into_iter().enumerate() {
            let edge = |order| {
                Fragment::new("(SELECT listed_at FROM ")
                    .sql(table)
                    .sql(" WHERE deleted_at IS NULL AND status IN ('published', 'scheduled') ORDER BY listed_at")
                    .sql(order)
                    .sql(" LIMIT 1)")
            };
            sql = sql
                .sql(if n > 0 {
                    " UNION ALL SELECT search_estimate_rows('"
                } else {
                    "SELECT search_estimate_rows('"
                })
                .sql(table)
                .sql("', ")
                .append(&self.tsquery())
                .sql("), (SELECT reltuples FROM pg_class WHERE oid = '")
                .sql(table)
                .sql("'::regclass)::double precision, ")
                .append(&edge(""))
                .sql(", ")
                .append(&edge(" DESC"));
        }
        let rows: Vec<(f64, f64, SortTime, SortTime)> =
            Statement::<Row>::new(sql).load(conn).await?;
        for (own, (matches, rows, oldest, newest)) in self.statistics.iter_mut().zip(rows) {
            *own = TableStatistics {
                matches,
                rows,
                oldest,
                newest,
            };
        }
        Ok(())
    }

    /// The statistics of a table.
    pub fn statistics(&self, table: &str) -> &TableStatistics {
        &self.statistics[usize::from(table != TABLES[0])]
    }

    /// Whether a scan of a table from its newest row on finds this many matches sooner than fetching all matches does: the
    /// scan reads `wanted · rows / matches` rows, fetching reads `matches`.
    pub fn is_common(&self, table: &str, wanted: usize) -> bool {
        let TableStatistics { matches, rows, .. } = *self.statistics(table);
        #[expect(clippy::cast_precision_loss, reason = "it is a few hundred")]
        let wanted = wanted as f64;
        matches * matches > wanted * rows
    }

    fn tsquery(&self) -> Fragment {
        Fragment::default()
            .text(&self.rendered.tsquery)
            .sql("::tsquery")
    }

    /// The condition that a row of this alias matches.
    pub fn match_row(&self, alias: &'static str) -> Fragment {
        Fragment::new(alias)
            .sql(".search @@ ")
            .append(&self.tsquery())
    }

    /// The rank of a row by the terms in its title and lede, and a little for those that only a body has.
    pub fn rank(&self, table: &'static str) -> Fragment {
        let vector = match table {
            "articles" => "articles.search_head",
            _ => "headlines.search",
        };
        // The rank of one term among several, at the weight of a body.
        let in_body = 0.06 / (self.rendered.term_count.max(1) as f64);
        Fragment::new("ts_rank('{0.1, 0.2, 0.4, 1.0}', ")
            .sql(vector)
            .sql(", ")
            .text(&self.rendered.any_word)
            .sql("::tsquery)::double precision + ")
            .float(in_body)
            .sql("::double precision")
    }
}
