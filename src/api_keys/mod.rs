//! API keys: what they look like, how they are kept, what they allow.

mod model;
mod proof;
mod token;

pub use model::ApiKey;
pub use proof::{Admin, Caller, Editor, Reader, caller, known_caller};
pub use token::Token;

crate::text_enum! {
    /// What a key allows.
    Scope {
        /// See what is not published.
        Read = "read",
        /// See what is scheduled before its time, for partners under embargo.
        Early = "early",
        /// Create, change and delete drafts and categories.
        Write = "write",
        /// Beside `write`: create, change and delete what concerns the public.
        Publish = "publish",
        /// Everything.
        Admin = "admin",
    }
}
