//! A search query, in the terms of the index.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;

use crate::db::Fragment;
use crate::news::search::statistics::{SearchStatistics, TableStatistics, Tables};
use crate::news::search_index::{Dictionary, Rendered, SearchQuery, completions};

/// The longest query, in characters.
pub const LONGEST_QUERY: usize = 200;

/// A query, and how many rows match it by the planner's statistics.
#[derive(Clone, Debug)]
pub struct ParsedQuery {
    pub rendered: Rendered,
    statistics: Arc<Tables>,
    /// About how many rows of each table match.
    matches: [f64; 2],
}

impl ParsedQuery {
    /// Parses a query for content in one language, or in all. With `completes_last`, the last word is the beginning of one.
    pub async fn read(
        conn: &mut AsyncPgConnection,
        statistics: &SearchStatistics,
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
        let statistics = statistics.read(conn).await?;
        let matches = [0, 1].map(|n| statistics[n].matches(&rendered));
        Ok(Self {
            rendered,
            statistics,
            matches,
        })
    }

    /// Whether only stop words were given, such as `le` in French.
    pub fn is_empty(&self) -> bool {
        self.rendered.tsquery.is_empty()
    }

    /// The statistics of a table, and about how many of its rows match.
    pub fn statistics(&self, table: &str) -> (&TableStatistics, f64) {
        let n = usize::from(table == "headlines");
        (&self.statistics[n], self.matches[n])
    }

    /// Whether a scan of a table from its newest row on finds this many matches sooner than fetching all matches does: the
    /// scan reads `wanted · rows / matches` rows, fetching reads `matches`.
    pub fn is_common(&self, table: &str, wanted: usize) -> bool {
        let (statistics, matches) = self.statistics(table);
        #[expect(clippy::cast_precision_loss, reason = "it is a few hundred")]
        let wanted = wanted as f64;
        matches * matches > wanted * statistics.rows
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
            .sql(", (SELECT ")
            .text(&self.rendered.any_word)
            .sql("::tsquery))::double precision + ")
            .float(in_body)
            .sql("::double precision")
    }
}
