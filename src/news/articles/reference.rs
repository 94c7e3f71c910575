//! An article in short, as a headline refers to it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::Fragment;
use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::news::articles::model::Article;
use crate::news::content::crud::Resource;
use crate::news::content::image::Image;
use crate::news::content::visibility::Visibility;

/// A summary of an article.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ArticleRef {
    pub id: Uuid,
    pub slug: String,
    pub title: String,
    pub image: Option<Image>,
}

impl ArticleRef {
    /// Joins the article with the id in this column, if it is visible, as `of_article.article`.
    pub fn join(column: &'static str, visibility: Visibility) -> Fragment {
        Fragment::new(
            " LEFT JOIN LATERAL (SELECT json_build_object('id', a.id, 'slug', a.slug, 'title', a.title, \
             'image', a.image) AS article \
             FROM articles AS a WHERE a.id = ",
        )
        .sql(column)
        .sql(" AND ")
        .append(&visibility.of_articles("a"))
        .sql(") AS of_article ON true")
    }

    /// Replaces the join if the article is not requested.
    pub fn join_nothing() -> Fragment {
        Fragment::new(" CROSS JOIN (SELECT NULL::json AS article) AS of_article")
    }
}

impl CacheTagged for ArticleRef {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        cache_tags.one(Article::NAME, self.id);
    }
}
