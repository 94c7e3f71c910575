//! A batch of changes: what follows a place in the log, each resource once, with its newest state.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use super::ResourceKind;
use super::documents::{self, Document, Facts};
use super::log::{self, Entry};
use super::outcome::{Outcome, seen_before};
use super::selection::Facets;
use crate::db::Fragment;
use crate::events::position::Position;
use crate::events::snapshot::Snapshot;
use crate::news::content::visibility::Visibility;
use crate::problem::Problem;

/// A change of one resource, for readers of one kind.
#[derive(Clone, Debug)]
pub struct Change {
    pub kind: ResourceKind,
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub outcome: Outcome,
    /// The properties that content had while the reader saw it, before it and in between.
    pub seen_before: Vec<Facets>,
    /// Its state now; none if it ended.
    pub document: Option<Document>,
    /// The last event of the resource: its transaction and its number.
    pub place: (u64, i64),
}

/// What follows a place in the log.
#[derive(Debug)]
pub struct Batch {
    /// The changes for each kind of reader that was asked for, in one order.
    pub changes: Vec<Vec<Change>>,
    /// The place after them.
    pub next: Position,
    /// Whether more follows.
    pub more: bool,
    /// The end of the piece that it is from.
    end: Snapshot,
}

impl Batch {
    /// Reads a batch of up to `limit` changes, as far as `until` shows them. In a transaction of one snapshot, documents are no
    /// newer than the events. Where one of them is ahead of the transaction's `now()`, the batch is empty: to be read again by a
    /// transaction that begins later.
    pub async fn read(
        conn: &mut AsyncPgConnection,
        position: &Position,
        until: &Snapshot,
        limit: usize,
        readers: &[Visibility],
    ) -> Result<Self, Problem> {
        let entries = log::entries(conn, position, until, limit).await?;
        if entries.iter().any(|entry| entry.is_ahead) {
            return Ok(Self {
                changes: readers.iter().map(|_| Vec::new()).collect(),
                next: position.clone(),
                more: true,
                end: until.clone(),
            });
        }
        let resources = by_resource(&entries);
        let facts = facts_of(conn, &resources).await?;
        let (mut changes, mut stop) = (Vec::new(), None);
        for visibility in readers {
            let (seen, beyond) = seen_by(conn, &resources, &facts, *visibility).await?;
            changes.push(seen);
            stop = [stop, beyond].into_iter().flatten().min();
        }
        let is_full = entries.len() == limit;
        let (next, more) = match (stop, entries.last()) {
            (Some(stop), _) => {
                for changes in &mut changes {
                    changes.retain(|change| change.place < stop);
                }
                let before = resources
                    .iter()
                    .map(Changed::place)
                    .filter(|place| *place < stop);
                (
                    before
                        .max()
                        .map_or_else(|| position.clone(), |place| position.within(until, place)),
                    true,
                )
            }
            (None, Some(last)) if is_full => (position.within(until, (last.xid, last.id)), true),
            _ => {
                let next = position.after(until);
                let more = next.seen != *until;
                (next, more)
            }
        };
        Ok(Self {
            changes,
            next,
            more,
            end: until.clone(),
        })
    }

    /// The place after one of its changes, in the piece that began at `from`.
    pub fn place_after(&self, from: &Position, change: &Change) -> Position {
        from.within(&self.end, change.place)
    }
}

/// The entries of one resource, sorted by version.
struct Changed<'a> {
    kind: ResourceKind,
    id: Uuid,
    entries: Vec<&'a Entry>,
}

impl Changed<'_> {
    fn place(&self) -> (u64, i64) {
        let places = self.entries.iter().map(|entry| (entry.xid, entry.id));
        places.max().unwrap_or_default()
    }

    fn last(&self) -> &Entry {
        self.entries.last().expect("it has at least one entry")
    }
}

/// The resources that changed, in the order of their last events.
fn by_resource(entries: &[Entry]) -> Vec<Changed<'_>> {
    let mut found: HashMap<(ResourceKind, Uuid), Vec<&Entry>> = HashMap::new();
    for entry in entries {
        found
            .entry((entry.kind, entry.resource_id))
            .or_default()
            .push(entry);
    }
    let changed = found.into_iter().map(|((kind, id), mut entries)| {
        entries.sort_by_key(|entry| entry.version);
        Changed { kind, id, entries }
    });
    let mut changed: Vec<Changed<'_>> = changed.collect();
    changed.sort_by_key(Changed::place);
    changed
}

async fn facts_of(
    conn: &mut AsyncPgConnection,
    resources: &[Changed<'_>],
) -> Result<HashMap<Uuid, Facts>, Problem> {
    let mut facts = HashMap::new();
    for kind in ResourceKind::ALL.iter().filter(|kind| kind.is_content()) {
        let ids: Vec<Uuid> = ids_of(resources.iter().collect::<Vec<_>>().as_slice(), *kind);
        if !ids.is_empty() {
            let condition = Fragment::new("id = ANY(").ids(ids).sql(")");
            facts.extend(documents::facts(conn, *kind, &condition).await?);
        }
    }
    Ok(facts)
}

fn ids_of(resources: &[&Changed<'_>], kind: ResourceKind) -> Vec<Uuid> {
    let of_kind = resources.iter().filter(|changed| changed.kind == kind);
    of_kind.map(|changed| changed.id).collect()
}

/// What readers see of the changes, and the place at which the batch must end because the documents have many bytes.
async fn seen_by(
    conn: &mut AsyncPgConnection,
    resources: &[Changed<'_>],
    facts: &HashMap<Uuid, Facts>,
    visibility: Visibility,
) -> Result<(Vec<Change>, Option<(u64, i64)>), Problem> {
    let outcomes = resources.iter().filter_map(|changed| {
        let outcome = Outcome::of(&changed.entries, visibility)?;
        // A later event follows: that one has the state of now. But not every later event tells that it is gone.
        let facts = facts.get(&changed.id);
        let is_newest = facts.is_none_or(|facts| facts.version == changed.last().version);
        (is_newest || matches!(outcome, Outcome::Ended(_))).then_some((changed, outcome))
    });
    let outcomes: Vec<(&Changed<'_>, Outcome)> = outcomes.collect();
    let there = outcomes
        .iter()
        .filter(|(_, outcome)| !matches!(outcome, Outcome::Ended(_)));
    let there: Vec<&Changed<'_>> = there.map(|(changed, _)| *changed).collect();
    let (mut found, mut beyond) = (HashMap::new(), Vec::new());
    for kind in ResourceKind::ALL {
        let ids = ids_of(&there, *kind);
        let documents = documents::read(conn, *kind, &ids, visibility, facts).await?;
        beyond.extend(documents.beyond);
        found.extend(documents.by_id);
    }
    let stop = there.iter().filter(|changed| beyond.contains(&changed.id));
    let stop = stop.map(|changed| changed.place()).min();
    let change = |(changed, outcome): (&Changed<'_>, Outcome)| {
        let document = found.remove(&changed.id);
        let is_newest = |document: &Document| document.version == changed.last().version;
        let is_there = document.as_ref().is_some_and(is_newest);
        // What has expired without an event is not there; that event follows.
        let is_told = matches!(outcome, Outcome::Ended(_)) || is_there;
        is_told.then(|| Change {
            kind: changed.kind,
            id: changed.id,
            at: changed.last().at,
            outcome,
            seen_before: seen_before(&changed.entries, visibility),
            document: document.filter(is_newest),
            place: changed.place(),
        })
    };
    Ok((outcomes.into_iter().filter_map(change).collect(), stop))
}
