//! Reads articles: lists, some by their ids, and one.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::statement::RowType;
use crate::db::{Fragment, Statement};
use crate::http::cursor::Cursor;
use crate::http::id_or_slug::IdOrSlug;
use crate::http::locale::LanguagePreference;
use crate::http::page::Page;
use crate::http::query::{List, PageRequest};
use crate::news::articles::filter::ArticleFilter;
use crate::news::articles::model::Article;
use crate::news::articles::{bodies, relations, stories};
use crate::news::content::crud::Resource;
use crate::news::content::visibility::Visibility;
use crate::news::listing::byte_budget::ByteBudget;
use crate::news::listing::page::{RowSource, TimeOrdered};
use crate::news::listing::resolve::ResolvedFilter;
use crate::news::listing::timeline::{ListedTable, SortTime, Timeline};
use crate::news::site::{SITE, Site};
use crate::problem::Problem;

/// Joins what an article refers to, and its bodies, as far as they are selected.
fn related(
    visibility: Visibility,
    includes: impl Fn(&str) -> bool,
    budget: Option<&ByteBudget>,
) -> Fragment {
    relations::join(visibility, &includes).append(&bodies::join(&includes, budget))
}

impl Article {
    /// The table as lists read it.
    pub const LISTED: ListedTable = ListedTable {
        name: Self::TABLE,
        alias: "a",
    };

