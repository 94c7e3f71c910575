//! What reading one and writing have in common, whatever the resource. A write is one transaction: it locks the row,
//! checks what the client says must hold, changes it, and notes the event.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HttpDate};
use actix_web::{HttpRequest, HttpResponse, Responder};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer, Timestamptz, Untyped};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::api_keys::{Editor, Reader};
use crate::audit::By;
use crate::db::{Fragment, Statement};
use crate::events::{self, Action, Change};
use crate::http::address::{Address, Name};
use crate::http::body::{Body, JSON, MERGE_PATCH};
use crate::http::caching::Kind;
use crate::http::conditional::{Preconditions, Unmet, Version};
use crate::http::document::merge;
use crate::http::made_of::{MadeOf, Part};
use crate::http::tongue::Tongue;
use crate::openapi;
use crate::problem::{Fault, Problem};
use crate::retries::{Kept, Retry};
use crate::server::AppState;
use crate::slug::SlugTable;
use crate::status::{Sight, Status};

/// One kind of content.
pub trait Resource: Serialize + Part + Send + Sync + Sized + 'static {
    /// What a client sends to create or replace one.
    type New: DeserializeOwned + Clone + Send + Sync + 'static;

    /// Its name in the log of changes.
    const NAME: &'static str;
    /// Its table: `id`, `version`, `updated_at` and `deleted_at` are among its columns.
    const TABLE: &'static str;
    /// Where it has a slug: the table of those.
    const SLUGS: Option<SlugTable> = None;
    /// Where it lives.
    const PATH: &'static str;
    /// The schemas of what is sent for a new one, and for a change.
    const NEW_SCHEMA: &'static str;
    const PATCH_SCHEMA: &'static str;

    fn id(&self) -> Uuid;
    fn version(&self) -> i32;
    fn updated_at(&self) -> DateTime<Utc>;

    /// The slug, where the resource has one.
    fn slug(&self) -> Option<&str> {
        None
    }

    /// One of them, if it is there and can be seen.
    fn find(
        conn: &mut AsyncPgConnection,
        name: &Name,
        sight: Sight,
    ) -> impl Future<Output = QueryResult<Option<Self>>> + Send;

    /// The language that it is in, where it is in one.
    fn language(&self) -> Option<&str> {
        None
    }

    /// Puts the names in it into the language that is wanted.
    fn localise(&mut self, _tongue: &Tongue) {}

    /// Whether it was published once and has been taken down.
    fn is_gone(
        _conn: &mut AsyncPgConnection,
        _name: &Name,
    ) -> impl Future<Output = QueryResult<bool>> + Send {
        async { Ok(false) }
    }

    /// Locks the row with this id, in the trash or not, until the transaction ends.
    fn lock(
        conn: &mut AsyncPgConnection,
        id: Uuid,
    ) -> impl Future<Output = QueryResult<Option<Locked>>> + Send {
        lock_row(conn, Self::TABLE, id)
    }

    /// Takes over what the server's settings say of what is written.
    fn obey(_app: &AppState, _new: &mut Self::New) {}

    /// What no schema can say: rules between fields, spelling. Mends what can be mended.
    fn settle(new: &mut Self::New) -> Result<(), Vec<Fault>>;

    /// Whether writing this needs the scope `publish`.
    fn concerns_public(_old: Option<&Self>, _new: Option<&Self::New>) -> bool {
        false
    }

    /// Writes the row: a new one, or in place of the old one, taking it out of the trash.
    fn insert(
        conn: &mut AsyncPgConnection,
        id: Uuid,
        new: Self::New,
    ) -> impl Future<Output = Result<(), Problem>> + Send;
    fn update(
        conn: &mut AsyncPgConnection,
        id: Uuid,
        new: Self::New,
    ) -> impl Future<Output = Result<(), Problem>> + Send;

    /// What keeps the row from going to the trash.
    fn in_the_way(
        _conn: &mut AsyncPgConnection,
        _id: Uuid,
    ) -> impl Future<Output = Result<(), Problem>> + Send {
        async { Ok(()) }
    }

    /// What else this transaction changed with the row.
    fn changed_along(
        _conn: &mut AsyncPgConnection,
        _id: Uuid,
    ) -> impl Future<Output = QueryResult<Vec<Along>>> + Send {
        async { Ok(Vec::new()) }
    }
}

