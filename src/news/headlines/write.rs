//! Writes headlines.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::Fragment;
use crate::http::language::{self, Dir};
use crate::news::content::publication::Publication;
use crate::news::content::visibility::Status;
use crate::news::headlines::model::{NewHeadline, Priority};
use crate::news::messages;
use crate::news::search_index::{IndexedHeadline, Vocabulary};
use crate::problem::{Fault, FaultCode, Problem};
use crate::schema::headlines;

/// The columns that a client's document fills.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = headlines, treat_none_as_null = true)]
struct HeadlineRow {
    title: String,
    language: String,
    dir: Dir,
    status: Status,
    published_at: Option<DateTime<Utc>>,
    first_published_at: Option<DateTime<Utc>>,
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
        if let Some(fault) = check_expiry(time.published_at, new.expires_at) {
            return Err(Problem::Invalid(vec![fault]));
        }
        if new.status.is_public_in_time() {
            let mut words = Vocabulary::default();
            words.add(&new.title);
            words.store(conn).await?;
        }
        Ok(Self {
            dir: language::dir(&new.language),
            indexed: IndexedHeadline::new(&new.language, &new.title),
            title: new.title,
            language: new.language,
            status: new.status,
            published_at: time.published_at,
            first_published_at: time.first_published_at,
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

/// A headline expires after it is published.
pub(super) fn check_expiry(
    published_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
) -> Option<Fault> {
    (expires_at? <= published_at?).then(|| {
        Fault::at(
            "/expires_at",
            FaultCode::TooEarly,
            messages::expiry_too_early(),
        )
    })
}

/// The statement that inserts the row.
pub(super) async fn insert(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    new: NewHeadline,
) -> Result<Fragment, Problem> {
    let row = HeadlineRow::new(conn, new, None).await?;
    let insert = diesel::insert_into(headlines::table).values((row, headlines::id.eq(id)));
    Ok(Fragment::default().query(insert))
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
