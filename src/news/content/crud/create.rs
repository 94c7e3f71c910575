//! Creating a resource, from a `POST`.

use std::borrow::Borrow;

use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use super::constraints::constraint_problem;
use super::lock::lock_siblings;
use super::write::{parse_new, save};
use super::{Resource, Write};
use crate::access::extractors::Editor;
use crate::db::Database;
use crate::http::json_body::{Body, JSON};
use crate::idempotency::{Created, IdempotencyKey};
use crate::problem::{OnConstraint, Problem};

/// Creates a resource, or replays the response of the first request with this idempotency key.
pub async fn create<R: Resource>(
    db: &Database,
    preparer: &R::Preparer,
    editor: &Editor,
    key: IdempotencyKey,
    body: Body,
) -> Result<Created<R>, Problem> {
    let body = body.at_most(R::MAX_BODY);
    let (new, digest) = body.read_as(JSON, parse_new::<R>).await?;
    let new = R::prepare(db, preparer, new).await?;
    let request = key.request(editor.actor().caller.account(), digest);
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
