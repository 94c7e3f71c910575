//! A list in the order of time: a table, the filters on its rows, their order, and how much may be read for a page.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::db::Fragment;
use crate::http::cursor::Cursor;
use crate::news::content::visibility::Visibility;
use crate::news::listing::byte_budget::ByteBudget;
use crate::news::listing::conditions;
use crate::news::listing::resolve::ResolvedFilter;
use crate::news::listing::scan_plan::{FilterPredicate, SCAN_BUDGET};

/// The time that a list is ordered by. None is a row without a time yet: it sorts as the latest.
pub type SortTime = Option<DateTime<Utc>>;

/// A table of content that is listed in the order of time.
#[derive(Clone, Copy, Debug)]
pub struct ListedTable {
    pub name: &'static str,
    /// The alias of its rows in conditions, also where an index table with the same columns is scanned instead.
    pub alias: &'static str,
}

/// Rows of a table in the order of time; of two at the same time, the id decides.
#[derive(Clone)]
pub struct Timeline<'a> {
    pub(super) table: ListedTable,
    pub(super) visibility: Visibility,
    pub(super) filter: &'a ResolvedFilter,
    pub(super) predicates: Vec<FilterPredicate>,
    /// A filter that most rows match.
    pub(super) common: Option<FilterPredicate>,
    pub(super) byte_budget: Option<ByteBudget>,
    /// How many rows a page may scan for filters that the index doesn't know; the categories of a branch share them.
    pub(super) scan_budget: usize,
}

impl<'a> Timeline<'a> {
    pub fn new(
        table: ListedTable,
        visibility: Visibility,
        filter: &'a ResolvedFilter,
        predicates: Vec<FilterPredicate>,
    ) -> Self {
        Self {
            table,
            visibility,
            filter,
            predicates,
            common: None,
            byte_budget: None,
            scan_budget: SCAN_BUDGET,
        }
    }

    /// Ends each page by the bytes of its bodies, too.
    pub fn with_byte_budget(self, byte_budget: Option<ByteBudget>) -> Self {
        Self {
            byte_budget,
            ..self
        }
    }

    /// Adds a filter that most rows match. Where it is the only one that the index doesn't know, the scan isn't cut off:
    /// finding all matches and sorting them would cost more.
    pub fn with_common(self, common: Option<FilterPredicate>) -> Self {
        Self { common, ..self }
    }

    pub fn with_scan_budget(self, scan_budget: usize) -> Self {
        Self {
            scan_budget,
            ..self
        }
    }

    /// Whether there is no filter but one predicate.
    pub fn has_one_filter(&self) -> bool {
        self.filter_count() == 1 && self.filter.categories.is_empty()
    }

    /// Whether it has no rows of the future.
    pub fn ends_now(&self) -> bool {
        self.visibility == Visibility::Public
    }

    /// The alias of its rows in conditions.
    pub fn alias(&self) -> &'static str {
        self.table.alias
    }

    /// The column that orders it.
    pub(super) fn sort_column(&self) -> &'static str {
        match self.filter.parameters.sort.by_update() {
            true => "updated_at",
            false => "listed_at",
        }
    }

    /// The position of a row in it.
    pub fn position(
        &self,
        published_at: SortTime,
        updated_at: DateTime<Utc>,
        id: Uuid,
    ) -> (SortTime, Uuid) {
        match self.filter.parameters.sort.by_update() {
            true => (Some(updated_at), id),
            false => (published_at, id),
        }
    }

    /// Whether a page at this cursor reads its rows from the latest on.
    pub(super) fn is_descending(&self, cursor: Option<&Cursor<SortTime>>) -> bool {
        let forward = cursor.is_none_or(|cursor| cursor.forward);
        self.filter.parameters.sort.latest_first() == forward
    }

    /// The condition that a row of its table, by this alias, is visible and has the status asked for.
    pub fn visible(&self, alias: &'static str) -> Fragment {
        let status = self.filter.parameters.status;
        conditions::visible(alias, self.visibility, status)
    }

    /// How many filters are used, beside one category.
    pub(super) fn filter_count(&self) -> usize {
        self.filter.parameters.filter_count()
            + self.predicates.len()
            + usize::from(self.common.is_some())
    }
}
