//! Finds the matches of a search, in one table or both, with their scores.

use std::cmp::Ordering;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Double, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::column::{Column, column};
use crate::db::statement::RowType;
use crate::db::{Fragment, Statement};
use crate::http::cursor::Cursor;
use crate::http::parameter_types::Word;
use crate::http::query::PageRequest;
use crate::news::listing::page::{RowSource, TimeOrdered};
use crate::news::listing::scan_plan::FilterPredicate;
use crate::news::listing::timeline::{SortTime, Timeline};
use crate::news::search::cursor::Edge;
use crate::news::search::parsed_query::ParsedQuery;
use crate::news::search::periods::Span;
use crate::problem::Problem;

/// After how many days a match counts half as much.
const HALF_LIFE_DAYS: u32 = 90;

/// An article or a headline that matches.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = crate::schema::articles)]
pub struct Match {
    #[diesel(select_expression = column::<SqlUuid>("matched.id"), select_expression_type = Column<SqlUuid>)]
    pub id: Uuid,
    #[diesel(select_expression = column::<Nullable<Timestamptz>>("matched.at"), select_expression_type = Column<Nullable<Timestamptz>>)]
    at: Option<DateTime<Utc>>,
    #[diesel(select_expression = column::<Double>("matched.score"), select_expression_type = Column<Double>)]
    score: f64,
    /// Whether it is an article; otherwise it is a headline.
    #[diesel(select_expression = column::<Bool>("matched.is_article"), select_expression_type = Column<Bool>)]
    pub is_article: bool,
}

impl Match {
    pub(super) fn edge(&self) -> Edge {
        (self.at, self.id)
    }

    /// The key of the order of time: a match without a time comes after all others.
    pub(super) fn time_key(&self) -> (i64, Uuid) {
        let at = self.at.map_or(i64::MAX, |at| at.timestamp_micros());
        (at, self.id)
    }

    pub(super) fn rank(&self) -> (f64, Uuid) {
        (self.score, self.id)
    }

    /// `Greater` if it stands before this rank.
    pub(super) fn compare(&self, (score, id): (f64, Uuid)) -> Ordering {
        self.score.total_cmp(&score).then(self.id.cmp(&id))
    }
}

impl TimeOrdered for Match {
    async fn fetch(
        conn: &mut AsyncPgConnection,
        source: RowSource,
        related: &Fragment,
    ) -> QueryResult<Vec<Self>> {
        Statement::<RowType<Self>>::select::<Self>(&source.joined(related))
            .load(conn)
            .await
    }
}

/// The order of the matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SearchSort)]
pub enum Order {
    #[serde(rename = "relevance")]
    Relevance,
    #[serde(rename = "-published_at")]
    Newest,
}

impl Word for Order {}

/// A search: its words, its order, and the tables that it reads.
pub struct Search<'a> {
    pub query: &'a ParsedQuery,
    pub order: Order,
    pub tables: Vec<SearchedTable<'a>>,
}

/// A table that a search reads, with its filters.
pub struct SearchedTable<'a> {
    pub table: &'static str,
    pub timeline: Timeline<'a>,
}

impl Search<'_> {
    /// Up to `most` matches of all tables and one more of each, from a place on, in no order.
    pub(super) async fn matches(
        &self,
        conn: &mut AsyncPgConnection,
        from: Option<&Cursor<SortTime>>,
        most: usize,
    ) -> Result<Vec<Match>, Problem> {
        let mut matches = Vec::new();
        if self.query.is_empty() {
            return Ok(matches);
        }
        for table in &self.tables {
            // Without a time to begin with, callers who see what is scheduled have no last day.
            let is_bounded =
                table.timeline.ends_now() || from.is_some_and(|cursor| cursor.key.is_some());
            matches.extend(match table.timeline.has_one_filter() && is_bounded {
                true => table.nearest(conn, self, from, most).await?,
                false => table.read(conn, self, from, most).await?,
            });
        }
        Ok(matches)
    }

    /// How many matches there are.
    pub async fn count(&self, conn: &mut AsyncPgConnection) -> QueryResult<i64> {
        let mut sum = 0;
        for table in &self.tables {
            sum += table.timeline.count(conn).await?;
        }
        Ok(sum)
    }
}

