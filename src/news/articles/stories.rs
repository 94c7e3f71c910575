//! A list of stories: each once, in the language asked for where it is told in that, else in the first of the site's
//! languages in which it is told, else as the original.

use diesel::prelude::*;
use diesel::sql_types::Uuid as SqlUuid;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::{Fragment, Statement};
use crate::http::locale::{LanguagePreference, Step};
use crate::news::content::visibility::Visibility;
use crate::news::listing::conditions::seen;
use crate::news::listing::filter::TimelineFilter;
use crate::news::listing::scan_plan::FilterPredicate;
use crate::news::listing::timeline::Timeline;

/// The filter that lets the best of each story through, for one who sees so much; none where no stories are listed.
pub fn predicate(filter: &TimelineFilter, visibility: Visibility) -> Option<FilterPredicate> {
    if !filter.fallback {
        return None;
    }
    let steps = wanted(filter).steps();
    // Asked of one row after the other: most are the only ones of their story, or the best, so a page fills early.
    let condition = Fragment::new("NOT EXISTS (SELECT FROM ")
        .append(&others("line"))
        .sql(" WHERE ")
        .append(&better("line", &steps, filter, visibility))
        .sql(" OFFSET 0)");
    // The tables of authors and tags don't know which story an article belongs to: it is asked itself.
    let elsewhere = filter.author.is_some() || filter.tag.is_some();
    let probe = elsewhere.then(|| {
        Fragment::new("NOT EXISTS (SELECT FROM articles AS told CROSS JOIN LATERAL ")
            .append(&others("told"))
            .sql(" WHERE told.id = line.id AND ")
            .append(&better("told", &steps, filter, visibility))
            .sql(" OFFSET 0)")
    });
    Some(FilterPredicate {
        condition,
        probe,
        walk: None,
    })
}

/// The languages that stories are wanted in, the best first.
fn wanted(filter: &TimelineFilter) -> LanguagePreference {
    let asked = LanguagePreference::asked_for(filter.language.clone());
    let preferred = filter.preferred.iter();
    preferred.fold(asked, |locale, language| locale.or_in(language))
}

/// What else tells the story of a row, by the name `other`. Nothing is said here of what may be seen, so that no index but
/// the one of stories fits, whatever the planner knows of the table.
fn others(line: &'static str) -> Fragment {
    Fragment::new(
        "(SELECT id, translation_of, language, status, listed_at, deleted_at FROM articles AS its \
         WHERE its.deleted_at IS NULL AND coalesce(its.translation_of, its.id) = coalesce(",
    )
    .sql(line)
    .sql(".translation_of, ")
    .sql(line)
    .sql(".id) AND its.id <> ")
    .sql(line)
    .sql(".id OFFSET 0) AS other")
}

/// Whether `other` may be seen and goes before a row of the same story, of which no two are in one language.
fn better(
    line: &'static str,
    steps: &[Step],
    filter: &TimelineFilter,
    visibility: Visibility,
) -> Fragment {
    let place = |sql: Fragment, line: &'static str| {
        sql.append(&rank(line, steps))
            .sql(", ")
            .sql(line)
            .sql(".translation_of IS NOT NULL, ")
            .sql(line)
            .sql(".language)")
    };
    let sql = seen("articles", "other.", visibility, filter).sql(" AND (");
    place(place(sql, "other").sql(" < ("), line)
}

/// The place of a row's language among those that are wanted.
fn rank(line: &'static str, steps: &[Step]) -> Fragment {
    let mut sql = Fragment::new("CASE");
    for (n, step) in steps.iter().enumerate() {
        sql = match step {
            Step::Exact(tag) => sql
                .sql(" WHEN ")
                .sql(line)
                .sql(".language = ")
                .text(tag)
                .sql(" THEN "),
            Step::Prefix(tag) => sql
                .sql(" WHEN starts_with(")
                .sql(line)
                .sql(".language, ")
                .text(tag)
                .sql(") THEN "),
        }
        .number(n);
    }
    sql.sql(" ELSE ").number(steps.len()).sql(" END")
}

/// Which article stands for the story of each of these; none for what is not there, or doesn't pass the filters.
pub async fn of_ids(
    conn: &mut AsyncPgConnection,
    ids: &[Uuid],
    timeline: &Timeline<'_>,
    filter: &TimelineFilter,
    visibility: Visibility,
) -> QueryResult<Vec<(Uuid, Uuid)>> {
    let sql = Fragment::new(
        "SELECT named.id, chosen.id FROM (SELECT other.id, coalesce(other.translation_of, other.id) AS story \
         FROM articles AS other WHERE other.id = ANY(",
    )
    .ids(ids.to_vec())
    .sql(") AND ")
    .append(&seen("articles", "other.", visibility, filter))
    .sql(") AS named CROSS JOIN LATERAL (SELECT line.id FROM ")
    .append(&timeline.all())
    .sql(" AND coalesce(line.translation_of, line.id) = named.story) AS chosen");
    Statement::<(SqlUuid, SqlUuid)>::new(sql.uncached())
        .load(conn)
        .await
}
