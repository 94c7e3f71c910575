//! The bounds of a keyset scan: the cursor's position, and those that filters by time add.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::db::Fragment;
use crate::http::cursor::Cursor;
use crate::news::listing::scan_plan::ScanPlan;
use crate::news::listing::timeline::{SortTime, Timeline};

/// A place in the order of time, by moment (none yet: beyond all others) and id.
#[derive(Clone, Copy)]
struct Place {
    at: SortTime,
    id: Uuid,
    inclusive: bool,
}

impl Place {
    pub(super) fn key(self) -> (i64, Uuid) {
        (
            self.at.map_or(i64::MAX, |at| at.timestamp_micros()),
            self.id,
        )
    }

    pub(super) fn at(at: DateTime<Utc>, id: Uuid) -> Self {
        Self {
            at: Some(at),
            id,
            inclusive: false,
        }
    }
}

impl Timeline<'_> {
    /// The tightest places between which the walk lies: the latest and the earliest.
    pub(super) fn limits(
        &self,
        cursor: Option<&Cursor<SortTime>>,
    ) -> (Option<Place>, Option<Place>) {
        let filter = self.filter;
        let place = |cursor: &Cursor<SortTime>| Place {
            at: cursor.key,
            id: cursor.id,
            inclusive: cursor.inclusive,
        };
        let descends = self.descends(cursor);
        let from = |wanted| cursor.filter(|_| descends == wanted).map(place);
        let (mut above, mut below) = (vec![from(true)], vec![from(false)]);
        if filter.sort.by_change() {
            above.push(filter.updated_before.map(|at| Place::at(at, Uuid::nil())));
            below.push(filter.updated_after.map(|at| Place::at(at, Uuid::max())));
        } else {
            above.push(filter.published_before.map(|at| Place::at(at, Uuid::nil())));
            above.push(filter.day.map(|day| Place::at(day.end, Uuid::nil())));
            below.push(filter.published_after.map(|at| Place::at(at, Uuid::max())));
            below.push(filter.day.map(|day| Place::at(day.begin, Uuid::nil())));
        }
        (
            above.into_iter().flatten().min_by_key(|place| place.key()),
            below.into_iter().flatten().max_by_key(|place| place.key()),
        )
    }

    /// The bounds of the walk.
    pub(super) fn bounds(&self, walk: &ScanPlan, cursor: Option<&Cursor<SortTime>>) -> Fragment {
        let (above, below) = self.limits(cursor);
        let side = |comparison: &'static str, place: Option<Place>| match place {
            Some(place) => {
                let mut sql = Fragment::new(" AND (");
                for (column, _) in &walk.columns {
                    sql = sql.sql(column).sql(", ");
                }
                sql = sql.sql(self.key()).sql(", id)").sql(comparison);
                sql = sql.sql(if place.inclusive { "= (" } else { " (" });
                for (_, value) in &walk.columns {
                    sql = sql.append(value).sql(", ");
                }
                sql.sql("coalesce(")
                    .time(place.at)
                    .sql(", 'infinity'), ")
                    .id(place.id)
                    .sql(")")
            }
            // At an end of what has the same first columns.
            None => match walk.columns.as_slice() {
                [] => Fragment::default(),
                [(column, value)] => Fragment::new(" AND ")
                    .sql(column)
                    .sql(comparison)
                    .sql("= ")
                    .append(value),
                columns => {
                    let mut sql = Fragment::new(" AND (");
                    for (n, (column, _)) in columns.iter().enumerate() {
                        sql = sql.sql(if n > 0 { ", " } else { "" }).sql(column);
                    }
                    sql = sql.sql(")").sql(comparison).sql("= (");
                    for (n, (_, value)) in columns.iter().enumerate() {
                        sql = sql.sql(if n > 0 { ", " } else { "" }).append(value);
                    }
                    sql.sql(")")
                }
            },
        };
        let sql = side(" <", above).append(&side(" >", below));
        let known = !self.filter.sort.by_change() && self.filter.published_after.is_some();
        if known {
            sql.sql(" AND listed_at < 'infinity'")
        } else {
            sql
        }
    }
}
