//! The parameters of a search, and the tables that it reads.

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;

use crate::db::Fragment;
use crate::http::parameter_types::Text;
use crate::http::query::Filter;
use crate::http::query_parameters::SentParameters;
use crate::news::articles::{Article, ArticleFilter};
use crate::news::content::visibility::Visibility;
use crate::news::headlines::{Headline, HeadlineFilter};
use crate::news::listing::filter::TimelineFilter;
use crate::news::listing::resolve::ResolvedFilter;
use crate::news::listing::scan_plan::FilterPredicate;
use crate::news::listing::timeline::{ListedTable, Timeline};
use crate::news::search::hit::{HitKind, SearchHit};
use crate::news::search::matches::{Order, Search, SearchedTable};
use crate::news::search::parsed_query::{LONGEST_QUERY, ParsedQuery};
use crate::news::search::statistics::SearchStatistics;
use crate::problem::Fault;
use crate::query_parameters;

/// How many rows are scanned for words that are common: enough to fill a ranking window with a word of one row in a hundred.
const SCAN_BUDGET: usize = 20_000;

query_parameters! {
    /// The query of a search and its filters. Both groups of filters have the same timeline.
    pub struct SearchFilter {
        ..articles: ArticleFilter without ["ids", "fallback"],
        ..headlines: HeadlineFilter without ["ids"],

        /// The words to search for.
        #[example("économie")]
        pub q: Text<LONGEST_QUERY>,
        /// Whether the last word of `q` is only the beginning of one: for a search while it is being typed.
        pub prefix: bool = false,
        /// Only articles, or only headlines.
        #[name("type")]
        pub kind: Option<HitKind>,
        /// By rank, or newest first.
        pub sort: Order = Order::Relevance,
    }
}

impl Filter for SearchFilter {
    type Item = SearchHit;

    fn check(&self, sent: &SentParameters) -> Vec<Fault> {
        self.timeline().check(sent)
    }
}

impl SearchFilter {
    /// The filter by time and names, which both tables have.
    pub fn timeline(&self) -> &TimelineFilter {
        &self.articles.timeline
    }

    /// Parses a query for the languages that the results may have.
    pub async fn parse(
        &self,
        conn: &mut AsyncPgConnection,
        statistics: &SearchStatistics,
        query: &str,
    ) -> QueryResult<ParsedQuery> {
        let language = self.timeline().only_language();
        ParsedQuery::read(conn, statistics, query, language, self.prefix).await
    }

    /// The search of those tables that the filters leave: a filter that only one resource has leaves out the other.
    pub fn search<'a>(
        &self,
        resolved: &'a ResolvedFilter,
        visibility: Visibility,
        query: &'a ParsedQuery,
    ) -> Search<'a> {
        let mut tables = Vec::new();
        let mut add = |table: ListedTable, mut predicates: Vec<FilterPredicate>| {
            predicates.push(self.matches_query(table, query));
            tables.push(SearchedTable {
                table: table.name,
                timeline: Timeline::new(table, visibility, resolved, predicates)
                    .with_scan_budget(SCAN_BUDGET),
            });
        };
        if self.kind != Some(HitKind::Headline) && !self.headlines.is_specific() {
            add(Article::LISTED, self.articles.predicates(resolved));
        }
        if self.kind != Some(HitKind::Article) && !self.articles.is_specific() {
            let predicates = self.headlines.predicates(resolved, visibility);
            add(Headline::LISTED, predicates);
        }
        Search {
            query,
            order: self.sort,
            tables,
        }
    }

    /// The filter by the words. The index tables of authors and tags have no words: while one is scanned, each row itself is
    /// checked.
    fn matches_query(&self, table: ListedTable, query: &ParsedQuery) -> FilterPredicate {
        let filter = self.timeline();
        let row_check = (filter.author.is_some() || filter.tag.is_some()).then(|| {
            Fragment::new("EXISTS (SELECT FROM ")
                .sql(table.name)
                .sql(" WHERE ")
                .column(table.name, "id = ")
                .column(table.alias, "id AND ")
                .append(&query.match_row(table.name))
                .sql(" OFFSET 0)")
        });
        FilterPredicate {
            row_check,
            ..FilterPredicate::new(query.match_row(table.alias))
        }
    }
}
