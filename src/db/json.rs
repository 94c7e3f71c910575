//! Columns of type `jsonb`, deserialized.

use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::sql_types::Jsonb;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A value deserialized from `jsonb`.
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
