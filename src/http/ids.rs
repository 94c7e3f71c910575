//! Lists by id (`ids=`): in the order of the ids, cut into pages where bodies take many bytes.

use std::collections::HashMap;

use uuid::Uuid;

use crate::http::cursor::{Cursor, SortKey};
use crate::http::messages;
use crate::problem::{Fault, FaultCode, Problem};

/// Ids have no sort key: their position is that in the request.
impl SortKey for () {
    fn write(&self) -> Vec<u8> {
        Vec::new()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.is_empty().then_some(())
    }
}

/// The requested ids that a page may have.
#[derive(Debug)]
pub struct IdsPage {
    requested: Vec<Uuid>,
    forward: bool,
    /// The page has the ids from this index on or, backwards, those before it.
    start: usize,
}

impl IdsPage {
    /// The page that begins at a cursor, which has the id before it.
    pub fn new(requested: &[Uuid], cursor: Option<&Cursor<()>>) -> Result<Self, Problem> {
        let (forward, start) = match cursor {
            None => (true, 0),
            Some(cursor) => {
                let at = requested.iter().position(|id| *id == cursor.id);
                let at = at.ok_or_else(|| {
                    let fault = Fault::of("cursor", FaultCode::Invalid, messages::not_a_cursor());
                    Problem::InvalidParameters(vec![fault])
                })?;
                (cursor.forward, at + usize::from(cursor.forward))
            }
        };
        Ok(Self {
            requested: requested.to_vec(),
            forward,
            start,
        })
    }

    /// The ids, in the order in which they are read.
    pub fn ids(&self) -> Vec<Uuid> {
        if self.forward {
            self.requested[self.start..].to_vec()
        } else {
            self.requested[..self.start].iter().rev().copied().collect()
        }
    }

    /// Ends the page before the id `beyond`, for which it has no room. The rows come in the order of the request, with the ids
    /// that were not found and the cursors of the pages around.
    pub fn end<T>(self, rows: Vec<T>, id: impl Fn(&T) -> Uuid, beyond: Option<Uuid>) -> IdsRows<T> {
        let place = |id: Uuid| self.requested.iter().position(|requested| *requested == id);
        let beyond = beyond.and_then(place);
        let (from, to) = match self.forward {
            true => (self.start, beyond.unwrap_or(self.requested.len())),
            false => (beyond.map_or(0, |at| at + 1), self.start),
        };
        let (rows, missing) = in_order(rows, &self.requested[from..to], id);
        let at = |place: usize, forward| Cursor {
            key: (),
            id: self.requested[place],
            forward,
            inclusive: false,
        };
        IdsRows {
            rows,
            missing,
            next: (0 < to && to < self.requested.len()).then(|| at(to - 1, true)),
            prev: (from > 0 && from < self.requested.len()).then(|| at(from, false)),
        }
    }
}

/// A page of a list by id.
#[derive(Debug)]
pub struct IdsRows<T> {
    pub rows: Vec<T>,
    pub missing: Vec<Uuid>,
    pub next: Option<Cursor<()>>,
    pub prev: Option<Cursor<()>>,
}

/// Rows in the order of these ids, and the ids without a row.
pub fn in_order<T>(rows: Vec<T>, ids: &[Uuid], id: impl Fn(&T) -> Uuid) -> (Vec<T>, Vec<Uuid>) {
    let mut found: HashMap<Uuid, T> = rows.into_iter().map(|row| (id(&row), row)).collect();
    let (mut ordered, mut missing) = (Vec::new(), Vec::new());
    for id in ids {
        match found.remove(id) {
            Some(row) => ordered.push(row),
            None => missing.push(*id),
        }
    }
    (ordered, missing)
}
