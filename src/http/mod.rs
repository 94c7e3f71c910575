//! Words that every resource shares. Nothing here knows a resource.

pub mod address;
pub mod answer;
pub mod body;
pub mod conditional;
pub mod cursor;
pub mod document;
pub mod list;
pub mod methods;
pub mod values;
