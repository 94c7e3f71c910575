//! Pages that carry whole bodies end after a number of bytes. Postgres finds where: the size of a text is known without
//! reading it, so what is not sent is read by nobody.

use crate::db::Fragment;

/// How many bytes of bodies a page has at most; its first item has its own, however many that are.
pub const MOST_BYTES: usize = 4 << 20;

/// The bodies that a page carries.
#[derive(Clone, Debug)]
pub struct ByteBudget {
    columns: Vec<&'static str>,
    /// How many items the page has at most.
    limit: usize,
}

impl ByteBudget {
    /// For these columns of a table, each with the table's name before it; none, where there are none.
    pub fn of(columns: Vec<&'static str>, limit: usize) -> Option<Self> {
        (!columns.is_empty()).then_some(Self { columns, limit })
    }

    /// The rows, `… AS articles`, as far as the page goes in this order, and one more where there is one: that has
    /// `is_beyond`, and its bodies need not be read.
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
