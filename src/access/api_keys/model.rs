//! Keys in the database. What time it is, its clock decides, so that every node refuses a key from the same moment on.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::{now, sql};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Timestamptz};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::api_keys::{Scope, Token};
use crate::db::statement::RowType;
use crate::db::{Fragment, Keyset, Statement};
use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::http::cursor::Cursor;
use crate::http::one::Single;
use crate::http::parameter_types::Word;
use crate::http::preconditions::Version;
use crate::http::resource_response::Representation;
use crate::http::schema::{HasFields, Patch, Patchable};
use crate::http::values::in_range;
use crate::problem::{ConstraintViolation, Fault, OnConstraint, Problem};
use crate::schema::api_keys;

/// A key, without anything by which it could be used.
#[derive(Clone, Debug, Serialize, ToSchema, HasQuery)]
#[diesel(table_name = api_keys)]
#[schema(as = Key, example = json!({
    "id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d41", "name": "newsroom", "prefix": "mnc_kY3vQ8Zr", "scopes": ["publish", "write"],
    "expires_at": "2027-11-23T14:00:00Z", "last_used_at": null, "revoked_at": null, "rotated_from": null,
    "created_by": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d40",
    "created_at": "2026-11-23T14:00:00Z", "updated_at": "2026-11-23T14:00:00Z", "version": 1,
}))]
pub struct ApiKey {
    /// Given once, never changed.
    pub id: Uuid,
    /// What it is for.
    #[schema(format = "line", max_length = 100)]
    pub name: String,
    /// The key's first characters, to tell it from others.
    #[schema(pattern = "^mnc_[0-9A-Za-z]{8}$")]
    pub prefix: String,
    /// What it allows.
    #[schema(value_type = Vec<Scope>, inline, min_items = 1, max_items = 5)]
    pub scopes: Vec<String>,
    /// From when on it is refused; null: never.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was used last, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Since when it is refused for good.
    pub revoked_at: Option<DateTime<Utc>>,
    /// The key whose successor it is.
    pub rotated_from: Option<Uuid>,
    /// The key with which it was made; null where that was done on the command line or with a JWT.
    pub created_by: Option<Uuid>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// 1 at first, one more with every change.
    #[schema(minimum = 1)]
    pub version: i32,
}

/// What makes a key. What only the server writes may stand beside it and is ignored, so that what was read can be sent back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "newsroom", "scopes": ["write", "publish"], "expires_at": "2999-11-23T14:00:00Z"}))]
pub struct NewKey {
    /// What it is for.
    #[schema(format = "line", max_length = 100)]
    pub name: String,
    /// What it allows.
    #[schema(inline, min_items = 1, max_items = 5)]
    pub scopes: Vec<Scope>,
    /// From when on it is refused: a moment that lies ahead. Without one, it is good until it is revoked.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
}

/// How a key is to be rotated.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"overlap": 3600}))]
pub struct NewRotation {
    /// How many seconds the old key stays good beside the new one, unless it expires before: at most 7 days.
    #[serde(default = "a_day")]
    #[schema(minimum = 0, maximum = 604_800, default = 86_400)]
    pub overlap: u32,
}

/// How many seconds two keys may be good beside each other.
pub const SEVEN_DAYS: u32 = 604_800;

fn a_day() -> u32 {
    86_400
}

crate::text_enum! {
    /// What a key is good for.
    KeyState {
        /// It is taken.
        Active = "active",
        /// It was good until it expired.
        Expired = "expired",
        /// It was revoked.
        Revoked = "revoked",
    }
}

impl Word for KeyState {}

impl KeyState {
    fn condition(self) -> &'static str {
        match self {
            Self::Active => "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())",
            Self::Expired => "revoked_at IS NULL AND expires_at <= now()",
            Self::Revoked => "revoked_at IS NOT NULL",
        }
    }
}

/// What a list of keys is narrowed to.
pub fn condition(state: Option<KeyState>) -> Fragment {
    Fragment::new(state.map_or("TRUE", KeyState::condition))
}

/// How keys are sorted: by the moment at which they were made.
pub type Place = Option<DateTime<Utc>>;

impl HasFields for ApiKey {}

pub type KeyPatch = Patch<NewKey>;

impl Patchable for NewKey {
    fn patch_example() -> Value {
        json!({"name": "newsroom, evening desk"})
    }
}

impl Single for ApiKey {
    const TAKES_LANGUAGE: bool = false;
}

impl CacheTagged for ApiKey {
    fn add_cache_tags(&self, _: &mut CacheTags) {}
}

/// The problem that a violated constraint of the table means.
pub fn constraint_problem(violation: &ConstraintViolation) -> Option<Problem> {
    let conflict = |detail: &str| Some(Problem::Conflict(detail.into(), Vec::new()));
    match violation.name.as_str() {
        "api_keys_last_admin" => Some(Problem::Conflict(
            "no key with the scope `admin` would remain: create another one without an expiry first"
                .into(),
            vec![Fault::general(
                "last_admin",
                "one key with the scope `admin` and without an expiry has to remain",
            )],
        )),
        "api_keys_inactive" => conflict("a revoked or expired key can't be changed"),
        "api_keys_rotated_from_key" => {
            conflict("this key has a successor already: rotate that one")
        }
        _ => None,
    }
}

