//! Live: streams of what changes, as server-sent events.
//!
//! One task of the process, the `hub`, reads the log of changes for all streams. Those with the same rights and filters are a
//! group: each batch of changes is made into bytes once, and sent to the whole group. A stream that begins at an earlier place
//! reads what it has missed by itself, up to the hub's place, and goes on with its group.

mod catch_up;
mod frames;
mod group;
mod handlers;
mod hub;
mod keys;
mod latest;
mod open;
mod parameters;
mod settings;
mod slots;
mod stream;

pub use frames::{StreamReset, Tombstone};
pub use handlers::routes;
pub use open::Streams;
pub use settings::StreamSettings;
