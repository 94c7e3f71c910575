//! The contract of this server's routes, built once.

use std::sync::LazyLock;

use serde_json::Value;

use crate::openapi;
use crate::server::routes;

/// The contract as JSON.
pub fn contract() -> &'static Value {
    static CONTRACT: LazyLock<Value> = LazyLock::new(|| openapi::build(routes::configure));
    &CONTRACT
}

/// What a reference within the contract refers to, or else the value itself.
pub fn resolve(value: &'static Value) -> &'static Value {
    let reference = value["$ref"].as_str();
    let target = reference.and_then(|it| contract().pointer(it.trim_start_matches('#')));
    target.unwrap_or(value)
}

/// The contract as it is served, printed and committed.
pub fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| openapi::to_text(contract()));
    &TEXT
}
