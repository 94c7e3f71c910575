//! Lists in the order of time: what headlines and articles share. The newest come first, what has no time yet before
//! them; the id decides between equals. Reading stops at the page's end, whatever the filter: each alternative and each
//! category of a branch walks one index, and what they find is merged.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::categories::Category;
use crate::db::{Fragment, Statement};
use crate::http::address::Name;
use crate::http::cursor::Cursor;
use crate::http::list::{self, MOST_COUNTED};
use crate::language;
use crate::problem::{Fault, Problem};
use crate::status::{Sight, Status};

/// A moment, or none yet: the key by which a timeline is sorted.
pub type Moment = Option<DateTime<Utc>>;

/// What every timeline can be filtered by, as the contract has it.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "it is written for the contract; `TimelineFilter` reads the values"
)]
pub struct TimelineParameters {
    /// In this category (slug or id) or one below it.
    #[param(max_length = 200, example = "economie")]
    category: Option<String>,
    /// In this very language (BCP 47).
    #[param(max_length = 35, example = "fr")]
    language: Option<String>,
    /// Of this status. Needs a key.
    #[param(inline)]
    status: Option<Status>,
    /// Published after this moment.
    published_after: Option<DateTime<Utc>>,
    /// Published before this moment.
    published_before: Option<DateTime<Utc>>,
}

/// What a timeline is filtered by.
#[derive(Clone, Debug, Default)]
pub struct TimelineFilter {
    pub category: Option<Name>,
    language: Option<String>,
    pub status: Option<Status>,
    published_after: Option<DateTime<Utc>>,
    published_before: Option<DateTime<Utc>>,
}

impl TimelineFilter {
    /// Takes one parameter. `None` where there is none of this name.
    pub fn set(&mut self, name: &str, value: &str) -> Option<Result<(), String>> {
        Some(match name {
            "category" => Name::read(value)
                .ok_or_else(|| "the slug or the id of a category".to_owned())
                .map(|name| self.category = Some(name)),
            "language" => language::canonical(value)
                .map_err(str::to_owned)
                .map(|tag| self.language = Some(tag)),
            "status" => value.parse().map(|status| self.status = Some(status)),
            "published_after" => list::moment(value).map(|at| self.published_after = Some(at)),
            "published_before" => list::moment(value).map(|at| self.published_before = Some(at)),
            _ => return None,
        })
    }

    /// How many filters are used, beside the category.
    pub fn used(&self) -> usize {
        [
            self.language.is_some(),
            self.status.is_some(),
            self.published_after.is_some(),
            self.published_before.is_some(),
        ]
        .into_iter()
        .filter(|used| *used)
        .count()
    }

    /// The conditions on the rows of one table, for one who sees so much; but for those that bound a walk along an index.
    pub fn conditions(&self, sight: Sight) -> Fragment {
        // Words that an index's condition names are written out: a bind would hide them from the planner.
        let mut sql = Fragment::new("deleted_at IS NULL");
        sql = match sight {
            Sight::Public => sql.sql(" AND status = 'published' AND listed_at <= now()"),
            Sight::Early => sql.sql(" AND status IN ('published', 'scheduled')"),
            Sight::Everything => sql,
        };
        sql = match self.status {
            None => sql,
            Some(Status::Draft) => sql.sql(" AND status = 'draft'"),
            Some(Status::Scheduled) => sql.sql(" AND status = 'scheduled'"),
            Some(Status::Published) => sql.sql(" AND status = 'published'"),
            Some(Status::Withdrawn) => sql.sql(" AND status = 'withdrawn'"),
        };
        sql
    }
}

/// Some rows of a table in the order of time.
pub struct Timeline<'a> {
    pub table: &'static str,
    /// A row belongs here when it meets one of these; no row may meet two.
    pub alternatives: Vec<Fragment>,
    pub filter: &'a TimelineFilter,
    /// How many filters are used, beside the category.
    pub filters: usize,
}

/// A place in the order of time, by moment (none yet: beyond all others) and id.
#[derive(Clone, Copy)]
struct Place {
    at: Moment,
    id: Uuid,
    inclusive: bool,
}

