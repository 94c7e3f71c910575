//! Categories: the sections of the site, in a tree.

pub mod counts;
mod embedded;
mod handlers;
mod item;
mod list;
mod model;
mod new;
mod tree;

pub use embedded::{CategoryRecord, CategoryRef, ParentRef};
pub use handlers::routes;
pub use item::CategoryItem;
pub use list::CategoryFilter;
pub use model::Category;
pub use new::{CategoryPatch, NewCategory};
pub use tree::CategoryNode;
