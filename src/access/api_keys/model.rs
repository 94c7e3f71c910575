//! API keys in the database. The database's clock decides what time it is, so that every node refuses a key from the same
//! moment on.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::caller::Scope;
use crate::access::credentials::{self, Token};
use crate::access::messages;
use crate::db::statement::RowType;
use crate::db::{Fragment, Keyset, Statement};
use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::http::cursor::Cursor;
use crate::http::one::Gettable;
use crate::http::parameter_types::Word;
use crate::http::preconditions::Version;
use crate::http::query::MOST_COUNTED;
use crate::http::resource_response::Representation;
use crate::http::schema::{HasFields, Patch, Patchable};
use crate::http::timestamp;
use crate::problem::{ConstraintViolation, Fault, FaultCode, Problem};
use crate::schema::api_keys;

/// An API key, without its token.
#[derive(Clone, Debug, Serialize, ToSchema, HasQuery)]
#[diesel(table_name = api_keys)]
#[schema(as = Key, example = json!({
    "id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d41", "name": "newsroom", "prefix": "mnc_kY3vQ8Zr", "scopes": ["publish", "write"],
    "expires_at": "2027-11-23T14:00:00.000000Z", "last_used_at": null, "revoked_at": null, "rotated_from": null,
    "created_by": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d40",
    "created_at": "2026-11-23T14:00:00.000000Z", "updated_at": "2026-11-23T14:00:00.000000Z", "version": 1,
}))]
pub struct ApiKey {
    pub id: Uuid,
    /// The purpose of the key.
    #[schema(format = "line", max_length = 100)]
    pub name: String,
    /// The first characters of the key, to recognise it by.
    #[schema(pattern = "^mnc_[0-9A-Za-z]{8}$")]
    pub prefix: String,
    /// The scopes of the key.
    #[schema(value_type = Vec<Scope>, min_items = 1, max_items = 5)]
    pub scopes: Vec<String>,
    /// The end of its validity; null: none.
    #[serde(serialize_with = "timestamp::serialize")]
    pub expires_at: Option<DateTime<Utc>>,
    /// The time of its last use, to the minute.
    #[serde(serialize_with = "timestamp::serialize")]
    pub last_used_at: Option<DateTime<Utc>>,
    /// The time at which it was revoked.
    #[serde(serialize_with = "timestamp::serialize")]
    pub revoked_at: Option<DateTime<Utc>>,
    /// The key that it replaces, after a rotation.
    pub rotated_from: Option<Uuid>,
    /// The key that created it; null if it was created on the command line or with a JWT.
    pub created_by: Option<Uuid>,
    #[serde(serialize_with = "timestamp::serialize")]
    pub created_at: DateTime<Utc>,
    #[serde(serialize_with = "timestamp::serialize")]
    pub updated_at: DateTime<Utc>,
    /// Starts at 1 and grows by 1 with every change.
    #[schema(minimum = 1)]
    pub version: i32,
}

/// Request body for creating a key. Read-only fields are ignored, so that a key can be sent back as it was read.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "newsroom", "scopes": ["write", "publish"], "expires_at": "2999-11-23T14:00:00.000000Z"}))]
pub struct NewKey {
    /// The purpose of the key.
    #[schema(format = "line", max_length = 100)]
    pub name: String,
    /// The scopes of the key.
    #[schema(min_items = 1, max_items = 5)]
    pub scopes: Vec<Scope>,
    /// The end of its validity, a time in the future. Without one, the key is valid until it is revoked.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
}

crate::text_enum! {
    /// The state of a key.
    KeyState {
        /// It is valid.
        Active = "active",
        /// It has expired.
        Expired = "expired",
        /// It was revoked.
        Revoked = "revoked",
    }
}

impl Word for KeyState {}

/// The condition of keys in this state; of all keys without one.
fn condition(state: Option<KeyState>) -> Fragment {
    Fragment::new(match state {
        Some(KeyState::Active) => credentials::ACTIVE,
        Some(KeyState::Expired) => "revoked_at IS NULL AND expires_at <= now()",
        Some(KeyState::Revoked) => "revoked_at IS NOT NULL",
        None => "TRUE",
    })
}

