//! Words that every resource shares. Nothing here knows a resource.

pub mod address;
pub mod answer;
pub mod body;
pub mod caching;
pub mod coding;
pub mod conditional;
pub mod cursor;
pub mod document;
pub mod fields;
pub mod ids;
pub mod list;
pub mod made_of;
pub mod methods;
pub mod one;
pub mod preflight;
pub mod security;
pub mod size;
pub mod tongue;
pub mod values;
