//! Lists of what was asked for by id: the ids in their order, cut into pages where bodies take many bytes.

use std::collections::HashMap;

use uuid::Uuid;

use super::cursor::{Cursor, SortKey};
use crate::problem::{Fault, Problem};

/// Ids have no sort key: their place is where they stand in the request.
impl SortKey for () {
    fn write(&self) -> Vec<u8> {
        Vec::new()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.is_empty().then_some(())
    }
}

/// The ids that a page may have, of those that were asked for.
#[derive(Debug)]
pub struct IdsPage {
    asked: Vec<Uuid>,
    forward: bool,
    /// The ids before this one, or from this one on, by the way that is read.
    edge: usize,
}

impl IdsPage {
    /// The page that begins at a cursor, which has the id that it begins behind.
    pub fn new(asked: &[Uuid], cursor: Option<&Cursor<()>>) -> Result<Self, Problem> {
        let (forward, edge) = match cursor {
            None => (true, 0),
            Some(cursor) => {
                let at = asked.iter().position(|id| *id == cursor.id);
                let at = at.ok_or_else(|| {
                    let fault =
                        Fault::of("cursor", "invalid", "not a cursor that this server gave");
                    Problem::InvalidParameters(vec![fault])
                })?;
                (cursor.forward, at + usize::from(cursor.forward))
            }
        };
        Ok(Self {
            asked: asked.to_vec(),
            forward,
            edge,
        })
    }

    /// The ids, in the order in which they are read.
    pub fn ids(&self) -> Vec<Uuid> {
        if self.forward {
            self.asked[self.edge..].to_vec()
        } else {
            self.asked[..self.edge].iter().rev().copied().collect()
        }
    }

    /// Ends the page before the id that it has no room for. The rows come in the order that was asked for, with the ids
    /// that found none, and the cursors of the pages around.
    pub fn end<T>(
        self,
        rows: Vec<T>,
        id: impl Fn(&T) -> Uuid,
        beyond: Option<Uuid>,
    ) -> NamedRows<T> {
        let place = |id: Uuid| self.asked.iter().position(|asked| *asked == id);
        let beyond = beyond.and_then(place);
        let (from, to) = match self.forward {
            true => (self.edge, beyond.unwrap_or(self.asked.len())),
            false => (beyond.map_or(0, |at| at + 1), self.edge),
        };
        let (rows, missing) = in_order(rows, &self.asked[from..to], id);
        let at = |place: usize, forward| Cursor {
            key: (),
            id: self.asked[place],
            forward,
            inclusive: false,
        };
        NamedRows {
            rows,
            missing,
            next: (0 < to && to < self.asked.len()).then(|| at(to - 1, true)),
            prev: (from > 0 && from < self.asked.len()).then(|| at(from, false)),
        }
    }
}

/// A page of what was asked for by id.
#[derive(Debug)]
pub struct NamedRows<T> {
    pub rows: Vec<T>,
    pub missing: Vec<Uuid>,
    pub next: Option<Cursor<()>>,
    pub prev: Option<Cursor<()>>,
}

/// Rows in the order of the ids that were asked for, and the ids that found none.
pub fn in_order<T>(rows: Vec<T>, ids: &[Uuid], id: impl Fn(&T) -> Uuid) -> (Vec<T>, Vec<Uuid>) {
    let mut found: HashMap<Uuid, T> = rows.into_iter().map(|row| (id(&row), row)).collect();
    let (mut there, mut missing) = (Vec::new(), Vec::new());
    for id in ids {
        match found.remove(id) {
            Some(row) => there.push(row),
            None => missing.push(*id),
        }
    }
    (there, missing)
}
