//! Lists ordered by name, of authors and tags. Names are compared without accents and case; the id decides between equal
//! ones.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::{Fragment, Keyset, Statement};
use crate::http::cursor::{Cursor, NameKey};
use crate::http::locale::LanguagePreference;
use crate::http::page::Page;
use crate::http::query::{Filter, List, MOST_COUNTED};
use crate::news::content::crud::Resource;
use crate::problem::Problem;

/// A resource whose lists are ordered by name.
pub trait NameOrdered: Resource {
    /// Its place in the list.
    fn place(&self) -> (NameKey, Uuid);

    /// Selects rows; `sql` is the statement from its `FROM` on.
    fn load(
        conn: &mut AsyncPgConnection,
        sql: &Fragment,
    ) -> impl Future<Output = QueryResult<Vec<Self>>>;
}

/// A page of the rows that meet a condition.
pub async fn page<R: NameOrdered, F: Filter>(
    conn: &mut AsyncPgConnection,
    list: &List<F>,
    condition: &Fragment,
    locale: &LanguagePreference,
) -> Result<Page<R>, Problem> {
    let cursor: Option<Cursor<NameKey>> = list.cursor()?;
    let forward = cursor.as_ref().is_none_or(|cursor| cursor.forward);
    let matching_rows = || {
        Fragment::new("FROM ")
            .sql(R::TABLE)
            .sql(" WHERE deleted_at IS NULL")
            .append(condition)
    };
    let keyset = Keyset {
        alias: "",
        columns: &["name_key", "id"],
        descending: !forward,
    };
    let mut sql = matching_rows();
    if let Some(cursor) = &cursor {
        let name = Fragment::default().text(&cursor.key.0);
        let id = Fragment::default().id(cursor.id);
        let after = keyset.after(&[name, id], cursor.inclusive);
        sql = sql.sql(" AND ").append(&after);
    }
    sql = sql
        .append(&keyset.order_by())
        .sql(" LIMIT ")
        .number(list.rows());
    let mut rows = R::load(conn, &sql).await?;
    rows.iter_mut().for_each(|row| row.localize(locale));
    let total = if list.counts() {
        let sql = Fragment::new("SELECT count(*) FROM (SELECT ")
            .append(&matching_rows())
            .sql(" LIMIT ")
            .number(MOST_COUNTED + 1)
            .sql(") AS counted");
        Some(Statement::<BigInt>::new(sql).get_result(conn).await?)
    } else {
        None
    };
    let page = list.page(R::NAME, rows, cursor.as_ref(), NameOrdered::place);
    Ok(page
        .with_total(total)
        .varying_by_language(locale.is_negotiated()))
}
