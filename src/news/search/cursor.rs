//! The cursor of a search: a ranking window, and a place in it.

use uuid::Uuid;

use crate::http::cursor::{Cursor, SortKey};
use crate::news::listing::timeline::SortTime;

/// The place of a match in the order of time.
pub type Edge = (SortTime, Uuid);

/// A ranking window, and where in it a page begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SearchCursor {
    /// The window's edge: the last match of the newer window or, if `upward`, its own last match.
    pub edge: Option<Edge>,
    /// Whether the window is read from its oldest match on.
    pub upward: bool,
    /// Whether it is the newest window, and the edge its first match: matches that are published while a client pages stay
    /// out of it.
    pub newest: bool,
    /// The score of the match that the page begins behind or, read backwards, ends before.
    pub score: Option<f64>,
}

impl SearchCursor {
    /// The cursor behind (or, backwards, before) a match of this window.
    pub fn beside(&self, (score, id): (f64, Uuid), forward: bool) -> Cursor<Self> {
        Cursor {
            key: Self {
                score: Some(score),
                ..self.clone()
            },
            id,
            forward,
            inclusive: false,
        }
    }

    /// The cursor of the whole window beyond an edge.
    pub fn beyond(edge: Edge, upward: bool) -> Cursor<Self> {
        Cursor {
            key: Self {
                edge: Some(edge),
                upward,
                ..Self::default()
            },
            id: Uuid::nil(),
            forward: !upward,
            inclusive: false,
        }
    }

    /// The place in time that the window is read from.
    pub fn start(&self) -> Option<Cursor<SortTime>> {
        self.edge.map(|(key, id)| Cursor {
            key,
            id,
            forward: !self.upward,
            // The edge is this window's own last match, its first, or the last of the newer window.
            inclusive: self.upward || self.newest,
        })
    }
}

impl SortKey for SearchCursor {
    fn write(&self) -> Vec<u8> {
        let mut bytes = vec![
            u8::from(self.edge.is_some())
                | u8::from(self.upward) << 1
                | u8::from(self.score.is_some()) << 2
                | u8::from(self.newest) << 3,
        ];
        if let Some((at, id)) = self.edge {
            bytes.extend(at.write());
            bytes.extend(id.as_bytes());
        }
        bytes.extend(self.score.iter().flat_map(|score| score.to_be_bytes()));
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (&flags, mut rest) = bytes.split_first()?;
        let mut cursor = Self {
            upward: flags & 2 != 0,
            newest: flags & 8 != 0,
            ..Self::default()
        };
        if flags & 1 != 0 {
            let (at, more) = rest.split_first_chunk::<8>()?;
            let (id, more) = more.split_first_chunk::<16>()?;
            cursor.edge = Some((SortTime::read(at)?, Uuid::from_bytes(*id)));
            rest = more;
        }
        if flags & 4 != 0 {
            let (score, more) = rest.split_first_chunk::<8>()?;
            cursor.score = Some(f64::from_be_bytes(*score)).filter(|score| score.is_finite());
            cursor.score?;
            rest = more;
        }
        let is_consistent = match (cursor.upward, cursor.newest) {
            (false, false) => true,
            (upward, newest) => cursor.edge.is_some() && upward != newest,
        };
        (rest.is_empty() && flags < 16 && is_consistent).then_some(cursor)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_search_cursor_is_read_as_it_was_written() {
        let id = Uuid::now_v7();
        let edge = Some((DateTime::from_timestamp_micros(1_753_966_800_123_456), id));
        for cursor in [
            SearchCursor::default(),
            SearchCursor {
                edge,
                upward: true,
                ..SearchCursor::default()
            },
            SearchCursor {
                edge,
                newest: true,
                score: Some(1.5),
                ..SearchCursor::default()
            },
            SearchCursor {
                edge: Some((None, id)),
                score: Some(-3.25),
                ..SearchCursor::default()
            },
        ] {
            assert_eq!(SearchCursor::read(&cursor.write()), Some(cursor));
        }
        for wrong in [
            &b""[..],
            b"\x10",
            b"\x08",
            b"\x02",
            b"\x01abc",
            b"\x00a",
            &[4, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0],
        ] {
            assert_eq!(SearchCursor::read(wrong), None, "{wrong:?}");
        }
    }
}
