//! The contract (OpenAPI 3.1), made from the annotated routes: handlers name their types, types bring their schemas, and
//! what all operations have in common is added here.

mod document;
mod examples;
mod headers;
mod operations;
mod parameters;
mod prose;
mod responses;
mod schemas;
mod text;

pub use document::build;
pub use text::to_text;