/// Another of the same kind that a write has changed too, and its new version.
#[derive(Clone, Copy, Debug)]
pub struct Along {
    pub id: Uuid,
    pub version: i32,
    pub concerns_public: bool,
}

/// Notes a change of each.
async fn record_along<R: Resource>(
    conn: &mut AsyncPgConnection,
    editor: &Editor,
    along: &[Along],
) -> Result<(), Problem> {
    for other in along {
        record::<R>(
            conn,
            other.id,
            other.version,
            Action::Updated,
            Some(editor.by()),
        )
        .await?;
    }
    Ok(())
}

/// Locks a row, in the trash or not, until the transaction ends.
pub async fn lock_row(
    conn: &mut AsyncPgConnection,
    table: &'static str,
    id: Uuid,
) -> QueryResult<Option<Locked>> {
    let sql = Fragment::new("SELECT version, deleted_at IS NOT NULL, updated_at FROM ")
        .sql(table)
        .sql(" WHERE id = ")
        .id(id)
        .sql(" FOR NO KEY UPDATE");
    let row: Option<(i32, bool, DateTime<Utc>)> =
        Statement::<(Integer, Bool, Timestamptz)>::new(sql)
            .get_result(conn)
            .await
            .optional()?;
    Ok(row.map(|(version, in_trash, updated_at)| Locked {
        version,
        in_trash,
        updated_at,
    }))
}

async fn trash(conn: &mut AsyncPgConnection, table: &'static str, id: Uuid) -> QueryResult<()> {
    let sql = Fragment::new("UPDATE ")
        .sql(table)
        .sql(" SET deleted_at = now(), updated_at = now(), version = version + 1 WHERE id = ")
        .id(id);
    Statement::<Untyped>::new(sql).execute(conn).await?;
    Ok(())
}

/// A row that is locked.
#[derive(Clone, Copy, Debug)]
pub struct Locked {
    pub version: i32,
    pub in_trash: bool,
    pub updated_at: DateTime<Utc>,
}

/// One resource as the answer to a request.
pub struct Shown<R> {
    status: StatusCode,
    resource: R,
    negotiated: bool,
}

impl<R: Resource> Shown<R> {
    /// What was written, as a request without parameters reads it.
    fn written(status: StatusCode, resource: R) -> Self {
        Self {
            status,
            resource: as_read(resource),
            negotiated: false,
        }
    }

    /// What a second request for the same gets again.
    fn kept(&self) -> Result<Kept, Problem> {
        let mut kept = Kept::new(self.status)
            .header(header::LAST_MODIFIED, self.last_modified().to_string())
            .body(serde_json::to_vec(&self.resource).map_err(Problem::internal)?);
        kept.version = Some(Version::of(self.resource.id(), self.resource.version()));
        if let Some(location) = self.location() {
            kept = kept.header(header::LOCATION, location);
        }
        if let Some(language) = self.resource.language() {
            kept = kept.header(header::CONTENT_LANGUAGE, language.to_owned());
        }
        Ok(kept)
    }

    fn last_modified(&self) -> HttpDate {
        HttpDate::from(std::time::SystemTime::from(self.resource.updated_at()))
    }

    /// Where it is, if it was just made.
    fn location(&self) -> Option<String> {
        let created = self.status == StatusCode::CREATED;
        created.then(|| format!("{}/{}", R::PATH, self.resource.id()))
    }
}

impl<R: Resource> Responder for Shown<R> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.insert_header((header::LAST_MODIFIED, self.last_modified()));
        if let Some(location) = self.location() {
            response.insert_header((header::LOCATION, location));
        }
        if let Some(language) = self.resource.language() {
            response.insert_header((header::CONTENT_LANGUAGE, language));
        }
        if self.negotiated {
            response.insert_header((header::VARY, "Accept-Language"));
        }
        let mut response = response.json(&self.resource);
        let mut made_of = MadeOf::default();
        self.resource.note(&mut made_of);
        let mut extensions = response.extensions_mut();
        extensions.insert(Version::of(self.resource.id(), self.resource.version()));
        extensions.insert(made_of);
        extensions.insert(Kind::One);
        drop(extensions);
        response
    }
}

