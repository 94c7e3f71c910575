//! Articles: stories with bodies, authors, tags and translations.

mod bodies;
mod constraints;
mod filter;
mod handlers;
mod model;
mod prepared;
mod queries;
mod reference;
mod relations;
mod render;
mod resource;
mod stories;
mod translations;
mod write;

pub use filter::ArticleFilter;
pub use handlers::routes;
pub use model::{Article, NewArticle};
pub use prepared::{PreparedArticle, Renderer};
pub use reference::{ArticleRecord, ArticleRef};
pub use render::{EmbedHost, Embeds, Rendered, Rendering, render};
pub use translations::Translation;

crate::text_enum! {
    /// The format of a body.
    BodyFormat {
        /// CommonMark, with tables, footnotes (`[^1]`) and `~~text struck through~~`.
        Markdown = "markdown",
        Html = "html",
    }
}
