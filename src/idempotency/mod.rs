//! Idempotency: a `POST` with an `Idempotency-Key` takes effect once, however often it is sent. The response is stored in the
//! transaction of the write itself, so it exists exactly if the write does, and is replayed to every later request.
//!
//! Only successful responses are stored. A refused request has changed nothing, so a retry is judged anew.

pub mod encryption;
mod key;
mod messages;
mod response;
mod store;

pub use key::{IDEMPOTENCY_KEY, IdempotencyKey, LONGEST_KEY};
pub use response::{Created, StoredResponse};
pub use store::IdempotentRequest;