/// Reads one.
pub async fn get<R: Resource>(
    app: &AppState,
    reader: &Reader,
    address: &Address,
    tongue: &Tongue,
) -> Result<Shown<R>, Problem> {
    let mut conn = app.connection().await?;
    match R::find(&mut conn, &address.name, reader.sight()).await? {
        Some(resource) => Ok(shown(resource, tongue)),
        None => Err(absent::<R>(&mut conn, address, reader.sight()).await?),
    }
}

/// What a request reads that asks for no language, and whose headers ask for none.
fn as_read<R: Resource>(mut resource: R) -> R {
    resource.localise(&Tongue::none());
    resource
}

/// What was read, for who reads it.
pub fn shown<R: Resource>(mut resource: R, tongue: &Tongue) -> Shown<R> {
    resource.localise(tongue);
    Shown {
        status: StatusCode::OK,
        resource,
        negotiated: tongue.is_negotiated(),
    }
}

/// Why there is nothing: it was taken down, has moved, or was never there.
pub async fn absent<R: Resource>(
    conn: &mut AsyncPgConnection,
    address: &Address,
    sight: Sight,
) -> Result<Problem, Problem> {
    if sight != Sight::Everything && R::is_gone(conn, &address.name).await? {
        return Ok(Problem::Gone);
    }
    let Name::Slug(slug) = &address.name else {
        return Ok(Problem::NotFound);
    };
    let former = match R::SLUGS {
        Some(slugs) => slugs.former(conn, slug).await?,
        None => None,
    };
    let Some(id) = former else {
        return Ok(Problem::NotFound);
    };
    let name = Name::Id(id);
    Ok(match R::find(conn, &name, sight).await? {
        Some(now) => Problem::Moved(address.moved(R::PATH, now.slug().unwrap_or_default())),
        None if sight != Sight::Everything && R::is_gone(conn, &name).await? => Problem::Gone,
        None => Problem::NotFound,
    })
}

/// What a document says that is to be written.
fn read_new<R: Resource>(app: &AppState, document: Value) -> Result<R::New, Problem> {
    let mut new = openapi::rules(R::NEW_SCHEMA).read(document)?;
    R::obey(app, &mut new);
    Ok(new)
}

/// Creates one, from a `POST`; asked again for the same, it answers the same.
pub async fn create<R: Resource>(
    app: &AppState,
    editor: &Editor,
    retry: Retry,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let (document, digest) = body.read(JSON).await?;
    let new = read_new::<R>(app, document)?;
    let asked = retry.asked(&editor.by().caller, digest);
    let mut conn = app.connection().await?;
    let kept = conn
        .transaction(async |conn| {
            if let Some(first) = asked.first_answer(conn).await? {
                return Ok::<Kept, Problem>(first);
            }
            let id = Uuid::now_v7();
            let kept = save::<R>(conn, editor, id, None, new).await?.kept()?;
            asked.keep(conn, &kept).await?;
            Ok(kept)
        })
        .await?;
    Ok(kept.answer())
}

/// Replaces one, or creates it where its id is free, from a `PUT`.
pub async fn replace<R: Resource>(
    app: &AppState,
    editor: &Editor,
    address: &Address,
    conditions: &Preconditions,
    body: Body,
) -> Result<Shown<R>, Problem> {
    let new = read_new::<R>(app, body.json(JSON).await?)?;
    let mut conn = app.connection().await?;
    conn.transaction(async |conn| {
        let (id, locked) = match find_and_lock::<R>(conn, address).await {
            Ok((id, locked)) => (id, Some(locked)),
            // Only an id can be made up by a client: a slug without its resource leads nowhere.
            Err(Problem::NotFound) => {
                let id = address.id().ok_or(Problem::NotFound)?;
                lock_id(conn, id).await?;
                (id, R::lock(conn, id).await?)
            }
            Err(problem) => return Err(problem),
        };
        if id.is_nil() || id.is_max() {
            return Err(Problem::NotFound);
        }
        let live = locked.filter(|locked| !locked.in_trash);
        check::<R>(app, conn, conditions, id, live).await?;
        save::<R>(conn, editor, id, locked, new).await
    })
    .await
}