/// The sort key of lists: the time of creation.
pub type Place = Option<DateTime<Utc>>;

impl HasFields for ApiKey {}

pub type KeyPatch = Patch<NewKey>;

impl Patchable for NewKey {
    fn patch_example() -> Value {
        json!({"name": "newsroom, evening desk"})
    }
}

impl Gettable for ApiKey {
    const TAKES_LANGUAGE: bool = false;
}

impl CacheTagged for ApiKey {
    fn add_cache_tags(&self, _: &mut CacheTags) {}
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
    /// Creates a key without expiry, and returns its token.
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
        let (_, token) = Self::insert(conn, Uuid::now_v7(), &new, None, None).await?;
        Ok(token)
    }

    /// Inserts a key with a new token, which can't be retrieved later.
    pub async fn insert(
        conn: &mut AsyncPgConnection,
        id: Uuid,
        new: &NewKey,
        created_by: Option<Uuid>,
        rotated_from: Option<Uuid>,
    ) -> QueryResult<(Self, Token)> {
        let token = Token::new();
        let key = diesel::insert_into(api_keys::table)
            .values((
                api_keys::id.eq(id),
                api_keys::name.eq(&new.name),
                api_keys::prefix.eq(token.prefix()),
                api_keys::hash.eq(token.hash()),
                api_keys::scopes.eq(new.scope_words()),
                api_keys::expires_at.eq(new.expires_at),
                api_keys::created_by.eq(created_by),
                api_keys::rotated_from.eq(rotated_from),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .await?;
        Ok((key, token))
    }

    /// Every key, newest first.
    pub async fn all(conn: &mut AsyncPgConnection) -> QueryResult<Vec<Self>> {
        Self::query().order(api_keys::id.desc()).load(conn).await
    }

    /// Keys in a state, newest first, from a place on.
    pub async fn page(
        conn: &mut AsyncPgConnection,
        state: Option<KeyState>,
        cursor: Option<&Cursor<Place>>,
        rows: usize,
    ) -> QueryResult<Vec<Self>> {
        let mut rest = Fragment::new("FROM api_keys WHERE ").append(&condition(state));
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

    /// The number of keys in a state.
    pub async fn count(conn: &mut AsyncPgConnection, state: Option<KeyState>) -> QueryResult<i64> {
        let sql = Fragment::new("SELECT count(*) FROM (SELECT FROM api_keys WHERE ")
            .append(&condition(state))
            .sql(" LIMIT ")
            .number(MOST_COUNTED + 1)
            .sql(") AS counted");
        Statement::<BigInt>::new(sql).get_result(conn).await
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

    /// The key with this id, prefix or token, locked until the transaction ends.
    pub async fn lock_named(
        conn: &mut AsyncPgConnection,
        name: &str,
    ) -> Result<Option<Self>, Problem> {
        let id = Uuid::try_parse(name).unwrap_or_default();
        let token = Token::parse(name);
        let prefix = token.as_ref().map_or(name, Token::prefix);
        let named = Self::query()
            .filter(api_keys::id.eq(id).or(api_keys::prefix.eq(prefix)))
            .for_no_key_update();
        Ok(named.first(conn).await.optional()?)
    }
}

impl NewKey {
    /// The scopes as the table has them: sorted, each once.
    pub(super) fn scope_words(&self) -> Vec<&'static str> {
        let mut words: Vec<&str> = self.scopes.iter().map(|scope| scope.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        words
    }
}

/// The problem of a violated constraint of the table.
pub fn constraint_problem(violation: &ConstraintViolation) -> Option<Problem> {
    let conflict = |detail| Some(Problem::Conflict(detail, Vec::new()));
    match violation.name.as_str() {
        "api_keys_last_admin" => Some(Problem::Conflict(
            messages::no_admin_left(),
            vec![Fault::general(FaultCode::LastAdmin, messages::last_admin())],
        )),
        "api_keys_inactive" => conflict(messages::key_inactive()),
        "api_keys_rotated_from_key" => conflict(messages::has_successor()),
        _ => None,
    }
}
