//! Step 3, the conditions on a row: visibility, and the filters that every timeline has. `alias` is the row's alias, or empty
//! where the columns stand alone.

use crate::db::Fragment;
use crate::news::content::visibility::{Status, Visibility, is_released};
use crate::news::listing::resolve::ResolvedFilter;
use crate::news::listing::scan_plan::FilterPredicate;
use crate::news::listing::timeline::ListedTable;

/// The condition that a row is visible, and has the status asked for now.
pub fn visible(alias: &'static str, visibility: Visibility, status: Option<Status>) -> Fragment {
    // The words of an index's condition are written out: a bind would hide them from the planner.
    let is = |status| {
        Visibility::Everything
            .of_content(alias)
            .sql(" AND ")
            .column(alias, status)
    };
    let and = |sql: Fragment, condition| sql.sql(" AND ").column(alias, condition);
    let Some(status) = status.filter(|_| visibility != Visibility::Public) else {
        return visibility.of_content(alias);
    };
    match status {
        Status::Draft => is("status = 'draft'"),
        Status::Scheduled => and(is("status = 'scheduled'"), "listed_at > now()"),
        // A scheduled row whose time has come is published.
        Status::Published => {
            let released = match visibility {
                Visibility::Everything => is_released(alias),
                Visibility::Public | Visibility::Early => Visibility::Early.of_content(alias),
            };
            released
                .sql(" AND (")
                .column(alias, "status = 'published' OR ")
                .column(alias, "listed_at <= now())")
        }
        Status::Withdrawn => is("status = 'withdrawn'"),
    }
}

impl ResolvedFilter {
    /// The tag's id as a value to compare with.
    pub fn tag_id(&self) -> Option<Fragment> {
        self.tag.map(|id| Fragment::default().id(id))
    }

    /// The author's id as a value to compare with.
    pub fn author_id(&self) -> Option<Fragment> {
        self.author.map(|id| Fragment::default().id(id))
    }

    /// The language that all rows are to be in, as a value to compare with. Stories may be in others.
    pub(super) fn language_value(&self) -> Option<Fragment> {
        let language = self.parameters.only_language()?;
        Some(Fragment::default().text(language).sql("::text"))
    }

    pub(super) fn language(&self, alias: &'static str) -> Option<Fragment> {
        let language = self.language_value()?;
        let sql = Fragment::default().column(alias, "language = ");
        Some(sql.append(&language))
    }

    pub(super) fn category(&self, alias: &'static str) -> Option<Fragment> {
        let sql = Fragment::default()
            .column(alias, "category_id = ANY(")
            .ids(self.categories.clone())
            .sql(")");
        (!self.parameters.categories.is_empty()).then_some(sql)
    }

    /// The conditions on the time of change.
    pub(super) fn updated(&self, alias: &'static str) -> Vec<Fragment> {
        let compare = |sql, at| Fragment::default().column(alias, sql).time(Some(at));
        let parameters = &self.parameters;
        let after = parameters.updated_after;
        let before = parameters.updated_before;
        let after = after.map(|at| compare("updated_at > ", at));
        let before = before.map(|at| compare("updated_at < ", at));
        [after, before].into_iter().flatten().collect()
    }

    /// The conditions on the time of publication.
    pub(super) fn published(&self, alias: &'static str) -> Vec<Fragment> {
        let compare = |sql, at| Fragment::default().column(alias, sql).time(Some(at));
        let parameters = &self.parameters;
        let after = parameters.published_after.map(|at| {
            compare("listed_at > ", at)
                .sql(" AND ")
                .column(alias, HAS_TIME)
        });
        let before = parameters.published_before;
        let before = before.map(|at| compare("listed_at < ", at));
        let day = self.day.map(|day| {
            compare("listed_at >= ", day.begin)
                .sql(" AND ")
                .append(&compare("listed_at < ", day.end))
        });
        [after, before, day].into_iter().flatten().collect()
    }

    /// All of these as one condition on a row of the table, or of an index table.
    pub(super) fn row_condition(&self, alias: &'static str, visibility: Visibility) -> Fragment {
        let mut conditions = vec![visible(alias, visibility, self.parameters.status)];
        conditions.extend(self.category(alias));
        conditions.extend(self.language(alias));
        conditions.extend(self.published(alias));
        conditions.extend(self.updated(alias));
        Fragment::all_of(&conditions)
    }

    /// The filter by `source`, which index tables don't have: there it is checked on the row itself.
    pub fn source_predicate(&self, table: ListedTable) -> Option<FilterPredicate> {
        let source = Fragment::default().text(self.parameters.source.as_deref()?);
        let source = source.sql("::text");
        let condition = " AND source IS NOT NULL";
        Some(FilterPredicate::of_column(
            table, "source", source, condition,
        ))
    }
}

/// Rows without a time yet have `infinity`.
pub(super) const HAS_TIME: &str = "listed_at < 'infinity'";
