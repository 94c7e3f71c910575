//! Writes headlines.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::Fragment;
use crate::db::statement::Typed;
use crate::http::language::{self, Dir};
use crate::news::content::publication::Publication;
use crate::news::content::visibility::Status;
use crate::news::headlines::model::{NewHeadline, Priority};
use crate::news::search_index::{IndexedHeadline, Vocabulary};
use crate::problem::Problem;
use crate::schema::headlines;

/// The columns that a client's document fills.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = headlines, treat_none_as_null = true, treat_none_as_default_value = false)]
struct HeadlineRow {
    title: String,
    language: String,
    dir: Dir,
    status: Status,
    published_at: Typed<Nullable<Timestamptz>>,
    first_published_at: Typed<Nullable<Timestamptz>>,
    priority: Priority,
    pinned: bool,
    expires_at: Option<DateTime<Utc>>,
    category_id: Option<Uuid>,
    article_id: Option<Uuid>,
    url: Option<String>,
    source: Option<String>,
    #[diesel(embed)]
    indexed: IndexedHeadline,
}

impl HeadlineRow {
    async fn new(
        conn: &mut AsyncPgConnection,
        new: NewHeadline,
        first_published_at: Option<DateTime<Utc>>,
    ) -> Result<Self, Problem> {
        let time =
            Publication::plan(conn, new.status, new.published_at, first_published_at).await?;
        time.check_expiry(conn, new.expires_at).await?;
        Ok(Self {
            dir: language::dir(&new.language),
            indexed: IndexedHeadline::new(&new.language, &new.title),
            title: new.title,
            language: new.language,
            status: new.status,
            published_at: time.published_at.value(),
            first_published_at: time.first_published_at.value(),
            priority: new.priority,
            pinned: new.pinned,
            expires_at: new.expires_at,
            category_id: new.category_id,
            article_id: new.article_id,
            url: new.url,
            source: new.source,
        })
    }
}

/// The words that become known with a headline.
fn words(new: &NewHeadline) -> Vocabulary {
    let mut words = Vocabulary::default();
    if new.status.is_public_in_time() {
        words.add(&new.title);
    }
    words
}

/// The statement that inserts the row, from its `WITH` on: the inserted row is `headlines` in what follows.
pub(super) async fn insert(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    new: NewHeadline,
) -> Result<Fragment, Problem> {
    let with = match words(&new).insert() {
        Some(words) => Fragment::new("WITH words AS (").append(&words).sql("), "),
        None => Fragment::new("WITH "),
    };
    let row = HeadlineRow::new(conn, new, None).await?;
    let insert = diesel::insert_into(headlines::table).values((row, headlines::id.eq(id)));
    Ok(with
        .sql("headlines AS (")
        .query(insert)
        .sql(" RETURNING *) "))
}

/// Updates the row, in the trash or not; it leaves the trash.
pub(super) async fn update(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    new: NewHeadline,
) -> Result<(), Problem> {
    let first_published_at: Option<DateTime<Utc>> = headlines::table
        .find(id)
        .select(headlines::first_published_at)
        .get_result(conn)
        .await?;
    words(&new).store(conn).await?;
    let row = HeadlineRow::new(conn, new, first_published_at).await?;
    diesel::update(headlines::table.find(id))
        .set((
            row,
            headlines::version.eq(headlines::version + 1),
            headlines::deleted_at.eq(None::<DateTime<Utc>>),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
