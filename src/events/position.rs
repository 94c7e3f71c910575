//! A place in the log of changes that a client can keep: it means the same on every node, before and after restarts.

use serde::{Deserialize, Serialize};

use super::snapshot::Snapshot;
use crate::db::Fragment;

/// A place in the log: the events of all transactions that a snapshot shows were read.
///
/// Transactions don't commit in the order of their numbers, so that a number alone is no place. What follows is read in pieces,
/// sorted by transaction and number; a place within a piece has the end of the piece as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The log that it is a place in: that of another database, or of one whose history was replaced, has another number.
    pub log: u32,
    pub seen: Snapshot,
    pub part: Option<Part>,
}

/// How far a piece was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The end of the piece.
    pub end: Snapshot,
    /// The last event that was read: its transaction and its number.
    pub xid: u64,
    pub id: i64,
}

impl Position {
    /// The place where everything is read that a snapshot shows.
    pub fn at(log: u32, seen: Snapshot) -> Self {
        Self {
            log,
            seen,
            part: None,
        }
    }

    /// The place after an event of the piece that begins here and ends with a snapshot.
    pub fn within(&self, end: &Snapshot, (xid, id): (u64, i64)) -> Self {
        let end = self.part.as_ref().map_or(end, |part| &part.end).clone();
        Self {
            part: Some(Part { end, xid, id }),
            ..self.clone()
        }
    }

    /// The place at the end of the piece that begins here.
    pub fn after(&self, end: &Snapshot) -> Self {
        let end = self.part.as_ref().map_or(end, |part| &part.end);
        Self::at(self.log, end.clone())
    }

    /// Whether Postgres takes its snapshots: one from outside may be anything.
    pub fn is_valid(&self) -> bool {
        let is_part = |part: &Part| part.end.is_valid() && part.end.may_follow(&self.seen);
        self.seen.is_valid() && self.part.as_ref().is_none_or(is_part)
    }

    /// Whether the database, which shows `now`, has been there, and has kept all events since: those up to the transaction
    /// `cleared` were removed.
    pub fn can_be_resumed(&self, log: u32, now: &Snapshot, cleared: u64) -> bool {
        let end = self.part.as_ref().map_or(&self.seen, |part| &part.end);
        self.log == log && now.may_follow(end) && self.seen.xmin() > cleared
    }

    /// The condition for the events that follow. Its first part is a bound of the index of transactions.
    pub fn unread(&self) -> Fragment {
        let number = |sql: Fragment, xid: u64| sql.text(xid.to_string()).sql("::xid8");
        let in_progress = self.seen.in_progress().iter().map(u64::to_string).collect();
        let sql = number(Fragment::new("xid >= "), self.seen.xmin());
        let sql = number(sql.sql(" AND (xid >= "), self.seen.xmax())
            .sql(" OR xid = ANY(")
            .texts(in_progress)
            .sql("::xid8[]))");
        let Some(part) = &self.part else {
            return sql;
        };
        let sql = sql.sql(" AND (xid, id) > (");
        number(sql, part.xid)
            .sql(", ")
            .text(part.id.to_string())
            .sql("::bigint) AND ")
            .append(&shown_by(&part.end))
    }
}

/// The condition for the events that a snapshot shows.
pub fn shown_by(snapshot: &Snapshot) -> Fragment {
    Fragment::new("pg_visible_in_snapshot(xid, ")
        .text(snapshot.to_string())
        .sql("::pg_snapshot)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(text: &str) -> Snapshot {
        text.parse().unwrap()
    }

    #[test]
    fn a_place_within_a_piece_keeps_the_end_of_the_piece() {
        let start = Position::at(7, snapshot("10:20:10,14"));
        let within = start.within(&snapshot("20:30:"), (14, 5));
        let further = within.within(&snapshot("40:50:"), (21, 9));
        assert_eq!(further.part.as_ref().unwrap().end, snapshot("20:30:"));
        assert_eq!(further.seen, start.seen);
        assert_eq!(
            further.after(&snapshot("40:50:")),
            Position::at(7, snapshot("20:30:"))
        );
        assert_eq!(
            start.after(&snapshot("20:30:")),
            Position::at(7, snapshot("20:30:"))
        );
    }

    #[test]
    fn a_place_of_another_log_or_from_the_future_or_before_what_was_removed_is_not_resumed() {
        let place = Position::at(7, snapshot("10:20:10,14"));
        let now = snapshot("30:30:");
        assert!(place.can_be_resumed(7, &now, 9));
        assert!(!place.can_be_resumed(8, &now, 9));
        assert!(!place.can_be_resumed(7, &snapshot("10:19:"), 9));
        assert!(!place.can_be_resumed(7, &now, 10));
    }

    #[test]
    fn a_snapshot_that_postgres_would_refuse_is_not_valid() {
        for text in [
            "20:10:",
            "0:1:",
            "10:20:14,10",
            "10:20:9",
            "10:20:20",
            "10:20:11,11",
        ] {
            assert!(!Position::at(7, snapshot(text)).is_valid(), "{text}");
        }
        let within = Position::at(7, snapshot("10:20:")).within(&snapshot("9:19:"), (14, 5));
        assert!(!within.is_valid());
    }
}
