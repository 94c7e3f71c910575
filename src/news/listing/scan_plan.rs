//! Step 3, the choice: the index that a page is read along, and the filters that are left to be checked on each row.
//!
//! A page reads along the index that narrows most of the filter, and stops at the page's end. Every row that the index
//! offers but another filter refuses costs time, so a scan with such filters stops after `SCAN_BUDGET` rows: matches are
//! either frequent, and the page is full by then, or rare, and all of them can be found by other indexes and sorted.

use crate::db::Fragment;
use crate::news::listing::timeline::{ListedTable, Timeline};

/// How many rows a page may scan where filters are left that the index doesn't know.
pub(super) const SCAN_BUDGET: usize = 2_000;

/// A filter that not all lists have.
#[derive(Clone)]
pub struct FilterPredicate {
    /// The condition on a row, which goes by its table's alias.
    pub condition: Fragment,
    /// The same as a subquery for each row, where the planner would otherwise make a join of it (`OFFSET 0` keeps it from that).
    pub row_check: Option<Fragment>,
    /// The index that serves it, if there is one.
    pub index: Option<IndexAccess>,
}

impl FilterPredicate {
    /// A condition that no index serves.
    pub fn new(condition: Fragment) -> Self {
        Self {
            condition,
            row_check: None,
            index: None,
        }
    }

    /// That a column of the list's own table has this value. The index begins with the column, and has this condition. Index
    /// tables don't have the column: while one is scanned, each row itself is checked.
    pub fn of_column(
        table: ListedTable,
        column: &'static str,
        value: Fragment,
        index_condition: &'static str,
    ) -> Self {
        let condition = |alias| {
            Fragment::default()
                .column(alias, column)
                .sql(" = ")
                .append(&value)
        };
        let row_check = Fragment::new("EXISTS (SELECT FROM ")
            .sql(table.name)
            .sql(" WHERE ")
            .column(table.name, "id = ")
            .column(table.alias, "id AND ")
            .append(&condition(table.name))
            .sql(" OFFSET 0)");
        Self {
            condition: condition(table.alias),
            row_check: Some(row_check),
            index: Some(IndexAccess {
                table: table.name,
                column: Some((column, value)),
                condition: index_condition,
                by_update: false,
                exact: true,
            }),
        }
    }

    fn row_check(&self) -> Fragment {
        self.row_check.as_ref().unwrap_or(&self.condition).clone()
    }

    /// Whether its index finds nothing but matches.
    fn is_exact(&self) -> bool {
        self.index.as_ref().is_some_and(|index| index.exact)
    }
}

/// A range of an index, in which the rows of a filter stand in the order of time.
#[derive(Clone)]
pub struct IndexAccess {
    /// The list's table or an index table: one with the same columns, and a row for each author, or tag, of each article.
    pub table: &'static str,
    /// The index's first column, and the value wanted.
    pub column: Option<(&'static str, Fragment)>,
    /// The condition of a partial index, from its ` AND ` on.
    pub condition: &'static str,
    /// Whether another index has the same rows in the order of `updated_at`.
    pub by_update: bool,
    /// Whether all rows in it match the filter.
    pub exact: bool,
}

/// How the rows of a page are found.
pub(super) struct ScanPlan {
    pub(super) table: &'static str,
    /// The index's columns before the time. They stand in the bounds and in the order, as parts of a row value, and never in
    /// a condition with `=`: only this index gives that order, so the planner can't choose to read another one to its end.
    pub(super) columns: Vec<(&'static str, Fragment)>,
    /// The condition of a partial index.
    pub(super) condition: &'static str,
    /// Whether each category has a scan of its own; they are merged.
    pub(super) per_category: bool,
    /// Filters that the index doesn't know. With one, the scan is cut off.
    pub(super) residual_filters: Vec<Fragment>,
    /// A filter that most rows match, checked during the scan, which isn't cut off for it.
    pub(super) inline_filter: Option<Fragment>,
}

impl ScanPlan {
    /// Chooses the first index that a predicate has for the order of the list, else the list's own index by category and
    /// language.
    pub(super) fn choose(timeline: &Timeline<'_>) -> Self {
        let filter = timeline.filter;
        let by_update = filter.parameters.sort.by_update();
        let serves = |index: &IndexAccess| index.by_update || !by_update;
        let chosen = timeline
            .predicates
            .iter()
            .position(|predicate| predicate.index.as_ref().is_some_and(serves));
        let index = chosen.and_then(|n| timeline.predicates[n].index.as_ref());
        let mut plan = match index {
            Some(index) => Self::along(index),
            None => Self::of_table(timeline.table.name),
        };
        let predicates = timeline.predicates.iter().enumerate();
        plan.residual_filters = predicates
            .filter(|(n, predicate)| chosen != Some(*n) || !predicate.is_exact())
            .map(|(_, predicate)| predicate.row_check())
            .collect();
        // The list's own index in the order of publication begins with the category, the language or both.
        let is_own_index = index.is_none() && !by_update;
        plan.add_category_and_language(timeline, is_own_index);
        plan.residual_filters.extend(match by_update {
            true => filter.published(timeline.table.alias),
            false => filter.updated(timeline.table.alias),
        });
        let common = timeline.common.as_ref().map(FilterPredicate::row_check);
        match plan.residual_filters.is_empty() {
            true => plan.inline_filter = common,
            false => plan.residual_filters.extend(common),
        }
        plan
    }

    fn of_table(table: &'static str) -> Self {
        Self {
            table,
            columns: Vec::new(),
            condition: "",
            per_category: false,
            residual_filters: Vec::new(),
            inline_filter: None,
        }
    }

    fn along(index: &IndexAccess) -> Self {
        Self {
            columns: index.column.iter().cloned().collect(),
            condition: index.condition,
            ..Self::of_table(index.table)
        }
    }

    fn add_category_and_language(&mut self, timeline: &Timeline<'_>, is_own_index: bool) {
        let (filter, alias) = (timeline.filter, timeline.table.alias);
        if !is_own_index {
            self.residual_filters.extend(filter.category(alias));
            self.residual_filters.extend(filter.language(alias));
            return;
        }
        if !filter.parameters.categories.is_empty() {
            let category = Fragment::new("branch.id");
            self.columns.push(("category_id", category));
            self.per_category = true;
        }
        let language = filter.language_value();
        self.columns
            .extend(language.map(|language| ("language", language)));
    }
}
