//! Writes articles: the row, its slug, the authors and tags that it names.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer, Nullable, Timestamptz, Untyped, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use crate::db::statement::Typed;
use crate::db::{Fragment, Statement};
use crate::http::language::{self, Dir};
use crate::news::articles::model::{Article, ArticleKind, NewArticle};
use crate::news::articles::prepared::PreparedArticle;
use crate::news::content::crud::{CascadedChange, Resource};
use crate::news::content::image::Image;
use crate::news::content::publication::Publication;
use crate::news::content::slug::{self, SlugTable};
use crate::news::content::visibility::Status;
use crate::news::search_index::{IndexedArticle, IndexedText, Vocabulary};
use crate::problem::Problem;
use crate::schema::articles;

/// The columns that a client's document fills, beside the body and the slug.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = articles, treat_none_as_null = true, treat_none_as_default_value = false)]
struct ArticleRow {
    kind: ArticleKind,
    title: String,
    short_title: Option<String>,
    kicker: Option<String>,
    lede: Option<String>,
    dir: Dir,
    language: String,
    status: Status,
    published_at: Typed<Nullable<Timestamptz>>,
    first_published_at: Typed<Nullable<Timestamptz>>,
    expires_at: Option<DateTime<Utc>>,
    category_id: Option<Uuid>,
    dateline: Option<String>,
    image: Option<Image>,
    canonical_url: Option<String>,
    source: Option<String>,
    translation_of: Option<Uuid>,
}

impl ArticleRow {
    async fn new(
        conn: &mut AsyncPgConnection,
        new: NewArticle,
        first_published_at: Option<DateTime<Utc>>,
    ) -> Result<Self, Problem> {
        let time =
            Publication::plan(conn, new.status, new.published_at, first_published_at).await?;
        time.check_expiry(conn, new.expires_at).await?;
        Ok(Self {
            kind: new.kind,
            title: new.title,
            short_title: new.short_title,
            kicker: new.kicker,
            lede: new.lede,
            dir: language::dir(&new.language),
            language: new.language,
            status: new.status,
            published_at: time.published_at.value(),
            first_published_at: time.first_published_at.value(),
            expires_at: new.expires_at,
            category_id: new.category_id,
            dateline: new.dateline,
            image: new.image,
            canonical_url: new.canonical_url,
            source: new.source,
            translation_of: new.translation_of,
        })
    }
}

pub(super) async fn insert(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    new: PreparedArticle,
) -> Result<(), Problem> {
    let (new, body, _permit) = new.into_columns();
    let body = body.ok_or_else(|| Problem::internal("the body is not rendered"))?;
    let slug = match chosen_slug(&new, id) {
        None if new.status == Status::Draft => slug::provisional(&new.title, Article::NAME, id),
        chosen => slug::claim(conn, SlugTable::Articles, id, chosen, &new.title).await?,
    };
    let (authors, tags) = (new.author_ids.clone(), new.tag_ids.clone());
    let indexed = index(conn, &new, body.text().to_owned()).await?;
    let row = ArticleRow::new(conn, new, None).await?;
    diesel::insert_into(articles::table)
        .values((
            row,
            body,
            indexed,
            articles::id.eq(id),
            articles::slug.eq(slug),
        ))
        .execute(conn)
        .await?;
    insert_list(conn, AUTHORS, id, &authors).await?;
    insert_list(conn, TAGS, id, &tags).await?;
    Ok(())
}

/// Updates the row, in the trash or not; it leaves the trash.
pub(super) async fn update(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    new: PreparedArticle,
) -> Result<(), Problem> {
    let (new, body, _permit) = new.into_columns();
    let (own, first_published_at): (String, Option<DateTime<Utc>>) = articles::table
        .find(id)
        .select((articles::slug, articles::first_published_at))
        .get_result(conn)
        .await?;
    // A draft gets its slug when it is published.
    let chosen = chosen_slug(&new, id);
    let slug = match chosen {
        None if slug::is_provisional(&own, id) && new.status == Status::Draft => own,
        None if slug::is_provisional(&own, id) => {
            slug::claim(conn, SlugTable::Articles, id, None, &new.title).await?
        }
        _ => slug::keep_or_claim(conn, SlugTable::Articles, id, chosen, &new.title).await?,
    };
    let (authors, tags) = (new.author_ids.clone(), new.tag_ids.clone());
    let text = match &body {
        Some(body) => body.text().to_owned(),
        None => stored_text(conn, id).await?,
    };
    let indexed = index(conn, &new, text).await?;
    let row = ArticleRow::new(conn, new, first_published_at).await?;
    diesel::update(articles::table.find(id))
        .set((
            row,
            body,
            indexed,
            articles::slug.eq(slug),
            articles::version.eq(articles::version + 1),
            articles::deleted_at.eq(None::<DateTime<Utc>>),
        ))
        .execute(conn)
        .await?;
    store_list(conn, AUTHORS, id, &authors).await?;
    store_list(conn, TAGS, id, &tags).await?;
    Ok(())
}

