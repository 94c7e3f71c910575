//! Reading many: filters, the plan of a keyset scan, its SQL, pages.

mod bounds;
pub mod by_name;
pub mod byte_budget;
pub mod conditions;
pub mod filter;
pub mod page;
mod resolve;
pub mod scan_plan;
mod sql;
pub mod timeline;
