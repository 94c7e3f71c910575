//! The content resources (headlines, articles and what they refer to), and the search over them.

pub mod articles;
pub mod authors;
pub mod categories;
pub mod changes;
pub mod content;
pub mod headlines;
pub mod listing;
pub mod live;
pub mod messages;
pub mod release;
pub mod search;
pub mod search_index;
pub mod site;
pub mod tags;
