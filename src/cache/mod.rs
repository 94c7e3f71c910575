//! Answers that anyone may see, kept ready to send in the process's memory.
//!
//! An answer is kept under its address. It has the cache tags of what it is made of, and the moment until which it holds: the
//! next one at which scheduled content goes out, or a headline expires. The follower of the log of changes drops the answers
//! that a change affects, and a write is answered only after that. So the node that answered a write never serves what was
//! before, and other nodes follow as fast as they read the log. A node that can't read the log asks the database for each
//! answer; while that can't be reached either, cached responses are served for a while, and marked.

mod cached_response;
mod collapsing;
mod index;
mod moments;
mod settings;
mod status;
mod store;

pub use cached_response::{CachedResponse, CompleteHeaders, Variant};
pub use collapsing::ForwardedRequest;
pub use settings::CacheSettings;
pub use status::{CACHE_STATUS, CacheStatus};
pub use store::{Lookup, ResponseCache};
