//! Statements whose text is put together by hand, from fixed pieces and binds, where Diesel's own words don't reach
//! (`LATERAL`, `UNION ALL` of two indexes). What they select still comes from the Diesel struct that they are read into.

use std::marker::PhantomData;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::dsl::SqlTypeOf;
use diesel::expression::Selectable;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, Double, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

/// A piece of SQL: text that the program wrote, never a client, and values that are bound.
#[derive(Clone, Default)]
pub struct Fragment {
    pieces: Vec<Piece>,
    once: bool,
}

#[derive(Clone)]
enum Piece {
    Sql(&'static str),
    Selection(Arc<dyn QueryFragment<Pg> + Send + Sync>),
    Id(Uuid),
    Ids(Vec<Uuid>),
    Text(String),
    Float(f64),
    Time(Option<DateTime<Utc>>),
    Number(usize),
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

    pub fn time(mut self, time: Option<DateTime<Utc>>) -> Self {
        self.pieces.push(Piece::Time(time));
        self
    }

    /// A number that is written out, so that the planner knows it. Only few different ones may come here: each makes a
    /// statement of its own.
    pub fn number(mut self, number: usize) -> Self {
        self.pieces.push(Piece::Number(number));
        self
    }

    pub fn append(mut self, other: &Fragment) -> Self {
        self.pieces.extend_from_slice(&other.pieces);
        self.once |= other.once;
        self
    }

    /// These conditions, with `AND` between them.
    pub fn all_of(conditions: &[Fragment]) -> Self {
        let mut sql = Self::default();
        for (n, condition) in conditions.iter().enumerate() {
            sql = sql.sql(if n > 0 { " AND " } else { "" }).append(condition);
        }
        sql
    }

    /// Doesn't keep the statement prepared: for rare combinations, of which there are too many to keep them all.
    pub fn uncached(mut self) -> Self {
        self.once = true;
        self
    }
}

impl QueryFragment<Pg> for Fragment {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if self.once {
            out.unsafe_to_cache_prepared();
        }
        for piece in &self.pieces {
            match piece {
                Piece::Sql(sql) => out.push_sql(sql),
                Piece::Selection(selection) => selection.walk_ast(out.reborrow())?,
                Piece::Id(id) => out.push_bind_param::<SqlUuid, _>(id)?,
                Piece::Ids(ids) => out.push_bind_param::<Array<SqlUuid>, _>(ids)?,
                Piece::Float(number) => out.push_bind_param::<Double, _>(number)?,
                Piece::Text(text) => out.push_bind_param::<Text, _>(text)?,
                Piece::Time(time) => out.push_bind_param::<Nullable<Timestamptz>, _>(time)?,
                Piece::Number(number) => out.push_sql(&number.to_string()),
            }
        }
        Ok(())
    }
}

/// A whole statement that answers rows of the SQL type `ST`. Its text is the key under which it stays prepared.
pub struct Statement<ST> {
    text: Fragment,
    rows: PhantomData<ST>,
}

impl<ST> Statement<ST> {
    /// `SELECT`, the columns of `Row`, and what follows them.
    pub fn select<Row>(rest: &Fragment) -> Self
    where
        Row: Selectable<Pg>,
        Row::SelectExpression: Expression<SqlType = ST> + QueryFragment<Pg> + Send + Sync + 'static,
    {
        let selection = Piece::Selection(Arc::new(Row::construct_selection()));
        let mut text = Fragment::new("SELECT ");
        text.pieces.push(selection);
        Self::new(text.sql(" ").append(rest))
    }

    /// A statement that is written out whole.
    pub fn new(text: Fragment) -> Self {
        Self {
            text,
            rows: PhantomData,
        }
    }
}

/// The SQL type of the rows that are read into `Row`.
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
