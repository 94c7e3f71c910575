//! The filters of lists of headlines, and the conditions that they make.

use crate::db::Fragment;
use crate::http::query::Filter;
use crate::http::query_parameters::SentParameters;
use crate::news::content::visibility::Visibility;
use crate::news::headlines::model::{Headline, Priority};
use crate::news::listing::filter::TimelineFilter;
use crate::news::listing::resolve::ResolvedFilter;
use crate::news::listing::scan_plan::{FilterPredicate, IndexAccess};
use crate::problem::Fault;
use crate::query_parameters;

query_parameters! {
    /// The filters of a list of headlines.
    pub struct HeadlineFilter {
        ..timeline: TimelineFilter without ["author", "fallback"],

        /// With this priority.
        pub priority: Option<Priority>,
        /// Only pinned headlines, or only others. The order stays by time.
        #[example(true)]
        pub pinned: Option<bool>,
        /// Only headlines that link to an article that the caller may see, or only others.
        #[example(true)]
        pub has_article: Option<bool>,
    }
}

impl Filter for HeadlineFilter {
    type Item = Headline;

    fn check(&self, sent: &SentParameters) -> Vec<Fault> {
        self.timeline.check(sent)
    }
}

impl HeadlineFilter {
    /// Whether a filter is used that articles don't have.
    pub fn is_specific(&self) -> bool {
        self.priority.is_some() || self.pinned.is_some() || self.has_article.is_some()
    }

    /// The conditions of the filters that not all lists have; where several have an index, the first is scanned.
    pub fn predicates(
        &self,
        resolved: &ResolvedFilter,
        visibility: Visibility,
    ) -> Vec<FilterPredicate> {
        let tag = resolved.tag_id().map(|tag| with_tag(tag, visibility));
        let priority = self.priority.map(of_priority);
        let pinned = self.pinned.map(is_pinned);
        let source = resolved.source_predicate(Headline::LISTED);
        // A headline has the tags of its article: with a tag, there is one.
        let has_tag = resolved.parameters.tag.is_some();
        let article = self.has_article.map(|has| match has {
            true if has_tag => FilterPredicate::new(Fragment::new("true")),
            false if has_tag => FilterPredicate::new(Fragment::new("false")),
            _ => has_article(has, visibility),
        });
        let predicates = [tag, priority, pinned, source, article];
        predicates.into_iter().flatten().collect()
    }
}

fn of_priority(priority: Priority) -> FilterPredicate {
    let (condition, value) = match priority {
        Priority::Normal => return FilterPredicate::new(Fragment::new("h.priority = 'normal'")),
        Priority::Breaking => ("h.priority = 'breaking'", "'breaking'"),
        Priority::Flash => ("h.priority = 'flash'", "'flash'"),
    };
    FilterPredicate {
        index: Some(IndexAccess {
            column: Some(("priority", Fragment::new(value))),
            ..partial_index(" AND priority <> 'normal'")
        }),
        ..FilterPredicate::new(Fragment::new(condition))
    }
}

fn is_pinned(pinned: bool) -> FilterPredicate {
    match pinned {
        true => FilterPredicate {
            index: Some(partial_index(" AND pinned")),
            ..FilterPredicate::new(Fragment::new("h.pinned"))
        },
        false => FilterPredicate::new(Fragment::new("NOT h.pinned")),
    }
}

/// Whether the headline points at an article that is visible.
fn has_article(has: bool, visibility: Visibility) -> FilterPredicate {
    let (condition, row_check) = article_is_visible(visibility);
    match has {
        true => FilterPredicate {
            condition: Fragment::new("h.article_id IS NOT NULL AND ").append(&condition),
            row_check: Some(row_check),
            index: Some(IndexAccess {
                exact: false,
                ..partial_index(" AND article_id IS NOT NULL")
            }),
        },
        // No join: Postgres 18 may read every article for it.
        false => FilterPredicate::new(Fragment::new("NOT ").append(&row_check)),
    }
}

/// Whether the headline's article has the tag. The index table doesn't know whether the article is visible: that is checked on
/// each row.
fn with_tag(tag: Fragment, visibility: Visibility) -> FilterPredicate {
    let (condition, row_check) = article_is_visible(visibility);
    FilterPredicate {
        condition,
        row_check: Some(row_check),
        index: Some(IndexAccess {
            table: "headline_tags",
            column: Some(("tag_id", tag)),
            condition: "",
            by_update: true,
            exact: false,
        }),
    }
}

/// The condition that the headline's article is visible, and the same as a check of each row.
fn article_is_visible(visibility: Visibility) -> (Fragment, Fragment) {
    let sql = Fragment::new("EXISTS (SELECT FROM articles AS a WHERE a.id = h.article_id AND ")
        .append(&visibility.of_content("a"));
    (sql.clone().sql(")"), sql.sql(" OFFSET 0)"))
}

/// A partial index on the headlines in the order of publication.
fn partial_index(condition: &'static str) -> IndexAccess {
    IndexAccess {
        table: Headline::LISTED.name,
        column: None,
        condition,
        by_update: false,
        exact: true,
    }
}
