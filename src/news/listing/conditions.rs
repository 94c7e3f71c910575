//! Conditions on a row: visibility, and the filters that every timeline has.

use crate::db::Fragment;
use crate::news::content::visibility::{Status, Visibility};
use crate::news::listing::filter::TimelineFilter;
use crate::news::listing::timeline::Timeline;

/// What a row, whose columns go by this prefix, must be for one who sees so much: one of these, and no row is two.
pub(super) fn alternatives(
    table: &str,
    line: &'static str,
    visibility: Visibility,
    filter: &TimelineFilter,
) -> Vec<Fragment> {
    // Words that an index's condition names are written out: a bind would hide them from the planner.
    let live = || Fragment::new(line).sql("deleted_at IS NULL");
    let is = |status: &'static str| live().sql(" AND ").sql(line).sql(status);
    // What is scheduled is published when its time has come.
    let goes_out = || is("status IN ('published', 'scheduled')");
    let listed = |sql: Fragment, until| sql.sql(line).sql("listed_at ").sql(until).sql(" now()");
    let by_status: Vec<Fragment> = match (visibility, filter.status) {
        (Visibility::Public, _) => {
            vec![listed(goes_out().sql(" AND "), "<=")]
        }
        (_, Some(Status::Draft)) => vec![is("status = 'draft'")],
        (_, Some(Status::Scheduled)) => {
            vec![listed(is("status = 'scheduled'").sql(" AND "), ">")]
        }
        (_, Some(Status::Published)) => {
            let either = goes_out().sql(" AND (").sql(line);
            vec![listed(either.sql("status = 'published' OR "), "<=").sql(")")]
        }
        (_, Some(Status::Withdrawn)) => vec![is("status = 'withdrawn'")],
        (Visibility::Early, None) => vec![goes_out()],
        (Visibility::Everything, None) => vec![live()],
    };
    if table != "headlines" || visibility == Visibility::Everything {
        return by_status;
    }
    // Two indexes: what never leaves the ticker, in order, and the few lines that will but have not yet.
    by_status
        .into_iter()
        .flat_map(|condition| {
            ["expires_at IS NULL", "expires_at > now()"]
                .map(|expires| condition.clone().sql(" AND ").sql(line).sql(expires))
        })
        .collect()
}

/// The same as one condition.
pub fn seen(
    table: &str,
    line: &'static str,
    visibility: Visibility,
    filter: &TimelineFilter,
) -> Fragment {
    let mut sql = Fragment::new("(");
    let alternatives = alternatives(table, line, visibility, filter);
    for (n, alternative) in alternatives.iter().enumerate() {
        sql = sql.sql(if n > 0 { " OR " } else { "" }).append(alternative);
    }
    sql.sql(")")
}

impl Timeline<'_> {
    pub(super) fn category(&self, line: &'static str) -> Fragment {
        Fragment::new(line)
            .sql("category_id = ANY(")
            .ids(self.filter.named.categories.clone())
            .sql(")")
    }

    /// The conditions on the time of change.
    pub(super) fn changed(&self, line: &'static str) -> Vec<Fragment> {
        let changed = |comparison, at| {
            Fragment::new(line)
                .sql("updated_at ")
                .sql(comparison)
                .time(Some(at))
        };
        let after = self.filter.updated_after.map(|at| changed("> ", at));
        let before = self.filter.updated_before.map(|at| changed("< ", at));
        [after, before].into_iter().flatten().collect()
    }

    /// The conditions on the time of publication.
    pub(super) fn published(&self, line: &'static str) -> Vec<Fragment> {
        let filter = self.filter;
        let listed = |comparison, at| {
            Fragment::new(line)
                .sql("listed_at ")
                .sql(comparison)
                .time(Some(at))
        };
        let after = filter.published_after.map(|at| {
            listed("> ", at)
                .sql(" AND ")
                .sql(line)
                .sql("listed_at < 'infinity'")
        });
        let before = filter.published_before.map(|at| listed("< ", at));
        let day = filter.day.map(|day| {
            listed(">= ", day.begin)
                .sql(" AND ")
                .append(&listed("< ", day.end))
        });
        [after, before, day].into_iter().flatten().collect()
    }

    /// What is wanted of a row of any table that has it, whose columns go by this prefix.
    pub(super) fn shared(&self, table: &str, line: &'static str) -> Fragment {
        let mut sql = seen(table, line, self.visibility, self.filter);
        let category = (!self.filter.categories.is_empty()).then(|| self.category(line));
        let language = self.filter.only_language();
        let language = language.map(|tag| Fragment::new(line).sql("language = ").text(tag));
        for condition in category
            .into_iter()
            .chain(language)
            .chain(self.published(line))
            .chain(self.changed(line))
        {
            sql = sql.sql(" AND ").append(&condition);
        }
        sql
    }
}
