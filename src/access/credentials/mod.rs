//! The credentials of an API key: the token that its holder sends, and the lookup of the key by the token's hash.

mod token;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::{IntervalDsl, now};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::access::caller::Caller;
use crate::db::Fragment;
use crate::schema::api_keys;
pub use token::Token;

/// The condition of keys that are valid now, by the database's clock.
pub const ACTIVE: &str = "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())";

/// The columns that authentication needs.
#[derive(HasQuery)]
#[diesel(table_name = api_keys)]
struct StoredKey {
    id: Uuid,
    name: String,
    prefix: String,
    hash: Vec<u8>,
    scopes: Vec<String>,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
}

/// The holder of the key with this token; none if it is unknown, revoked or expired.
pub async fn find_caller(
    conn: &mut AsyncPgConnection,
    token: &Token,
) -> QueryResult<Option<Caller>> {
    let found = StoredKey::query()
        .filter(api_keys::prefix.eq(token.prefix()))
        .filter(Fragment::new(ACTIVE).typed::<Bool>())
        .first(conn)
        .await
        .optional()?;
    // Compared in any case: the response time doesn't disclose whether a key has this prefix.
    let hash = found.as_ref().map_or([0; 32].as_slice(), |key| &key.hash);
    let matches = token.matches(hash);
    let Some(key) = found.filter(|_| matches) else {
        return Ok(None);
    };
    record_use(conn, &key).await;
    Ok(Some(Caller {
        key_id: Some(key.id),
        name: key.name,
        scopes: key.scopes,
        expires_at: key.expires_at,
        subject: None,
    }))
}

/// Records that a key was used, at most once a minute. The key is valid even if that fails (on a full disk, for example).
async fn record_use(conn: &mut AsyncPgConnection, key: &StoredKey) {
    let recent = |at| Utc::now() - at < TimeDelta::minutes(1);
    if key.last_used_at.is_some_and(recent) {
        return;
    }
    // The condition is repeated in the statement: of many concurrent requests, one writes.
    let minute_ago = now.into_sql::<Timestamptz>() - 1.minute();
    let used_before = api_keys::last_used_at.le(minute_ago.nullable());
    let recorded = diesel::update(api_keys::table.find(key.id))
        .filter(api_keys::last_used_at.is_null().or(used_before))
        .set(api_keys::last_used_at.eq(now))
        .execute(conn)
        .await;
    if let Err(error) = recorded {
        log::warn!(
            "the last use of the key {} is not recorded: {error}",
            key.prefix
        );
    }
}
