//! A search query, in the terms of the index.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, Double, Float};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::{Fragment, Statement};
use crate::news::search_index::{Dictionary, Rendered, SearchQuery, completions};

/// The longest query, in characters.
pub const LONGEST_QUERY: usize = 200;

/// A query, and how many rows match it by the planner's statistics.
#[derive(Clone, Debug)]
pub struct ParsedQuery {
    pub rendered: Rendered,
    /// For `articles` and `headlines`: the planner's estimate of the matching rows, and the number of rows.
    estimates: [(f64, f64); 2],
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
            estimates: Default::default(),
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
        let sql = Fragment::new("SELECT ARRAY[search_estimate_rows('articles', query), search_estimate_rows('headlines', query)], \
             ARRAY(SELECT reltuples FROM pg_class WHERE oid IN ('articles'::regclass, 'headlines'::regclass) ORDER BY relname) \
             FROM (SELECT ")
            .append(&self.tsquery())
            .sql(") AS parsed (query)");
        let (found, all): (Vec<f64>, Vec<f32>) =
            Statement::<(Array<Double>, Array<Float>)>::new(sql)
                .get_result(conn)
                .await?;
        let estimates = found.into_iter().zip(all.into_iter().map(f64::from));
        for (own, estimate) in self.estimates.iter_mut().zip(estimates) {
            *own = estimate;
        }
        Ok(())
    }

    /// Whether a scan of a table from its newest row on finds this many matches sooner than fetching all matches does: the
    /// scan reads `wanted · all / found` rows, fetching reads `found`.
    pub fn is_common(&self, table: &str, wanted: usize) -> bool {
        let (found, all) = self.estimates[usize::from(table == "headlines")];
        #[expect(clippy::cast_precision_loss, reason = "it is a few hundred")]
        let wanted = wanted as f64;
        found * found > wanted * all
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
