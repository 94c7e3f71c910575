//! What reading one and writing have in common, whatever the resource. A write is one transaction: it locks the row,
//! checks what the client says must hold, changes it, and notes the event.

use std::borrow::Borrow;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer, Timestamptz, Untyped};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::access::audit::By;
use crate::access::extractors::{Editor, Reader};
use crate::db::{Database, Fragment, Statement, pool};
use crate::events::{self, Action, Change};
use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::http::fields::Fields;
use crate::http::id_or_slug::{IdOrSlug, ResourcePath};
use crate::http::json_body::{self, Body, JSON, MERGE_PATCH};
use crate::http::locale::LanguagePreference;
use crate::http::one::{One, Single};
use crate::http::preconditions::{PreconditionFailure, Preconditions, Version};
use crate::http::resource_response::{NoContent, Representation, ResourceResponse};
use crate::http::schema::{Patch, Patchable};
use crate::http::validation::{SchemaValidator, merge};
use crate::idempotency::{Created, IdempotencyKey};
use crate::news::content::slug::{self, SlugTable};
use crate::news::content::visibility::{Status, Visibility};
use crate::problem::{ConstraintViolation, Fault, OnConstraint, Problem};

/// One kind of content.
pub trait Resource: Serialize + Single + CacheTagged + Send + Sync + Sized + 'static {
    /// What a client sends to create or replace one.
    type New: DeserializeOwned + Patchable + Clone + Send + Sync + 'static;
    /// The same with what was made of it before a connection is taken; itself, where nothing is.
    type Prepared: From<Self::New> + Borrow<Self::New> + Send + Sync + 'static;
    /// What [`Self::prepare`] needs besides the database; `()` where nothing is prepared.
    type Preparer;

    /// Its name in the log of changes.
    const NAME: &'static str;
    /// Its table: `id`, `version`, `updated_at` and `deleted_at` are among its columns.
    const TABLE: &'static str;
    /// Where it has a slug: the table of those.
    const SLUGS: Option<SlugTable> = None;
    /// Where it lives.
    const PATH: &'static str;
    /// The largest body of a request that writes one, in bytes.
    const MAX_BODY: usize = json_body::MAX_BODY;

    /// The problem that a violated constraint of this resource means.
    fn constraint_problem(_violation: &ConstraintViolation) -> Option<Problem> {
        None
    }

    fn id(&self) -> Uuid;
    fn version(&self) -> i32;

    /// The slug, where the resource has one.
    fn slug(&self) -> Option<&str> {
        None
    }

    /// One of them, if it is there and can be seen.
    fn find(
        conn: &mut AsyncPgConnection,
        name: &IdOrSlug,
        visibility: Visibility,
    ) -> impl Future<Output = QueryResult<Option<Self>>> + Send;

    /// The same for who wants some fields of it: what costs and is not among them is not read.
    fn find_part(
        conn: &mut AsyncPgConnection,
        name: &IdOrSlug,
        visibility: Visibility,
        _fields: &Fields,
    ) -> impl Future<Output = QueryResult<Option<Self>>> + Send {
        Self::find(conn, name, visibility)
    }

    /// The language that it is in, where it is in one.
    fn language(&self) -> Option<&str> {
        None
    }

    /// Puts the names in it into the language that is wanted.
    fn localize(&mut self, _tongue: &LanguagePreference) {}

    /// Whether it was published once and has been taken down.
    fn is_gone(
        _conn: &mut AsyncPgConnection,
        _name: &IdOrSlug,
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

    /// What no schema can say: rules between fields, spelling. Mends what can be mended.
    fn validate(new: &mut Self::New) -> Result<(), Vec<Fault>>;

    /// Does what takes long and must not hold a connection: renders a body.
    fn prepare(
        _db: &Database,
        _preparer: &Self::Preparer,
        new: Self::New,
    ) -> impl Future<Output = Result<Self::Prepared, Problem>> {
        async { Ok(new.into()) }
    }

    /// What a patch makes of the old one, from what was prepared before the old one was locked.
    ///
    /// # Errors
    /// With the document, where it has to be prepared first.
    fn fit(
        _old: &Self,
        new: Self::New,
        _prepared: Option<Self::Prepared>,
    ) -> Result<Self::Prepared, Box<Self::New>> {
        Ok(new.into())
    }

    /// Whether writing this needs the scope `publish`.
    fn requires_publish_scope(_old: Option<&Self>, _new: Option<&Self::New>) -> bool {
        false
    }

    /// Whether the public sees it beside something that changing needs the scope `publish`.
    fn is_publicly_referenced(
        _conn: &mut AsyncPgConnection,
        _id: Uuid,
    ) -> impl Future<Output = QueryResult<bool>> + Send {
        async { Ok(false) }
    }

    /// The slug that a client has chosen, where taking a former one from another concerns the public: until then that leads
    /// on (308).
    fn chosen_slug(_new: &Self::New) -> Option<&str> {
        None
    }

    /// Writes the row: a new one, or in place of the old one, taking it out of the trash.
    fn insert(
        conn: &mut AsyncPgConnection,
        id: Uuid,
        new: Self::Prepared,
    ) -> impl Future<Output = Result<(), Problem>> + Send;
    fn update(
        conn: &mut AsyncPgConnection,
        id: Uuid,
        new: Self::Prepared,
    ) -> impl Future<Output = Result<(), Problem>> + Send;

    /// What keeps the row from going to the trash.
    fn check_deletable(
        _conn: &mut AsyncPgConnection,
        _id: Uuid,
    ) -> impl Future<Output = Result<(), Problem>> + Send {
        async { Ok(()) }
    }

    /// What its triggers call the lock under which a write changes others of the same kind.
    const SIBLING_LOCK: &'static str = "";

    /// Whether a write may change others of the same kind too. All that do wait for one another before they lock a row, so
    /// they take their locks in one order. What is read here isn't locked: it is asked again when the row is.
    fn affects_siblings(
        _conn: &mut AsyncPgConnection,
        _id: Uuid,
        _write: Write<'_, Self>,
    ) -> impl Future<Output = QueryResult<bool>> + Send {
        async { Ok(false) }
    }

    /// What else this transaction changed with the row.
    fn cascaded_changes(
        _conn: &mut AsyncPgConnection,
        _id: Uuid,
    ) -> impl Future<Output = QueryResult<Vec<CascadedChange>>> + Send {
        async { Ok(Vec::new()) }
    }
}

