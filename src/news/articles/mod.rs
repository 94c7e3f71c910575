//! Articles: the stories.

mod handlers;
mod model;
mod prepared;
mod render;
mod stories;

pub use handlers::routes;
pub use model::{Article, ArticleFilter, ArticleRef, NewArticle, Translation};
pub use prepared::{PreparedArticle, Renderer};
pub use render::{EmbedHost, Embeds, Rendered, Rendering, render};

crate::text_enum! {
    /// The form that a body is written in.
    BodyFormat {
        /// CommonMark, with tables, footnotes (`[^1]`) and `~~text struck through~~`.
        Markdown = "markdown",
        Html = "html",
    }
}