impl Representation for ApiKey {
    fn version_tag(&self) -> Option<Version> {
        Some(Version::of(self.id, self.version))
    }

    fn location(&self) -> Option<String> {
        Some(format!("/v1/keys/{}", self.id))
    }
}

impl ApiKey {
    /// Makes a key and hands it out.
    pub async fn create(
        conn: &mut AsyncPgConnection,
        name: &str,
        scopes: &[Scope],
    ) -> QueryResult<Token> {
        let new = NewKey {
            name: name.to_owned(),
            scopes: scopes.to_vec(),
            expires_at: None,
        };
        let (_, token) = Self::insert(conn, &new, None, None).await?;
        Ok(token)
    }

    /// Makes a key: its row, and the key itself, which is never to be had again.
    pub async fn insert(
        conn: &mut AsyncPgConnection,
        new: &NewKey,
        created_by: Option<Uuid>,
        rotated_from: Option<Uuid>,
    ) -> QueryResult<(Self, Token)> {
        let token = Token::new();
        let key = diesel::insert_into(api_keys::table)
            .values((
                api_keys::id.eq(Uuid::now_v7()),
                api_keys::name.eq(&new.name),
                api_keys::prefix.eq(token.prefix()),
                api_keys::hash.eq(token.hash()),
                api_keys::scopes.eq(words(&new.scopes)),
                api_keys::expires_at.eq(new.expires_at),
                api_keys::created_by.eq(created_by),
                api_keys::rotated_from.eq(rotated_from),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .await?;
        Ok((key, token))
    }

    /// The key that this is, unless it is unknown, revoked or expired. That it was used is noted at most once a minute.
    pub async fn of(conn: &mut AsyncPgConnection, token: &Token) -> QueryResult<Option<Self>> {
        let found: Option<(Self, Vec<u8>)> = api_keys::table
            .filter(api_keys::prefix.eq(token.prefix()))
            .filter(sql::<Bool>(KeyState::Active.condition()))
            .select((Self::as_select(), api_keys::hash))
            .first(conn)
            .await
            .optional()?;
        // Compared in any case: how long the answer takes doesn't tell whether a key begins like this.
        let (key, hash) = found.unzip();
        let is_it = token.is(hash.as_deref().unwrap_or(&[0; 32]));
        let Some(key) = key.filter(|_| is_it) else {
            return Ok(None);
        };
        if key
            .last_used_at
            .is_none_or(|at| Utc::now() - at >= TimeDelta::minutes(1))
        {
            // Said again in the statement: of many requests at once, one writes.
            let noted = diesel::sql_query(
                "UPDATE api_keys SET last_used_at = now() WHERE id = $1 \
                 AND (last_used_at IS NULL OR last_used_at <= now() - interval '1 minute')",
            )
            .bind::<diesel::sql_types::Uuid, _>(key.id)
            .execute(conn)
            .await;
            // The key is good, whether that can be written down (on a full disk, say) or not: its holder may read.
            if let Err(error) = noted {
                log::warn!(
                    "the last use of the key {} is not noted: {error}",
                    key.prefix
                );
            }
        }
        Ok(Some(key))
    }

    /// Every key, the newest first.
    pub async fn all(conn: &mut AsyncPgConnection) -> QueryResult<Vec<Self>> {
        Self::query().order(api_keys::id.desc()).load(conn).await
    }

    /// Keys that obey a condition, the newest first, from a place on.
    pub async fn page(
        conn: &mut AsyncPgConnection,
        condition: &Fragment,
        cursor: Option<&Cursor<Place>>,
        rows: usize,
    ) -> QueryResult<Vec<Self>> {
        let mut rest = Fragment::new("FROM api_keys WHERE ").append(condition);
        let keyset = Keyset {
            alias: "",
            columns: &["created_at", "id"],
            descending: cursor.is_none_or(|cursor| cursor.forward),
        };
        if let Some(cursor) = cursor {
            let at = Fragment::default().time(cursor.key);
            let id = Fragment::default().id(cursor.id);
            let after = keyset.after(&[at, id], cursor.inclusive);
            rest = rest.sql(" AND ").append(&after);
        }
        rest = rest.append(&keyset.order_by()).sql(" LIMIT ").number(rows);
        Statement::<RowType<Self>>::select::<Self>(&rest)
            .load(conn)
            .await
    }

    /// The key with this id.
    pub async fn find(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<Self>> {
        Self::query()
            .filter(api_keys::id.eq(id))
            .first(conn)
            .await
            .optional()
    }

    /// The key with this id, locked until the transaction ends.
    pub async fn lock(conn: &mut AsyncPgConnection, id: Uuid) -> Result<Self, Problem> {
        Self::query()
            .filter(api_keys::id.eq(id))
            .for_no_key_update()
            .first(conn)
            .await
            .optional()?
            .ok_or(Problem::NotFound)
    }

    /// Refuses to go on with a key that is no longer good.
    pub fn must_be_good(&self, at: DateTime<Utc>) -> Result<(), Problem> {
        if self.revoked_at.is_some() {
            return Err(Problem::Conflict("this key was revoked".into(), Vec::new()));
        }
        if self.expires_at.is_some_and(|end| end <= at) {
            return Err(Problem::Conflict("this key has expired".into(), Vec::new()));
        }
        Ok(())
    }

    /// Puts another name, other scopes, another end in place of what there is.
    pub async fn update(
        &self,
        conn: &mut AsyncPgConnection,
        new: &NewKey,
    ) -> Result<Self, Problem> {
        if new.expires_at != self.expires_at {
            new.must_end_later(time(conn).await?)?;
        }
        let changed = diesel::update(api_keys::table.find(self.id))
            .set((
                api_keys::name.eq(&new.name),
                api_keys::scopes.eq(words(&new.scopes)),
                api_keys::expires_at.eq(new.expires_at),
                api_keys::version.eq(api_keys::version + 1),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .await?;
        Ok(changed)
    }

    /// Makes a successor with the same name, scopes and length of life. This one stays good for so many seconds more, at
    /// most. To be called in a transaction that has it locked.
    pub async fn rotate(
        &self,
        conn: &mut AsyncPgConnection,
        overlap: u32,
        created_by: Option<Uuid>,
    ) -> Result<Rotated, Problem> {
        let at = time(conn).await?;
        self.must_be_good(at)?;
        let new = NewKey {
            name: self.name.clone(),
            scopes: known(&self.scopes),
            expires_at: self.expires_at.map(|end| {
                let later = at + (end - self.created_at);
                if in_range(later) { later } else { end }
            }),
        };
        let (successor, token) = Self::insert(conn, &new, created_by, Some(self.id)).await?;
        let end = at + TimeDelta::seconds(overlap.into());
        let end = self.expires_at.map_or(end, |own| own.min(end));
        let old = diesel::update(api_keys::table.find(self.id))
            .set((
                api_keys::expires_at.eq(end),
                api_keys::version.eq(api_keys::version + 1),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .await?;
        Ok(Rotated {
            old,
            successor,
            token,
        })
    }

    /// Revokes this key: as it is then, unless it was revoked before.
    pub async fn end(&self, conn: &mut AsyncPgConnection) -> Result<Option<Self>, Problem> {
        let ended = diesel::update(api_keys::table.find(self.id))
            .filter(api_keys::revoked_at.is_null())
            .set((
                api_keys::revoked_at.eq(now),
                api_keys::version.eq(api_keys::version + 1),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .await
            .optional()?;
        Ok(ended)
    }

    /// The key with this id or prefix, or that is this, locked until the transaction ends.
    pub async fn lock_named(
        conn: &mut AsyncPgConnection,
        name: &str,
    ) -> Result<Option<Self>, Problem> {
        let id = Uuid::try_parse(name).unwrap_or_default();
        let whole = Token::read(name);
        let name = whole.as_ref().map_or(name, Token::prefix);
        let named = Self::query()
            .filter(api_keys::id.eq(id).or(api_keys::prefix.eq(name)))
            .for_no_key_update();
        Ok(named.first(conn).await.optional()?)
    }

    /// Revokes the key with this id or prefix. None where there is no such key; else the key as it is then, unless it was
    /// revoked before.
    ///
    /// # Errors
    /// Where it is the last one that may do everything and has no end.
    pub async fn revoke(
        conn: &mut AsyncPgConnection,
        name: &str,
    ) -> Result<Option<Option<Self>>, Problem> {
        conn.transaction(async |conn| {
            let Some(key) = Self::lock_named(conn, name).await? else {
                return Ok(None);
            };
            Ok(Some(key.end(conn).await?))
        })
        .await
        .on_constraint(constraint_problem)
    }
}

/// A key that another stands in for.
pub struct Rotated {
    pub old: ApiKey,
    pub successor: ApiKey,
    /// The successor itself.
    pub token: Token,
}

impl NewKey {
    /// Refuses an end that has come already.
    pub fn must_end_later(&self, at: DateTime<Utc>) -> Result<(), Problem> {
        match self.expires_at.and_then(|end| past_end(end, at)) {
            Some(fault) => Err(Problem::Invalid(vec![fault])),
            None => Ok(()),
        }
    }
}

/// The fault of an end that has come already.
pub fn past_end(end: DateTime<Utc>, at: DateTime<Utc>) -> Option<Fault> {
    (end <= at).then(|| Fault::at("/expires_at", "in_the_past", "must lie ahead"))
}

/// What time it is, by the database's clock: the same all through a transaction.
pub async fn time(conn: &mut AsyncPgConnection) -> QueryResult<DateTime<Utc>> {
    diesel::select(now.into_sql::<Timestamptz>())
        .get_result(conn)
        .await
}

fn words(scopes: &[Scope]) -> Vec<&'static str> {
    let mut words: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// Those of these words that are scopes.
pub fn known<S: AsRef<str>>(words: &[S]) -> Vec<Scope> {
    Scope::ALL
        .iter()
        .copied()
        .filter(|scope| words.iter().any(|word| word.as_ref() == scope.as_str()))
        .collect()
}
