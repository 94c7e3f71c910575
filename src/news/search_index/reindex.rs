//! Indexes content anew, while it is being read and changed: after a change of the rules, or of rows that something else has
//! written.

use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Nullable, Text, Untyped, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::document::IndexedText;
use super::tsvector::SearchVector;
use super::vocabulary::Vocabulary;
use super::{INDEX_VERSION, VERSION_MARK};
use crate::db::{Fragment, Statement};
use crate::schema::sql_types::Tsvector;
use crate::schema::{articles, headlines, search_index};

/// How many rows are indexed in one transaction. As long as it takes, they can't be changed.
const BATCH: usize = 100;

/// How many rows there were, and how many of them were indexed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reindexed {
    pub rows: usize,
    pub indexed: usize,
}

/// The statements of a table.
struct Table {
    select: &'static str,
    update: &'static str,
}

const ARTICLES: Table = Table {
    select: "language, title, short_title, kicker, dateline, lede, body_text FROM articles",
    update: "articles AS old SET search = new.search, search_head = new.head",
};

const HEADLINES: Table = Table {
    select: "language, title, NULL, NULL, NULL, NULL, '' FROM headlines",
    update: "headlines AS old SET search = new.search",
};

/// An id, whether its terms are of this version, whether it is or will be public, and its texts.
type StoredText = (
    SqlUuid,
    Bool,
    Bool,
    (Text, Text, Line, Line, Line, Line, Text),
);
type Line = Nullable<Text>;

/// Indexes those rows whose terms are of another version of the rules, or `all`. `progress` is told the number of rows so far.
pub async fn reindex(
    conn: &mut AsyncPgConnection,
    all: bool,
    mut progress: impl FnMut(usize),
) -> QueryResult<Reindexed> {
    let mut done = Reindexed::default();
    for table in [&ARTICLES, &HEADLINES] {
        let mut last = Uuid::nil();
        while let Some((next, count)) = conn
            .transaction(async |conn| table.index_after(conn, last, all).await)
            .await?
        {
            last = next;
            done.rows += count.rows;
            done.indexed += count.indexed;
            progress(done.rows);
        }
    }
    diesel::update(search_index::table)
        .set(search_index::version.eq(INDEX_VERSION))
        .execute(conn)
        .await?;
    Ok(done)
}

/// How many rows there are.
pub async fn count_rows(conn: &mut AsyncPgConnection) -> QueryResult<i64> {
    let articles: i64 = articles::table.count().get_result(conn).await?;
    let headlines: i64 = headlines::table.count().get_result(conn).await?;
    Ok(articles + headlines)
}

/// Whether content may be indexed by the rules of another version than this program's.
pub async fn is_outdated(conn: &mut AsyncPgConnection) -> QueryResult<bool> {
    let version = search_index::table.select(search_index::version);
    let version: i16 = version.get_result(conn).await?;
    Ok(version != INDEX_VERSION)
}

impl Table {
    /// Indexes the next rows in the order of their ids; the last id, if there are any. They are locked, so that no concurrent
    /// change is indexed by its old text.
    async fn index_after(
        &self,
        conn: &mut AsyncPgConnection,
        last: Uuid,
        all: bool,
    ) -> QueryResult<Option<(Uuid, Reindexed)>> {
        let sql = Fragment::new("SELECT id, search @@ ")
            .text(VERSION_MARK)
            .sql("::tsquery, status IN ('scheduled', 'published'), ")
            .sql(self.select)
            .sql(" WHERE id > ")
            .id(last)
            .sql(" ORDER BY id LIMIT ")
            .number(BATCH)
            .sql(" FOR NO KEY UPDATE");
        let rows: Vec<(Uuid, bool, bool, IndexedText)> =
            Statement::<StoredText>::new(sql).load(conn).await?;
        let Some(last) = rows.last().map(|(id, ..)| *id) else {
            return Ok(None);
        };
        let count = rows.len();
        let (mut ids, mut terms, mut heads) = (Vec::new(), Vec::new(), Vec::new());
        let mut vocabulary = Vocabulary::default();
        for (id, is_current, is_public, text) in rows {
            if is_current && !all {
                continue;
            }
            if is_public {
                text.add_words(&mut vocabulary);
            }
            let (whole, head) = text.index().into_vectors();
            ids.push(id);
            terms.push(whole);
            heads.push(head);
        }
        let count = Reindexed {
            rows: count,
            indexed: ids.len(),
        };
        vocabulary.store(conn).await?;
        if !ids.is_empty() {
            self.update(conn, ids, terms, heads).await?;
        }
        Ok(Some((last, count)))
    }

    async fn update(
        &self,
        conn: &mut AsyncPgConnection,
        ids: Vec<Uuid>,
        terms: Vec<SearchVector>,
        heads: Vec<SearchVector>,
    ) -> QueryResult<()> {
        let sql = Fragment::new("UPDATE ")
            .sql(self.update)
            .sql(" FROM unnest(")
            .ids(ids)
            .sql(", ")
            .query(terms.into_sql::<Array<Tsvector>>())
            .sql(", ")
            .query(heads.into_sql::<Array<Tsvector>>())
            .sql(") AS new (id, search, head) WHERE old.id = new.id");
        Statement::<Untyped>::new(sql).execute(conn).await?;
        Ok(())
    }
}
