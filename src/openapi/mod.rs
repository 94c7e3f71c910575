//! The contract (OpenAPI 3.1), made from the annotated routes: handlers name their types, types bring their schemas, and
//! what all operations have in common is added here.

mod document;
mod headers;
mod operations;
mod parameters;
mod responses;
mod schemas;
mod text;

pub use document::build;
pub use text::to_text;
