//! The parameters of a search, and the tables that it reads.

use diesel_async::AsyncPgConnection;

use crate::db::Fragment;
use crate::http::parameter_types::Text;
use crate::http::query::Filter;
use crate::http::query_parameters::SentParameters;
use crate::news::articles::{Article, ArticleFilter};
use crate::news::content::crud::Resource;
use crate::news::content::visibility::Visibility;
use crate::news::headlines::{Headline, HeadlineFilter};
use crate::news::listing::filter::TimelineFilter;
use crate::news::listing::scan_plan::FilterPredicate;
use crate::news::listing::timeline::Timeline;
use crate::news::search::hit::{HitKind, SearchHit};
use crate::news::search::matches::{Order, Search, SearchedTable};
use crate::news::search::parsed_query::{LONGEST_QUERY, ParsedQuery};
use crate::problem::{Fault, Problem};
use crate::query_parameters;

/// How many rows are scanned for words that are common: enough to fill a ranking window with a word of one row in a hundred.
const SCAN_BUDGET: usize = 20_000;

query_parameters! {
    /// The query of a search and its filters. Both groups of filters have the same timeline.
    pub struct SearchFilter {
        ..articles: ArticleFilter without ["ids", "fallback"],
        ..headlines: HeadlineFilter without ["ids"],

        /// The words to look for.
        #[example("économie")]
        pub q: Text<LONGEST_QUERY>,
        /// Only articles, or only headlines.
        #[name("type")]
        pub kind: Option<HitKind>,
        /// The best first, or the newest.
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

    /// Looks up the ids of what the filters name.
    pub async fn resolve(&mut self, conn: &mut AsyncPgConnection) -> Result<(), Problem> {
        self.articles.timeline.resolve(conn).await?;
        self.headlines.timeline = self.articles.timeline.clone();
        Ok(())
    }

    /// The search of those tables that the filters leave: a filter that only one resource has leaves out the other.
    pub fn search<'a>(&'a self, visibility: Visibility, query: &'a ParsedQuery) -> Search<'a> {
        let filters_headlines = self.headlines.priority.is_some()
            || self.headlines.pinned.is_some()
            || self.headlines.has_article.is_some();
        let filters_articles = self.timeline().author.is_some();
        let articles = self.kind != Some(HitKind::Headline) && !filters_headlines;
        let headlines = self.kind != Some(HitKind::Article) && !filters_articles;
        let articles = articles.then(|| self.articles_table(visibility, query));
        let headlines = headlines.then(|| self.headlines_table(visibility, query));
        Search {
            query,
            order: self.sort,
            tables: [articles, headlines].into_iter().flatten().collect(),
        }
    }

    fn articles_table(&self, visibility: Visibility, query: &ParsedQuery) -> SearchedTable<'_> {
        let table = Article::TABLE;
        let timeline = self.timeline();
        let mut predicates = self.articles.predicates();
        // The tables of authors and tags have no words: while they are scanned, each article itself is checked.
        let probe = (timeline.author.is_some() || timeline.tag.is_some()).then(|| {
            Fragment::new("EXISTS (SELECT FROM articles AS a WHERE a.id = line.id AND ")
                .append(&query.match_row("a"))
                .sql(" OFFSET 0)")
        });
        predicates.push(matches_query(query, probe));
        SearchedTable {
            table,
            timeline: Timeline::new(table, visibility, timeline, predicates).reaching(SCAN_BUDGET),
        }
    }

    fn headlines_table(&self, visibility: Visibility, query: &ParsedQuery) -> SearchedTable<'_> {
        let table = Headline::TABLE;
        let timeline = &self.headlines.timeline;
        let mut predicates = self.headlines.predicates(visibility);
        let probe = timeline.tag.is_some().then(|| {
            Fragment::new("EXISTS (SELECT FROM headlines AS h WHERE h.id = line.id AND ")
                .append(&query.match_row("h"))
                .sql(" OFFSET 0)")
        });
        predicates.push(matches_query(query, probe));
        SearchedTable {
            table,
            timeline: Timeline::new(table, visibility, timeline, predicates).reaching(SCAN_BUDGET),
        }
    }
}

fn matches_query(query: &ParsedQuery, probe: Option<Fragment>) -> FilterPredicate {
    FilterPredicate {
        condition: query.match_row("line"),
        probe,
        walk: None,
    }
}
