//! Reading and writing one resource, of whatever kind. A write is one transaction: it locks the row, checks the preconditions
//! and the caller's scopes, changes the row, and records an event and an audit entry.

mod constraints;
mod create;
mod delete;
mod effects;
mod lock;
mod patch;
mod read;
mod record;
mod replace;
mod sample;
mod write;

use std::borrow::Borrow;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::AsyncPgConnection;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::db::Database;
use crate::http::cache_tags::{CacheTag, CacheTagged, CacheTags};
use crate::http::fields::Fields;
use crate::http::id_or_slug::IdOrSlug;
use crate::http::json_body;
use crate::http::locale::LanguagePreference;
use crate::http::one::Gettable;
use crate::http::preconditions::Version;
use crate::http::resource_response::Representation;
use crate::http::schema::Patchable;
use crate::news::content::slug::SlugTable;
use crate::news::content::visibility::Visibility;
use crate::problem::{ConstraintViolation, Fault, GoneReason, Problem};

pub use constraints::missing_reference;
pub use create::create;
pub use delete::delete;
pub use lock::{Locked, lock_row};
pub use patch::patch;
pub use read::{existing, explain_missing, get, localized};
pub use record::{Dependent, record_due};
pub use replace::replace;
pub use sample::{insert, rewrite};

/// A kind of content: its types, names and rules. This module reads and writes it.
pub trait Resource: Serialize + Gettable + CacheTagged + Send + Sync + Sized + 'static {
    /// The body of a request that creates or replaces one.
    type New: DeserializeOwned + Patchable + Clone + Send + Sync + 'static;
    /// The output of [`Self::prepare`], computed before a connection is taken; the body itself where nothing is.
    type Prepared: From<Self::New> + Borrow<Self::New> + Send + Sync + 'static;
    /// The input of [`Self::prepare`], beside the database; `()` where nothing is prepared.
    type Preparer;

    /// The name in events, the audit and cache tags.
    const NAME: &'static str;
    /// The table, with the columns `id`, `version`, `updated_at` and `deleted_at`.
    const TABLE: &'static str;
    /// The table of its slugs, if it has slugs.
    const SLUGS: Option<SlugTable> = None;
    /// The path of its list.
    const PATH: &'static str;
    /// The resources that show it, if they are of another kind.
    const DEPENDENT: Option<Dependent> = None;
    /// The size limit of a body, in bytes.
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

    /// The resource with this name, if it exists and is visible.
    fn find(
        conn: &mut AsyncPgConnection,
        name: &IdOrSlug,
        visibility: Visibility,
    ) -> impl Future<Output = QueryResult<Option<Self>>> + Send;

    /// The same for a request of some fields: expensive ones are read only if requested.
    fn find_part(
        conn: &mut AsyncPgConnection,
        name: &IdOrSlug,
        visibility: Visibility,
        _fields: &Fields,
    ) -> impl Future<Output = QueryResult<Option<Self>>> + Send {
        Self::find(conn, name, visibility)
    }

    /// The language of the content, if it has one.
    fn language(&self) -> Option<&str> {
        None
    }

    /// Replaces the names in it by those in the preferred language.
    fn localize(&mut self, _locale: &LanguagePreference) {}

    /// Why it is gone, if it was public once.
    fn gone(
        _conn: &mut AsyncPgConnection,
        _name: &IdOrSlug,
    ) -> impl Future<Output = QueryResult<Option<GoneReason>>> + Send {
        async { Ok(None) }
    }

    /// Locks the row with this id, deleted or not, until the transaction ends.
    fn lock(
        conn: &mut AsyncPgConnection,
        id: Uuid,
    ) -> impl Future<Output = QueryResult<Option<Locked>>> + Send {
        lock_row(conn, Self::TABLE, id)
    }

    /// Cross-field validation and normalisation.
    fn validate(new: &mut Self::New) -> Result<(), Vec<Fault>>;

    /// Expensive work without a connection, such as rendering a body.
    fn prepare(
        _db: &Database,
        _preparer: &Self::Preparer,
        new: Self::New,
    ) -> impl Future<Output = Result<Self::Prepared, Problem>> {
        async { Ok(new.into()) }
    }

    /// The prepared form of a patched document, from what was prepared before the row was locked.
    ///
    /// # Errors
    /// The document, if it has to be prepared first.
    fn reuse_prepared(
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

    /// Whether the public never sees it, in this state.
    fn is_private(&self) -> bool {
        false
    }

    /// The cache tags of the lists that it is in, and of resources that show it though they don't have its tag; none if it
    /// may affect any answer.
    fn affected_tags(&self) -> Option<Vec<CacheTag>> {
        Some(vec![CacheTag::of_kind(Self::NAME)])
    }

    /// The moments at which the public sees it for the first and for the last time.
    fn moments(&self) -> Vec<DateTime<Utc>> {
        Vec::new()
    }

    /// Whether public content shows it, so that changing it needs the scope `publish`.
    fn is_publicly_referenced(
        _conn: &mut AsyncPgConnection,
        _id: Uuid,
    ) -> impl Future<Output = QueryResult<bool>> + Send {
        async { Ok(false) }
    }

    /// The slug that a client has chosen. Taking a former slug of another resource ends its redirect (308), so it needs the
    /// scope `publish`.
    fn chosen_slug(_new: &Self::New) -> Option<&str> {
        None
    }

    /// Inserts the row, or updates it and restores it if it is deleted.
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

    /// Inserts the row, and reads it.
    fn insert_and_read(
        conn: &mut AsyncPgConnection,
        id: Uuid,
        new: Self::Prepared,
    ) -> impl Future<Output = Result<Self, Problem>> + Send {
        async move {
            Self::insert(conn, id, new).await?;
            read::existing(conn, id).await
        }
    }

    /// Refuses the deletion of a row that others depend on.
    fn check_deletable(
        _conn: &mut AsyncPgConnection,
        _id: Uuid,
    ) -> impl Future<Output = Result<(), Problem>> + Send {
        async { Ok(()) }
    }

    /// The name of the advisory lock of writes that change other rows of the table, as its triggers take it.
    const SIBLING_LOCK: &'static str = "";

    /// Whether a write may change other rows of the table. Such writes are serialised before they lock a row, so that all
    /// take their locks in one order. This reads unlocked rows: it is called again once the row is locked.
    fn affects_siblings(
        _conn: &mut AsyncPgConnection,
        _id: Uuid,
        _write: Write<'_, Self>,
    ) -> impl Future<Output = QueryResult<bool>> + Send {
        async { Ok(false) }
    }

    /// The other rows that this transaction changed with the row.
    fn cascaded_changes(
        _conn: &mut AsyncPgConnection,
        _id: Uuid,
    ) -> impl Future<Output = QueryResult<Vec<CascadedChange>>> + Send {
        async { Ok(Vec::new()) }
    }
}

/// A write, before the row is locked.
#[derive(Debug)]
pub enum Write<'a, R: Resource> {
    /// Creates or replaces a row.
    Put(&'a R::New),
    /// Changes these fields.
    Patch(&'a Map<String, Value>),
    Delete,
}

/// Another row of the table that a write has changed too, and its new version.
#[derive(Clone, Copy, Debug)]
pub struct CascadedChange {
    pub id: Uuid,
    pub version: i32,
    pub requires_publish_scope: bool,
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
