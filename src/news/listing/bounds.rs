//! Step 3, the bounds of a scan: the cursor's position, and the positions that filters by time lie between.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::db::{Fragment, Keyset};
use crate::http::cursor::Cursor;
use crate::news::listing::conditions::HAS_TIME;
use crate::news::listing::scan_plan::ScanPlan;
use crate::news::listing::timeline::{SortTime, Timeline};

/// A position in the order of time and id; the position of no time yet is behind all others.
#[derive(Clone, Copy)]
struct TimePosition {
    at: SortTime,
    id: Uuid,
    inclusive: bool,
}

impl TimePosition {
    /// Before all rows at this time.
    fn before(at: DateTime<Utc>) -> Self {
        Self::new(at, Uuid::nil())
    }

    /// Behind all rows at this time.
    fn after(at: DateTime<Utc>) -> Self {
        Self::new(at, Uuid::max())
    }

    fn new(at: DateTime<Utc>, id: Uuid) -> Self {
        Self {
            at: Some(at),
            id,
            inclusive: false,
        }
    }

    fn of(cursor: &Cursor<SortTime>) -> Self {
        Self {
            at: cursor.key,
            id: cursor.id,
            inclusive: cursor.inclusive,
        }
    }

    fn key(&self) -> (i64, Uuid) {
        let micros = self.at.map_or(i64::MAX, |at| at.timestamp_micros());
        (micros, self.id)
    }

    /// The time and the id as values to compare with.
    fn values(self) -> [Fragment; 2] {
        let time = Fragment::new("coalesce(")
            .time(self.at)
            .sql(", 'infinity')");
        [time, Fragment::default().id(self.id)]
    }
}

impl Timeline<'_> {
    /// Rows beyond the cursor, in the direction that the page is read, by this alias.
    pub(super) fn beyond(&self, alias: &'static str, cursor: &Cursor<SortTime>) -> Fragment {
        let keyset = Keyset {
            alias,
            columns: &[self.sort_column(), "id"],
            descending: self.is_descending(Some(cursor)),
        };
        keyset.after(&TimePosition::of(cursor).values(), cursor.inclusive)
    }

    /// The bounds of a scan, from the first ` AND ` on.
    pub(super) fn scan_bounds(
        &self,
        plan: &ScanPlan,
        cursor: Option<&Cursor<SortTime>>,
    ) -> Fragment {
        let (upper, lower) = self.limits(cursor);
        let mut sql = Fragment::default();
        for (limit, descending) in [(upper, true), (lower, false)] {
            let mut columns: Vec<&'static str> =
                plan.columns.iter().map(|(name, _)| *name).collect();
            let mut values: Vec<Fragment> = plan
                .columns
                .iter()
                .map(|(_, value)| value.clone())
                .collect();
            if let Some(position) = limit {
                columns.extend([self.sort_column(), "id"]);
                values.extend(position.values());
            }
            if values.is_empty() {
                continue;
            }
            let keyset = Keyset {
                alias: "",
                columns: &columns,
                descending,
            };
            // Without a limit of its own, a side ends with the rows that have the index's first columns.
            let inclusive = limit.is_none_or(|position| position.inclusive);
            sql = sql.sql(" AND ").append(&keyset.after(&values, inclusive));
        }
        let parameters = &self.filter.parameters;
        match parameters.published_after {
            Some(_) if !parameters.sort.by_update() => sql.sql(" AND ").sql(HAS_TIME),
            _ => sql,
        }
    }

    /// The narrowest limits of the scan: the latest position and the earliest.
    fn limits(
        &self,
        cursor: Option<&Cursor<SortTime>>,
    ) -> (Option<TimePosition>, Option<TimePosition>) {
        let filter = &self.filter.parameters;
        let (before, after, day) = match filter.sort.by_update() {
            true => (filter.updated_before, filter.updated_after, None),
            false => (
                filter.published_before,
                filter.published_after,
                self.filter.day,
            ),
        };
        let descending = self.is_descending(cursor);
        let start = |from_latest| {
            let cursor = cursor.filter(|_| descending == from_latest);
            cursor.map(TimePosition::of)
        };
        let upper = [
            start(true),
            before.map(TimePosition::before),
            day.map(|day| TimePosition::before(day.end)),
        ];
        let lower = [
            start(false),
            after.map(TimePosition::after),
            day.map(|day| TimePosition::before(day.begin)),
        ];
        (
            upper.into_iter().flatten().min_by_key(TimePosition::key),
            lower.into_iter().flatten().max_by_key(TimePosition::key),
        )
    }
}
