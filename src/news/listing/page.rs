//! Step 4: fetches the rows of a page, along an index first and, where too few matches are met, by sorting all of them.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use uuid::Uuid;

use crate::db::{Fragment, Statement};
use crate::http::cursor::Cursor;
use crate::http::query::{MOST_COUNTED, PageRequest};
use crate::news::listing::scan_plan::ScanPlan;
use crate::news::listing::timeline::{SortTime, Timeline};
use crate::problem::Problem;

/// Plans the following statements of a transaction for their actual values, and without a scan of a whole table: matches
/// are rare where this is used.
const FORCE_CUSTOM_PLAN: &str =
    "SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_seqscan = off";

/// A row of a timeline.
pub trait TimeOrdered: Sized + Send {
    /// Whether the page ends before it, by the bytes that it may carry.
    fn is_beyond(&self) -> bool {
        false
    }

    /// Fetches rows, joined with `related`.
    fn fetch(
        conn: &mut AsyncPgConnection,
        source: RowSource,
        related: &Fragment,
    ) -> impl Future<Output = QueryResult<Vec<Self>>> + Send;
}

/// A derived table by the name of the table whose rows it has, and their order.
pub struct RowSource {
    rows: Fragment,
    order: Fragment,
}

impl RowSource {
    /// The statement from its `FROM` on, with `related` joined.
    pub fn joined(&self, related: &Fragment) -> Fragment {
        Fragment::new("FROM ")
            .append(&self.rows)
            .append(related)
            .append(&self.order)
    }
}

impl Timeline<'_> {
    /// Fetches a page: its rows in their order, and how many rows the list has where `request` counts them (see
    /// [`Timeline::count`]). `related` joins the tables that the rows refer to.
    pub async fn page<R: TimeOrdered>(
        &self,
        conn: &mut AsyncPgConnection,
        cursor: Option<&Cursor<SortTime>>,
        request: PageRequest,
        related: &Fragment,
    ) -> Result<(Vec<R>, Option<i64>), Problem> {
        let plan = ScanPlan::choose(self);
        let source = self.scan(&plan, cursor, request.rows);
        let mut rows = R::fetch(conn, source, related).await?;
        let is_full = rows.len() > request.limit || rows.last().is_some_and(TimeOrdered::is_beyond);
        if !plan.residual_filters.is_empty() && !is_full {
            rows = self.fetch_then_sort(conn, cursor, request, related).await?;
        }
        let total = match request.counts {
            true => Some(self.count(conn).await?),
            false => None,
        };
        Ok((rows, total))
    }

    /// The rows of a page along the plan's index. With more than one filter there are thousands of different statements, too
    /// many to keep each prepared.
    pub(super) fn scan(
        &self,
        plan: &ScanPlan,
        cursor: Option<&Cursor<SortTime>>,
        rows: usize,
    ) -> RowSource {
        let rows = self.scanned(plan, cursor, rows);
        let rows = match self.filter_count() > 1 {
            true => rows.uncached(),
            false => rows,
        };
        self.in_order(rows, cursor)
    }

    /// The rows of a page from all matches, sorted.
    pub(super) fn sort(&self, cursor: Option<&Cursor<SortTime>>, rows: usize) -> RowSource {
        self.in_order(self.sorted(cursor, rows).uncached(), cursor)
    }

    /// The rows in the list's order, as far as the page's bytes go.
    fn in_order(&self, rows: Fragment, cursor: Option<&Cursor<SortTime>>) -> RowSource {
        let table = self.table.name;
        let order = self.order_by(table, &[], self.is_descending(cursor));
        let rows = match &self.byte_budget {
            Some(budget) => budget.apply(&rows, table, &order),
            None => rows,
        };
        RowSource { rows, order }
    }

    /// Fetches the rows of a page by finding all matches and sorting them. How they are best found depends on the values.
    pub async fn fetch_then_sort<R: TimeOrdered>(
        &self,
        conn: &mut AsyncPgConnection,
        cursor: Option<&Cursor<SortTime>>,
        request: PageRequest,
        related: &Fragment,
    ) -> QueryResult<Vec<R>> {
        let source = self.sort(cursor, request.rows);
        conn.transaction(async |conn| {
            conn.batch_execute(FORCE_CUSTOM_PLAN).await?;
            R::fetch(conn, source, related).await
        })
        .await
    }

    /// The same by one prepared statement, where the way to find the matches doesn't depend on the values, for rows that need
    /// no more than these columns.
    pub async fn fetch_sorted<R: TimeOrdered>(
        &self,
        conn: &mut AsyncPgConnection,
        cursor: Option<&Cursor<SortTime>>,
        rows: usize,
        columns: &[&'static str],
        related: &Fragment,
    ) -> QueryResult<Vec<R>> {
        let rows = self.sorted_columns(cursor, rows, columns);
        R::fetch(conn, self.in_order(rows, cursor), related).await
    }

    /// Counts the rows up to [`MOST_COUNTED`]; one more means that there are more.
    pub async fn count(&self, conn: &mut AsyncPgConnection) -> QueryResult<i64> {
        let sql = Fragment::new("SELECT count(*) FROM (SELECT FROM ")
            .append(&self.all())
            .sql(" LIMIT ")
            .number(MOST_COUNTED + 1)
            .sql(") AS counted")
            .uncached();
        conn.transaction(async |conn| {
            conn.batch_execute(FORCE_CUSTOM_PLAN).await?;
            Statement::<BigInt>::new(sql).get_result(conn).await
        })
        .await
    }

    /// The rows with these ids that match, in any order; with a byte budget, in the order of the ids.
    pub fn with_ids(&self, ids: &[Uuid]) -> RowSource {
        let (table, alias) = (self.table.name, self.table.alias);
        let found = Fragment::new("(SELECT ")
            .column(alias, "id FROM ")
            .append(&self.all())
            .sql(" AND ")
            .column(alias, "id = ANY(")
            .ids(ids.to_vec())
            .sql("))");
        let mut rows = self.own_rows(&found).sql(" AS ").sql(table);
        if self.filter_count() > 0 {
            rows = rows.uncached();
        }
        let order = Fragment::new(" ORDER BY array_position(")
            .ids(ids.to_vec())
            .sql(", ")
            .column(table, "id)");
        match &self.byte_budget {
            Some(budget) => RowSource {
                rows: budget.apply(&rows, table, &order),
                order,
            },
            None => RowSource {
                rows,
                order: Fragment::default(),
            },
        }
    }
}