/// The problem of a violated constraint: one that all resources have, or one of this resource.
fn constraint_problem<R: Resource>(violation: &ConstraintViolation) -> Option<Problem> {
    let constraint = violation.name.strip_prefix(R::TABLE);
    match constraint {
        Some("_pkey") => {
            let detail = "a resource with this id was created at the same time";
            Some(Problem::Conflict(detail.into(), Vec::new()))
        }
        Some("_slug_key") => Some(slug::taken()),
        _ => R::constraint_problem(violation),
    }
}

/// A field of the body that names something that does not exist, or is deleted.
pub fn missing_reference(pointer: impl Into<String>) -> Problem {
    Problem::Invalid(vec![Fault::at(
        pointer,
        "not_found",
        "no resource has this id",
    )])
}

/// A write, as far as it is known before the row is locked.
#[derive(Debug)]
pub enum Write<'a, R: Resource> {
    /// A new row, or all of one that is there.
    Put(&'a R::New),
    /// These fields.
    Patch(&'a Map<String, Value>),
    Delete,
}

/// Makes writes that change others of this kind wait for one another, until the transaction ends.
async fn lock_siblings<R: Resource>(conn: &mut AsyncPgConnection) -> QueryResult<()> {
    let sql = Fragment::new("SELECT pg_advisory_xact_lock(hashtextextended('")
        .sql(R::SIBLING_LOCK)
        .sql("', 0))");
    Statement::<Untyped>::new(sql).execute(conn).await?;
    Ok(())
}

/// Another of the same kind that a write has changed too, and its new version.
#[derive(Clone, Copy, Debug)]
pub struct CascadedChange {
    pub id: Uuid,
    pub version: i32,
    pub requires_publish_scope: bool,
}

/// Notes a change of each other one that this transaction changed with this row, which the editor must be allowed to.
async fn record_cascaded<R: Resource>(
    conn: &mut AsyncPgConnection,
    editor: &Editor,
    id: Uuid,
) -> Result<(), Problem> {
    let along = R::cascaded_changes(conn, id).await?;
    if along.iter().any(|other| other.requires_publish_scope) {
        editor.may_publish()?;
    }
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
        .sql(" SET deleted_at = now(), version = version + 1 WHERE id = ")
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

impl<R: Resource> Representation for R {
    const HAS_LANGUAGE: bool = R::IS_CONTENT;

    fn version_tag(&self) -> Option<Version> {
        Some(Version::of(self.id(), self.version()))
    }

    fn location(&self) -> Option<String> {
        Some(format!("{}/{}", R::PATH, self.id()))
    }

    fn content_language(&self) -> Option<&str> {
        self.language()
    }

    fn cache_tags(&self) -> CacheTags {
        let mut cache_tags = CacheTags::default();
        self.add_cache_tags(&mut cache_tags);
        cache_tags
    }
}

/// Reads one.
pub async fn get<R: Resource>(
    db: &Database,
    reader: &Reader,
    address: &ResourcePath,
    one: One<R>,
) -> Result<ResourceResponse<R>, Problem> {
    let mut conn = db.connection().await?;
    match R::find_part(&mut conn, &address.name, reader.visibility(), &one.fields).await? {
        Some(resource) => Ok(shown(resource, one)),
        None => Err(explain_missing::<R>(&mut conn, address, reader.visibility()).await?),
    }
}

/// What a request reads that asks for no language, and whose headers ask for none.
fn as_read<R: Resource>(mut resource: R) -> R {
    resource.localize(&LanguagePreference::none());
    resource
}

/// The response to a read, in the language that the request prefers.
pub fn shown<R: Resource>(mut resource: R, one: One<R>) -> ResourceResponse<R> {
    resource.localize(&one.locale);
    ResourceResponse::ok(resource)
        .with_negotiated_language(one.locale.is_negotiated())
        .with_fields(one.fields)
}

/// Why there is nothing: it was taken down, has moved, or was never there.
pub async fn explain_missing<R: Resource>(
    conn: &mut AsyncPgConnection,
    address: &ResourcePath,
    visibility: Visibility,
) -> Result<Problem, Problem> {
    if visibility != Visibility::Everything && R::is_gone(conn, &address.name).await? {
        return Ok(Problem::Gone);
    }
    let IdOrSlug::Slug(slug) = &address.name else {
        return Ok(Problem::NotFound);
    };
    let former = match R::SLUGS {
        Some(slugs) => slugs.former(conn, slug).await?,
        None => None,
    };
    let Some(id) = former else {
        return Ok(Problem::NotFound);
    };
    let name = IdOrSlug::Id(id);
    Ok(match R::find(conn, &name, visibility).await? {
        Some(now) => Problem::Moved(address.moved(R::PATH, now.slug().unwrap_or_default())),
        None if visibility != Visibility::Everything && R::is_gone(conn, &name).await? => {
            Problem::Gone
        }
        None => Problem::NotFound,
    })
}

/// How often a patch is prepared anew because somebody else changed meanwhile what it was prepared for.
const MOST_PREPARATIONS: usize = 4;

/// What a document says that is to be written.
fn read_new<R: Resource>(document: Value) -> Result<R::New, Problem> {
    let mut new = SchemaValidator::of_written::<R::New, R>().read(document)?;
    R::validate(&mut new).map_err(Problem::Invalid)?;
    Ok(new)
}

fn read_patch<R: Resource>(mut patch: Value) -> Result<Map<String, Value>, Problem> {
    SchemaValidator::of_written::<Patch<R::New>, R>().check(&mut patch)?;
    Ok(match patch {
        Value::Object(patch) => patch,
        _ => Map::new(),
    })
}

/// Creates one, from a `POST`; asked again for the same, it answers the same.
pub async fn create<R: Resource>(
    db: &Database,
    preparer: &R::Preparer,
    editor: &Editor,
    key: IdempotencyKey,
    body: Body,
) -> Result<Created<R>, Problem> {
    let body = body.at_most(R::MAX_BODY);
    let (new, digest) = body.read_as(JSON, read_new::<R>).await?;
    let new = R::prepare(db, preparer, new).await?;
    let request = key.request(editor.by().caller.account(), digest);
    let mut conn = db.connection().await?;
    conn.write(async |conn| {
        let create = async |conn: &mut AsyncPgConnection| {
            let id = Uuid::now_v7();
            if R::affects_siblings(conn, id, Write::Put(new.borrow())).await? {
                lock_siblings::<R>(conn).await?;
            }
            save::<R>(conn, editor, id, None, new).await
        };
        request.run(conn, create).await
    })
    .await
    .on_constraint(constraint_problem::<R>)
}

/// Replaces one, or creates it where its id is free, from a `PUT`.
pub async fn replace<R: Resource>(
    db: &Database,
    preparer: &R::Preparer,
    editor: &Editor,
    address: &ResourcePath,
    conditions: &Preconditions,
    body: Body,
) -> Result<ResourceResponse<R>, Problem> {
    let body = body.at_most(R::MAX_BODY);
    let (new, _) = body.read_as(JSON, read_new::<R>).await?;
    let new = R::prepare(db, preparer, new).await?;
    let mut conn = db.connection().await?;
    // Taken when it is written: until then it may have to be begun again.
    let mut new = Some(new);
    let mut affects_siblings = false;
    loop {
        let done = conn
            .write(async |conn| {
                let put = || Write::<R>::Put(new.as_ref().expect("it is not written yet").borrow());
                let id = match find_id::<R>(conn, address).await {
                    // Only an id can be made up by a client: a slug without its resource leads nowhere.
                    Err(Problem::NotFound) => address.id().ok_or(Problem::NotFound)?,
                    id => id?,
                };
                if id.is_nil() || id.is_max() {
                    return Err(Problem::NotFound);
                }
                let ahead = affects_siblings || R::affects_siblings(conn, id, put()).await?;
                if ahead {
                    lock_siblings::<R>(conn).await?;
                }
                let locked = match R::lock(conn, id).await? {
                    None => {
                        lock_id(conn, id).await?;
                        R::lock(conn, id).await?
                    }
                    locked => locked,
                };
                // Somebody was faster, and now it does: from the beginning, as the order of the locks wants it.
                if !ahead && R::affects_siblings(conn, id, put()).await? {
                    return Ok(None);
                }
                let live = locked.filter(|locked| !locked.in_trash);
                check::<R>(conn, conditions, id, live).await?;
                let new = new.take().expect("it is not written yet");
                save::<R>(conn, editor, id, locked, new).await.map(Some)
            })
            .await
            .on_constraint(constraint_problem::<R>)?;
        match done {
            Some(saved) => return Ok(saved),
            None => affects_siblings = true,
        }
    }
}

/// Changes some fields, from a `PATCH`: what would be read is patched, and then replaces what is there.
pub async fn change<R: Resource>(
    db: &Database,
    preparer: &R::Preparer,
    editor: &Editor,
    address: &ResourcePath,
    conditions: &Preconditions,
    body: Body,
) -> Result<ResourceResponse<R>, Problem> {
    let body = body.at_most(R::MAX_BODY);
    let (patch, _) = body.read_as(MERGE_PATCH, read_patch::<R>).await?;
    let mut prepared = None;
    for _ in 0..=MOST_PREPARATIONS {
        let conn = db.connection().await?;
        let changed = change_if_prepared::<R>(conn, editor, address, conditions, &patch, prepared);
        match changed.await? {
            Ok(shown) => return Ok(shown),
            Err(new) => prepared = Some(R::prepare(db, preparer, *new).await?),
        }
    }
    Err(Problem::Busy(
        "others change the same just now, again and again",
    ))
}

/// Makes the change, unless something has to be prepared for it that was not: the connection is given back for that, and
/// nothing is locked meanwhile.
async fn change_if_prepared<R: Resource>(
    mut conn: pool::Connection,
    editor: &Editor,
    address: &ResourcePath,
    conditions: &Preconditions,
    patch: &Map<String, Value>,
    prepared: Option<R::Prepared>,
) -> Result<Result<ResourceResponse<R>, Box<R::New>>, Problem> {
    conn.write(async |conn| {
        let (id, locked) = find_and_lock(conn, address, Write::<R>::Patch(patch)).await?;
        check::<R>(conn, conditions, id, Some(locked)).await?;
        let old = existing::<R>(conn, id).await?;
        // Whoever may not change it doesn't get as far as a change that changes nothing.
        check_rights(conn, editor, id, Some(&old), None).await?;
        let before = match serde_json::to_value(&old).map_err(Problem::internal)? {
            Value::Object(document) => document,
            _ => return Err(Problem::internal("a resource is not an object")),
        };
        let mut document = before.clone();
        merge(&mut document, patch.clone());
        if is_no_op(&before, &document) {
            return Ok(Ok(ResourceResponse::ok(as_read(old))));
        }
        let new = read_new::<R>(Value::Object(document))?;
        match R::fit(&old, new, prepared) {
            Ok(new) => Ok(Ok(save::<R>(conn, editor, id, Some(locked), new).await?)),
            Err(new) => Ok(Err(new)),
        }
    })
    .await
    .on_constraint(constraint_problem::<R>)
}

/// Whether nothing was changed: null and absent are the same.
fn is_no_op(before: &Map<String, Value>, after: &Map<String, Value>) -> bool {
    before.iter().all(
        |(name, value)| match (value, after.get(name).unwrap_or(&Value::Null)) {
            (Value::Object(before), Value::Object(after)) => is_no_op(before, after),
            (before, after) => before == after,
        },
    ) && after
        .iter()
        .all(|(name, value)| value.is_null() || before.contains_key(name))
}

/// Puts one into the trash, from a `DELETE`.
pub async fn remove<R: Resource>(
    db: &Database,
    editor: &Editor,
    address: &ResourcePath,
    conditions: &Preconditions,
) -> Result<NoContent, Problem> {
    let mut conn = db.connection().await?;
    conn.write(async |conn| {
        let (id, locked) = find_and_lock(conn, address, Write::<R>::Delete).await?;
        check::<R>(conn, conditions, id, Some(locked)).await?;
        let old = existing::<R>(conn, id).await?;
        check_rights(conn, editor, id, Some(&old), None).await?;
        R::check_deletable(conn, id).await?;
        trash(conn, R::TABLE, id).await?;
        record::<R>(
            conn,
            id,
            locked.version + 1,
            Action::Deleted,
            Some(editor.by()),
        )
        .await?;
        record_cascaded::<R>(conn, editor, id).await?;
        Ok(NoContent)
    })
    .await
    .on_constraint(constraint_problem::<R>)
}

/// Writes one without a client: the sample content.
pub async fn insert<R: Resource>(
    conn: &mut AsyncPgConnection,
    mut new: R::New,
    prepare: impl FnOnce(R::New) -> Result<R::Prepared, Problem>,
) -> Result<R, Problem> {
    let id = Uuid::now_v7();
    R::validate(&mut new).map_err(Problem::Invalid)?;
    let new = prepare(new)?;
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
    R::validate(&mut new).map_err(Problem::Invalid)?;
    R::update(conn, id, new.into()).await?;
    let version = existing::<R>(conn, id).await?.version();
    record::<R>(conn, id, version, Action::Updated, None).await
}

async fn save<R: Resource>(
    conn: &mut AsyncPgConnection,
    editor: &Editor,
    id: Uuid,
    locked: Option<Locked>,
    new: R::Prepared,
) -> Result<ResourceResponse<R>, Problem> {
    let live = locked.is_some_and(|locked| !locked.in_trash);
    let old = if live {
        Some(existing::<R>(conn, id).await?)
    } else {
        None
    };
    check_rights(conn, editor, id, old.as_ref(), Some(new.borrow())).await?;
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
        record_cascaded::<R>(conn, editor, id).await?;
    }
    let resource = as_read(resource);
    Ok(if live {
        ResourceResponse::ok(resource)
    } else {
        ResourceResponse::created(resource)
    })
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
    conn: &mut AsyncPgConnection,
    conditions: &Preconditions,
    id: Uuid,
    live: Option<Locked>,
) -> Result<(), Problem> {
    let now = live.map(|locked| (Version::of(id, locked.version), locked.updated_at));
    match conditions.check(now) {
        Ok(()) => Ok(()),
        Err(unmet @ PreconditionFailure::VersionMismatch) => {
            let now = as_read(existing::<R>(conn, id).await?);
            Err(unmet.problem(Some((id, now.version(), &now))))
        }
        Err(unmet) => Err(unmet.problem::<R>(None)),
    }
}

/// Refuses what needs the scope `publish` to whoever has not got it.
async fn check_rights<R: Resource>(
    conn: &mut AsyncPgConnection,
    editor: &Editor,
    id: Uuid,
    old: Option<&R>,
    new: Option<&R::New>,
) -> Result<(), Problem> {
    if R::requires_publish_scope(old, new)
        || (old.is_some() && R::is_publicly_referenced(conn, id).await?)
    {
        editor.may_publish()?;
    }
    if let (Some(slugs), Some(slug)) = (R::SLUGS, new.and_then(R::chosen_slug)) {
        let former = slugs.former(conn, slug).await?;
        if former.is_some_and(|former| former != id) {
            editor.may_publish()?;
        }
    }
    Ok(())
}

async fn existing<R: Resource>(conn: &mut AsyncPgConnection, id: Uuid) -> Result<R, Problem> {
    let found = R::find(conn, &IdOrSlug::Id(id), Visibility::Everything).await?;
    found.ok_or_else(|| Problem::internal("a row that is locked can't be read"))
}

/// The id that an address names. Whether there is a row of that id is not asked.
async fn find_id<R: Resource>(
    conn: &mut AsyncPgConnection,
    address: &ResourcePath,
) -> Result<Uuid, Problem> {
    match &address.name {
        IdOrSlug::Id(id) => Ok(*id),
        name @ IdOrSlug::Slug(_) => match R::find(conn, name, Visibility::Everything).await? {
            Some(found) => Ok(found.id()),
            None => Err(explain_missing::<R>(conn, address, Visibility::Everything).await?),
        },
    }
}

/// The live row that an address names, locked for a write. A slug is looked up first; should it change hands meanwhile,
/// the row that had it is the one that is written.
async fn find_and_lock<R: Resource>(
    conn: &mut AsyncPgConnection,
    address: &ResourcePath,
    write: Write<'_, R>,
) -> Result<(Uuid, Locked), Problem> {
    let id = find_id::<R>(conn, address).await?;
    if R::affects_siblings(conn, id, write).await? {
        lock_siblings::<R>(conn).await?;
    }
    let locked = R::lock(conn, id).await?;
    let live = locked.filter(|locked| !locked.in_trash);
    Ok((id, live.ok_or(Problem::NotFound)?))
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
    let published_at = published_at.or((status == Status::Published).then_some(now));
    let first_published_at = match first {
        Some(first) if first <= now => Some(first),
        _ if matches!(status, Status::Published | Status::Scheduled) => published_at,
        _ => None,
    };
    Ok(Publication {
        published_at,
        first_published_at,
    })
}
