//! A list in the order of time, as headlines and articles have it: the table, what is wanted of its rows, and their order.
//! counts as beyond all others.
//!
//! Reading stops at the page's end, whatever the filter. A page is read along the index that narrows most of what is
//! asked for: each alternative and each category of a branch walks its part of it, and what they find is merged. Where
//! other filters remain, the walk is cut off after 2,000 rows: either what is wanted is common, and the page is full
//! by then, or it is rare, and then everything that fits is gathered from the indexes that the planner chooses, and put
//! in order.

use chrono::{DateTime, Utc};

use uuid::Uuid;

use crate::http::cursor::Cursor;
use crate::news::content::visibility::Visibility;
use crate::news::listing::byte_budget::ByteBudget;
use crate::news::listing::filter::TimelineFilter;
use crate::news::listing::scan_plan::{FilterPredicate, SCAN_BUDGET};

/// A moment, or none yet: the key by which a timeline is sorted.
pub type SortTime = Option<DateTime<Utc>>;

/// Some rows of a table in the order of time.
pub struct Timeline<'a> {
    pub(super) table: &'static str,
    pub(super) visibility: Visibility,
    pub(super) filter: &'a TimelineFilter,
    pub(super) predicates: Vec<FilterPredicate>,
    pub(super) budget: Option<ByteBudget>,
    /// A filter that most rows obey.
    pub(super) common: Option<FilterPredicate>,
    /// How many rows are walked past what the walked index doesn't know; the categories of a branch share them.
    pub(super) reach: usize,
}

impl<'a> Timeline<'a> {
    pub fn new(
        table: &'static str,
        visibility: Visibility,
        filter: &'a TimelineFilter,
        predicates: Vec<FilterPredicate>,
    ) -> Self {
        Self {
            table,
            visibility,
            filter,
            predicates,
            budget: None,
            common: None,
            reach: SCAN_BUDGET,
        }
    }

    /// The same where each page ends by the bytes that it carries, too.
    pub fn within(self, budget: Option<ByteBudget>) -> Self {
        Self { budget, ..self }
    }

    /// The same with a filter that most rows obey. Where it is the only one that the walked index doesn't know, the walk goes
    /// on however many rows in a row don't: to gather all others would cost more.
    pub fn with_common(self, common: Option<FilterPredicate>) -> Self {
        Self { common, ..self }
    }

    /// The same with another reach.
    pub fn reaching(self, reach: usize) -> Self {
        Self { reach, ..self }
    }

    /// The column that it is sorted by.
    pub(super) fn key(&self) -> &'static str {
        if self.filter.sort.by_change() {
            "updated_at"
        } else {
            "listed_at"
        }
    }

    /// Where a row stands in it.
    pub fn place(
        &self,
        published_at: SortTime,
        updated_at: DateTime<Utc>,
        id: Uuid,
    ) -> (SortTime, Uuid) {
        let by_change = self.filter.sort.by_change();
        (
            if by_change {
                Some(updated_at)
            } else {
                published_at
            },
            id,
        )
    }

    /// Whether the rows of this page are read from the latest on.
    pub(super) fn descends(&self, cursor: Option<&Cursor<SortTime>>) -> bool {
        let forward = cursor.is_none_or(|cursor| cursor.forward);
        self.filter.sort.latest_first() == forward
    }

    /// How many filters are used, beside one category.
    pub(super) fn used(&self) -> usize {
        self.filter.used() + self.predicates.len() + usize::from(self.common.is_some())
    }
}
