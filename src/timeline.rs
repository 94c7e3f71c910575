//! Lists in the order of time: what headlines and articles share. The newest come first, what has no time yet before
//! them; the id decides between equals. Reading stops at the page's end, whatever the filter: each alternative and each
//! category of a branch walks one index, and what they find is merged.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use utoipa::IntoParams;

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

    /// The conditions on the rows of one table, for one who sees so much.
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
        if let Some(language) = &self.language {
            sql = sql.sql(" AND language = ").text(language);
        }
        if let Some(after) = self.published_after {
            sql = sql
                .sql(" AND listed_at > ")
                .time(Some(after))
                .sql(" AND listed_at < 'infinity'");
        }
        if let Some(before) = self.published_before {
            sql = sql.sql(" AND listed_at < ").time(Some(before));
        }
        sql
    }
}

/// Some rows of a table in the order of time.
pub struct Timeline<'a> {
    pub table: &'static str,
    /// A row belongs here when it meets one of these; no row may meet two.
    pub alternatives: Vec<Fragment>,
    pub category: Option<&'a Name>,
    /// How many filters are used, beside the category.
    pub filters: usize,
}

impl Timeline<'_> {
    /// The rows of one page, as a table of the same name to select from.
    pub fn rows(&self, cursor: Option<&Cursor<Moment>>, rows: usize) -> Fragment {
        let order = match cursor {
            Some(Cursor { forward: false, .. }) => " ORDER BY listed_at, id LIMIT ",
            _ => " ORDER BY listed_at DESC, id DESC LIMIT ",
        };
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
                .then(alternative);
            if self.category.is_some() {
                found = found.sql(" AND category_id = branch.id");
            }
            if let Some(cursor) = cursor {
                found = found
                    .sql(match (cursor.forward, cursor.inclusive) {
                        (true, false) => " AND (listed_at, id) < (coalesce(",
                        (true, true) => " AND (listed_at, id) <= (coalesce(",
                        (false, false) => " AND (listed_at, id) > (coalesce(",
                        (false, true) => " AND (listed_at, id) >= (coalesce(",
                    })
                    .time(cursor.key)
                    .sql(", 'infinity'), ")
                    .id(cursor.id)
                    .sql(")");
            }
            found = found.sql(order).number(rows).sql(")");
        }
        let merged = match self.category {
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
            if let Some(category) = self.category {
                sql = sql
                    .sql(" AND category_id IN (SELECT id FROM ")
                    .then(&Category::branch(category))
                    .sql(" AS branch)");
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
        match self.category {
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
