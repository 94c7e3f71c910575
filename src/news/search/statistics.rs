//! How common words are, and how rows are spread over time, from the planner's statistics: they decide how a search is executed,
//! never what it returns.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Double, Float, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::{Fragment, Statement};
use crate::news::listing::timeline::SortTime;
use crate::news::search_index::Rendered;

/// For how long statistics are used.
const LIFETIME: Duration = Duration::from_secs(60);

/// The statistics of both tables, read once a minute.
#[derive(Debug, Default)]
pub struct SearchStatistics {
    last: RwLock<Option<(Instant, Arc<Tables>)>>,
}

/// Of `articles` and `headlines`.
pub type Tables = [TableStatistics; 2];

/// The rows of a table, and the fractions of them that have a word.
#[derive(Clone, Debug, Default)]
pub struct TableStatistics {
    /// About how many rows there are.
    pub rows: f64,
    /// Times that part the public rows into groups of the same size, in their order, from the oldest row's to the newest's.
    pub times: Vec<DateTime<Utc>>,
    pub(super) common_terms: HashMap<String, f64>,
    /// At most this fraction has any other term.
    pub(super) others: f64,
}

impl SearchStatistics {
    /// The statistics, at most a minute old.
    pub async fn read(&self, conn: &mut AsyncPgConnection) -> QueryResult<Arc<Tables>> {
        let last = self
            .last
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some((_, tables)) = last.filter(|(read, _)| read.elapsed() < LIFETIME) {
            return Ok(tables);
        }
        let tables = Arc::new([
            TableStatistics::read(conn, "articles").await?,
            TableStatistics::read(conn, "headlines").await?,
        ]);
        let mut last = self.last.write().unwrap_or_else(PoisonError::into_inner);
        *last = Some((Instant::now(), Arc::clone(&tables)));
        Ok(tables)
    }
}

impl TableStatistics {
    async fn read(conn: &mut AsyncPgConnection, table: &'static str) -> QueryResult<Self> {
        let edge = |order| {
            Fragment::new("(SELECT listed_at FROM ")
                .sql(table)
                .sql(" WHERE deleted_at IS NULL AND status IN ('published', 'scheduled') ORDER BY listed_at")
                .sql(order)
                .sql(" LIMIT 1)")
        };
        let sql = Fragment::new("SELECT reltuples::double precision, ")
            .append(&edge(""))
            .sql(", ")
            .append(&edge(" DESC"))
            .sql(
                ", coalesce(terms.most_common_elems::text::text[], '{}'), coalesce(terms.most_common_elem_freqs, '{}'), \
                 ARRAY(SELECT bound FROM unnest(times.histogram_bounds::text::timestamptz[]) AS bound WHERE isfinite(bound)) \
                 FROM pg_class \
                 LEFT JOIN pg_stats AS terms ON terms.attname = 'search' AND terms.tablename = relname \
                 AND terms.schemaname = relnamespace::regnamespace::text \
                 LEFT JOIN pg_stats AS times ON times.attname = 'listed_at' AND times.tablename = relname \
                 AND times.schemaname = relnamespace::regnamespace::text WHERE pg_class.oid = '",
            )
            .sql(table)
            .sql("'::regclass");
        type Time = Nullable<Timestamptz>;
        type Row = (
            Double,
            Time,
            Time,
            Array<Text>,
            Array<Nullable<Float>>,
            Array<Timestamptz>,
        );
        type Bounds = Vec<DateTime<Utc>>;
        type Loaded = (
            f64,
            SortTime,
            SortTime,
            Vec<String>,
            Vec<Option<f32>>,
            Bounds,
        );
        let (rows, oldest, newest, terms, fractions, bounds): Loaded =
            Statement::<Row>::new(sql).get_result(conn).await?;
        let (oldest, newest) = (oldest.unwrap_or_default(), newest.unwrap_or_default());
        // Behind those of the terms are the least and the highest of them all.
        let fractions = fractions
            .into_iter()
            .map(|fraction| f64::from(fraction.unwrap_or_default()));
        let common_terms: HashMap<String, f64> = terms.into_iter().zip(fractions).collect();
        Ok(Self {
            rows: rows.max(0.0),
            times: group_bounds(oldest, newest, &bounds),
            others: common_terms
                .values()
                .copied()
                .reduce(f64::min)
                .unwrap_or_default(),
            common_terms,
        })
    }

