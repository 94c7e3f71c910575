//! The slugs that rows of a table have and had.

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::{Fragment, Statement};
use crate::http::id_or_slug::IdOrSlug;
use crate::schema::former_slugs;

/// The tables whose rows have slugs.
#[derive(Clone, Copy, Debug)]
pub enum SlugTable {
    Categories,
    Articles,
    Authors,
    Tags,
}

impl SlugTable {
    fn table(self) -> &'static str {
        match self {
            Self::Categories => "categories",
            Self::Articles => "articles",
            Self::Authors => "authors",
            Self::Tags => "tags",
        }
    }

    /// The name of the resource in `former_slugs`.
    pub(super) fn resource(self) -> &'static str {
        match self {
            Self::Categories => "category",
            Self::Articles => "article",
            Self::Authors => "author",
            Self::Tags => "tag",
        }
    }

    /// The row that has this slug.
    pub(super) async fn holder(
        self,
        conn: &mut AsyncPgConnection,
        slug: &str,
    ) -> QueryResult<Option<Uuid>> {
        Statement::<SqlUuid>::new(self.live_id("slug = ").text(slug))
            .get_result(conn)
            .await
            .optional()
    }

    /// The slug of a row, in the trash or not.
    pub(super) async fn slug_of(
        self,
        conn: &mut AsyncPgConnection,
        id: Uuid,
    ) -> QueryResult<String> {
        let sql = Fragment::new("SELECT slug FROM ")
            .sql(self.table())
            .sql(" WHERE id = ")
            .id(id);
        Statement::<Text>::new(sql).get_result(conn).await
    }

    /// Of the slugs that other rows have or had: `base`, and the one of `base-2`, `base-3` … with the highest number.
    pub(super) async fn taken_like(
        self,
        conn: &mut AsyncPgConnection,
        base: &str,
        own: Uuid,
    ) -> QueryResult<Vec<String>> {
        // `.` is the character after `-`.
        let is_alike = Fragment::new("(slug = ")
            .text(base)
            .sql(" OR slug ~>=~ (")
            .text(base)
            .sql(" || '-') AND slug ~<~ (")
            .text(base)
            .sql(" || '.'))");
        let sql = Fragment::new("WITH taken AS (SELECT slug FROM ")
            .sql(self.table())
            .sql(" WHERE deleted_at IS NULL AND id <> ")
            .id(own)
            .sql(" AND ")
            .append(&is_alike)
            .sql(" UNION ALL SELECT slug FROM former_slugs WHERE resource = '")
            .sql(self.resource())
            .sql("' AND resource_id <> ")
            .id(own)
            .sql(" AND ")
            .append(&is_alike)
            .sql(") (SELECT slug FROM taken WHERE slug = ")
            .text(base)
            .sql(") UNION ALL (SELECT slug FROM taken WHERE substr(slug, char_length(")
            .text(base)
            .sql(
                ") + 2) ~ '^[1-9][0-9]{0,8}$' ORDER BY char_length(slug) DESC, slug DESC LIMIT 1)",
            );
        Statement::<Text>::new(sql).load(conn).await
    }

    /// The row that had this slug before.
    pub async fn former(
        self,
        conn: &mut AsyncPgConnection,
        slug: &str,
    ) -> QueryResult<Option<Uuid>> {
        former_slugs::table
            .find((self.resource(), slug))
            .select(former_slugs::resource_id)
            .get_result(conn)
            .await
            .optional()
    }

    /// A scalar subquery for the id of the row with this id, slug or former slug; null if there is none.
    pub fn id_of(self, name: &IdOrSlug) -> Fragment {
        match name {
            IdOrSlug::Id(id) => Fragment::new("(")
                .append(&self.live_id("id = ").id(*id))
                .sql(")"),
            IdOrSlug::Slug(slug) => Fragment::new("coalesce((")
                .append(&self.live_id("slug = ").text(slug))
                .sql("), (")
                .append(
                    &self.live_id("id = (SELECT resource_id FROM former_slugs WHERE resource = '"),
                )
                .sql(self.resource())
                .sql("' AND slug = ")
                .text(slug)
                .sql(")))"),
        }
    }

    /// Whether there is a row with this id, slug or former slug.
    pub async fn has(self, conn: &mut AsyncPgConnection, name: &IdOrSlug) -> QueryResult<bool> {
        let id = self.id_of(name).typed::<Nullable<SqlUuid>>();
        diesel::select(id.is_not_null()).get_result(conn).await
    }

    fn live_id(self, condition: &'static str) -> Fragment {
        Fragment::new("SELECT id FROM ")
            .sql(self.table())
            .sql(" WHERE deleted_at IS NULL AND ")
            .sql(condition)
    }
}
