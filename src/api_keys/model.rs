//! Keys in the database.

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Scope, Token};
use crate::schema::api_keys;

/// A key, without anything by which it could be used.
#[derive(Clone, Debug, HasQuery)]
#[diesel(table_name = api_keys)]
pub struct ApiKey {
    pub id: Uuid,
    pub name: String,
    pub prefix: String,
    pub scopes: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

impl ApiKey {
    /// Makes a key and hands it out.
    pub async fn create(
        conn: &mut AsyncPgConnection,
        name: &str,
        scopes: &[Scope],
    ) -> QueryResult<Token> {
        let token = Token::new();
        let mut words: Vec<&str> = scopes.iter().map(|scope| scope.word()).collect();
        words.sort_unstable();
        words.dedup();
        diesel::insert_into(api_keys::table)
            .values((
                api_keys::id.eq(Uuid::now_v7()),
                api_keys::name.eq(name),
                api_keys::prefix.eq(token.prefix()),
                api_keys::hash.eq(token.hash()),
                api_keys::scopes.eq(words),
            ))
            .execute(conn)
            .await?;
        Ok(token)
    }

    /// The key that this is, unless it is unknown or revoked. That it was used is noted at most once a minute.
    pub async fn of(conn: &mut AsyncPgConnection, token: &Token) -> QueryResult<Option<Self>> {
        let found: Option<(Self, Vec<u8>)> = api_keys::table
            .filter(api_keys::prefix.eq(token.prefix()))
            .filter(api_keys::revoked_at.is_null())
            .select((Self::as_select(), api_keys::hash))
            .first(conn)
            .await
            .optional()?;
        let Some((key, _)) = found.filter(|(_, hash)| token.is(hash)) else {
            return Ok(None);
        };
        let minute = chrono::Duration::minutes(1);
        if key.last_used_at.is_none_or(|at| Utc::now() - at >= minute) {
            // Said again in the statement: of many requests at once, one writes.
            diesel::sql_query(
                "UPDATE api_keys SET last_used_at = now() WHERE id = $1 \
                 AND (last_used_at IS NULL OR last_used_at <= now() - interval '1 minute')",
            )
            .bind::<diesel::sql_types::Uuid, _>(key.id)
            .execute(conn)
            .await?;
        }
        Ok(Some(key))
    }

    /// Every key, the newest first.
    pub async fn all(conn: &mut AsyncPgConnection) -> QueryResult<Vec<Self>> {
        Self::query().order(api_keys::id.desc()).load(conn).await
    }

    /// Revokes the key with this id or prefix. None where there is no such key; else whether it was still good.
    pub async fn revoke(conn: &mut AsyncPgConnection, name: &str) -> QueryResult<Option<bool>> {
        let id = Uuid::try_parse(name).unwrap_or_default();
        let named = api_keys::id.eq(id).or(api_keys::prefix.eq(name));
        let revoked = diesel::update(
            api_keys::table
                .filter(named)
                .filter(api_keys::revoked_at.is_null()),
        )
        .set(api_keys::revoked_at.eq(now))
        .execute(conn)
        .await?;
        if revoked > 0 {
            return Ok(Some(true));
        }
        let known: i64 = api_keys::table
            .filter(named)
            .count()
            .get_result(conn)
            .await?;
        Ok((known > 0).then_some(false))
    }
}
