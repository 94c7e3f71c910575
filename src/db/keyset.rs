//! Keyset pagination: the row comparison behind a cursor, and the order that belongs to it.

use crate::db::Fragment;

/// Columns that a list is ordered by, all in one direction. Where they have a value for each row and the last one is
/// unique, as an id is, every row has a place of its own.
pub struct Keyset<'a> {
    /// The table's alias; empty where the columns stand alone.
    pub alias: &'static str,
    pub columns: &'a [&'static str],
    pub descending: bool,
}

impl Keyset<'_> {
    /// The rows that follow these values: `(a, b) < ($1, $2)` in descending order. `inclusive` adds a row at the very place.
    /// Fewer values than columns compare the first columns alone.
    pub fn after(&self, values: &[Fragment], inclusive: bool) -> Fragment {
        let columns: Vec<Fragment> = self.qualified().take(values.len()).collect();
        let comparison = match (self.descending, inclusive) {
            (true, true) => " <= ",
            (true, false) => " < ",
            (false, true) => " >= ",
            (false, false) => " > ",
        };
        row(&columns).sql(comparison).append(&row(values))
    }

    /// The `ORDER BY` clause.
    pub fn order_by(&self) -> Fragment {
        let mut sql = Fragment::new(" ORDER BY ");
        for (n, column) in self.qualified().enumerate() {
            sql = sql.sql(if n > 0 { ", " } else { "" }).append(&column);
            sql = sql.sql(if self.descending { " DESC" } else { "" });
        }
        sql
    }

    fn qualified(&self) -> impl Iterator<Item = Fragment> {
        let columns = self.columns.iter();
        columns.map(|column| Fragment::default().column(self.alias, column))
    }
}

/// A row value; a single value stands without parentheses.
fn row(values: &[Fragment]) -> Fragment {
    if let [value] = values {
        return value.clone();
    }
    let mut sql = Fragment::new("(");
    for (n, value) in values.iter().enumerate() {
        sql = sql.sql(if n > 0 { ", " } else { "" }).append(value);
    }
    sql.sql(")")
}

#[cfg(test)]
mod tests {
    use diesel::debug_query;
    use diesel::pg::Pg;
    use diesel::sql_types::Untyped;
    use uuid::Uuid;

    use super::*;
    use crate::db::Statement;

    fn text(sql: Fragment) -> String {
        let statement = Statement::<Untyped>::new(sql);
        let text = debug_query::<Pg, _>(&statement).to_string();
        text.split(" -- ").next().unwrap_or_default().to_owned()
    }

    #[test]
    fn rows_are_compared_in_the_direction_of_the_order() {
        let values = [
            Fragment::default().text("rabat"),
            Fragment::default().id(Uuid::nil()),
        ];
        let columns = ["name_key", "id"];
        let keyset = |descending| Keyset {
            alias: "t",
            columns: &columns,
            descending,
        };
        let up = keyset(false);
        assert_eq!(
            text(up.after(&values, false)),
            "(t.name_key, t.id) > ($1, $2)"
        );
        assert_eq!(text(up.order_by()), " ORDER BY t.name_key, t.id");
        let down = keyset(true);
        assert_eq!(
            text(down.after(&values, true)),
            "(t.name_key, t.id) <= ($1, $2)"
        );
        assert_eq!(text(down.after(&values[..1], true)), "t.name_key <= $1");
        assert_eq!(
            text(down.order_by()),
            " ORDER BY t.name_key DESC, t.id DESC"
        );
    }
}