/// Changes some fields, from a `PATCH`: what would be read is patched, and then replaces what is there.
pub async fn change<R: Resource>(
    app: &AppState,
    editor: &Editor,
    address: &Address,
    conditions: &Preconditions,
    body: Body,
) -> Result<Shown<R>, Problem> {
    let mut patch = body.json(MERGE_PATCH).await?;
    openapi::rules(R::PATCH_SCHEMA).check(&mut patch)?;
    let patch = match patch {
        Value::Object(patch) => patch,
        _ => Map::new(),
    };
    let mut conn = app.connection().await?;
    conn.transaction(async |conn| {
        let (id, locked) = find_and_lock::<R>(conn, address).await?;
        if locked.in_trash {
            return Err(Problem::NotFound);
        }
        check::<R>(app, conn, conditions, id, Some(locked)).await?;
        let old = existing::<R>(conn, id).await?;
        let before = match serde_json::to_value(&old).map_err(Problem::internal)? {
            Value::Object(document) => document,
            _ => return Err(Problem::internal("a resource is not an object")),
        };
        let mut document = before.clone();
        merge(&mut document, patch);
        if says_the_same(&before, &document) {
            return Ok(Shown::written(StatusCode::OK, old));
        }
        let new = read_new::<R>(app, Value::Object(document))?;
        save::<R>(conn, editor, id, Some(locked), new).await
    })
    .await
}

/// Whether nothing was changed: null and absent are the same.
fn says_the_same(before: &Map<String, Value>, after: &Map<String, Value>) -> bool {
    before.iter().all(
        |(name, value)| match (value, after.get(name).unwrap_or(&Value::Null)) {
            (Value::Object(before), Value::Object(after)) => says_the_same(before, after),
            (before, after) => before == after,
        },
    ) && after
        .iter()
        .all(|(name, value)| value.is_null() || before.contains_key(name))
}

/// Puts one into the trash, from a `DELETE`.
pub async fn remove<R: Resource>(
    app: &AppState,
    editor: &Editor,
    address: &Address,
    conditions: &Preconditions,
) -> Result<HttpResponse, Problem> {
    let mut conn = app.connection().await?;
    conn.transaction(async |conn| {
        let (id, locked) = find_and_lock::<R>(conn, address).await?;
        if locked.in_trash {
            return Err(Problem::NotFound);
        }
        check::<R>(app, conn, conditions, id, Some(locked)).await?;
        let old = existing::<R>(conn, id).await?;
        if R::concerns_public(Some(&old), None) {
            editor.may_publish()?;
        }
        R::in_the_way(conn, id).await?;
        trash(conn, R::TABLE, id).await?;
        record::<R>(
            conn,
            id,
            locked.version + 1,
            Action::Deleted,
            Some(editor.by()),
        )
        .await?;
        let along = R::changed_along(conn, id).await?;
        if along.iter().any(|other| other.concerns_public) {
            editor.may_publish()?;
        }
        record_along::<R>(conn, editor, &along).await?;
        Ok(())
    })
    .await
    .map(|()| HttpResponse::NoContent().finish())
}

/// Writes one without a client: the sample content.
pub async fn insert<R: Resource>(
    conn: &mut AsyncPgConnection,
    mut new: R::New,
) -> Result<R, Problem> {
    let id = Uuid::now_v7();
    R::settle(&mut new).map_err(Problem::Invalid)?;
    R::insert(conn, id, new).await?;
    record::<R>(conn, id, 1, Action::Created, None).await?;
    existing::<R>(conn, id).await
}

/// Replaces one without a client: the site of the sample content.
pub async fn rewrite<R: Resource>(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    mut new: R::New,
) -> Result<(), Problem> {
    R::settle(&mut new).map_err(Problem::Invalid)?;
    R::update(conn, id, new).await?;
    let version = existing::<R>(conn, id).await?.version();
    record::<R>(conn, id, version, Action::Updated, None).await
}

