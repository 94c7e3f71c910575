//! The newest content that a stream begins with.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use crate::http::query::PageRequest;
use crate::news::articles::{Article, ArticleFilter};
use crate::news::changes::ResourceKind;
use crate::news::changes::documents::{self, Document};
use crate::news::changes::parameters::ContentFilter;
use crate::news::content::visibility::Visibility;
use crate::news::headlines::{Headline, HeadlineFilter, Priority};
use crate::problem::Problem;

/// The newest content of these kinds, the oldest of it first.
pub async fn read(
    conn: &mut AsyncPgConnection,
    kinds: &[ResourceKind],
    (filter, priority): (&ContentFilter, Option<Priority>),
    visibility: Visibility,
    count: usize,
) -> Result<Vec<(ResourceKind, Document)>, Problem> {
    let has = |kind| kinds.is_empty() || kinds.contains(&kind);
    let timeline = filter.timeline();
    let resolved = timeline.resolve(conn).await?;
    let request = PageRequest::of(count);
    let mut newest: Vec<(Option<DateTime<Utc>>, Uuid, ResourceKind)> = Vec::new();
    if has(ResourceKind::Headline) {
        let filter = HeadlineFilter {
            timeline: timeline.clone(),
            priority,
            ..HeadlineFilter::default()
        };
        let rows = Headline::newest(conn, &filter, &resolved, visibility, request).await?;
        newest.extend(
            rows.into_iter()
                .map(|(at, id)| (at, id, ResourceKind::Headline)),
        );
    }
    if has(ResourceKind::Article) && priority.is_none() {
        let filter = ArticleFilter {
            timeline,
            ..ArticleFilter::default()
        };
        let rows = Article::newest(conn, &filter, &resolved, visibility, request).await?;
        newest.extend(
            rows.into_iter()
                .map(|(at, id)| (at, id, ResourceKind::Article)),
        );
    }
    // Content without a time sorts as the latest.
    newest.sort_by_key(|(at, id, _)| {
        std::cmp::Reverse((at.unwrap_or(DateTime::<Utc>::MAX_UTC), *id))
    });
    newest.truncate(count);
    let mut found = HashMap::new();
    for kind in [ResourceKind::Article, ResourceKind::Headline] {
        let ids: Vec<Uuid> = newest
            .iter()
            .filter(|(_, _, own)| *own == kind)
            .map(|(_, id, _)| *id)
            .collect();
        found.extend(documents::of_ids(conn, kind, &ids, visibility).await?);
    }
    let documents = newest.into_iter().rev();
    Ok(documents
        .filter_map(|(_, id, kind)| Some((kind, found.remove(&id)?)))
        .collect())
}
