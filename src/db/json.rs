//! Columns that Postgres sends as JSON: what a row refers to, gathered in the same statement.

use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::sql_types::Jsonb;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Something that is read from JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromSqlRow)]
#[serde(transparent)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromSql<Jsonb, Pg> for Json<T> {
    fn from_sql(bytes: PgValue<'_>) -> diesel::deserialize::Result<Self> {
        // The binary form of `jsonb` is its text behind a version, which is 1 (`jsonb_recv`).
        match bytes.as_bytes().split_first() {
            Some((1, text)) => Ok(Self(serde_json::from_slice(text)?)),
            _ => Err("not the form of jsonb that is known".into()),
        }
    }
}
