//! A panic in a handler becomes a problem (500); it ends neither the worker nor the connection.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use crate::problem::Problem;

pub async fn catch<F: Future>(handler: F) -> Result<F::Output, Problem> {
    // The handler is dropped with all that it had: nothing is used again that a panic could have left half changed.
    let caught = AssertUnwindSafe(handler).catch_unwind().await;
    caught.map_err(|panic| Problem::internal(format!("a panic: {}", message(panic.as_ref()))))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}
