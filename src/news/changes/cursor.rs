//! Cursors of changes and streams: a place in the log, valid on every node and with any filter.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::events::position::Position;
use crate::http::messages;
use crate::problem::{Fault, FaultCode};

/// Where a client goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChangesCursor {
    /// With what follows in the log.
    Log(Position),
    /// With the page of a snapshot after this resource; after its last page, with the log from `start` on.
    Snapshot {
        start: Position,
        /// The number of the kind among all.
        kind: u8,
        after: Uuid,
    },
}

impl ChangesCursor {
    /// The cursor as text. The format is internal and may change.
    pub fn write(&self) -> String {
        let bytes = postcard::to_allocvec(self).expect("it has no maps and no unknown lengths");
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor that [`ChangesCursor::write`] has written.
    pub fn read(text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (cursor, rest) = postcard::take_from_bytes::<Self>(&bytes).ok()?;
        (rest.is_empty() && cursor.position().is_valid()).then_some(cursor)
    }

    /// The same from a query parameter.
    ///
    /// # Errors
    /// What no server has written.
    pub fn of_parameter(name: &'static str, text: &str) -> Result<Self, Fault> {
        Self::read(text)
            .ok_or_else(|| Fault::of(name, FaultCode::Invalid, messages::not_a_cursor()))
    }

    /// The place in the log that it needs.
    pub fn position(&self) -> &Position {
        match self {
            Self::Log(position) => position,
            Self::Snapshot { start, .. } => start,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursors() -> [ChangesCursor; 2] {
        let position = Position::at(0xFFFF_FFFF, "1000:1010:1002,1007".parse().unwrap());
        let within = position.within(&"1020:1020:".parse().unwrap(), (1015, -1));
        [
            ChangesCursor::Log(within),
            ChangesCursor::Snapshot {
                start: position,
                kind: 3,
                after: Uuid::now_v7(),
            },
        ]
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        for cursor in cursors() {
            assert_eq!(ChangesCursor::read(&cursor.write()), Some(cursor));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for cursor in cursors() {
            let text = cursor.write();
            for wrong in [
                &text[1..],
                &text[..text.len() - 1],
                &format!("{text}A"),
                "2026-11-27T20:00:00Z",
                "",
            ] {
                assert_eq!(ChangesCursor::read(wrong), None, "{wrong}");
            }
        }
    }
}
