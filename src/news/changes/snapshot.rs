//! Pages through everything that a reader sees, by id.

use std::collections::HashMap;

use diesel::sql_types::Uuid as SqlUuid;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::documents::{self, Document};
use super::{ResourceKind, Selection};
use crate::db::{Fragment, Statement};
use crate::news::content::visibility::Visibility;
use crate::problem::Problem;

/// How many rows one page looks at, at most: filters may leave few of them.
const SCANNED: usize = 1000;

/// A page of a snapshot.
#[derive(Debug, Default)]
pub(super) struct SnapshotPage {
    pub items: Vec<(ResourceKind, Uuid, Document)>,
    /// Where the next page begins: after this resource of the kind of this number; none after the last page.
    pub next: Option<(u8, Uuid)>,
}

/// Reads a page that begins after a resource of a kind.
pub(super) async fn page(
    conn: &mut AsyncPgConnection,
    (kind, after): (u8, Uuid),
    selection: &Selection,
    visibility: Visibility,
    limit: usize,
) -> Result<SnapshotPage, Problem> {
    let mut page = SnapshotPage::default();
    let mut after = after;
    for number in kind.. {
        let Some(kind) = ResourceKind::ALL.get(usize::from(number)) else {
            break;
        };
        if selection.has(*kind) {
            let room = limit - page.items.len();
            let (items, stopped) = read(conn, *kind, after, selection, visibility, room).await?;
            page.items.extend(items);
            if let Some(last) = stopped {
                page.next = Some((number, last));
                break;
            }
        }
        after = Uuid::nil();
    }
    Ok(page)
}

type Items = Vec<(ResourceKind, Uuid, Document)>;

/// Reads up to `room` resources of one kind, and the last id that was looked at, unless that is the end of the kind.
async fn read(
    conn: &mut AsyncPgConnection,
    kind: ResourceKind,
    after: Uuid,
    selection: &Selection,
    visibility: Visibility,
    room: usize,
) -> Result<(Items, Option<Uuid>), Problem> {
    let condition = Fragment::new("id > ")
        .id(after)
        .sql(" ORDER BY id LIMIT ")
        .number(SCANNED);
    let (scanned, facts) = match kind.is_content() {
        true => {
            let facts = documents::facts(conn, kind, &condition).await?;
            let ids: Vec<Uuid> = facts.iter().map(|(id, _)| *id).collect();
            (ids, facts.into_iter().collect())
        }
        false => {
            let sql = Fragment::new("SELECT id FROM ")
                .sql(kind.table())
                .sql(" WHERE ")
                .append(&condition);
            (
                Statement::<SqlUuid>::new(sql).load(conn).await?,
                HashMap::new(),
            )
        }
    };
    let is_whole = scanned.len() < SCANNED;
    let matching = scanned.iter().copied().filter(|id| {
        let facts = facts.get(id);
        selection.matches(facts.map(|facts| &facts.facets))
    });
    let mut wanted: Vec<Uuid> = matching.collect();
    let is_cut = wanted.len() > room;
    wanted.truncate(room);
    let mut documents = documents::read(conn, kind, &wanted, visibility, &facts).await?;
    let mut last = match is_cut {
        true => wanted.last().copied().or(Some(after)),
        false => scanned.last().copied().filter(|_| !is_whole),
    };
    if let Some(beyond) = documents.beyond {
        wanted.truncate(
            wanted
                .iter()
                .position(|id| *id == beyond)
                .unwrap_or_default(),
        );
        last = wanted.last().copied().or(Some(after));
    }
    let item = |id: Uuid| Some((kind, id, documents.by_id.remove(&id)?));
    Ok((wanted.into_iter().filter_map(item).collect(), last))
}
