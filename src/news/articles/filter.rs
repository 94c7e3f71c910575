//! The filters of lists of articles, and the conditions that they make.

use crate::db::Fragment;
use crate::http::query::Filter;
use crate::http::query_parameters::SentParameters;
use crate::news::articles::model::{Article, ArticleKind};
use crate::news::listing::filter::TimelineFilter;
use crate::news::listing::resolve::ResolvedFilter;
use crate::news::listing::scan_plan::{FilterPredicate, IndexAccess};
use crate::problem::Fault;
use crate::query_parameters;

query_parameters! {
    /// The filters of a list of articles.
    pub struct ArticleFilter {
        ..timeline: TimelineFilter,

        /// Only articles of this kind.
        #[example("opinion")]
        pub kind: Option<ArticleKind>,
    }
}

impl Filter for ArticleFilter {
    type Item = Article;

    fn check(&self, sent: &SentParameters) -> Vec<Fault> {
        self.timeline.check(sent)
    }
}

impl ArticleFilter {
    /// Whether a filter is used that headlines don't have.
    pub fn is_specific(&self) -> bool {
        self.timeline.author.is_some() || self.kind.is_some()
    }

    /// The conditions of the filters that not all lists have; where several have an index, the first is scanned.
    pub fn predicates(&self, resolved: &ResolvedFilter) -> Vec<FilterPredicate> {
        let author = resolved.author_id();
        let author = author.map(|id| in_index_table("article_authors", "author_id", id));
        let tag = resolved.tag_id();
        let tag = tag.map(|id| in_index_table("article_tags", "tag_id", id));
        let source = resolved.source_predicate(Article::LISTED);
        let kind = self.kind.map(of_kind);
        [author, tag, source, kind].into_iter().flatten().collect()
    }
}

/// Whether the article is of this kind; an index has all kinds but news.
fn of_kind(kind: ArticleKind) -> FilterPredicate {
    let value = Fragment::default().text(kind.as_str()).sql("::text");
    let condition = " AND kind <> 'news'";
    let predicate = FilterPredicate::of_column(Article::LISTED, "kind", value, condition);
    match kind {
        ArticleKind::News => FilterPredicate {
            index: None,
            ..predicate
        },
        _ => predicate,
    }
}

/// Whether the article has this author, or this tag.
fn in_index_table(table: &'static str, column: &'static str, id: Fragment) -> FilterPredicate {
    let has = |condition: &'static str| {
        Fragment::new("EXISTS (SELECT FROM ")
            .sql(table)
            .sql(" WHERE ")
            .column(table, "id = a.id AND ")
            .sql(condition)
            .column(table, column)
            .sql(" = ")
            .append(&id)
    };
    // Visible rows aren't deleted: the condition is for the sake of an index that finds all rows, and must not stand where each
    // row is looked up, for which the planner would take the same index.
    let condition = has("deleted_at IS NULL AND ").sql(")");
    let row_check = has("").sql(" OFFSET 0)");
    FilterPredicate {
        condition,
        row_check: Some(row_check),
        index: Some(IndexAccess {
            table,
            column: Some((column, id)),
            condition: "",
            by_update: true,
            exact: true,
        }),
    }
}
