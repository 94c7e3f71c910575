//! Reads headlines: lists, some by their ids, and one.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::statement::RowType;
use crate::db::{Fragment, Statement};
use crate::http::locale::LanguagePreference;
use crate::http::page::Page;
use crate::http::query::{List, PageRequest};
use crate::news::articles::{Article, ArticleRef};
use crate::news::categories::CategoryRef;
use crate::news::content::crud::Resource;
use crate::news::content::visibility::Visibility;
use crate::news::headlines::filter::HeadlineFilter;
use crate::news::headlines::model::Headline;
use crate::news::listing::page::{RowSource, TimeOrdered};
use crate::news::listing::resolve::ResolvedFilter;
use crate::news::listing::timeline::{ListedTable, Timeline};
use crate::problem::Problem;

/// Joins what a headline refers to, as far as it is selected, as `of_category` and `of_article`.
fn relations(visibility: Visibility, includes: impl Fn(&str) -> bool) -> Fragment {
    let category = if includes("category") {
        CategoryRef::join("headlines.category_id")
    } else {
        CategoryRef::join_nothing()
    };
    // `article_id` needs the article, too: it is shown where the article is visible.
    let article = if includes("article") || includes("article_id") {
        ArticleRef::join("headlines.article_id", visibility)
    } else {
        ArticleRef::join_nothing()
    };
    category.append(&article)
}

impl Headline {
    /// The table as lists read it.
    pub const LISTED: ListedTable = ListedTable {
        name: Self::TABLE,
        alias: "h",
    };

    /// The list that a filter makes.
    pub fn timeline<'a>(
        filter: &HeadlineFilter,
        resolved: &'a ResolvedFilter,
        visibility: Visibility,
    ) -> Timeline<'a> {
        let predicates = filter.predicates(resolved, visibility);
        Timeline::new(Self::LISTED, visibility, resolved, predicates)
    }

    /// One page of a list.
    pub(super) async fn list(
        conn: &mut AsyncPgConnection,
        visibility: Visibility,
        list: &List<HeadlineFilter>,
        resolved: &ResolvedFilter,
    ) -> Result<Page<Self>, Problem> {
        let mut page = Self::list_page(conn, visibility, list, resolved).await?;
        if let Some(parts) = resolved.cache_tags(Self::NAME) {
            page.cache_tags.narrow(Self::NAME, parts);
        }
        page.cache_tags.add(resolved.named());
        if list.filter.has_article.is_some() {
            page.cache_tags.all(Article::NAME);
        }
        Ok(page)
    }

    async fn list_page(
        conn: &mut AsyncPgConnection,
        visibility: Visibility,
        list: &List<HeadlineFilter>,
        resolved: &ResolvedFilter,
    ) -> Result<Page<Self>, Problem> {
        let locale = LanguagePreference::for_content(resolved.parameters.language.clone());
        let related = relations(visibility, |field| list.includes(field, true));
        let timeline = Self::timeline(&list.filter, resolved, visibility);
        if let Some(ids) = &resolved.parameters.ids {
            let page = list.ids_page(ids)?;
            let rows = Self::fetch(conn, timeline.with_ids(&page.ids()), &related).await?;
            let rows = Self::redact_and_localize(rows, visibility, &locale);
            return Ok(list.page_of_ids(Self::NAME, page.end(rows, |row| row.id, None)));
        }
        let cursor = list.cursor()?;
        let (rows, total) = timeline
            .page::<Self>(conn, cursor.as_ref(), list.page_request(), &related)
            .await?;
        let rows = Self::redact_and_localize(rows, visibility, &locale);
        let position = |row: &Self| timeline.position(row.published_at, row.updated_at, row.id);
        let page = list.page(Self::NAME, rows, cursor.as_ref(), position);
        Ok(page.with_total(total))
    }

    /// The times and ids of the newest ones.
    pub async fn newest(
        conn: &mut AsyncPgConnection,
        filter: &HeadlineFilter,
        resolved: &ResolvedFilter,
        visibility: Visibility,
        request: PageRequest,
    ) -> Result<Vec<(Option<DateTime<Utc>>, Uuid)>, Problem> {
        let timeline = Self::timeline(filter, resolved, visibility);
        let related = relations(visibility, |_| false);
        let (rows, _) = timeline.page::<Self>(conn, None, request, &related).await?;
        Ok(rows
            .into_iter()
            .map(|row| (row.published_at, row.id))
            .collect())
    }

    /// The visible ones of these ids, in any order.
    pub async fn with_ids(
        conn: &mut AsyncPgConnection,
        ids: &[Uuid],
        visibility: Visibility,
        locale: &LanguagePreference,
        includes: impl Fn(&str) -> bool,
    ) -> QueryResult<Vec<Self>> {
        let filter = ResolvedFilter::default();
        let source = Timeline::new(Self::LISTED, visibility, &filter, Vec::new()).with_ids(ids);
        let rows = Self::fetch(conn, source, &relations(visibility, includes)).await?;
        Ok(Self::redact_and_localize(rows, visibility, locale))
    }

    /// The one with this id, if it is visible, with the relations that are selected.
    pub(super) async fn find_with(
        conn: &mut AsyncPgConnection,
        id: Uuid,
        visibility: Visibility,
        includes: impl Fn(&str) -> bool,
    ) -> QueryResult<Option<Self>> {
        let sql = Fragment::new("FROM headlines")
            .append(&relations(visibility, includes))
            .sql(" WHERE headlines.id = ")
            .id(id)
            .sql(" AND ")
            .append(&visibility.of_content("headlines"));
        let found: Option<Self> = Statement::<RowType<Self>>::select::<Self>(&sql)
            .get_result(conn)
            .await
            .optional()?;
        Ok(found.map(|found| found.redact_for(visibility)))
    }

    /// Inserts a row and reads it, in one statement that begins with `insert`, whose row has the name of the table.
    pub(super) async fn read_inserted(
        conn: &mut AsyncPgConnection,
        insert: Fragment,
    ) -> QueryResult<Self> {
        let rest =
            Fragment::new("FROM headlines").append(&relations(Visibility::Everything, |_| true));
        Statement::<RowType<Self>>::select_with::<Self>(insert, &rest)
            .get_result(conn)
            .await
    }

    fn redact_and_localize(
        rows: Vec<Self>,
        visibility: Visibility,
        locale: &LanguagePreference,
    ) -> Vec<Self> {
        let redact = |row: Self| {
            let mut row = row.redact_for(visibility);
            row.localize(locale);
            row
        };
        rows.into_iter().map(redact).collect()
    }

    /// Leaves out the id of an article that isn't visible.
    fn redact_for(mut self, visibility: Visibility) -> Self {
        if visibility != Visibility::Everything && self.article.is_none() {
            self.article_id = None;
        }
        self
    }
}

impl TimeOrdered for Headline {
    async fn fetch(
        conn: &mut AsyncPgConnection,
        source: RowSource,
        related: &Fragment,
    ) -> QueryResult<Vec<Self>> {
        Statement::<RowType<Self>>::select::<Self>(&source.joined(related))
            .load(conn)
            .await
    }
}
