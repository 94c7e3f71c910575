//! Resolves what a filter names: ids of slugs, the categories below others, the bounds of a day.

use diesel::sql_types::{Array, Nullable, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::{Fragment, Statement};
use crate::http::id_or_slug::IdOrSlug;
use crate::news::categories::Category;
use crate::news::content::slug::SlugTable;
use crate::news::listing::filter::TimelineFilter;
use crate::news::site::Site;
use crate::problem::{Fault, Problem};

/// The ids of what a filter names, so that the planner knows how much there is of it.
#[derive(Clone, Debug, Default)]
pub(super) struct ResolvedNames {
    /// The categories and, unless only they are meant, those below them.
    pub(super) categories: Vec<Uuid>,
    pub(super) tag: Option<Uuid>,
    pub(super) author: Option<Uuid>,
}

impl TimelineFilter {
    /// Asks the database what the filter means: which day that is there, and what the names stand for.
    ///
    /// # Errors
    /// Where there is nothing of some name.
    pub async fn resolve(&mut self, conn: &mut AsyncPgConnection) -> Result<(), Problem> {
        if self.fallback {
            self.preferred = Site::languages(conn).await?;
        }
        if let Some(date) = self.date {
            self.day = Some(Site::day(conn, date).await?);
        }
        if self.categories.is_empty() && self.tag.is_none() && self.author.is_none() {
            return Ok(());
        }
        let id = |table: SlugTable, name: Option<&IdOrSlug>| match name {
            Some(name) => table.id_of(name),
            None => Fragment::new("NULL::uuid"),
        };
        let mut ids = Fragment::default();
        for (n, name) in self.categories.iter().enumerate() {
            let next = SlugTable::Categories.id_of(name);
            ids = ids.sql(if n > 0 { ", " } else { "" }).append(&next);
        }
        let sql = Fragment::new("WITH named AS MATERIALIZED (SELECT ARRAY[")
            .append(&ids)
            .sql("]::uuid[] AS ids) SELECT ids, ARRAY(")
            .append(&Category::below("ANY(ids)", self.direct))
            .sql("), ")
            .append(&id(SlugTable::Tags, self.tag.as_ref()))
            .sql(", ")
            .append(&id(SlugTable::Authors, self.author.as_ref()))
            .sql(" FROM named");
        type Row = (
            Array<Nullable<SqlUuid>>,
            Array<SqlUuid>,
            Nullable<SqlUuid>,
            Nullable<SqlUuid>,
        );
        let (roots, categories, tag, author): (
            Vec<Option<Uuid>>,
            Vec<Uuid>,
            Option<Uuid>,
            Option<Uuid>,
        ) = Statement::<Row>::new(sql).get_result(conn).await?;
        let mut faults = Vec::new();
        let mut unknown = |parameter: &str, what, name: &IdOrSlug| {
            let detail = format!("there is no {what} {name}");
            faults.push(Fault::of(parameter, "not_found", detail));
        };
        for (name, _) in self
            .categories
            .iter()
            .zip(&roots)
            .filter(|(_, id)| id.is_none())
        {
            unknown("category", "category", name);
        }
        if let (Some(name), None) = (&self.tag, tag) {
            unknown("tag", "tag", name);
        }
        if let (Some(name), None) = (&self.author, author) {
            unknown("author", "author", name);
        }
        self.named = ResolvedNames {
            categories,
            tag,
            author,
        };
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Problem::InvalidParameters(faults))
        }
    }

    /// The tag's id, as something to compare with.
    pub fn tag_id(&self) -> Option<Fragment> {
        self.named.tag.map(|id| Fragment::default().id(id))
    }

    /// The author's id, as something to compare with.
    pub fn author_id(&self) -> Option<Fragment> {
        self.named.author.map(|id| Fragment::default().id(id))
    }
}
