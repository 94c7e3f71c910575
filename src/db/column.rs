//! Named SQL expressions in the selection of a handwritten statement. Diesel's own `sql` literal excludes a statement from
//! the cache of prepared statements, because it could contain anything; these are constants of the program.

use std::marker::PhantomData;

use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::SqlType;

/// An SQL expression of the type `ST`.
pub struct Column<ST> {
    name: &'static str,
    sql_type: PhantomData<ST>,
}

/// The expression, for `select_expression`.
pub const fn column<ST>(name: &'static str) -> Column<ST> {
    Column {
        name,
        sql_type: PhantomData,
    }
}

impl<ST: SqlType + diesel::expression::TypedExpressionType> Expression for Column<ST> {
    type SqlType = ST;
}

impl<ST> QueryFragment<Pg> for Column<ST> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(self.name);
        Ok(())
    }
}

impl<ST> QueryId for Column<ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST, QS> SelectableExpression<QS> for Column<ST> where Self: Expression {}
impl<ST, QS> AppearsOnTable<QS> for Column<ST> where Self: Expression {}

impl<ST, G> ValidGrouping<G> for Column<ST> {
    type IsAggregate = is_aggregate::Never;
}

#[cfg(test)]
mod tests {
    use super::*;
    use diesel::sql_types::Text;

    #[test]
    fn a_statement_with_a_column_stays_prepared() {
        let safe = column::<Text>("c.name").is_safe_to_cache_prepared(&Pg);
        assert_eq!(safe.ok(), Some(true));
    }
}
