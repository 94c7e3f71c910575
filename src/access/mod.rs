//! Who may do what, how much, and who did.

pub mod api_keys;
pub mod audit;
pub mod extractors;
pub mod jwt;
pub mod rate_limit;
