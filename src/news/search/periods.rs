//! Periods of time in the index: the newest matches of a common word are found without reading the others.

use chrono::{DateTime, Utc};

use crate::db::Fragment;
use crate::news::search::statistics::TableStatistics;

/// A period is as long as sixteen of the next shorter ones, the shortest a day; this many lengths are in the index.
const LENGTH: i64 = 16;
const LEVELS: i32 = 3;
/// A span is worth it while it has at most this fraction of the matches.
const LARGEST: f64 = 0.15;
/// How much longer each span is than the one before it.
const GROWTH: f64 = 3.0;
/// The beginning of the year 1, from which days are counted, in seconds before 1970.
const ORIGIN: i64 = 62_135_596_800;
/// The number of rows without a time.
const WITHOUT_TIME: i64 = 0;

/// A span of time from a place on that is likely to have enough matches.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a> {
    statistics: &'a TableStatistics,
    /// The day that it begins with, the fraction of the rows until there, and the fraction that it has.
    first: i64,
    from: f64,
    fraction: f64,
    descending: bool,
}

impl<'a> Span<'a> {
    /// The span from a time on that is likely to have so many matches; none if there are not many more matches than that.
    pub fn with_matches(
        statistics: &'a TableStatistics,
        matches: f64,
        wanted: usize,
        from: DateTime<Utc>,
        descending: bool,
    ) -> Option<Self> {
        #[expect(clippy::cast_precision_loss, reason = "it is a few hundred")]
        let fraction = 1.5 * wanted as f64 / matches;
        (fraction < LARGEST).then(|| Self {
            statistics,
            first: day(from),
            from: statistics.fraction_until(from),
            fraction,
            descending,
        })
    }

    /// A longer one, if this had too few matches; none if no rows are left.
    pub fn longer(self) -> Option<Self> {
        let left = if self.descending {
            self.from
        } else {
            1.0 - self.from
        };
        (self.fraction < left).then_some(Self {
            fraction: self.fraction * GROWTH,
            ..self
        })
    }

    /// The condition that a row of this alias is of these days, or without a time.
    pub fn condition(&self, alias: &'static str) -> Fragment {
        let (first, last) = self.days();
        Fragment::new("search_periods(")
            .column(alias, "listed_at) && ")
            .numbers(periods(first, last))
    }

    /// Its first and its last day. The one that it begins with is exact.
    fn days(&self) -> (i64, i64) {
        let to = match self.descending {
            true => self.from - self.fraction,
            false => self.from + self.fraction,
        };
        let last = day(self.statistics.time_at(to));
        (self.first.min(last), self.first.max(last))
    }
}

fn day(at: DateTime<Utc>) -> i64 {
    (at.timestamp() + ORIGIN).div_euclid(86_400)
}

/// The numbers of few periods that together have these days and no others, and that of rows without a time.
fn periods(first: i64, last: i64) -> Vec<i32> {
    let mut numbers = vec![WITHOUT_TIME];
    let (mut first, mut last) = (first, last);
    for level in 0..LEVELS {
        let number = |place: i64| (i64::from(level) << 24) + 1 + place;
        let is_longest = level + 1 == LEVELS;
        // The ends that don't make a whole period of the next length.
        while first <= last && (is_longest || first % LENGTH != 0) {
            numbers.push(number(first));
            first += 1;
        }
        while first <= last && (last + 1) % LENGTH != 0 {
            numbers.push(number(last));
            last -= 1;
        }
        first /= LENGTH;
        last = (last + 1) / LENGTH - 1;
    }
    let numbers = numbers.into_iter();
    numbers
        .filter_map(|number| i32::try_from(number).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_as_short_as_a_few_of_them_allow() {
        let level = |level: i32| level << 24;
        assert_eq!(periods(20_000, 20_001), [0, 20_002, 20_001]);
        // 16 · 1,250 = 20,000; 16 · 1,253 = 20,048.
        assert_eq!(
            periods(20_000, 20_049),
            [
                0,
                20_050,
                20_049,
                level(1) + 1_251,
                level(1) + 1_252,
                level(1) + 1_253
            ]
        );
        for (first, last) in [
            (0, 0),
            (5, 300),
            (255, 256),
            (20_017, 21_113),
            (700_000, 711_000),
        ] {
            let numbers = periods(first, last);
            assert!(numbers.len() <= 1 + 60 + 45, "{}", numbers.len());
            let mut days: Vec<i64> = Vec::new();
            for number in &numbers[1..] {
                let (level, place) = (number >> 24, i64::from((number & 0xff_ffff) - 1));
                let length = LENGTH.pow(level.unsigned_abs());
                days.extend(place * length..(place + 1) * length);
            }
            days.sort_unstable();
            assert!(days.iter().copied().eq(first..=last), "{first} {last}");
        }
    }

    #[test]
    fn a_span_grows_until_it_has_all_days() {
        let at = |days: i64| DateTime::from_timestamp(days * 86_400 - ORIGIN, 0).unwrap();
        // Half of the rows are of the last ten days.
        let statistics = TableStatistics {
            rows: 100_000.0,
            times: [1_000, 1_990, 2_000].map(at).into(),
            ..TableStatistics::default()
        };
        let span =
            |from, descending| Span::with_matches(&statistics, 3_000.0, 200, at(from), descending);
        let newest = span(2_010, true).unwrap();
        assert_eq!(newest.days(), (1_998, 2_010));
        let longer = newest.longer().unwrap();
        assert_eq!(longer.days(), (1_993, 2_010));
        let longer = longer.longer().unwrap();
        assert_eq!(longer.days(), (1_197, 2_010));
        let longest = longer.longer().unwrap();
        assert_eq!(longest.days(), (1_000, 2_010));
        assert!(longest.longer().is_none());
        let older = span(1_990, true).unwrap();
        assert_eq!(older.days(), (1_792, 1_990));
        let upward = span(1_999, false).unwrap();
        assert_eq!(upward.days(), (1_999, 2_000));
        assert!(upward.longer().is_none());
        assert!(Span::with_matches(&statistics, 1_900.0, 200, at(2_000), true).is_none());
    }
}
