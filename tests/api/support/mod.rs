//! A server for each test, and the means to talk to it.

mod app;
pub mod cluster;
pub mod database_proxy;
pub mod event_stream;
pub mod identity_provider;
mod json;
pub mod pages;
pub mod pooler;
mod request;
mod response;
pub mod server_process;
pub mod xss;

pub use app::{TestApp, read_to_close};
pub use event_stream::EventStream;
pub use json::{JsonPath, path_of, with, without_id};
pub use pages::{Traversal, follow};
pub use request::{Request, send};
pub use response::Response;

use manchette::http::cache_tags::CacheTag;
use serde_json::Value;

/// The cache tag of a resource.
pub fn cache_tag(resource: &Value) -> String {
    let id = resource.text("/id").parse().expect("an id");
    CacheTag::of_id(id).to_string()
}
