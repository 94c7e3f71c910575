//! Violated constraints that every resource has, as problems.

use super::Resource;
use crate::news::content::slug;
use crate::news::messages;
use crate::problem::{ConstraintViolation, Fault, FaultCode, Problem};

/// The problem of a violated constraint: of the primary key, of the slug, or of this resource alone.
pub(super) fn constraint_problem<R: Resource>(violation: &ConstraintViolation) -> Option<Problem> {
    match violation.name.strip_prefix(R::TABLE) {
        Some("_pkey") => {
            let detail = messages::created_meanwhile();
            Some(Problem::Conflict(detail, Vec::new()))
        }
        Some("_slug_key") => Some(slug::taken()),
        _ => R::constraint_problem(violation),
    }
}

/// The problem of a reference to a resource that does not exist, or is deleted.
pub fn missing_reference(pointer: impl Into<String>) -> Problem {
    let fault = Fault::at(
        pointer,
        FaultCode::NotFound,
        messages::no_resource_with_id(),
    );
    Problem::Invalid(vec![fault])
}
