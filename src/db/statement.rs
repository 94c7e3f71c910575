//! Statements composed of SQL text and bind values, for what Diesel's query builder can't express: `LATERAL`, row
//! comparisons, `UNION ALL` of two index scans. Their columns still come from the Diesel struct that they are loaded into.

use std::marker::PhantomData;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::dsl::SqlTypeOf;
use diesel::expression::{
    AppearsOnTable, Selectable, SelectableExpression, TypedExpressionType, ValidGrouping,
    is_aggregate,
};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{
    Array, Double, Integer, Nullable, SqlType, Text, Timestamptz, Uuid as SqlUuid,
};
use uuid::Uuid;

/// A piece of SQL: constant text of the program, and values that are bound.
#[derive(Clone, Default)]
pub struct Fragment {
    pieces: Vec<Piece>,
    is_uncached: bool,
}

#[derive(Clone)]
enum Piece {
    Sql(&'static str),
    /// A part of a query of Diesel's.
    Query(Arc<dyn QueryFragment<Pg> + Send + Sync>),
    Id(Uuid),
    Ids(Vec<Uuid>),
    Text(String),
    Texts(Vec<String>),
    Float(f64),
    Time(Option<DateTime<Utc>>),
    Number(usize),
    Numbers(Vec<i32>),
}

impl Fragment {
    pub fn new(sql: &'static str) -> Self {
        Self::default().sql(sql)
    }

    pub fn sql(mut self, sql: &'static str) -> Self {
        self.pieces.push(Piece::Sql(sql));
        self
    }

    /// A column or a condition that begins with one, after the table's alias; without one where that is empty.
    pub fn column(self, alias: &'static str, column: &'static str) -> Self {
        if alias.is_empty() {
            return self.sql(column);
        }
        self.sql(alias).sql(".").sql(column)
    }

    /// A query of Diesel's, such as an `INSERT` in a `WITH`.
    pub fn query(mut self, query: impl QueryFragment<Pg> + Send + Sync + 'static) -> Self {
        self.pieces.push(Piece::Query(Arc::new(query)));
        self
    }

    pub fn id(mut self, id: Uuid) -> Self {
        self.pieces.push(Piece::Id(id));
        self
    }

    pub fn ids(mut self, ids: Vec<Uuid>) -> Self {
        self.pieces.push(Piece::Ids(ids));
        self
    }

    pub fn float(mut self, number: f64) -> Self {
        self.pieces.push(Piece::Float(number));
        self
    }

    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.pieces.push(Piece::Text(text.into()));
        self
    }

    pub fn texts(mut self, texts: Vec<String>) -> Self {
        self.pieces.push(Piece::Texts(texts));
        self
    }

    pub fn time(mut self, time: Option<DateTime<Utc>>) -> Self {
        self.pieces.push(Piece::Time(time));
        self
    }

    /// A number as text, so that the planner knows it. Each value makes another prepared statement, so there must be few.
    pub fn number(mut self, number: usize) -> Self {
        self.pieces.push(Piece::Number(number));
        self
    }

    pub fn numbers(mut self, numbers: Vec<i32>) -> Self {
        self.pieces.push(Piece::Numbers(numbers));
        self
    }

    pub fn append(mut self, other: &Fragment) -> Self {
        self.pieces.extend_from_slice(&other.pieces);
        self.is_uncached |= other.is_uncached;
        self
    }

    /// The conditions, joined by `AND`.
    pub fn all_of(conditions: &[Fragment]) -> Self {
        let mut sql = Self::default();
        for (n, condition) in conditions.iter().enumerate() {
            sql = sql.sql(if n > 0 { " AND " } else { "" }).append(condition);
        }
        sql
    }

    /// The fragment as an expression, for a query of Diesel's.
    pub fn typed<ST>(self) -> Typed<ST> {
        Typed {
            sql: self,
            sql_type: PhantomData,
        }
    }

    /// Excludes the statement from the cache of prepared statements: for rare combinations, of which there are many.
    pub fn uncached(mut self) -> Self {
        self.is_uncached = true;
        self
    }
}

impl QueryFragment<Pg> for Fragment {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if self.is_uncached {
            out.unsafe_to_cache_prepared();
        }
        for piece in &self.pieces {
            match piece {
                Piece::Sql(sql) => out.push_sql(sql),
                Piece::Query(query) => query.walk_ast(out.reborrow())?,
                Piece::Id(id) => out.push_bind_param::<SqlUuid, _>(id)?,
                Piece::Ids(ids) => out.push_bind_param::<Array<SqlUuid>, _>(ids)?,
                Piece::Float(number) => out.push_bind_param::<Double, _>(number)?,
                Piece::Text(text) => out.push_bind_param::<Text, _>(text)?,
                Piece::Texts(texts) => out.push_bind_param::<Array<Text>, _>(texts)?,
                Piece::Time(time) => out.push_bind_param::<Nullable<Timestamptz>, _>(time)?,
                Piece::Numbers(numbers) => out.push_bind_param::<Array<Integer>, _>(numbers)?,
                Piece::Number(number) => out.push_sql(&number.to_string()),
            }
        }
        Ok(())
    }
}

/// A fragment as an expression of the SQL type `ST`, for a condition in a query of Diesel's.
pub struct Typed<ST> {
    sql: Fragment,
    sql_type: PhantomData<ST>,
}

impl<ST: SqlType + TypedExpressionType> Expression for Typed<ST> {
    type SqlType = ST;
}

impl<ST> QueryFragment<Pg> for Typed<ST> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.sql.walk_ast(out)
    }
}

impl<ST> QueryId for Typed<ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST, QS> SelectableExpression<QS> for Typed<ST> where Self: Expression {}
impl<ST, QS> AppearsOnTable<QS> for Typed<ST> where Self: Expression {}

impl<ST, G> ValidGrouping<G> for Typed<ST> {
    type IsAggregate = is_aggregate::Never;
}

/// A complete statement that returns rows of the SQL type `ST`. It stays prepared, with its text as the key.
pub struct Statement<ST> {
    text: Fragment,
    rows: PhantomData<ST>,
}

impl<ST> Statement<ST> {
    /// `SELECT`, the columns of `Row`, and the rest of the statement.
    pub fn select<Row>(rest: &Fragment) -> Self
    where
        Row: Selectable<Pg>,
        Row::SelectExpression: Expression<SqlType = ST> + QueryFragment<Pg> + Send + Sync + 'static,
    {
        Self::select_with::<Row>(Fragment::default(), rest)
    }

    /// The same after a `WITH`.
    pub fn select_with<Row>(with: Fragment, rest: &Fragment) -> Self
    where
        Row: Selectable<Pg>,
        Row::SelectExpression: Expression<SqlType = ST> + QueryFragment<Pg> + Send + Sync + 'static,
    {
        let text = with.sql("SELECT ").query(Row::construct_selection());
        Self::new(text.sql(" ").append(rest))
    }

    /// A statement from its complete text.
    pub fn new(text: Fragment) -> Self {
        Self {
            text,
            rows: PhantomData,
        }
    }
}

/// The SQL type of the columns of `Row`.
pub type RowType<Row> = SqlTypeOf<<Row as Selectable<Pg>>::SelectExpression>;

impl<ST> QueryFragment<Pg> for Statement<ST> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.text.walk_ast(out)
    }
}

impl<ST> QueryId for Statement<ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> Query for Statement<ST> {
    type SqlType = ST;
}
