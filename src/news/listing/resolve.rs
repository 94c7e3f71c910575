//! Step 2: resolves the names in a filter to ids, and its day to moments.

use diesel::sql_types::{Array, Nullable, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::{Fragment, Statement};
use crate::http::id_or_slug::IdOrSlug;
use crate::news::categories::Category;
use crate::news::content::slug::SlugTable;
use crate::news::listing::filter::TimelineFilter;
use crate::news::messages;
use crate::news::site::{Day, Site};
use crate::problem::{Fault, FaultCode, Problem};

/// A filter whose names are resolved. The planner knows how many rows an id has; a subquery would hide it.
#[derive(Clone, Debug, Default)]
pub struct ResolvedFilter {
    pub parameters: TimelineFilter,
    /// The day of `date` in the site's time zone.
    pub(super) day: Option<Day>,
    /// The categories and, without `direct`, those below them.
    pub categories: Vec<Uuid>,
    pub tag: Option<Uuid>,
    pub(super) author: Option<Uuid>,
    /// The languages that the site prefers, where stories are listed.
    pub preferred_languages: Vec<String>,
}

/// The ids of names: of the categories as they are named, of all selected categories, of the tag and of the author.
type NamedIds = (Vec<Option<Uuid>>, Vec<Uuid>, Option<Uuid>, Option<Uuid>);

impl TimelineFilter {
    /// Resolves the names and the day.
    ///
    /// # Errors
    /// Names of nothing that exists.
    pub async fn resolve(&self, conn: &mut AsyncPgConnection) -> Result<ResolvedFilter, Problem> {
        let mut resolved = ResolvedFilter {
            parameters: self.clone(),
            ..ResolvedFilter::default()
        };
        if self.fallback {
            resolved.preferred_languages = Site::languages(conn).await?;
        }
        if let Some(date) = self.date {
            resolved.day = Some(Site::day(conn, date).await?);
        }
        if !self.categories.is_empty() || self.tag.is_some() || self.author.is_some() {
            let (named, categories, tag, author) = self.named_ids(conn).await?;
            self.check_found(&named, tag, author)?;
            resolved.categories = categories;
            resolved.tag = tag;
            resolved.author = author;
        }
        Ok(resolved)
    }

    async fn named_ids(&self, conn: &mut AsyncPgConnection) -> Result<NamedIds, Problem> {
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
        type Columns = (
            Array<Nullable<SqlUuid>>,
            Array<SqlUuid>,
            Nullable<SqlUuid>,
            Nullable<SqlUuid>,
        );
        Ok(Statement::<Columns>::new(sql).get_result(conn).await?)
    }

    fn check_found(
        &self,
        categories: &[Option<Uuid>],
        tag: Option<Uuid>,
        author: Option<Uuid>,
    ) -> Result<(), Problem> {
        let fault = |parameter, detail| Fault::of(parameter, FaultCode::NotFound, detail);
        let named = self.categories.iter().zip(categories);
        let mut faults: Vec<Fault> = named
            .filter(|(_, id)| id.is_none())
            .map(|(name, _)| fault("category", messages::no_category(name.to_string())))
            .collect();
        if let (Some(name), None) = (&self.tag, tag) {
            faults.push(fault("tag", messages::no_tag(name.to_string())));
        }
        if let (Some(name), None) = (&self.author, author) {
            faults.push(fault("author", messages::no_author(name.to_string())));
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Problem::InvalidParameters(faults))
        }
    }
}
