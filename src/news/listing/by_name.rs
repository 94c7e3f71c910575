//! Lists in the order of names: what authors and tags share. Names are compared without accents and case; the id decides
//! between equals.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use uuid::Uuid;

use crate::db::{Fragment, Statement};
use crate::http::cache_tags::CacheTagged;
use crate::http::cursor::{Cursor, NameKey};
use crate::http::page::Page;
use crate::http::query::{Filter, List, MOST_COUNTED};
use crate::problem::{Fault, Problem};

/// Something that stands in the order of names.
pub trait NameOrdered {
    fn place(&self) -> (NameKey, Uuid);
}

/// One page of a table's rows that obey a condition; `run` runs a statement that selects from what it is given.
/// `negotiated` where the request's `Accept-Language` decides about names in them.
pub async fn page<R: NameOrdered + Serialize + CacheTagged, F: Filter>(
    conn: &mut AsyncPgConnection,
    (table, kind): (&'static str, &'static str),
    list: &List<F>,
    condition: &Fragment,
    negotiated: bool,
    run: impl AsyncFn(&mut AsyncPgConnection, Fragment) -> QueryResult<Vec<R>>,
) -> Result<Page<R>, Problem> {
    let cursor: Option<Cursor<NameKey>> = list.cursor()?;
    let forward = cursor.as_ref().is_none_or(|cursor| cursor.forward);
    let wanted = || {
        Fragment::new("FROM ")
            .sql(table)
            .sql(" WHERE deleted_at IS NULL")
            .append(condition)
    };
    let mut sql = wanted();
    if let Some(cursor) = &cursor {
        sql = sql
            .sql(match (cursor.forward, cursor.inclusive) {
                (true, false) => " AND (name_key, id) > (",
                (true, true) => " AND (name_key, id) >= (",
                (false, false) => " AND (name_key, id) < (",
                (false, true) => " AND (name_key, id) <= (",
            })
            .text(&cursor.key.0)
            .sql(", ")
            .id(cursor.id)
            .sql(")");
    }
    sql = sql
        .sql(if forward {
            " ORDER BY name_key, id LIMIT "
        } else {
            " ORDER BY name_key DESC, id DESC LIMIT "
        })
        .number(list.rows());
    let rows = run(conn, sql).await?;
    let total = if list.counts() {
        let sql = Fragment::new("SELECT count(*) FROM (SELECT ")
            .append(&wanted())
            .sql(" LIMIT ")
            .number(MOST_COUNTED + 1)
            .sql(") AS counted");
        Some(Statement::<BigInt>::new(sql).get_result(conn).await?)
    } else {
        None
    };
    let page = list.page(kind, rows, cursor.as_ref(), NameOrdered::place);
    Ok(page.with_total(total).varying_by_language(negotiated))
}

/// Refuses to put into the trash what articles still name. The database refuses it, too.
pub async fn check_unused(
    conn: &mut AsyncPgConnection,
    (table, column): (&'static str, &'static str),
    id: Uuid,
) -> Result<(), Problem> {
    let sql = Fragment::new("SELECT count(*) FROM ")
        .sql(table)
        .sql(" WHERE deleted_at IS NULL AND ")
        .sql(column)
        .sql(" = ")
        .id(id);
    let count: i64 = Statement::<BigInt>::new(sql).get_result(conn).await?;
    if count == 0 {
        return Ok(());
    }
    let articles = format!(
        "{count} {}",
        if count == 1 { "article" } else { "articles" }
    );
    Err(Problem::Conflict(
        format!("still named by {articles}"),
        vec![Fault::general("has_articles", articles)],
    ))
}

/// Whether an article that is more than a draft names it.
pub async fn is_publicly_referenced(
    conn: &mut AsyncPgConnection,
    (table, column): (&'static str, &'static str),
    id: Uuid,
) -> QueryResult<bool> {
    let sql = Fragment::new("SELECT EXISTS (SELECT FROM ")
        .sql(table)
        .sql(" WHERE deleted_at IS NULL AND status <> 'draft' AND ")
        .sql(column)
        .sql(" = ")
        .id(id)
        .sql(")");
    Statement::<Bool>::new(sql).get_result(conn).await
}
