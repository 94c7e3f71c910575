//! Content that refers to a row and keeps it from being deleted. The database refuses the deletion, too.

use crate::problem::{Fault, FaultCode, Problem};

/// How many resources of one kind refer to a row.
pub struct Dependents {
    pub count: i64,
    /// The code of the fault.
    pub code: FaultCode,
    pub singular: &'static str,
    pub plural: &'static str,
}

impl Dependents {
    pub fn articles(count: i64) -> Self {
        Self {
            count,
            code: FaultCode::HasArticles,
            singular: "article",
            plural: "articles",
        }
    }

    fn text(&self) -> String {
        let noun = match self.count {
            1 => self.singular,
            _ => self.plural,
        };
        format!("{} {noun}", self.count)
    }
}

/// Requires that nothing refers to the row. `relation` begins the message, such as `still used by`.
///
/// # Errors
/// A conflict with the number of dependents of each kind.
pub fn require_none(relation: &str, dependents: &[Dependents]) -> Result<(), Problem> {
    let existing = dependents.iter().filter(|kind| kind.count > 0);
    let faults: Vec<Fault> = existing
        .map(|kind| Fault::general(kind.code, kind.text()))
        .collect();
    if faults.is_empty() {
        return Ok(());
    }
    let list: Vec<&str> = faults.iter().map(|fault| fault.detail.as_str()).collect();
    Err(Problem::Conflict(
        format!("{relation}: {}", list.join(", ")),
        faults,
    ))
}
