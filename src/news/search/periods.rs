//! Periods of time in the index: the newest matches of a common word are found without reading the others.

use chrono::{DateTime, Utc};

use crate::db::Fragment;
use crate::news::search::statistics::TableStatistics;

/// The most periods that a query names, except where it needs more of the longest ones.
const MOST: i64 = 17;
/// The length of a period is a power of sixteen days; this many lengths are in the index.
const LEVELS: i32 = 3;
/// The beginning of the year 1, from which days are counted, in seconds before 1970.
const ORIGIN: i64 = 62_135_596_800;
/// The number of rows without a time.
const WITHOUT_TIME: i64 = 0;

/// Days from a place in time on that are likely to have enough matches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// The first and the last day of all rows.
    all: (i64, i64),
    from: i64,
    days: i64,
    descending: bool,
}

impl Span {
    /// The days that are likely to have so many matches; none if these are about all that there are.
    pub fn with_matches(
        statistics: &TableStatistics,
        matches: f64,
        wanted: usize,
        from: Option<DateTime<Utc>>,
        descending: bool,
    ) -> Option<Self> {
        let all = (day(statistics.oldest?), day(statistics.newest?));
        #[expect(clippy::cast_precision_loss, reason = "they are a few thousand")]
        let (wanted, days) = (wanted as f64, (all.1 - all.0 + 1) as f64);
        if matches <= 4.0 * wanted {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "it is less than all days")]
        let days = (1.5 * wanted / matches * days).ceil() as i64;
        let from = from.map_or(if descending { all.1 } else { all.0 }, day);
        Some(Self {
            all,
            from: from.clamp(all.0, all.1),
            days,
            descending,
        })
    }

    /// A longer one, if this had too few matches; none if no more are left.
    pub fn longer(self) -> Option<Self> {
        let (first, last) = self.range();
        let is_whole = match self.descending {
            true => first <= self.all.0,
            false => last >= self.all.1,
        };
        (!is_whole).then_some(Self {
            days: self.days.saturating_mul(8),
            ..self
        })
    }

    /// The condition that a row of this alias is of these days, or without a time.
    pub fn condition(&self, alias: &'static str) -> Fragment {
        let (first, last) = self.range();
        let sql = Fragment::new("search_periods(")
            .column(alias, "listed_at) && ")
            .numbers(periods(first, last));
        sql
    }

    fn range(&self) -> (i64, i64) {
        match self.descending {
            true => (self.from.saturating_sub(self.days), self.from),
            false => (self.from, self.from.saturating_add(self.days)),
        }
    }
}

fn day(at: DateTime<Utc>) -> i64 {
    (at.timestamp() + ORIGIN).div_euclid(86_400)
}

/// The numbers of few periods that together have these days, and that of rows without a time.
fn periods(first: i64, last: i64) -> Vec<i32> {
    let level = (0..LEVELS)
        .find(|level| (last >> (4 * level)) - (first >> (4 * level)) < MOST)
        .unwrap_or(LEVELS - 1);
    let numbers = (first >> (4 * level))..=(last >> (4 * level));
    let of_level = numbers.map(|number| (i64::from(level) << 24) + 1 + number);
    let all = of_level.chain([WITHOUT_TIME]);
    all.filter_map(|number| i32::try_from(number).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_as_short_as_a_few_of_them_allow() {
        assert_eq!(periods(20_000, 20_001), [20_001, 20_002, 0]);
        let longer = periods(20_000, 20_050);
        assert_eq!(longer.first(), Some(&((1 << 24) + 1_251)));
        assert_eq!(longer.len(), 5);
        let decades = periods(700_000, 711_000);
        assert_eq!(decades.len(), 45);
    }

    #[test]
    fn a_span_grows_until_it_has_all_days() {
        let at = |days: i64| DateTime::from_timestamp(days * 86_400 - ORIGIN, 0);
        let statistics = TableStatistics {
            rows: 100_000.0,
            oldest: at(1_000),
            newest: at(1_999),
            ..TableStatistics::default()
        };
        let span = Span::with_matches(&statistics, 10_000.0, 200, None, true).unwrap();
        assert_eq!(span.range(), (1_969, 1_999));
        let longer = span.longer().unwrap();
        assert_eq!(longer.range(), (1_759, 1_999));
        assert_eq!(longer.longer().unwrap().longer(), None);
        let upward = Span::with_matches(&statistics, 10_000.0, 200, at(1_990), false).unwrap();
        assert_eq!(upward.longer(), None);
        assert_eq!(
            Span::with_matches(&statistics, 700.0, 200, None, true),
            None
        );
    }
}
