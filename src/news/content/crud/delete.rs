//! Moving a resource to the trash, from a `DELETE`.

use diesel::prelude::*;
use diesel::sql_types::Untyped;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::constraints::constraint_problem;
use super::lock::find_and_lock;
use super::read::existing;
use super::record::{record, record_cascaded};
use super::write::{change_of, check_preconditions, check_scopes};
use super::{Resource, Write, effects};
use crate::access::extractors::Editor;
use crate::db::{Database, Fragment, Statement};
use crate::events::Action;
use crate::http::id_or_slug::ResourcePath;
use crate::http::preconditions::Preconditions;
use crate::http::resource_response::NoContent;
use crate::problem::{OnConstraint, Problem};

/// Moves the resource at a path to the trash.
pub async fn delete<R: Resource>(
    db: &Database,
    editor: &Editor,
    path: &ResourcePath,
    preconditions: &Preconditions,
) -> Result<NoContent, Problem> {
    let mut conn = db.connection().await?;
    conn.write(async |conn| {
        let (id, locked) = find_and_lock(conn, path, Write::<R>::Delete).await?;
        check_preconditions::<R>(conn, preconditions, id, Some(locked)).await?;
        let old = existing::<R>(conn, id).await?;
        check_scopes(conn, editor, id, Some(&old), None).await?;
        R::check_deletable(conn, id).await?;
        move_to_trash(conn, R::TABLE, id).await?;
        let (version, actor) = (locked.version + 1, Some(editor.actor()));
        let effects = effects::of_change(id, Some(&old), None);
        let change = change_of::<R>(id, version, Action::Deleted);
        record::<R>(conn, change, &effects, actor).await?;
        record_cascaded::<R>(conn, editor, id).await?;
        Ok(NoContent)
    })
    .await
    .on_constraint(constraint_problem::<R>)
}

async fn move_to_trash(
    conn: &mut AsyncPgConnection,
    table: &'static str,
    id: Uuid,
) -> QueryResult<()> {
    let sql = Fragment::new("UPDATE ")
        .sql(table)
        .sql(" SET deleted_at = now(), version = version + 1 WHERE id = ")
        .id(id);
    Statement::<Untyped>::new(sql).execute(conn).await?;
    Ok(())
}
