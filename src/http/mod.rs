//! HTTP's words, with no resource known: identifiers, list parameters, pages, cursors, bodies, preconditions, cache tags.

pub mod cache_control;
pub mod cache_tags;
pub mod content_coding;
pub mod cursor;
pub mod fields;
pub mod id_or_slug;
pub mod ids;
pub mod json_body;
pub mod language;
pub mod locale;
pub mod one;
pub mod page;
pub mod page_schema;
pub mod paging;
pub mod parameter_types;
pub mod preconditions;
pub mod query;
pub mod query_parameters;
pub mod request_id;
pub mod resource_response;
pub mod responses;
pub mod schema;
pub mod security_headers;
mod strict_json;
pub mod timestamp;
pub mod validation;
pub mod values;