    /// About how many rows match.
    pub fn matches(&self, query: &Rendered) -> f64 {
        self.rows * query.estimate(|term| self.fraction(term))
    }

    /// The fraction of the rows that is not newer than this.
    pub fn fraction_until(&self, time: DateTime<Utc>) -> f64 {
        let groups = self.times.len().saturating_sub(1).max(1) as f64;
        let after = self.times.partition_point(|bound| *bound <= time);
        let (Some(begin), Some(end)) = (
            after.checked_sub(1).and_then(|n| self.times.get(n)),
            self.times.get(after),
        ) else {
            return if after == 0 { 0.0 } else { 1.0 };
        };
        let within = (time - *begin).as_seconds_f64() / (*end - *begin).as_seconds_f64();
        (after as f64 - 1.0 + within) / groups
    }

    /// The time that this fraction of the rows is not newer than.
    pub fn time_at(&self, fraction: f64) -> DateTime<Utc> {
        let place = fraction.clamp(0.0, 1.0) * self.times.len().saturating_sub(1) as f64;
        let last = self.times.last().copied().unwrap_or_default();
        let begin = self.times.get(place as usize).copied().unwrap_or(last);
        let end = self.times.get(place as usize + 1).copied().unwrap_or(last);
        let seconds = (end - begin).as_seconds_f64() * place.fract();
        begin + TimeDelta::milliseconds((seconds * 1000.0) as i64)
    }

    /// About how many rows have a term of the index.
    pub fn matches_of_term(&self, term: &str) -> f64 {
        self.rows * self.fraction(term)
    }

    fn fraction(&self, term: &str) -> f64 {
        match term.strip_suffix('*') {
            Some(prefix) => {
                let common = self.common_terms.iter();
                let known = common.filter(|(term, _)| term.starts_with(prefix));
                known.map(|(_, fraction)| fraction).sum::<f64>() + self.others
            }
            // Rarer terms are half as common as the rarest of the known ones, as in the planner; most don't occur at all.
            None => self
                .common_terms
                .get(term)
                .copied()
                .unwrap_or(self.others / 16.0),
        }
    }
}

/// The bounds of groups of rows. Those of the planner begin and end with rows of its sample, not with the oldest and the newest.
fn group_bounds(
    oldest: DateTime<Utc>,
    newest: DateTime<Utc>,
    of_sample: &[DateTime<Utc>],
) -> Vec<DateTime<Utc>> {
    let inner = match of_sample {
        [_, inner @ .., _] => inner,
        _ => &[],
    };
    let inner = inner.iter().copied();
    let inner = inner.filter(|bound| *bound > oldest && *bound < newest);
    [oldest].into_iter().chain(inner).chain([newest]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_has_as_many_groups_as_the_rows() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let bounds = |sample: &[i64]| {
            let sample: Vec<_> = sample.iter().copied().map(at).collect();
            group_bounds(at(0), at(100), &sample)
        };
        assert_eq!(bounds(&[1, 20, 60, 99]), [0, 20, 60, 100].map(at));
        // Statistics from before the oldest rows were deleted, and none.
        assert_eq!(bounds(&[-50, -10, 60, 99]), [0, 60, 100].map(at));
        assert_eq!(bounds(&[]), [0, 100].map(at));
    }

    #[test]
    fn times_and_fractions_of_the_rows_are_interpolated() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let statistics = TableStatistics {
            times: [0, 10, 1_000].map(at).into(),
            ..TableStatistics::default()
        };
        for (seconds, fraction) in [(0, 0.0), (5, 0.25), (10, 0.5), (505, 0.75), (1_000, 1.0)] {
            assert!((statistics.fraction_until(at(seconds)) - fraction).abs() < 1e-9);
            assert_eq!(statistics.time_at(fraction), at(seconds));
        }
        assert!(statistics.fraction_until(at(-5)) < 1e-9);
        assert!(statistics.fraction_until(at(5_000)) > 0.999);
        assert_eq!(TableStatistics::default().time_at(0.5), at(0));
    }
}
