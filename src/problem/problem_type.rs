//! The types of problems as the contract lists them.

use std::borrow::Cow;

use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::KINDS;

/// The schema of a problem's `type`.
pub struct ProblemType;

impl PartialSchema for ProblemType {
    fn schema() -> RefOr<Schema> {
        let types = KINDS.iter().map(|kind| format!("/problems/{}", kind.name));
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(
                "The kind of a problem, and the address of the page that explains it. New values may be added: clients must accept ones that they do not know.",
            ))
            .enum_values(Some(types))
            .into()
    }
}

impl ToSchema for ProblemType {
    fn name() -> Cow<'static, str> {
        "ProblemType".into()
    }
}
