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

/// The contract as it is served, printed and committed.
pub fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| format!("{:#}\n", contract()));
    &TEXT
}
