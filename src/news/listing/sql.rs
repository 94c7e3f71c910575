//! The SQL of a plan: index scans merged into one page, or all matching rows sorted.

use crate::db::Fragment;
use crate::http::cursor::Cursor;
use crate::news::listing::conditions::alternatives;
use crate::news::listing::scan_plan::ScanPlan;
use crate::news::listing::timeline::{SortTime, Timeline};

impl Timeline<'_> {
    /// The order of these columns, the time and the id, as a clause.
    pub(super) fn by(
        &self,
        table: &'static str,
        columns: &[&'static str],
        descends: bool,
    ) -> Fragment {
        let way = if descends { " DESC" } else { "" };
        let mut sql = Fragment::new(" ORDER BY ");
        for column in columns {
            sql = sql.sql(table).sql(column).sql(way).sql(", ");
        }
        sql.sql(table)
            .sql(self.key())
            .sql(way)
            .sql(", ")
            .sql(table)
            .sql("id")
            .sql(way)
    }

    /// The rows of one page, as a table of the same name to select from. `rest` may hide some of them: see
    /// [`Timeline::page`].
    pub(super) fn rows(
        &self,
        walk: &ScanPlan,
        cursor: Option<&Cursor<SortTime>>,
        rows: usize,
    ) -> Fragment {
        let descends = self.descends(cursor);
        let columns: Vec<&'static str> = walk.columns.iter().map(|(column, _)| *column).collect();
        let order = self.by("", &columns, descends);
        let bounds = self.bounds(walk, cursor);
        let alternatives = alternatives(walk.table, "", self.visibility, self.filter);
        let parts = walk.branches || alternatives.len() > 1;
        let rest = Fragment::all_of(&walk.rest);
        // Few different numbers, as each makes a statement of its own.
        let reach = match walk.branches {
            // Each category has its share.
            true => (self.reach / self.filter.named.categories.len().max(1))
                .max(rows)
                .next_power_of_two(),
            false => self.reach,
        };
        let mut found = Fragment::default();
        for (n, alternative) in alternatives.iter().enumerate() {
            let along = match &walk.along {
                Some(along) => Fragment::new(" AND ").append(along),
                None => Fragment::default(),
            };
            let from = Fragment::new(walk.table)
                .sql(if walk.along.is_some() {
                    " AS line WHERE "
                } else {
                    " WHERE "
                })
                .append(alternative)
                .sql(walk.only)
                .append(&bounds)
                .append(&along)
                .append(&order)
                .sql(" LIMIT ");
            found = found
                .sql(if n > 0 { " UNION ALL (" } else { "(" })
                .sql("SELECT * FROM ");
            found = match (walk.rest.is_empty(), parts) {
                (true, _) => found.append(&from.number(rows)),
                (false, false) => found
                    .sql("(SELECT * FROM ")
                    .append(&from.number(reach))
                    .sql(") AS line WHERE ")
                    .append(&rest),
                // Whoever goes on after its last row is told by one row more: what lies behind it is not known.
                (false, true) => found
                    .sql("(SELECT *, row_number() OVER (")
                    .append(&order)
                    .sql(") > ")
                    .number(reach)
                    .sql(" AS is_edge FROM ")
                    .append(&from.number(reach + 1))
                    .sql(") AS line WHERE is_edge OR (")
                    .append(&rest)
                    .sql(")"),
            };
            if !walk.rest.is_empty() {
                found = found.append(&order).sql(" LIMIT ").number(rows);
            }
            found = found.sql(")");
        }
        if parts {
            let order = self.by("line.", &[], descends);
            let from = match walk.branches {
                true => Fragment::new("unnest(")
                    .ids(self.filter.named.categories.clone())
                    .sql(") AS branch (id) CROSS JOIN LATERAL "),
                false => Fragment::default(),
            };
            let from = from.sql("(").append(&found).sql(") AS line");
            // What one part has behind the first edge may not come before what another has there.
            let known = match walk.rest.is_empty() {
                true => from,
                false => Fragment::new("(SELECT line.*, count(*) FILTER (WHERE is_edge) OVER (")
                    .append(&order)
                    .sql(" ROWS UNBOUNDED PRECEDING) AS edges FROM ")
                    .append(&from)
                    .sql(") AS line WHERE edges = 0"),
            };
            found = Fragment::new("(SELECT line.* FROM ")
                .append(&known)
                .append(&order)
                .sql(" LIMIT ")
                .number(rows)
                .sql(")");
        }
        let sql = if walk.table == self.table {
            found
        } else {
            self.joined(found)
        };
        sql.sql(" AS ").sql(self.table)
    }

    /// The table's own rows to some ids.
    pub(super) fn joined(&self, lines: Fragment) -> Fragment {
        Fragment::new("(SELECT ")
            .sql(self.table)
            .sql(".* FROM ")
            .append(&lines)
            .sql(" AS line JOIN ")
            .sql(self.table)
            .sql(" ON ")
            .sql(self.table)
            .sql(".id = line.id)")
    }

    /// Every row that is wanted, whichever the order, as tables to select from; the table's own rows go by the name `line`.
    /// Where the articles of an author or a tag have a table of their own, it is joined, and everything that can be is
    /// said of both: so the planner may begin with whichever has fewest.
    pub fn all(&self) -> Fragment {
        const NARROW: [(&str, &str); 2] = [("first", "first."), ("second", "second.")];
        let mut names = NARROW.iter();
        let mut sql = Fragment::new(self.table).sql(" AS line");
        let mut conditions = self.shared(self.table, "line.");
        for predicate in &self.predicates {
            let walk = predicate.walk.as_ref();
            let own_table = walk.filter(|walk| walk.table != self.table);
            let narrowed = own_table.and_then(|walk| names.next().map(|name| (walk, *name)));
            if let Some((walk, (name, columns))) = narrowed {
                sql = sql.sql(" JOIN ").sql(walk.table).sql(" AS ").sql(name);
                sql = sql.sql(" ON ").sql(columns).sql("id = line.id");
                if let Some((column, value)) = &walk.column {
                    sql = sql.sql(" AND ").sql(columns).sql(column);
                    sql = sql.sql(" = ").append(value);
                }
                sql = sql.sql(" AND ").append(&self.shared(walk.table, columns));
            }
            if narrowed.is_none_or(|(walk, _)| !walk.exact) {
                conditions = conditions.sql(" AND ").append(&predicate.condition);
            }
        }
        if let Some(common) = &self.common {
            conditions = conditions.sql(" AND ").append(&common.condition);
        }
        sql.sql(" WHERE ").append(&conditions)
    }

    /// The same rows as [`Timeline::rows`], the other way: all that fit are gathered, then put in order.
    pub(super) fn gathered(&self, cursor: Option<&Cursor<SortTime>>, rows: usize) -> Fragment {
        let descends = self.descends(cursor);
        let mut sql = Fragment::new("(WITH found AS MATERIALIZED (SELECT line.id, line.")
            .sql(self.key())
            .sql(" FROM ")
            .append(&self.all());
        if let Some(cursor) = cursor {
            sql = sql
                .sql(" AND (line.")
                .sql(self.key())
                .sql(", line.id)")
                .sql(match (descends, cursor.inclusive) {
                    (true, true) => " <= ",
                    (true, false) => " < ",
                    (false, true) => " >= ",
                    (false, false) => " > ",
                })
                .sql("(coalesce(")
                .time(cursor.key)
                .sql(", 'infinity'), ")
                .id(cursor.id)
                .sql(")");
        }
        let lines = Fragment::new("(SELECT id FROM found")
            .append(&self.by("", &[], descends))
            .sql(" LIMIT ")
            .number(rows)
            .sql(")");
        sql.sql(") ")
            .append(&Fragment::new("SELECT * FROM ").append(&self.joined(lines)))
            .sql(" AS line) AS ")
            .sql(self.table)
            .uncached()
    }
}