async fn stored_text(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<String> {
    let stored = articles::table.find(id).select(articles::body_text);
    stored.get_result(conn).await
}

/// A text up to this size, in bytes, is indexed on the worker thread: that takes a millisecond.
const SMALL: usize = 8 << 10;

/// The terms of an article; its words become known if it is public in time.
async fn index(
    conn: &mut AsyncPgConnection,
    new: &NewArticle,
    body_text: String,
) -> Result<IndexedArticle, Problem> {
    let text = IndexedText {
        language: new.language.clone(),
        title: new.title.clone(),
        short_title: new.short_title.clone(),
        kicker: new.kicker.clone(),
        dateline: new.dateline.clone(),
        lede: new.lede.clone(),
        body: body_text,
    };
    let is_public = new.status.is_public_in_time();
    let is_small = text.body.len() <= SMALL;
    let task = move || {
        let mut words = Vocabulary::default();
        if is_public {
            text.add_words(&mut words);
        }
        (words, text.index())
    };
    let (words, indexed) = match is_small {
        true => task(),
        false => spawn_blocking(task).await.map_err(Problem::internal)?,
    };
    words.store(conn).await?;
    Ok(indexed)
}

/// The slug that the client has chosen, which isn't the provisional one that it may have read.
fn chosen_slug(new: &NewArticle, id: Uuid) -> Option<&str> {
    let slug = new.slug.as_deref();
    slug.filter(|slug| !slug::is_provisional(slug, id))
}

/// The tables of the authors and of the tags of articles, and the column of their ids.
const AUTHORS: (&str, &str) = ("article_authors", "author_id");
const TAGS: (&str, &str) = ("article_tags", "tag_id");

/// Stores the authors or the tags of an article, in the order given, unless they are stored so already.
async fn store_list(
    conn: &mut AsyncPgConnection,
    (table, column): (&'static str, &'static str),
    id: Uuid,
    listed: &[Uuid],
) -> QueryResult<()> {
    let sql = Fragment::new("SELECT ")
        .sql(column)
        .sql(" FROM ")
        .sql(table)
        .sql(" WHERE id = ")
        .id(id)
        .sql(" ORDER BY place");
    let stored: Vec<Uuid> = Statement::<SqlUuid>::new(sql).load(conn).await?;
    if stored == listed {
        return Ok(());
    }
    if !stored.is_empty() {
        let sql = Fragment::new("DELETE FROM ")
            .sql(table)
            .sql(" WHERE id = ")
            .id(id);
        Statement::<Untyped>::new(sql).execute(conn).await?;
    }
    insert_list(conn, (table, column), id, listed).await
}

/// Stores them where none are stored.
async fn insert_list(
    conn: &mut AsyncPgConnection,
    (table, column): (&'static str, &'static str),
    id: Uuid,
    listed: &[Uuid],
) -> QueryResult<()> {
    if listed.is_empty() {
        return Ok(());
    }
    // Triggers copy the other columns from the article.
    let sql = Fragment::new("INSERT INTO ")
        .sql(table)
        .sql(" (id, place, ")
        .sql(column)
        .sql(") SELECT ")
        .id(id)
        .sql(", place - 1, listed FROM unnest(")
        .ids(listed.to_vec())
        .sql(") WITH ORDINALITY AS list (listed, place)");
    Statement::<Untyped>::new(sql).execute(conn).await?;
    Ok(())
}

/// The other articles of its story that triggers changed with an article in this transaction.
pub(super) async fn cascaded_changes(
    conn: &mut AsyncPgConnection,
    id: Uuid,
) -> QueryResult<Vec<CascadedChange>> {
    let sql = Fragment::new(
        "SELECT id, version, status <> 'draft' FROM articles WHERE deleted_at IS NULL \
         AND xmin = pg_current_xact_id()::xid AND coalesce(translation_of, id) = \
         (SELECT coalesce(translation_of, id) FROM articles WHERE id = ",
    )
    .id(id)
    .sql(") AND id <> ")
    .id(id)
    .sql(" ORDER BY id");
    let rows: Vec<(Uuid, i32, bool)> = Statement::<(SqlUuid, Integer, Bool)>::new(sql)
        .load(conn)
        .await?;
    let change = |(id, version, requires_publish_scope)| CascadedChange {
        id,
        version,
        requires_publish_scope,
    };
    Ok(rows.into_iter().map(change).collect())
}
