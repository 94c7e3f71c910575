//! What all content shares: reading and writing one, its publication and visibility, slugs, names by language.

pub mod crud;
pub mod image;
pub mod link;
pub mod names;
pub mod publication;
pub mod slug;
pub mod visibility;