impl Place {
    fn key(self) -> (i64, Uuid) {
        (
            self.at.map_or(i64::MAX, |at| at.timestamp_micros()),
            self.id,
        )
    }
}

impl Timeline<'_> {
    /// The columns before the time in the order of the index that is to be walked. They stand in the order and in the
    /// bounds as rows, never as `=`: then only that index gives the order, and the planner can't be tempted to walk the
    /// whole of another one past what doesn't match.
    fn prefix(&self) -> (bool, bool) {
        (
            self.filter.category.is_some(),
            self.filter.language.is_some(),
        )
    }

    fn values(&self, sql: Fragment) -> Fragment {
        let (category, language) = self.prefix();
        let sql = if category {
            sql.sql("branch.id, ")
        } else {
            sql
        };
        match &self.filter.language {
            Some(tag) if language => sql.text(tag).sql("::text, "),
            _ => sql,
        }
    }

    /// A bound on the walk, at a place.
    fn bound(&self, comparison: &'static str, place: Place) -> Fragment {
        let columns = match self.prefix() {
            (false, false) => " AND (listed_at, id)",
            (true, false) => " AND (category_id, listed_at, id)",
            (false, true) => " AND (language, listed_at, id)",
            (true, true) => " AND (category_id, language, listed_at, id)",
        };
        let equal = if place.inclusive { "= (" } else { " (" };
        let sql = self.values(Fragment::new(columns).sql(comparison).sql(equal));
        sql.sql("coalesce(")
            .time(place.at)
            .sql(", 'infinity'), ")
            .id(place.id)
            .sql(")")
    }

    /// A bound on the walk, at an end of what has the same prefix.
    fn end(&self, comparison: &'static str) -> Fragment {
        let columns = match self.prefix() {
            (false, false) => return Fragment::default(),
            (true, false) => " AND category_id ",
            (false, true) => " AND language ",
            (true, true) => " AND (category_id, language) ",
        };
        let sql = Fragment::new(columns).sql(comparison).sql("= ");
        match (self.prefix(), &self.filter.language) {
            ((true, true), Some(tag)) => sql.sql("(branch.id, ").text(tag).sql("::text)"),
            ((false, true), Some(tag)) => sql.text(tag).sql("::text"),
            _ => sql.sql("branch.id"),
        }
    }

    /// The two bounds of the walk: the tightest above and below.
    fn bounds(&self, cursor: Option<&Cursor<Moment>>) -> Fragment {
        let place = |cursor: &Cursor<Moment>| Place {
            at: cursor.key,
            id: cursor.id,
            inclusive: cursor.inclusive,
        };
        let limit = |at: Option<DateTime<Utc>>, id| {
            at.map(|at| Place {
                at: Some(at),
                id,
                inclusive: false,
            })
        };
        let from = |forward| cursor.filter(|cursor| cursor.forward == forward).map(place);
        let above = [limit(self.filter.published_before, Uuid::nil()), from(true)];
        let below = [limit(self.filter.published_after, Uuid::max()), from(false)];
        let above = above.into_iter().flatten().min_by_key(|place| place.key());
        let below = below.into_iter().flatten().max_by_key(|place| place.key());
        let mut sql = match above {
            Some(place) => self.bound(" <", place),
            None => self.end("<"),
        };
        sql = sql.then(&match below {
            Some(place) => self.bound(" >", place),
            None => self.end(">"),
        });
        if self.filter.published_after.is_some() {
            sql = sql.sql(" AND listed_at < 'infinity'");
        }
        sql
    }

    /// The rows of one page, as a table of the same name to select from.
    pub fn rows(&self, cursor: Option<&Cursor<Moment>>, rows: usize) -> Fragment {
        let forward = cursor.is_none_or(|cursor| cursor.forward);
        let order = if forward {
            " ORDER BY listed_at DESC, id DESC LIMIT "
        } else {
            " ORDER BY listed_at, id LIMIT "
        };
        let walk = match (self.prefix(), forward) {
            ((false, false), _) => order,
            ((true, false), true) => " ORDER BY category_id DESC, listed_at DESC, id DESC LIMIT ",
            ((true, false), false) => " ORDER BY category_id, listed_at, id LIMIT ",
            ((false, true), true) => " ORDER BY language DESC, listed_at DESC, id DESC LIMIT ",
            ((false, true), false) => " ORDER BY language, listed_at, id LIMIT ",
            ((true, true), true) => {
                " ORDER BY category_id DESC, language DESC, listed_at DESC, id DESC LIMIT "
            }
            ((true, true), false) => " ORDER BY category_id, language, listed_at, id LIMIT ",
        };
        let bounds = self.bounds(cursor);
        let mut found = Fragment::default();
        for (n, alternative) in self.alternatives.iter().enumerate() {
            let part = if n > 0 {
                " UNION ALL (SELECT * FROM "
            } else {
                "(SELECT * FROM "
            };
            found = found
                .sql(part)
                .sql(self.table)
                .sql(" WHERE ")
                .then(alternative)
                .then(&bounds)
                .sql(walk)
                .number(rows)
                .sql(")");
        }
        let merged = match &self.filter.category {
            Some(category) => Fragment::new("(SELECT line.* FROM ")
                .then(&Category::branch(category))
                .sql(" AS branch CROSS JOIN LATERAL (")
                .then(&found)
                .sql(") AS line")
                .sql(order)
                .number(rows)
                .sql(")"),
            None if self.alternatives.len() == 1 => found,
            None => Fragment::new("(SELECT * FROM (")
                .then(&found)
                .sql(") AS line")
                .sql(order)
                .number(rows)
                .sql(")"),
        };
        let rows = merged.sql(" AS ").sql(self.table);
        // With one filter or none it is worth keeping the statement prepared; with more there are thousands of them.
        if self.filters > 1 { rows.once() } else { rows }
    }

    /// The order of [`Timeline::rows`], for the end of the statement that joins them.
    pub fn order(&self, cursor: Option<&Cursor<Moment>>) -> Fragment {
        let forward = cursor.is_none_or(|cursor| cursor.forward);
        let (column, id) = if forward {
            (".listed_at DESC, ", ".id DESC")
        } else {
            (".listed_at, ", ".id")
        };
        Fragment::new(" ORDER BY ")
            .sql(self.table)
            .sql(column)
            .sql(self.table)
            .sql(id)
    }

    /// How many there are; anything over [`MOST_COUNTED`] means more, as no further is counted.
    pub async fn count(&self, conn: &mut AsyncPgConnection) -> QueryResult<i64> {
        let mut sql = Fragment::new("SELECT count(*) FROM (");
        for (n, alternative) in self.alternatives.iter().enumerate() {
            let part = if n > 0 {
                " UNION ALL (SELECT 1 FROM "
            } else {
                "(SELECT 1 FROM "
            };
            sql = sql
                .sql(part)
                .sql(self.table)
                .sql(" WHERE ")
                .then(alternative);
            if let Some(category) = &self.filter.category {
                sql = sql
                    .sql(" AND category_id IN (SELECT id FROM ")
                    .then(&Category::branch(category))
                    .sql(" AS branch)");
            }
            if let Some(language) = &self.filter.language {
                sql = sql.sql(" AND language = ").text(language);
            }
            if let Some(after) = self.filter.published_after {
                sql = sql
                    .sql(" AND listed_at > ")
                    .time(Some(after))
                    .sql(" AND listed_at < 'infinity'");
            }
            if let Some(before) = self.filter.published_before {
                sql = sql.sql(" AND listed_at < ").time(Some(before));
            }
            sql = sql.sql(" LIMIT ").number(MOST_COUNTED + 1).sql(")");
        }
        Statement::<BigInt>::new(sql.sql(") AS counted").once())
            .get_result(conn)
            .await
    }

    /// An empty page may mean that there is no such category: then that is said.
    pub async fn check_category(
        &self,
        conn: &mut AsyncPgConnection,
        rows: usize,
    ) -> Result<(), Problem> {
        match &self.filter.category {
            Some(category) if rows == 0 && !Category::is_there(conn, category).await? => {
                Err(Problem::InvalidParameters(vec![Fault::of(
                    "category",
                    "not_found",
                    "there is no such category",
                )]))
            }
            _ => Ok(()),
        }
    }
}