impl SearchedTable<'_> {
    /// The columns that [`Self::matched`] needs.
    fn columns(&self) -> &'static [&'static str] {
        match self.table {
            "articles" => &[
                "id",
                "listed_at",
                "published_at",
                "updated_at",
                "search_head",
            ],
            _ => &["id", "listed_at", "published_at", "updated_at", "search"],
        }
    }

    /// A lateral join that computes the columns of [`Match`].
    fn matched(&self, query: &ParsedQuery, order: Order) -> Fragment {
        let (table, is_article) = match self.table {
            "articles" => ("articles", "true"),
            _ => ("headlines", "false"),
        };
        let sql = Fragment::new(" CROSS JOIN LATERAL (SELECT ")
            .sql(table)
            .sql(".id, nullif(")
            .sql(table)
            .sql(".listed_at, 'infinity') AS at, ")
            .sql(is_article)
            .sql(" AS is_article, ");
        let age = Fragment::new("extract(epoch FROM coalesce(")
            .sql(table)
            .sql(".published_at, ")
            .sql(table)
            .sql(".updated_at))::double precision");
        let sql = match order {
            Order::Newest => sql.append(&age),
            // The logarithm of a rank that halves with time. It falls for all alike as time goes by, so the order of two
            // matches never changes while a client pages.
            Order::Relevance => sql
                .sql("ln(")
                .append(&query.rank(table))
                .sql(") + ")
                .append(&age)
                .sql(" / 86400 * ln(2::double precision) / ")
                .number(HALF_LIFE_DAYS as usize),
        };
        sql.sql(" AS score) AS matched")
    }

    /// Up to `most` matches and one more, from a place on, where the words are the only filter: those of a span of time, found by
    /// the index for the words and the time together. The span grows until it has enough.
    async fn nearest(
        &self,
        conn: &mut AsyncPgConnection,
        search: &Search<'_>,
        from: Option<&Cursor<SortTime>>,
        most: usize,
    ) -> QueryResult<Vec<Match>> {
        let matched = self.matched(search.query, search.order);
        let (statistics, matches) = search.query.statistics(self.table);
        let descending = from.is_none_or(|cursor| cursor.forward);
        let place = match from.and_then(|cursor| cursor.key) {
            Some(time) => Some(time),
            // Nothing that is visible is later, even if the database's clock goes ahead.
            None => self
                .timeline
                .ends_now()
                .then(|| Utc::now() + TimeDelta::days(1)),
        };
        let mut span = place
            .and_then(|place| Span::with_matches(statistics, matches, most + 1, place, descending));
        loop {
            let in_span =
                span.map(|span| FilterPredicate::new(span.condition(self.timeline.alias())));
            let timeline = self.timeline.clone().with_common(in_span);
            let matches = timeline
                .fetch_sorted(conn, from, most + 1, self.columns(), &matched)
                .await?;
            if span.is_none() || matches.len() > most {
                return Ok(matches);
            }
            span = span.and_then(Span::longer);
        }
    }

    /// Up to `most` matches and one more, from a place on.
    async fn read(
        &self,
        conn: &mut AsyncPgConnection,
        search: &Search<'_>,
        from: Option<&Cursor<SortTime>>,
        most: usize,
    ) -> Result<Vec<Match>, Problem> {
        let request = PageRequest {
            limit: most,
            rows: most + 1,
            counts: false,
        };
        let matched = self.matched(search.query, search.order);
        if search.query.is_common(self.table, most) {
            let (matches, _) = self.timeline.page(conn, from, request, &matched).await?;
            Ok(matches)
        } else {
            Ok(self
                .timeline
                .fetch_then_sort(conn, from, request, &matched)
                .await?)
        }
    }
}
