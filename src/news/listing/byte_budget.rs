//! Pages with bodies end after a number of bytes. Postgres finds the end: it knows the size of a text without reading it, so a
//! body that isn't sent isn't read either.

use crate::db::Fragment;

/// The most bytes of bodies on a page. The first item is on it whatever its size.
pub const MOST_BYTES: usize = 4 << 20;

/// The limit of a page by the bytes of these bodies.
#[derive(Clone, Debug)]
pub struct ByteBudget {
    columns: Vec<&'static str>,
    /// The most items on the page.
    limit: usize,
}

impl ByteBudget {
    /// A budget for these columns, qualified with the table's name; none if there are no columns.
    pub fn of(columns: Vec<&'static str>, limit: usize) -> Option<Self> {
        (!columns.is_empty()).then_some(Self { columns, limit })
    }

    /// The rows, as `… AS articles`, up to the end of the page in this order, and one row more, marked with `is_beyond`, whose
    /// bodies need not be read.
    pub fn apply(&self, rows: &Fragment, table: &'static str, order: &Fragment) -> Fragment {
        let mut sql = Fragment::new("(SELECT *, nth > ")
            .number(self.limit)
            .sql(" OR (nth > 1 AND running_bytes > ")
            .number(MOST_BYTES)
            .sql(") AS is_beyond FROM (SELECT ")
            .sql(table)
            .sql(".*, row_number() OVER page AS nth, own_bytes, sum(own_bytes) OVER (page ROWS UNBOUNDED PRECEDING) AS running_bytes FROM ")
            .append(rows)
            .sql(" CROSS JOIN LATERAL (SELECT 0::bigint");
        for column in &self.columns {
            sql = sql.sql(" + octet_length(").sql(column).sql(")");
        }
        sql.sql(" AS own_bytes) AS sizes WINDOW page AS (")
            .append(order)
            .sql(")) AS page WHERE nth <= ")
            .number(self.limit + 1)
            .sql(" AND (nth <= 2 OR running_bytes - own_bytes <= ")
            .number(MOST_BYTES)
            .sql(")) AS ")
            .sql(table)
            .uncached()
    }
}
