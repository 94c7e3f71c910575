//! Columns of type `json` and `jsonb`, deserialized: embedded resources are selected as JSON in the same statement.

use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::sql_types::{self, Jsonb};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A value deserialized from `json` or `jsonb`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromSqlRow)]
#[serde(transparent)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromSql<Jsonb, Pg> for Json<T> {
    fn from_sql(bytes: PgValue<'_>) -> diesel::deserialize::Result<Self> {
        // The binary format of `jsonb` is a version number, 1, and the text (`jsonb_recv`).
        match bytes.as_bytes().split_first() {
            Some((1, text)) => Ok(Self(serde_json::from_slice(text)?)),
            _ => Err("unknown binary format of jsonb".into()),
        }
    }
}

impl<T: DeserializeOwned> FromSql<sql_types::Json, Pg> for Json<T> {
    fn from_sql(text: PgValue<'_>) -> diesel::deserialize::Result<Self> {
        Ok(Self(serde_json::from_slice(text.as_bytes())?))
    }
}
