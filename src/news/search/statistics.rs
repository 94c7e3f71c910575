//! How common words are, from the planner's statistics: it decides how a search is executed, never what it returns.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
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
    /// The times of the oldest and the newest public row.
    pub oldest: Option<DateTime<Utc>>,
    pub newest: Option<DateTime<Utc>>,
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
                ", coalesce(most_common_elems::text::text[], '{}'), coalesce(most_common_elem_freqs, '{}') FROM pg_class \
                 LEFT JOIN pg_stats ON attname = 'search' AND tablename = relname AND schemaname = relnamespace::regnamespace::text \
                 WHERE pg_class.oid = '",
            )
            .sql(table)
            .sql("'::regclass");
        type Row = (
            Double,
            Nullable<Timestamptz>,
            Nullable<Timestamptz>,
            Array<Text>,
            Array<Nullable<Float>>,
        );
        type Loaded = (f64, SortTime, SortTime, Vec<String>, Vec<Option<f32>>);
        let (rows, oldest, newest, terms, fractions): Loaded =
            Statement::<Row>::new(sql).get_result(conn).await?;
        // Behind those of the terms are the least and the highest of them all.
        let fractions = fractions
            .into_iter()
            .map(|fraction| f64::from(fraction.unwrap_or_default()));
        let common_terms: HashMap<String, f64> = terms.into_iter().zip(fractions).collect();
        Ok(Self {
            rows: rows.max(0.0),
            oldest,
            newest,
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
                .unwrap_or(self.others / 8.0),
        }
    }
}
