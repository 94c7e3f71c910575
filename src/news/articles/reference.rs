//! An article in short, as a headline refers to it.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::sql_types::{Jsonb, Nullable, Record, Text, Uuid as SqlUuid};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::Fragment;
use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::news::articles::model::Article;
use crate::news::content::crud::Resource;
use crate::news::content::image::Image;
use crate::news::content::visibility::Visibility;

/// A summary of an article.
#[derive(Clone, Debug, Serialize, ToSchema, FromSqlRow)]
pub struct ArticleRef {
    pub id: Uuid,
    pub slug: String,
    pub title: String,
    pub image: Option<Image>,
}

/// An article as it is selected.
pub type ArticleRecord = Record<(SqlUuid, Text, Text, Nullable<Jsonb>)>;

impl FromSql<ArticleRecord, Pg> for ArticleRef {
    fn from_sql(record: PgValue<'_>) -> deserialize::Result<Self> {
        let (id, slug, title, image) = FromSql::<ArticleRecord, Pg>::from_sql(record)?;
        Ok(Self {
            id,
            slug,
            title,
            image,
        })
    }
}

impl ArticleRef {
    /// Joins the article with the id in this column, if it is visible, as `of_article.article`.
    pub fn join(column: &'static str, visibility: Visibility) -> Fragment {
        Fragment::new(
            " LEFT JOIN LATERAL (SELECT ROW(a.id, a.slug, a.title, a.image) AS article \
             FROM articles AS a WHERE a.id = ",
        )
        .sql(column)
        .sql(" AND ")
        .append(&visibility.of_content("a"))
        .sql(") AS of_article ON true")
    }

    /// Replaces the join if the article is not requested.
    pub fn join_nothing() -> Fragment {
        Fragment::new(" CROSS JOIN (SELECT NULL::record AS article) AS of_article")
    }
}

impl CacheTagged for ArticleRef {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        cache_tags.one(Article::NAME, self.id);
    }
}