async fn save<R: Resource>(
    conn: &mut AsyncPgConnection,
    editor: &Editor,
    id: Uuid,
    locked: Option<Locked>,
    mut new: R::New,
) -> Result<Shown<R>, Problem> {
    R::settle(&mut new).map_err(Problem::Invalid)?;
    let live = locked.is_some_and(|locked| !locked.in_trash);
    let old = if live {
        Some(existing::<R>(conn, id).await?)
    } else {
        None
    };
    if R::concerns_public(old.as_ref(), Some(&new)) {
        editor.may_publish()?;
    }
    let (action, version) = match locked {
        None => {
            R::insert(conn, id, new).await?;
            (Action::Created, 1)
        }
        Some(locked) => {
            R::update(conn, id, new).await?;
            let action = if locked.in_trash {
                Action::Restored
            } else {
                Action::Updated
            };
            (action, locked.version + 1)
        }
    };
    let resource = existing::<R>(conn, id).await?;
    record::<R>(conn, id, version, action, Some(editor.by())).await?;
    if locked.is_some() {
        let along = R::changed_along(conn, id).await?;
        if along.iter().any(|other| other.concerns_public) {
            editor.may_publish()?;
        }
        record_along::<R>(conn, editor, &along).await?;
    }
    let status = if live {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    Ok(Shown::written(status, resource))
}

async fn record<R: Resource>(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    version: i32,
    action: Action,
    by: Option<&By>,
) -> Result<(), Problem> {
    let change = Change {
        resource: R::NAME,
        id,
        version,
        action,
    };
    Ok(events::record(conn, change, by).await?)
}

/// Checks what the client says must hold. The row is locked: what is found here stands until the change is made.
async fn check<R: Resource>(
    app: &AppState,
    conn: &mut AsyncPgConnection,
    conditions: &Preconditions,
    id: Uuid,
    live: Option<Locked>,
) -> Result<(), Problem> {
    let now = live.map(|locked| (Version::of(id, locked.version), locked.updated_at));
    match conditions.check(now, app.require_if_match) {
        Ok(()) => Ok(()),
        Err(unmet @ Unmet::Outdated) => {
            let now = as_read(existing::<R>(conn, id).await?);
            Err(unmet.problem(Some((id, now.version(), &now))))
        }
        Err(unmet) => Err(unmet.problem::<R>(None)),
    }
}

async fn existing<R: Resource>(conn: &mut AsyncPgConnection, id: Uuid) -> Result<R, Problem> {
    let found = R::find(conn, &Name::Id(id), Sight::Everything).await?;
    found.ok_or_else(|| Problem::internal("a row that is locked can't be read"))
}

/// The row that an address names, locked. A slug is looked up first; should it change hands meanwhile, the row that
/// had it is the one that is written.
async fn find_and_lock<R: Resource>(
    conn: &mut AsyncPgConnection,
    address: &Address,
) -> Result<(Uuid, Locked), Problem> {
    let id = match &address.name {
        Name::Id(id) => *id,
        name @ Name::Slug(_) => match R::find(conn, name, Sight::Everything).await? {
            Some(found) => found.id(),
            None => return Err(absent::<R>(conn, address, Sight::Everything).await?),
        },
    };
    let locked = R::lock(conn, id).await?.ok_or(Problem::NotFound)?;
    Ok((id, locked))
}

/// Makes those wait who put something under the same free id: the second replaces what the first created.
async fn lock_id(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<()> {
    diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended('id:' || $1::text, 0))")
        .bind::<diesel::sql_types::Uuid, _>(id)
        .execute(conn)
        .await?;
    Ok(())
}

/// When something goes out, and when it first did.
pub struct Publication {
    pub published_at: Option<DateTime<Utc>>,
    pub first_published_at: Option<DateTime<Utc>>,
}

/// When something of this status goes out: published without a time means now. Now is this transaction's, by the
/// database's clock, the same that lists compare with. The first time stays once it has come.
pub async fn publication(
    conn: &mut AsyncPgConnection,
    status: Status,
    published_at: Option<DateTime<Utc>>,
    first: Option<DateTime<Utc>>,
) -> QueryResult<Publication> {
    let time = diesel::dsl::now.into_sql::<diesel::sql_types::Timestamptz>();
    let now: DateTime<Utc> = diesel::select(time).get_result(conn).await?;
    let published = status == Status::Published;
    let published_at = published_at.or(published.then_some(now));
    let first_published_at = match first {
        Some(first) if first <= now => Some(first),
        _ if published => published_at,
        _ => None,
    };
    Ok(Publication {
        published_at,
        first_published_at,
    })
}
