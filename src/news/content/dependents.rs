//! Content that refers to a row and keeps it from being deleted. The database refuses the deletion, too.

use crate::news::messages;
use crate::problem::{Fault, FaultCode, Problem, Text};

/// How many resources of one kind refer to a row.
pub struct Dependents {
    pub count: i64,
    /// The code of the fault.
    pub code: FaultCode,
    pub one: fn() -> Text,
    pub several: fn(i64) -> Text,
}

impl Dependents {
    pub fn articles(count: i64) -> Self {
        Self {
            count,
            code: FaultCode::HasArticles,
            one: messages::one_article,
            several: messages::articles,
        }
    }

    fn text(&self) -> Text {
        match self.count {
            1 => (self.one)(),
            count => (self.several)(count),
        }
    }
}

/// Requires that nothing refers to the row. `relation` makes the detail of the list, such as `still used by: 2 articles`.
///
/// # Errors
/// A conflict with the number of dependents of each kind.
pub fn require_none(relation: fn(Text) -> Text, dependents: &[Dependents]) -> Result<(), Problem> {
    let existing = dependents.iter().filter(|kind| kind.count > 0);
    let faults: Vec<Fault> = existing
        .map(|kind| Fault::general(kind.code, kind.text()))
        .collect();
    if faults.is_empty() {
        return Ok(());
    }
    let list = Text::list(faults.iter().map(|fault| &fault.detail));
    Err(Problem::Conflict(relation(list), faults))
}
