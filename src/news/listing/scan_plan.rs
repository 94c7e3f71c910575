//! Chooses the index that a page is read along, and which filters remain to be checked row by row.

use crate::db::Fragment;
use crate::news::listing::filter::TimelineFilter;
use crate::news::listing::timeline::Timeline;

/// How many rows are walked past filters that the walked index doesn't know.
pub(super) const SCAN_BUDGET: usize = 2_000;

/// A filter that only one of the resources has.
pub struct FilterPredicate {
    /// What it wants of a row, which goes by the name `line`.
    pub condition: Fragment,
    /// The same as something to look up for one row after the other, where that has to be told from a join.
    pub probe: Option<Fragment>,
    /// The index that narrows it, if one does.
    pub walk: Option<IndexAccess>,
}

/// A part of an index in which a filter's rows stand in the order of time.
#[derive(Clone)]
pub struct IndexAccess {
    /// The table itself or, with the same columns, the one that has it once for each author or tag.
    pub table: &'static str,
    /// The index's first column, and its value.
    pub column: Option<(&'static str, Fragment)>,
    /// The index's condition.
    pub only: &'static str,
    /// Whether there is such an index by the time of change, too.
    pub by_change: bool,
    /// Whether the walk finds just what the filter wants, and no more.
    pub exact: bool,
}

/// The way on which the rows of a page are found.
pub(super) struct ScanPlan {
    pub(super) table: &'static str,
    /// The columns before the time in the order of the index that is to be walked. They stand in the order and in the
    /// bounds as rows, never as `=`: then only that index gives the order, and the planner can't be tempted to walk the
    /// whole of another one past what doesn't match.
    pub(super) columns: Vec<(&'static str, Fragment)>,
    pub(super) only: &'static str,
    /// Whether there is one for each category of a branch.
    pub(super) branches: bool,
    /// What it finds must obey that, too.
    pub(super) rest: Vec<Fragment>,
    /// And that, which is asked along the walk, and cuts none off: most rows obey it.
    pub(super) along: Option<Fragment>,
}

impl Timeline<'_> {
    /// The narrowest walk that there is, and what it leaves to be looked at.
    pub(super) fn walk(&self) -> ScanPlan {
        let filter = self.filter;
        let by_change = filter.sort.by_change();
        let narrow = self.predicates.iter().position(|predicate| {
            let walk = predicate.walk.as_ref();
            walk.is_some_and(|walk| walk.by_change || !by_change)
        });
        let mut rest: Vec<Fragment> = self
            .predicates
            .iter()
            .enumerate()
            .filter(|(n, predicate)| {
                narrow != Some(*n) || predicate.walk.as_ref().is_some_and(|walk| !walk.exact)
            })
            .map(|(_, predicate)| {
                predicate
                    .probe
                    .as_ref()
                    .unwrap_or(&predicate.condition)
                    .clone()
            })
            .collect();
        let mut walk = ScanPlan {
            table: self.table,
            columns: Vec::new(),
            only: "",
            branches: false,
            rest: Vec::new(),
            along: None,
        };
        let mut prefix = false;
        match narrow.and_then(|n| self.predicates[n].walk.clone()) {
            Some(narrow) => {
                walk.table = narrow.table;
                walk.columns.extend(narrow.column);
                walk.only = narrow.only;
            }
            None => prefix = !by_change,
        }
        if !filter.categories.is_empty() {
            if prefix {
                walk.columns
                    .push(("category_id", Fragment::new("branch.id")));
                walk.branches = true;
            } else {
                rest.push(self.category("line."));
            }
        }
        if let Some(tag) = filter.only_language() {
            let tag = Fragment::default().text(tag).sql("::text");
            if prefix {
                walk.columns.push(("language", tag));
            } else {
                rest.push(Fragment::new("line.language = ").append(&tag));
            }
        }
        if by_change {
            rest.extend(self.published("line."));
        } else {
            rest.extend(self.changed("line."));
        }
        let common = self.common.as_ref();
        let common = common.map(|predicate| {
            predicate
                .probe
                .as_ref()
                .unwrap_or(&predicate.condition)
                .clone()
        });
        if rest.is_empty() {
            walk.along = common;
        } else {
            rest.extend(common);
        }
        walk.rest = rest;
        walk
    }
}

impl TimelineFilter {
    /// The filter by source of a table that has one. Tables that copy some columns of it have not: for these, row by row.
    pub fn source_predicate(&self, table: &'static str) -> Option<FilterPredicate> {
        let source = Fragment::default()
            .text(self.source.as_deref()?)
            .sql("::text");
        let probe = Fragment::new("EXISTS (SELECT FROM ")
            .sql(table)
            .sql(" AS told WHERE told.id = line.id AND told.source = ")
            .append(&source)
            .sql(" OFFSET 0)");
        Some(FilterPredicate {
            condition: Fragment::new("line.source = ").append(&source),
            probe: Some(probe),
            walk: Some(IndexAccess {
                table,
                column: Some(("source", source)),
                only: " AND source IS NOT NULL",
                by_change: false,
                exact: true,
            }),
        })
    }
}
