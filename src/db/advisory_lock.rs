//! Advisory locks: they serialise work that no row lock covers.

use diesel::define_sql_function;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

define_sql_function! {
    fn pg_advisory_lock(key: BigInt);
}

define_sql_function! {
    fn pg_advisory_xact_lock(key: BigInt);
}

define_sql_function! {
    fn hashtextextended(text: Text, seed: BigInt) -> BigInt;
}

/// Waits for the lock of this name and holds it until the transaction ends.
pub async fn lock_in_transaction(conn: &mut AsyncPgConnection, name: &str) -> QueryResult<()> {
    let key = hashtextextended(name, 0_i64);
    diesel::select(pg_advisory_xact_lock(key))
        .execute(conn)
        .await?;
    Ok(())
}

/// Waits for the lock with this key and holds it until the connection ends.
pub async fn lock_in_session(conn: &mut AsyncPgConnection, key: i64) -> QueryResult<()> {
    diesel::select(pg_advisory_lock(key)).execute(conn).await?;
    Ok(())
}
