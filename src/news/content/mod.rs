//! Shared by all resources: reading and writing one, publication and visibility, slugs, names by language.

pub mod crud;
pub mod dependents;
pub mod gone;
pub mod image;
pub mod link;
pub mod names;
pub mod publication;
pub mod slug;
pub mod visibility;
