//! Reads the results of a search.

use std::collections::HashMap;

use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use crate::http::cache_control::CacheKind;
use crate::http::cursor::Cursor;
use crate::http::locale::LanguagePreference;
use crate::http::page::Page;
use crate::http::query::List;
use crate::news::articles::Article;
use crate::news::authors::Author;
use crate::news::categories::Category;
use crate::news::content::crud::Resource;
use crate::news::content::visibility::Visibility;
use crate::news::headlines::Headline;
use crate::news::listing::resolve::ResolvedFilter;
use crate::news::search::cursor::SearchCursor;
use crate::news::search::filter::SearchFilter;
use crate::news::search::hit::{ArticleHit, HeadlineHit, HitKind, SearchHit, Suggestion};
use crate::news::search::ranking::MatchPage;
use crate::news::search::statistics::SearchStatistics;
use crate::news::search::{corrections, highlighted_texts};
use crate::news::tags::Tag;
use crate::problem::Problem;

/// With fewer results than this, corrections of the query are tried.
const FEW: usize = 3;
/// How many results of a corrected query are checked for its words.
const CHECKED: usize = 5;

impl SearchHit {
    /// One page of the results.
    pub async fn page(
        conn: &mut AsyncPgConnection,
        statistics: &SearchStatistics,
        visibility: Visibility,
        list: &List<SearchFilter>,
        resolved: &ResolvedFilter,
    ) -> Result<Page<Self, Suggestion>, Problem> {
        let filter = &list.filter;
        let cursor: Option<Cursor<SearchCursor>> = list.cursor()?;
        let query = filter.parse(conn, statistics, &filter.q).await?;
        let search = filter.search(resolved, visibility, &query);
        let limit = list.page_request().limit;
        let mut page = search.page(conn, cursor.as_ref(), limit).await?;
        let total = match list.counts() {
            true => Some(search.count(conn).await?),
            false => None,
        };
        let suggestion = match cursor.is_none() && page.matches.len() < FEW {
            true => suggest(conn, statistics, visibility, filter, resolved).await?,
            false => None,
        };
        let mut articles = read_articles(conn, visibility, list, &mut page).await?;
        let mut headlines = read_headlines(conn, visibility, list, &page).await?;
        let mut texts = HashMap::new();
        let snippets = list.includes("snippet", true);
        if list.includes("title_highlighted", true) || snippets {
            let (articles, headlines) = (page.ids(true), page.ids(false));
            texts.extend(highlighted_texts::of_articles(conn, &query, &articles, snippets).await?);
            texts.extend(highlighted_texts::of_headlines(conn, &query, &headlines).await?);
        }
        let hits = page.matches.iter().map(|found| {
            let (title_highlighted, snippet) = texts.remove(&found.id).unwrap_or_default();
            match found.is_article {
                true => Self::Article(Box::new(ArticleHit {
                    kind: HitKind::Article,
                    title_highlighted,
                    snippet,
                    article: articles.remove(&found.id),
                })),
                false => Self::Headline(Box::new(HeadlineHit {
                    kind: HitKind::Headline,
                    title_highlighted,
                    headline: headlines.remove(&found.id),
                })),
            }
        });
        let hits = hits.collect();
        let mut page = list.page_between(Article::NAME, hits, [page.next, page.prev]);
        for kind in [Headline::NAME, Author::NAME, Tag::NAME, Category::NAME] {
            page.cache_tags.all(kind);
        }
        Ok(page
            .with_total(total)
            .cached_as(CacheKind::Search)
            .with_extra(Suggestion { suggestion }))
    }
}

/// The articles of a page, if they are to be sent. The page ends before one whose bodies would make it too long.
async fn read_articles(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    list: &List<SearchFilter>,
    page: &mut MatchPage,
) -> Result<HashMap<Uuid, Article>, Problem> {
    let ids = page.ids(true);
    if !list.includes("article", true) || ids.is_empty() {
        return Ok(HashMap::new());
    }
    let locale = locale(list);
    let includes = |field: &str| list.includes_within("article", field, !field.starts_with("body"));
    let (rows, beyond) = Article::with_ids(conn, &ids, visibility, &locale, includes).await?;
    if let Some(beyond) = beyond {
        page.end_before(beyond);
    }
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The headlines of a page, if they are to be sent.
async fn read_headlines(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    list: &List<SearchFilter>,
    page: &MatchPage,
) -> Result<HashMap<Uuid, Headline>, Problem> {
    let ids = page.ids(false);
    if !list.includes("headline", true) || ids.is_empty() {
        return Ok(HashMap::new());
    }
    let locale = locale(list);
    let includes = |field: &str| list.includes_within("headline", field, true);
    let rows = Headline::with_ids(conn, &ids, visibility, &locale, includes).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

fn locale(list: &List<SearchFilter>) -> LanguagePreference {
    LanguagePreference::for_content(list.filter.timeline().language.clone())
}

/// The first correction of the query that finds something whose text contains the new words as they are spelt. Words of the
/// same stem don't suffice, as they could reveal a text that the caller may not see.
async fn suggest(
    conn: &mut AsyncPgConnection,
    statistics: &SearchStatistics,
    visibility: Visibility,
    filter: &SearchFilter,
    resolved: &ResolvedFilter,
) -> Result<Option<String>, Problem> {
    for corrected in corrections::suggest_corrections(conn, &filter.q).await? {
        let query = filter.parse(conn, statistics, &corrected).await?;
        let search = filter.search(resolved, visibility, &query);
        let page = search.page(conn, None, CHECKED).await?;
        let ids: Vec<Uuid> = page.matches.iter().map(|found| found.id).collect();
        let added = corrections::added_words(&filter.q, &corrected);
        if !ids.is_empty() && corrections::occur_in(conn, &added, &ids).await? {
            return Ok(Some(corrected));
        }
    }
    Ok(None)
}
