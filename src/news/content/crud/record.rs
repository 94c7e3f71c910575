//! The records of a write: an event, an audit entry, and the same for the other rows that change with it.

use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::read::existing;
use super::write::change_of;
use super::{Resource, effects};
use crate::access::actor::Actor;
use crate::access::audit;
use crate::access::extractors::Editor;
use crate::db::{Fragment, Statement};
use crate::events::{self, Action, Change, Effects, PublicEffect, ReaderEffects};
use crate::problem::Problem;

/// Resources that show content of another kind: they get a version when it appears to the public, or disappears.
#[derive(Clone, Copy, Debug)]
pub struct Dependent {
    /// Their name in events.
    pub name: &'static str,
    pub table: &'static str,
    /// The column that refers to the content.
    pub column: &'static str,
}

/// Records a change as an event and, if a caller made it, in the audit; then the changes of the resources that show it.
pub(super) async fn record<R: Resource>(
    conn: &mut AsyncPgConnection,
    change: Change,
    effects: &Effects,
    actor: Option<&Actor>,
) -> Result<(), Problem> {
    let readers = match R::IS_CONTENT {
        true => ReaderEffects::OfRow(R::TABLE),
        false => ReaderEffects::Same(effect_of_action(change.action)),
    };
    let effect = insert(conn, change, &readers, effects, actor).await?;
    let has_moved = effect.is_some_and(|effect| effect != PublicEffect::Updated);
    if let Some(dependent) = R::DEPENDENT.filter(|_| has_moved) {
        record_dependents(conn, dependent, change.id, actor).await?;
    }
    Ok(())
}

/// What a change does to the readers of a resource that is public while it exists.
fn effect_of_action(action: Action) -> PublicEffect {
    match action {
        Action::Created | Action::Restored => PublicEffect::Published,
        Action::Updated => PublicEffect::Updated,
        Action::Deleted => PublicEffect::Deleted,
    }
}

/// Inserts the event and the audit entry in one statement, and returns what the change did to the public.
async fn insert(
    conn: &mut AsyncPgConnection,
    change: Change,
    readers: &ReaderEffects,
    effects: &Effects,
    actor: Option<&Actor>,
) -> QueryResult<Option<PublicEffect>> {
    let mut sql = Fragment::new("WITH event AS (")
        .append(&events::insert(change, readers, effects))
        .sql(" RETURNING effect)");
    if let Some(actor) = actor {
        let entry = audit::insert_change(change, actor);
        sql = sql.sql(", entry AS (").append(&entry).sql(")");
    }
    Statement::<Nullable<Text>>::new(sql.sql(" SELECT effect FROM event"))
        .get_result(conn)
        .await
}

async fn record_dependents(
    conn: &mut AsyncPgConnection,
    dependent: Dependent,
    id: Uuid,
    actor: Option<&Actor>,
) -> QueryResult<()> {
    let Dependent {
        name,
        table,
        column,
    } = dependent;
    // Locked in one order.
    let sql = Fragment::new("UPDATE ")
        .sql(table)
        .sql(" SET version = version + 1 WHERE id IN (SELECT id FROM ")
        .sql(table)
        .sql(" WHERE ")
        .sql(column)
        .sql(" = ")
        .id(id)
        .sql(" AND deleted_at IS NULL ORDER BY id FOR NO KEY UPDATE) RETURNING id, version");
    let changed: Vec<(Uuid, i32)> = Statement::<(SqlUuid, Integer)>::new(sql).load(conn).await?;
    for (id, version) in changed {
        let change = Change {
            resource: name,
            id,
            version,
            action: Action::Updated,
        };
        let effects = effects::of_cascade(name, id);
        insert(conn, change, &ReaderEffects::OfRow(table), &effects, actor).await?;
    }
    Ok(())
}

/// Records that content went out, or expired, which the transaction has written. Nobody asked for it: the audit has no entry.
pub async fn record_due<R: Resource>(conn: &mut AsyncPgConnection, old: &R) -> Result<(), Problem> {
    let new = existing::<R>(conn, old.id()).await?;
    let effects = effects::of_change(old.id(), Some(old), Some(&new));
    let change = change_of::<R>(new.id(), new.version(), Action::Updated);
    record::<R>(conn, change, &effects, None).await
}

/// Records the other rows that this transaction changed with the row. The editor must be allowed to change each of them.
pub(super) async fn record_cascaded<R: Resource>(
    conn: &mut AsyncPgConnection,
    editor: &Editor,
    id: Uuid,
) -> Result<(), Problem> {
    let changes = R::cascaded_changes(conn, id).await?;
    if changes.iter().any(|change| change.requires_publish_scope) {
        editor.may_publish()?;
    }
    for change in changes {
        let actor = Some(editor.actor());
        let effects = effects::of_cascade(R::NAME, change.id);
        let change = change_of::<R>(change.id, change.version, Action::Updated);
        record::<R>(conn, change, &effects, actor).await?;
    }
    Ok(())
}