    /// The list that a filter makes.
    pub fn timeline<'a>(
        filter: &ArticleFilter,
        resolved: &'a ResolvedFilter,
        visibility: Visibility,
    ) -> Timeline<'a> {
        let predicates = filter.predicates(resolved);
        Timeline::new(Self::LISTED, visibility, resolved, predicates)
            .with_common(stories::predicate(resolved, visibility))
    }

    /// One page of a list. Bodies are read where `fields` names them.
    pub(super) async fn list(
        conn: &mut AsyncPgConnection,
        visibility: Visibility,
        list: &List<ArticleFilter>,
        resolved: &ResolvedFilter,
    ) -> Result<Page<Self>, Problem> {
        let parameters = &resolved.parameters;
        let includes = |field: &str| list.includes(field, !field.starts_with("body"));
        let limit = parameters.ids.as_ref().map(Vec::len);
        let budget = bodies::byte_budget(includes, limit.unwrap_or(list.page_request().limit));
        let related = related(visibility, includes, budget.as_ref());
        let timeline = Self::timeline(&list.filter, resolved, visibility).with_byte_budget(budget);
        let mut page = match &parameters.ids {
            Some(ids) => Self::list_ids(conn, list, &timeline, ids, &related).await?,
            None => Self::list_page(conn, list, &timeline, &related).await?,
        };
        if let Some(parts) = resolved.cache_tags(Self::NAME) {
            page.cache_tags.narrow(Self::NAME, parts);
        }
        page.cache_tags.add(resolved.named());
        if parameters.fallback {
            // The language that stands for a story depends on the languages of the site.
            page.cache_tags.one(Site::NAME, SITE);
        }
        Ok(page)
    }

    async fn list_page(
        conn: &mut AsyncPgConnection,
        list: &List<ArticleFilter>,
        timeline: &Timeline<'_>,
        related: &Fragment,
    ) -> Result<Page<Self>, Problem> {
        let cursor: Option<Cursor<SortTime>> = list.cursor()?;
        let cursor = cursor.as_ref();
        let (mut rows, total) = timeline
            .page::<Self>(conn, cursor, list.page_request(), related)
            .await?;
        Self::localize_all(&mut rows, &list.filter);
        let position = |row: &Self| timeline.position(row.published_at, row.updated_at, row.id);
        let page = match rows.pop_if(|row| row.is_beyond()) {
            Some(_) => list.page_of(Self::NAME, rows, true, cursor, position),
            None => list.page(Self::NAME, rows, cursor, position),
        };
        Ok(page.with_total(total))
    }

    async fn list_ids(
        conn: &mut AsyncPgConnection,
        list: &List<ArticleFilter>,
        timeline: &Timeline<'_>,
        ids: &[Uuid],
        related: &Fragment,
    ) -> Result<Page<Self>, Problem> {
        let (ids, missing) = match list.filter.timeline.fallback {
            true => Self::stories_of(conn, ids, timeline).await?,
            false => (ids.to_vec(), Vec::new()),
        };
        let page = list.ids_page(&ids)?;
        let mut rows = Self::fetch(conn, timeline.with_ids(&page.ids()), related).await?;
        Self::localize_all(&mut rows, &list.filter);
        let beyond = rows.pop_if(|row| row.is_beyond()).map(|row| row.id);
        let mut found = page.end(rows, |row| row.id, beyond);
        found.missing.extend(missing);
        Ok(list.page_of_ids(Self::NAME, found))
    }

    /// The times and ids of the newest ones.
    pub async fn newest(
        conn: &mut AsyncPgConnection,
        filter: &ArticleFilter,
        resolved: &ResolvedFilter,
        visibility: Visibility,
        request: PageRequest,
    ) -> Result<Vec<(Option<DateTime<Utc>>, Uuid)>, Problem> {
        let timeline = Self::timeline(filter, resolved, visibility);
        let related = related(visibility, |_| false, None);
        let (rows, _) = timeline.page::<Self>(conn, None, request, &related).await?;
        Ok(rows
            .into_iter()
            .map(|row| (row.published_at, row.id))
            .collect())
    }

    /// The articles that stand for the stories of these, each once, and the ids for which there is none.
    async fn stories_of(
        conn: &mut AsyncPgConnection,
        ids: &[Uuid],
        timeline: &Timeline<'_>,
    ) -> QueryResult<(Vec<Uuid>, Vec<Uuid>)> {
        let chosen = stories::of_ids(conn, ids, timeline).await?;
        let chosen: HashMap<Uuid, Uuid> = chosen.into_iter().collect();
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for id in ids {
            match chosen.get(id) {
                Some(chosen) if found.contains(chosen) => {}
                Some(chosen) => found.push(*chosen),
                None => missing.push(*id),
            }
        }
        Ok((found, missing))
    }

    /// Puts names into the language of the list, and marks articles in another.
    fn localize_all(rows: &mut [Self], filter: &ArticleFilter) {
        let locale = LanguagePreference::for_content(filter.timeline.language.clone());
        for row in rows {
            row.localize(&locale);
            row.is_fallback = filter.timeline.fallback && !locale.has(&row.language);
        }
    }

    /// The visible ones of these ids, in any order. With bodies, those that a page has room for, and the first id, in the
    /// order of the ids, that it has none for.
    pub async fn with_ids(
        conn: &mut AsyncPgConnection,
        ids: &[Uuid],
        visibility: Visibility,
        locale: &LanguagePreference,
        includes: impl Fn(&str) -> bool,
    ) -> QueryResult<(Vec<Self>, Option<Uuid>)> {
        let filter = ResolvedFilter::default();
        let budget = bodies::byte_budget(&includes, ids.len());
        let related = related(visibility, includes, budget.as_ref());
        let timeline =
            Timeline::new(Self::LISTED, visibility, &filter, Vec::new()).with_byte_budget(budget);
        let mut rows = Self::fetch(conn, timeline.with_ids(ids), &related).await?;
        rows.iter_mut().for_each(|row| row.localize(locale));
        let beyond = rows.pop_if(|row| row.is_beyond()).map(|row| row.id);
        Ok((rows, beyond))
    }

    /// The one of this name, if it is visible, with the relations and the bodies that are selected.
    pub(super) async fn find_with(
        conn: &mut AsyncPgConnection,
        name: &IdOrSlug,
        visibility: Visibility,
        includes: impl Fn(&str) -> bool + Send,
    ) -> QueryResult<Option<Self>> {
        let sql = Fragment::new("FROM articles")
            .append(&related(visibility, includes, None))
            .sql(" WHERE ")
            .append(&visibility.of_content("articles"));
        let sql = match name {
            IdOrSlug::Id(id) => sql.sql(" AND articles.id = ").id(*id),
            IdOrSlug::Slug(slug) => sql.sql(" AND articles.slug = ").text(slug),
        };
        let found: Option<Self> = Statement::<RowType<Self>>::select::<Self>(&sql)
            .get_result(conn)
            .await
            .optional()?;
        Ok(found.map(Self::with_ids_of_relations))
    }

    /// Fills in the ids of the authors and tags, which are selected once.
    fn with_ids_of_relations(mut self) -> Self {
        self.author_ids = self.authors.iter().map(|author| author.id).collect();
        self.tag_ids = self.tags.iter().map(|tag| tag.id).collect();
        self
    }
}

impl TimeOrdered for Article {
    fn is_beyond(&self) -> bool {
        self.bodies.is_beyond
    }

    async fn fetch(
        conn: &mut AsyncPgConnection,
        source: RowSource,
        related: &Fragment,
    ) -> QueryResult<Vec<Self>> {
        let rows: Vec<Self> = Statement::<RowType<Self>>::select::<Self>(&source.joined(related))
            .load(conn)
            .await?;
        Ok(rows.into_iter().map(Self::with_ids_of_relations).collect())
    }
}
