//! Access: API keys, JWTs and their scopes, the callers that they authenticate, rate limits, and the audit of writes.

pub mod actor;
pub mod api_keys;
pub mod audit;
pub mod caller;
pub mod credentials;
pub mod extractors;
pub mod jwt;
pub mod messages;
pub mod rate_limit;
