//! Which transactions were visible at a moment: Postgres's `pg_snapshot`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The transactions that were committed, or rolled back, when it was taken: all below `xmax` but those in progress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    xmin: u64,
    xmax: u64,
    in_progress: Vec<u64>,
}

impl Snapshot {
    /// Whether this one may have been taken after `earlier`, on the same history. After a restore from a backup, or a
    /// failover that lost transactions, their numbers are used again.
    pub fn may_follow(&self, earlier: &Self) -> bool {
        self.xmax >= earlier.xmax && self.xmin >= earlier.xmin
    }

    /// The first transaction that it does not show for certain.
    pub fn xmin(&self) -> u64 {
        self.xmin
    }

    /// The first transaction that had not begun.
    pub fn xmax(&self) -> u64 {
        self.xmax
    }

    /// The transactions between the two that it does not show.
    pub fn in_progress(&self) -> &[u64] {
        &self.in_progress
    }

    /// Whether Postgres takes it for a snapshot: one from outside may be anything.
    pub fn is_valid(&self) -> bool {
        let is_sorted = self.in_progress.is_sorted_by(|one, next| one < next);
        let bounds = self.xmin..self.xmax;
        self.xmin > 0
            && self.xmin <= self.xmax
            && is_sorted
            && self.in_progress.iter().all(|xid| bounds.contains(xid))
    }

    /// The condition for rows that this snapshot does not show yet. Rows that are visible now but do not meet it were
    /// visible then.
    pub fn unseen(&self) -> String {
        let in_progress: Vec<String> = self.in_progress.iter().map(u64::to_string).collect();
        format!(
            "(xid >= '{}' OR xid = ANY('{{{}}}'::xid8[]))",
            self.xmax,
            in_progress.join(",")
        )
    }
}

impl FromStr for Snapshot {
    type Err = String;

    /// Parses Postgres's form: `xmin:xmax:xid,xid`.
    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let mut parts = text.split(':');
            let (xmin, xmax, list) = (parts.next()?, parts.next()?, parts.next()?);
            let list = list.split(',').filter(|xid| !xid.is_empty());
            Some(Self {
                xmin: xmin.parse().ok()?,
                xmax: xmax.parse().ok()?,
                in_progress: list.map(str::parse).collect::<Result<_, _>>().ok()?,
            })
        };
        parse().ok_or_else(|| format!("{text:?} is not a snapshot"))
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let in_progress: Vec<String> = self.in_progress.iter().map(u64::to_string).collect();
        write!(f, "{}:{}:{}", self.xmin, self.xmax, in_progress.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_read_written_and_compared() {
        let earlier: Snapshot = "10:20:10,14".parse().unwrap();
        assert_eq!(earlier.to_string(), "10:20:10,14");
        assert_eq!(
            earlier.unseen(),
            "(xid >= '20' OR xid = ANY('{10,14}'::xid8[]))"
        );
        let later: Snapshot = "14:25:14".parse().unwrap();
        assert!(later.may_follow(&earlier) && !earlier.may_follow(&later));
        assert_eq!("20:20:".parse::<Snapshot>().unwrap().to_string(), "20:20:");
        for text in ["", "1:2", "a:2:", "1:2:x"] {
            assert!(text.parse::<Snapshot>().is_err(), "{text}");
        }
    }
}
