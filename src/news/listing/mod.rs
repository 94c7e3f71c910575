//! Reading many: filters, the plan of a keyset scan, its SQL, pages.

pub mod by_name;
pub mod byte_budget;
pub mod timeline;
