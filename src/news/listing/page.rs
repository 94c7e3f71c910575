//! Fetches the rows of a page: along an index first, then, where too few were met, by sorting all that match.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use uuid::Uuid;

use crate::db::{Fragment, Statement};
use crate::http::cursor::Cursor;
use crate::http::query::{MOST_COUNTED, PageRequest};
use crate::news::listing::timeline::{SortTime, Timeline};
use crate::problem::Problem;

/// Plans the following statements of a transaction for the very values that they are given, and never to read a whole
/// table: what is wanted is rare, or it would have been met before.
const FORCE_CUSTOM_PLAN: &str =
    "SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_seqscan = off";

impl Timeline<'_> {
    /// Reads a page: its rows in their order, and how many there are in all where that is asked for; anything over
    /// [`MOST_COUNTED`] means more, as no further is counted. `related` joins what the rows refer to.
    pub async fn page<R: TimeOrdered>(
        &self,
        conn: &mut AsyncPgConnection,
        cursor: Option<&Cursor<SortTime>>,
        wanted: PageRequest,
        related: &Fragment,
    ) -> Result<(Vec<R>, Option<i64>), Problem> {
        let walk = self.walk();
        let mut rows = self.rows(&walk, cursor, wanted.rows);
        // With one filter or none it is worth keeping the statement prepared; with more there are thousands of them.
        if self.used() > 1 {
            rows = rows.uncached();
        }
        let mut found = R::read(conn, self.source(rows, cursor), related).await?;
        let ended = found.last().is_some_and(TimeOrdered::is_beyond);
        if !walk.rest.is_empty() && found.len() <= wanted.limit && !ended {
            found = self.gather(conn, cursor, wanted, related).await?;
        }
        let total = match wanted.counts {
            true => Some(self.count(conn).await?),
            false => None,
        };
        Ok((found, total))
    }

    fn source(&self, rows: Fragment, cursor: Option<&Cursor<SortTime>>) -> Source {
        let name = match self.table {
            "headlines" => "headlines.",
            _ => "articles.",
        };
        let order = self.by(name, &[], self.descends(cursor));
        let rows = match &self.budget {
            Some(budget) => budget.apply(&rows, self.table, &order),
            None => rows,
        };
        Source { rows, order }
    }

    /// Reads the rows of a page by gathering all that fit. The planner has to know what is asked for: how they are best
    /// gathered depends on it.
    pub async fn gather<R: TimeOrdered>(
        &self,
        conn: &mut AsyncPgConnection,
        cursor: Option<&Cursor<SortTime>>,
        wanted: PageRequest,
        related: &Fragment,
    ) -> QueryResult<Vec<R>> {
        conn.transaction(async |conn| {
            conn.batch_execute(FORCE_CUSTOM_PLAN).await?;
            let rows = self.gathered(cursor, wanted.rows);
            R::read(conn, self.source(rows, cursor), related).await
        })
        .await
    }

    /// How many there are; anything over [`MOST_COUNTED`] means more, as no further is counted.
    pub async fn count(&self, conn: &mut AsyncPgConnection) -> QueryResult<i64> {
        let sql = Fragment::new("SELECT count(*) FROM (SELECT FROM ")
            .append(&self.all())
            .sql(" LIMIT ")
            .number(MOST_COUNTED + 1)
            .sql(") AS counted");
        conn.transaction(async |conn| {
            conn.batch_execute(FORCE_CUSTOM_PLAN).await?;
            Statement::<BigInt>::new(sql.uncached())
                .get_result(conn)
                .await
        })
        .await
    }

    /// Those with these ids, in any order, that the filters let through. Where bytes are bounded, in the order of the ids.
    pub fn with_ids(&self, ids: &[Uuid]) -> Source {
        let lines = Fragment::new("(SELECT line.id FROM ")
            .append(&self.all())
            .sql(" AND line.id = ANY(")
            .ids(ids.to_vec())
            .sql("))");
        let rows = self.joined(lines).sql(" AS ").sql(self.table);
        let rows = if self.used() > 0 {
            rows.uncached()
        } else {
            rows
        };
        let order = Fragment::new(" ORDER BY array_position(")
            .ids(ids.to_vec())
            .sql(", ")
            .sql(self.table)
            .sql(".id)");
        match &self.budget {
            Some(budget) => Source {
                rows: budget.apply(&rows, self.table, &order),
                order,
            },
            None => Source {
                rows,
                order: Fragment::default(),
            },
        }
    }
}

/// A row that stands in a timeline.
pub trait TimeOrdered: Sized + Send {
    /// Whether the page ends before it, by the bytes that it may carry.
    fn is_beyond(&self) -> bool {
        false
    }

    /// Reads rows from where they are found, with what they refer to.
    fn read(
        conn: &mut AsyncPgConnection,
        source: Source,
        related: &Fragment,
    ) -> impl Future<Output = QueryResult<Vec<Self>>> + Send;
}

/// Where a statement takes its rows from, by the table's own name, and how it orders them.
pub struct Source {
    pub rows: Fragment,
    pub order: Fragment,
}
