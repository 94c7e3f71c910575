//! Step 3, the statement: the scans of a plan merged into one page or, for rare matches, all of them sorted.

use crate::db::{Fragment, Keyset};
use crate::http::cursor::Cursor;
use crate::news::listing::conditions::visible;
use crate::news::listing::scan_plan::ScanPlan;
use crate::news::listing::timeline::{SortTime, Timeline};

/// The settings shared by the scans of one page.
struct Scan<'a> {
    plan: &'a ScanPlan,
    alias: &'static str,
    bounds: Fragment,
    order: Fragment,
    /// How many rows the page takes.
    rows: usize,
    /// How many rows each scan may read for them.
    budget: usize,
}

impl Scan<'_> {
    /// One scan: the rows of the index that meet this condition too, as far as the page or the budget goes.
    fn sql(&self, condition: &Fragment) -> Fragment {
        if self.plan.residual_filters.is_empty() {
            let range = self.range(condition).number(self.rows);
            return Fragment::new("SELECT * FROM ").append(&range);
        }
        let residual = Fragment::all_of(&self.plan.residual_filters);
        let found = Fragment::new("SELECT * FROM (");
        let found = if self.plan.per_category {
            // One row more than the budget marks the edge of what is known, so that the merge ends there.
            let columns = Fragment::new("SELECT *, row_number() OVER (")
                .append(&self.order)
                .sql(") > ")
                .number(self.budget)
                .sql(" AS is_edge FROM ");
            found
                .append(&columns)
                .append(&self.range(condition).number(self.budget + 1))
                .sql(") AS ")
                .sql(self.alias)
                .sql(" WHERE is_edge OR (")
                .append(&residual)
                .sql(")")
        } else {
            found
                .sql("SELECT * FROM ")
                .append(&self.range(condition).number(self.budget))
                .sql(") AS ")
                .sql(self.alias)
                .sql(" WHERE ")
                .append(&residual)
        };
        found.append(&self.order).sql(" LIMIT ").number(self.rows)
    }

    /// The range of the index, from the table's name to the ` LIMIT ` before its number.
    fn range(&self, condition: &Fragment) -> Fragment {
        let sql = Fragment::new(self.plan.table)
            .sql(" AS ")
            .sql(self.alias)
            .sql(" WHERE ")
            .append(condition)
            .sql(self.plan.condition)
            .append(&self.bounds);
        let sql = match &self.plan.inline_filter {
            Some(filter) => sql.sql(" AND ").append(filter),
            None => sql,
        };
        sql.append(&self.order).sql(" LIMIT ")
    }
}

