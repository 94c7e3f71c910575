//! Lists of stories (`fallback=true`): each story once, by its translation into the language asked for or, without one, into
//! the first of the site's languages that there is one in, or by the original.

use diesel::prelude::*;
use diesel::sql_types::Uuid as SqlUuid;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::{Fragment, Statement};
use crate::http::locale::{LanguagePreference, Step};
use crate::news::content::visibility::Visibility;
use crate::news::listing::conditions::visible;
use crate::news::listing::resolve::ResolvedFilter;
use crate::news::listing::scan_plan::FilterPredicate;
use crate::news::listing::timeline::Timeline;

/// The condition that no visible article of the same story goes before a row; none where no stories are listed.
pub fn predicate(filter: &ResolvedFilter, visibility: Visibility) -> Option<FilterPredicate> {
    let parameters = &filter.parameters;
    if !parameters.fallback {
        return None;
    }
    let steps = preference(filter).steps();
    // A check of each row: most are the only article of their story, or the best, so a page fills early.
    let condition = Fragment::new("NOT EXISTS (SELECT FROM ")
        .append(&others("a"))
        .sql(" WHERE ")
        .append(&goes_before("a", &steps, filter, visibility))
        .sql(" OFFSET 0)");
    // The index tables of authors and tags don't have the story of an article.
    let in_index_table = parameters.author.is_some() || parameters.tag.is_some();
    let row_check = in_index_table.then(|| {
        Fragment::new("NOT EXISTS (SELECT FROM articles AS own CROSS JOIN LATERAL ")
            .append(&others("own"))
            .sql(" WHERE own.id = a.id AND ")
            .append(&goes_before("own", &steps, filter, visibility))
            .sql(" OFFSET 0)")
    });
    Some(FilterPredicate {
        row_check,
        ..FilterPredicate::new(condition)
    })
}

/// The preferred languages of stories, the best first.
fn preference(filter: &ResolvedFilter) -> LanguagePreference {
    let requested = LanguagePreference::for_content(filter.parameters.language.clone());
    let preferred = filter.preferred_languages.iter();
    preferred.fold(requested, |locale, language| locale.or_in(language))
}

/// The other articles of a row's story, by the alias `other`. Visibility isn't among the conditions, so that no index fits but
/// the one of stories, whatever the statistics of the table say.
fn others(alias: &'static str) -> Fragment {
    Fragment::new(
        "(SELECT id, translation_of, language, status, listed_at, release, expires_at, deleted_at FROM articles AS sibling \
         WHERE sibling.deleted_at IS NULL AND coalesce(sibling.translation_of, sibling.id) = coalesce(",
    )
    .column(alias, "translation_of, ")
    .column(alias, "id) AND sibling.id <> ")
    .column(alias, "id OFFSET 0) AS other")
}

/// Whether `other` is visible and goes before a row of the same story, of which no two are in one language.
fn goes_before(
    alias: &'static str,
    steps: &[Step],
    filter: &ResolvedFilter,
    visibility: Visibility,
) -> Fragment {
    let position = |alias: &'static str| {
        rank(alias, steps)
            .sql(", ")
            .column(alias, "translation_of IS NOT NULL, ")
            .column(alias, "language)")
    };
    visible("other", visibility, filter.parameters.status)
        .sql(" AND ((")
        .append(&position("other"))
        .sql(" < (")
        .append(&position(alias))
        .sql(")")
}

/// The rank of a row's language among the preferred ones.
fn rank(alias: &'static str, steps: &[Step]) -> Fragment {
    let mut sql = Fragment::new("CASE");
    for (n, step) in steps.iter().enumerate() {
        sql = match step {
            Step::Exact(tag) => sql
                .sql(" WHEN ")
                .column(alias, "language = ")
                .text(tag)
                .sql(" THEN "),
            Step::Prefix(tag) => sql
                .sql(" WHEN starts_with(")
                .column(alias, "language, ")
                .text(tag)
                .sql(") THEN "),
        }
        .number(n);
    }
    sql.sql(" ELSE ").number(steps.len()).sql(" END")
}

/// The article that stands for the story of each of these ids; none for one that isn't visible or doesn't match.
pub async fn of_ids(
    conn: &mut AsyncPgConnection,
    ids: &[Uuid],
    timeline: &Timeline<'_>,
) -> QueryResult<Vec<(Uuid, Uuid)>> {
    let sql = Fragment::new(
        "SELECT named.id, chosen.id FROM (SELECT other.id, coalesce(other.translation_of, other.id) AS story \
         FROM articles AS other WHERE other.id = ANY(",
    )
    .ids(ids.to_vec())
    .sql(") AND ")
    .append(&timeline.visible("other"))
    .sql(") AS named CROSS JOIN LATERAL (SELECT a.id FROM ")
    .append(&timeline.all())
    .sql(" AND coalesce(a.translation_of, a.id) = named.story) AS chosen");
    Statement::<(SqlUuid, SqlUuid)>::new(sql.uncached())
        .load(conn)
        .await
}