impl Timeline<'_> {
    /// The order by these columns, the time and the id.
    pub(super) fn order_by(
        &self,
        alias: &'static str,
        columns: &[(&'static str, Fragment)],
        descending: bool,
    ) -> Fragment {
        let columns = columns.iter().map(|(column, _)| *column);
        let columns: Vec<&'static str> = columns.chain([self.sort_column(), "id"]).collect();
        let keyset = Keyset {
            alias,
            columns: &columns,
            descending,
        };
        keyset.order_by()
    }

    /// The rows of a page along the plan's index, as a table by the name of the list's table. With residual filters it may
    /// end before the page is full.
    pub(super) fn scanned(
        &self,
        plan: &ScanPlan,
        cursor: Option<&Cursor<SortTime>>,
        rows: usize,
    ) -> Fragment {
        let descending = self.is_descending(cursor);
        let is_own_table = plan.table == self.table.name;
        let condition = visible("", self.visibility, self.filter.parameters.status);
        let scan = Scan {
            plan,
            alias: self.table.alias,
            bounds: self.scan_bounds(plan, cursor),
            order: self.order_by("", &plan.columns, descending),
            rows,
            budget: self.budget_per_scan(plan, rows),
        };
        let mut found = Fragment::new("(").append(&scan.sql(&condition)).sql(")");
        if plan.per_category {
            found = self.merged(&scan, &found, descending);
        }
        if !is_own_table {
            found = self.own_rows(&found);
        }
        found.sql(" AS ").sql(self.table.name)
    }

    /// The categories of a branch share the budget, in powers of two: each number makes a statement of its own.
    fn budget_per_scan(&self, plan: &ScanPlan, rows: usize) -> usize {
        match plan.per_category {
            true => (self.scan_budget / self.filter.categories.len().max(1))
                .max(rows)
                .next_power_of_two(),
            false => self.scan_budget,
        }
    }

    /// The rows of a scan for each category in one order, up to the first edge of a scan: behind it, another row may be missing.
    fn merged(&self, scan: &Scan<'_>, scans: &Fragment, descending: bool) -> Fragment {
        let alias = self.table.alias;
        let order = self.order_by(alias, &[], descending);
        let mut from = Fragment::new("unnest(")
            .ids(self.filter.categories.clone())
            .sql(") AS branch (id) CROSS JOIN LATERAL ")
            .append(scans)
            .sql(" AS ")
            .sql(alias);
        if !scan.plan.residual_filters.is_empty() {
            from = Fragment::new("(SELECT ")
                .column(alias, "*, count(*) FILTER (WHERE is_edge) OVER (")
                .append(&order)
                .sql(" ROWS UNBOUNDED PRECEDING) AS edges FROM ")
                .append(&from)
                .sql(") AS ")
                .sql(alias)
                .sql(" WHERE edges = 0");
        }
        Fragment::new("(SELECT ")
            .column(alias, "* FROM ")
            .append(&from)
            .append(&order)
            .sql(" LIMIT ")
            .number(scan.rows)
            .sql(")")
    }

    /// The table's own rows for rows of an index table.
    pub(super) fn own_rows(&self, found: &Fragment) -> Fragment {
        let table = self.table.name;
        Fragment::new("(SELECT ")
            .column(table, "* FROM ")
            .append(found)
            .sql(" AS found JOIN ")
            .sql(table)
            .sql(" ON ")
            .column(table, "id = found.id)")
    }

    /// All rows that match, in no order, as tables and conditions to select from by the table's alias. Where an index table
    /// serves a filter, it is joined, and every condition that can be stands on both: the planner may begin with either.
    pub fn all(&self) -> Fragment {
        const INDEX_TABLES: [&str; 2] = ["first", "second"];
        let mut aliases = INDEX_TABLES.into_iter();
        let alias = self.table.alias;
        let mut sql = Fragment::new(self.table.name).sql(" AS ").sql(alias);
        let row_condition = |alias| self.filter.row_condition(alias, self.visibility);
        let mut conditions = vec![row_condition(alias)];
        for predicate in &self.predicates {
            let index = predicate.index.as_ref();
            let index = index.filter(|index| index.table != self.table.name);
            let joined = index.and_then(|index| Some((index, aliases.next()?)));
            if let Some((index, joined)) = joined {
                sql = sql.sql(" JOIN ").sql(index.table).sql(" AS ").sql(joined);
                sql = sql.sql(" ON ").column(joined, "id = ").column(alias, "id");
                if let Some((column, value)) = &index.column {
                    sql = sql.sql(" AND ").column(joined, column);
                    sql = sql.sql(" = ").append(value);
                }
                sql = sql.sql(" AND ").append(&row_condition(joined));
            }
            if joined.is_none_or(|(index, _)| !index.exact) {
                conditions.push(predicate.condition.clone());
            }
        }
        let common = self.common.as_ref();
        conditions.extend(common.map(|common| common.condition.clone()));
        sql.sql(" WHERE ").append(&Fragment::all_of(&conditions))
    }

    /// The same page as [`Timeline::scanned`] from all rows that match, sorted.
    pub(super) fn sorted(&self, cursor: Option<&Cursor<SortTime>>, rows: usize) -> Fragment {
        let page = Fragment::new("(SELECT id FROM found")
            .append(&self.end_of_page(cursor, rows))
            .sql(")");
        self.found(cursor, &["id", self.sort_column()])
            .sql("SELECT * FROM ")
            .append(&self.own_rows(&page))
            .sql(" AS page) AS ")
            .sql(self.table.name)
    }

    /// The same with these columns alone, so that the rows are read once. `id` and the time are among them.
    pub(super) fn sorted_columns(
        &self,
        cursor: Option<&Cursor<SortTime>>,
        rows: usize,
        columns: &[&'static str],
    ) -> Fragment {
        self.found(cursor, columns)
            .sql("SELECT * FROM found")
            .append(&self.end_of_page(cursor, rows))
            .sql(") AS ")
            .sql(self.table.name)
    }

    /// All rows that match from a place on, as `found`, from the parenthesis of a derived table on.
    fn found(&self, cursor: Option<&Cursor<SortTime>>, columns: &[&'static str]) -> Fragment {
        let alias = self.table.alias;
        let mut sql = Fragment::new("(WITH found AS MATERIALIZED (SELECT ");
        for (n, column) in columns.iter().enumerate() {
            let separator = if n > 0 { ", " } else { "" };
            sql = sql.sql(separator).column(alias, column);
        }
        sql = sql.sql(" FROM ").append(&self.all());
        if let Some(cursor) = cursor {
            sql = sql.sql(" AND ").append(&self.beyond(alias, cursor));
        }
        sql.sql(") ")
    }

    fn end_of_page(&self, cursor: Option<&Cursor<SortTime>>, rows: usize) -> Fragment {
        self.order_by("", &[], self.is_descending(cursor))
            .sql(" LIMIT ")
            .number(rows)
    }
}
