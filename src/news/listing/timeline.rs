//! Lists in the order of time: what headlines and articles share. The id decides between equals; what has no time yet
//! counts as beyond all others.
//!
//! Reading stops at the page's end, whatever the filter. A page is read along the index that narrows most of what is
//! asked for: each alternative and each category of a branch walks its part of it, and what they find is merged. Where
//! other filters remain, the walk is cut off after 2,000 rows: either what is wanted is common, and the page is full
//! by then, or it is rare, and then everything that fits is gathered from the indexes that the planner chooses, and put
//! in order.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::db::{Fragment, Statement};
use crate::http::cursor::Cursor;
use crate::http::id_or_slug::IdOrSlug;
use crate::http::language;
use crate::http::query::{self, MOST_COUNTED, PageRequest};
use crate::http::values::is_line;
use crate::news::categories::Category;
use crate::news::content::slug::SlugTable;
use crate::news::content::visibility::{Status, Visibility};
use crate::news::listing::byte_budget::ByteBudget;
use crate::news::site::{Day, Site};
use crate::problem::{Fault, Problem};

/// A moment, or none yet: the key by which a timeline is sorted.
pub type SortTime = Option<DateTime<Utc>>;

/// How many rows are walked past filters that the walked index doesn't know.
const SCAN_BUDGET: usize = 2_000;

/// Plans the following statements of a transaction for the very values that they are given, and never to read a whole
/// table: what is wanted is rare, or it would have been met before.
pub const FORCE_CUSTOM_PLAN: &str =
    "SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_seqscan = off";

/// How many categories, and how many ids, one request may name.
const MOST_CATEGORIES: usize = 20;
pub const MOST_IDS: usize = 100;
/// The longest source, in characters.
const LONGEST_SOURCE: usize = 200;

/// What every timeline can be filtered by, as the contract has it.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "it is written for the contract; `TimelineFilter` reads the values"
)]
pub struct TimelineParameters {
    /// In these categories (slugs or ids, by comma, at most 20) or one below them.
    #[param(max_length = 4100, example = "economie")]
    category: Option<String>,
    /// Leaves out what stands below the categories. Goes with `category`.
    #[param(required = false, default = false)]
    direct: bool,
    /// With this tag (slug or id). A headline has the tags of the article that it points at.
    #[param(max_length = 200, example = "larache")]
    tag: Option<String>,
    /// In this very language (BCP 47). Names of categories, authors and tags come in it, too; without it, in each item's own.
    #[param(max_length = 35, example = "fr")]
    language: Option<String>,
    /// Of this status. Needs a key.
    #[param(inline)]
    status: Option<Status>,
    /// Published after this moment.
    #[param(example = "2026-11-23T14:00:00Z")]
    published_after: Option<DateTime<Utc>>,
    /// Published before this moment.
    #[param(example = "2026-11-23T14:00:00Z")]
    published_before: Option<DateTime<Utc>>,
    /// Changed after this moment. A change can be read at most 10 seconds after its `updated_at`: who follows changes asks
    /// again from 15 seconds before the latest that they know, with `sort=updated_at`.
    #[param(example = "2026-11-23T14:00:00Z")]
    updated_after: Option<DateTime<Utc>>,
    /// Changed before this moment.
    #[param(example = "2026-11-23T14:00:00Z")]
    updated_before: Option<DateTime<Utc>>,
    /// Brought by this agency, say: exactly what `source` has.
    #[param(min_length = 1, max_length = 200, example = "Agence Oued")]
    source: Option<String>,
    /// Published on this day, in the site's time zone.
    #[param(format = "date", example = "2026-11-23")]
    date: Option<String>,
}

/// In which order a timeline is read, as the contract has it.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "it is written for the contract; `TimelineFilter` reads the values"
)]
pub struct OrderParameters {
    /// These (ids by comma, at most 100), in this order; `page.missing` names those that are not there. Doesn't go
    /// with `limit`, `count` and `sort`. Only where bodies make the page end earlier there is a `page.next`, with which
    /// the same ids go on.
    #[param(max_length = 3699, example = "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d13")]
    ids: Option<String>,
    /// By which time, and which way: `-` puts the latest first.
    #[param(inline, required = false, default = "-published_at")]
    sort: Sort,
}

/// The order of a timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub enum Sort {
    #[serde(rename = "published_at")]
    Published,
    #[default]
    #[serde(rename = "-published_at")]
    PublishedLast,
    #[serde(rename = "updated_at")]
    Updated,
    #[serde(rename = "-updated_at")]
    UpdatedLast,
}

impl Sort {
    fn read(word: &str) -> Result<Self, String> {
        Ok(match word {
            "published_at" => Self::Published,
            "-published_at" => Self::PublishedLast,
            "updated_at" => Self::Updated,
            "-updated_at" => Self::UpdatedLast,
            _ => return Err("one of: published_at, -published_at, updated_at, -updated_at".into()),
        })
    }

    fn by_change(self) -> bool {
        matches!(self, Self::Updated | Self::UpdatedLast)
    }

    fn latest_first(self) -> bool {
        matches!(self, Self::PublishedLast | Self::UpdatedLast)
    }
}

/// The ids of what a filter names, so that the planner knows how much there is of it.
#[derive(Clone, Debug, Default)]
struct ResolvedNames {
    /// The categories and, unless only they are meant, those below them.
    categories: Vec<Uuid>,
    tag: Option<Uuid>,
    author: Option<Uuid>,
}

/// What a timeline is filtered by.
#[derive(Clone, Debug, Default)]
pub struct TimelineFilter {
    pub categories: Vec<IdOrSlug>,
    direct: Option<bool>,
    pub tag: Option<IdOrSlug>,
    /// Only articles have authors.
    pub author: Option<IdOrSlug>,
    pub language: Option<String>,
    /// Whether stories are listed, each in the best language that there is; only articles tell stories.
    pub fallback: bool,
    /// The languages that the site prefers, where stories are listed.
    pub preferred: Vec<String>,
    pub status: Option<Status>,
    published_after: Option<DateTime<Utc>>,
    published_before: Option<DateTime<Utc>>,
    updated_after: Option<DateTime<Utc>>,
    updated_before: Option<DateTime<Utc>>,
    source: Option<String>,
    date: Option<jiff::civil::Date>,
    /// What `date` means in the site's time zone.
    day: Option<Day>,
    /// What the names stand for.
    named: ResolvedNames,
    pub ids: Option<Vec<Uuid>>,
    pub sort: Sort,
}

impl TimelineFilter {
    /// Takes one parameter. `None` where there is none of this name.
    pub fn set(&mut self, name: &str, value: &str) -> Option<Result<(), String>> {
        Some(match name {
            "category" => categories(value).map(|names| self.categories = names),
            "direct" => query::parse_bool(value).map(|direct| self.direct = Some(direct)),
            "author" => IdOrSlug::read(value)
                .ok_or_else(|| "the slug or the id of an author".to_owned())
                .map(|name| self.author = Some(name)),
            "tag" => IdOrSlug::read(value)
                .ok_or_else(|| "the slug or the id of a tag".to_owned())
                .map(|name| self.tag = Some(name)),
            "language" => language::canonical(value)
                .map_err(str::to_owned)
                .map(|tag| self.language = Some(tag)),
            "status" => value.parse().map(|status| self.status = Some(status)),
            "published_after" => {
                query::parse_timestamp(value).map(|at| self.published_after = Some(at))
            }
            "published_before" => {
                query::parse_timestamp(value).map(|at| self.published_before = Some(at))
            }
            "updated_after" => {
                query::parse_timestamp(value).map(|at| self.updated_after = Some(at))
            }
            "updated_before" => {
                query::parse_timestamp(value).map(|at| self.updated_before = Some(at))
            }
            "source" => source(value).map(|source| self.source = Some(source)),
            "date" => day(value).map(|date| self.date = Some(date)),
            "ids" => ids(value).map(|ids| self.ids = Some(ids)),
            "sort" => Sort::read(value).map(|sort| self.sort = sort),
            _ => return None,
        })
    }

    /// What can only be said once all parameters are known.
    pub fn faults(&self, given: &dyn Fn(&str) -> bool) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.direct.is_some() && self.categories.is_empty() {
            faults.push(Fault::of(
                "direct",
                "needs_category",
                "goes with `category`",
            ));
        }
        if self.ids.is_some() {
            faults.extend(
                ["limit", "count", "sort"]
                    .into_iter()
                    .filter(|name| given(name))
                    .map(|name| Fault::of(name, "incompatible_with_ids", "doesn't go with `ids`")),
            );
        }
        faults
    }

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
            .append(&Category::below("ANY(ids)", self.direct.unwrap_or(false)))
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

    /// The filter by source of a table that has one. Tables that copy some columns of it have not: for these, row by row.
    pub fn source_predicate(&self, table: &'static str) -> Option<FilterPredicate> {
        let source = Fragment::default()
            .text(self.source.as_ref()?)
            .sql("::text");
        let probe = Fragment::new("EXISTS (SELECT FROM ")
            .sql(table)
            .sql(" AS told WHERE told.id = line.id AND told.source = ")
            .append(&source)
            .sql(" OFFSET 0)");
        Some(FilterPredicate {
            condition: Fragment::new("line.source = ").append(&source),
            probe: Some(probe),
            walk: Some(IndexAccess {
                table,
                column: Some(("source", source)),
                only: " AND source IS NOT NULL",
                by_change: false,
                exact: true,
            }),
        })
    }

    /// The language that all of it is to be in.
    fn only_language(&self) -> Option<&String> {
        self.language.as_ref().filter(|_| !self.fallback)
    }

    /// How many filters are used, beside one category.
    fn used(&self) -> usize {
        [
            self.categories.len() > 1 || self.direct.is_some(),
            self.tag.is_some(),
            self.only_language().is_some(),
            self.status.is_some(),
            self.published_after.is_some(),
            self.published_before.is_some(),
            self.updated_after.is_some(),
            self.updated_before.is_some(),
            self.day.is_some(),
            self.sort != Sort::default(),
        ]
        .into_iter()
        .filter(|used| *used)
        .count()
    }
}

fn categories(value: &str) -> Result<Vec<IdOrSlug>, String> {
    let names: Option<Vec<IdOrSlug>> = value.split(',').map(IdOrSlug::read).collect();
    names
        .filter(|names| names.len() <= MOST_CATEGORIES)
        .ok_or_else(|| format!("slugs or ids of categories, by comma, at most {MOST_CATEGORIES}"))
}

fn ids(value: &str) -> Result<Vec<Uuid>, String> {
    let read = |text: &str| match IdOrSlug::read(text) {
        Some(IdOrSlug::Id(id)) => Some(id),
        _ => None,
    };
    let ids: Option<Vec<Uuid>> = value.split(',').map(read).collect();
    let ids = ids
        .filter(|ids| ids.len() <= MOST_IDS)
        .ok_or_else(|| format!("ids, by comma, at most {MOST_IDS}"))?;
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("{} is named twice", pair[0])),
        None => Ok(ids),
    }
}

fn source(value: &str) -> Result<String, String> {
    let source = Some(value).filter(|value| is_line(value, LONGEST_SOURCE));
    source
        .map(str::to_owned)
        .ok_or_else(|| format!("one line of 1 to {LONGEST_SOURCE} characters"))
}

fn day(value: &str) -> Result<jiff::civil::Date, String> {
    let date = value.parse::<jiff::civil::Date>().ok();
    date.filter(|date| date.to_string() == value && (1600..=9998).contains(&date.year()))
        .ok_or_else(|| "a day, such as 2026-11-23, in the years 1600 to 9998".to_owned())
}

/// A filter that only one of the resources has.
pub struct FilterPredicate {
    /// What it wants of a row, which goes by the name `line`.
    pub condition: Fragment,
    /// The same as something to look up for one row after the other, where that has to be told from a join.
    pub probe: Option<Fragment>,
    /// The index that narrows it, if one does.
    pub walk: Option<IndexAccess>,
}

/// A part of an index in which a filter's rows stand in the order of time.
#[derive(Clone)]
pub struct IndexAccess {
    /// The table itself or, with the same columns, the one that has it once for each author or tag.
    pub table: &'static str,
    /// The index's first column, and its value.
    pub column: Option<(&'static str, Fragment)>,
    /// The index's condition.
    pub only: &'static str,
    /// Whether there is such an index by the time of change, too.
    pub by_change: bool,
    /// Whether the walk finds just what the filter wants, and no more.
    pub exact: bool,
}

/// The way on which the rows of a page are found.
struct ScanPlan {
    table: &'static str,
    /// The columns before the time in the order of the index that is to be walked. They stand in the order and in the
    /// bounds as rows, never as `=`: then only that index gives the order, and the planner can't be tempted to walk the
    /// whole of another one past what doesn't match.
    columns: Vec<(&'static str, Fragment)>,
    only: &'static str,
    /// Whether there is one for each category of a branch.
    branches: bool,
    /// What it finds must obey that, too.
    rest: Vec<Fragment>,
    /// And that, which is asked along the walk, and cuts none off: most rows obey it.
    along: Option<Fragment>,
}

/// Some rows of a table in the order of time.
pub struct Timeline<'a> {
    table: &'static str,
    visibility: Visibility,
    filter: &'a TimelineFilter,
    predicates: Vec<FilterPredicate>,
    budget: Option<ByteBudget>,
    /// A filter that most rows obey.
    common: Option<FilterPredicate>,
    /// How many rows are walked past what the walked index doesn't know; the categories of a branch share them.
    reach: usize,
}

/// A place in the order of time, by moment (none yet: beyond all others) and id.
#[derive(Clone, Copy)]
struct Place {
    at: SortTime,
    id: Uuid,
    inclusive: bool,
}

impl Place {
    fn key(self) -> (i64, Uuid) {
        (
            self.at.map_or(i64::MAX, |at| at.timestamp_micros()),
            self.id,
        )
    }

    fn at(at: DateTime<Utc>, id: Uuid) -> Self {
        Self {
            at: Some(at),
            id,
            inclusive: false,
        }
    }
}

/// What a row, whose columns go by this prefix, must be for one who sees so much: one of these, and no row is two.
fn alternatives(
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

impl<'a> Timeline<'a> {
    pub fn new(
        table: &'static str,
        visibility: Visibility,
        filter: &'a TimelineFilter,
        predicates: Vec<FilterPredicate>,
    ) -> Self {
        Self {
            table,
            visibility,
            filter,
            predicates,
            budget: None,
            common: None,
            reach: SCAN_BUDGET,
        }
    }

    /// The same where each page ends by the bytes that it carries, too.
    pub fn within(self, budget: Option<ByteBudget>) -> Self {
        Self { budget, ..self }
    }

    /// The same with a filter that most rows obey. Where it is the only one that the walked index doesn't know, the walk goes
    /// on however many rows in a row don't: to gather all others would cost more.
    pub fn with_common(self, common: Option<FilterPredicate>) -> Self {
        Self { common, ..self }
    }

    /// The same with another reach.
    pub fn reaching(self, reach: usize) -> Self {
        Self { reach, ..self }
    }

    /// The column that it is sorted by.
    fn key(&self) -> &'static str {
        if self.filter.sort.by_change() {
            "updated_at"
        } else {
            "listed_at"
        }
    }

    /// Where a row stands in it.
    pub fn place(
        &self,
        published_at: SortTime,
        updated_at: DateTime<Utc>,
        id: Uuid,
    ) -> (SortTime, Uuid) {
        let by_change = self.filter.sort.by_change();
        (
            if by_change {
                Some(updated_at)
            } else {
                published_at
            },
            id,
        )
    }

    /// Whether the rows of this page are read from the latest on.
    fn descends(&self, cursor: Option<&Cursor<SortTime>>) -> bool {
        let forward = cursor.is_none_or(|cursor| cursor.forward);
        self.filter.sort.latest_first() == forward
    }

    fn category(&self, line: &'static str) -> Fragment {
        Fragment::new(line)
            .sql("category_id = ANY(")
            .ids(self.filter.named.categories.clone())
            .sql(")")
    }

    /// The narrowest walk that there is, and what it leaves to be looked at.
    fn walk(&self) -> ScanPlan {
        let filter = self.filter;
        let by_change = filter.sort.by_change();
        let narrow = self.predicates.iter().position(|predicate| {
            let walk = predicate.walk.as_ref();
            walk.is_some_and(|walk| walk.by_change || !by_change)
        });
        let mut rest: Vec<Fragment> = self
            .predicates
            .iter()
            .enumerate()
            .filter(|(n, predicate)| {
                narrow != Some(*n) || predicate.walk.as_ref().is_some_and(|walk| !walk.exact)
            })
            .map(|(_, predicate)| {
                predicate
                    .probe
                    .as_ref()
                    .unwrap_or(&predicate.condition)
                    .clone()
            })
            .collect();
        let mut walk = ScanPlan {
            table: self.table,
            columns: Vec::new(),
            only: "",
            branches: false,
            rest: Vec::new(),
            along: None,
        };
        let mut prefix = false;
        match narrow.and_then(|n| self.predicates[n].walk.clone()) {
            Some(narrow) => {
                walk.table = narrow.table;
                walk.columns.extend(narrow.column);
                walk.only = narrow.only;
            }
            None => prefix = !by_change,
        }
        if !filter.categories.is_empty() {
            if prefix {
                walk.columns
                    .push(("category_id", Fragment::new("branch.id")));
                walk.branches = true;
            } else {
                rest.push(self.category("line."));
            }
        }
        if let Some(tag) = filter.only_language() {
            let tag = Fragment::default().text(tag).sql("::text");
            if prefix {
                walk.columns.push(("language", tag));
            } else {
                rest.push(Fragment::new("line.language = ").append(&tag));
            }
        }
        if by_change {
            rest.extend(self.published("line."));
        } else {
            rest.extend(self.changed("line."));
        }
        let common = self.common.as_ref();
        let common = common.map(|predicate| {
            predicate
                .probe
                .as_ref()
                .unwrap_or(&predicate.condition)
                .clone()
        });
        if rest.is_empty() {
            walk.along = common;
        } else {
            rest.extend(common);
        }
        walk.rest = rest;
        walk
    }

    /// The conditions on the time of change.
    fn changed(&self, line: &'static str) -> Vec<Fragment> {
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
    fn published(&self, line: &'static str) -> Vec<Fragment> {
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

    /// The tightest places between which the walk lies: the latest and the earliest.
    fn limits(&self, cursor: Option<&Cursor<SortTime>>) -> (Option<Place>, Option<Place>) {
        let filter = self.filter;
        let place = |cursor: &Cursor<SortTime>| Place {
            at: cursor.key,
            id: cursor.id,
            inclusive: cursor.inclusive,
        };
        let descends = self.descends(cursor);
        let from = |wanted| cursor.filter(|_| descends == wanted).map(place);
        let (mut above, mut below) = (vec![from(true)], vec![from(false)]);
        if filter.sort.by_change() {
            above.push(filter.updated_before.map(|at| Place::at(at, Uuid::nil())));
            below.push(filter.updated_after.map(|at| Place::at(at, Uuid::max())));
        } else {
            above.push(filter.published_before.map(|at| Place::at(at, Uuid::nil())));
            above.push(filter.day.map(|day| Place::at(day.end, Uuid::nil())));
            below.push(filter.published_after.map(|at| Place::at(at, Uuid::max())));
            below.push(filter.day.map(|day| Place::at(day.begin, Uuid::nil())));
        }
        (
            above.into_iter().flatten().min_by_key(|place| place.key()),
            below.into_iter().flatten().max_by_key(|place| place.key()),
        )
    }

    /// The bounds of the walk.
    fn bounds(&self, walk: &ScanPlan, cursor: Option<&Cursor<SortTime>>) -> Fragment {
        let (above, below) = self.limits(cursor);
        let side = |comparison: &'static str, place: Option<Place>| match place {
            Some(place) => {
                let mut sql = Fragment::new(" AND (");
                for (column, _) in &walk.columns {
                    sql = sql.sql(column).sql(", ");
                }
                sql = sql.sql(self.key()).sql(", id)").sql(comparison);
                sql = sql.sql(if place.inclusive { "= (" } else { " (" });
                for (_, value) in &walk.columns {
                    sql = sql.append(value).sql(", ");
                }
                sql.sql("coalesce(")
                    .time(place.at)
                    .sql(", 'infinity'), ")
                    .id(place.id)
                    .sql(")")
            }
            // At an end of what has the same first columns.
            None => match walk.columns.as_slice() {
                [] => Fragment::default(),
                [(column, value)] => Fragment::new(" AND ")
                    .sql(column)
                    .sql(comparison)
                    .sql("= ")
                    .append(value),
                columns => {
                    let mut sql = Fragment::new(" AND (");
                    for (n, (column, _)) in columns.iter().enumerate() {
                        sql = sql.sql(if n > 0 { ", " } else { "" }).sql(column);
                    }
                    sql = sql.sql(")").sql(comparison).sql("= (");
                    for (n, (_, value)) in columns.iter().enumerate() {
                        sql = sql.sql(if n > 0 { ", " } else { "" }).append(value);
                    }
                    sql.sql(")")
                }
            },
        };
        let sql = side(" <", above).append(&side(" >", below));
        let known = !self.filter.sort.by_change() && self.filter.published_after.is_some();
        if known {
            sql.sql(" AND listed_at < 'infinity'")
        } else {
            sql
        }
    }

    /// The order of these columns, the time and the id, as a clause.
    fn by(&self, table: &'static str, columns: &[&'static str], descends: bool) -> Fragment {
        let way = if descends { " DESC" } else { "" };
        let mut sql = Fragment::new(" ORDER BY ");
        for column in columns {
            sql = sql.sql(table).sql(column).sql(way).sql(", ");
        }
        sql.sql(table)
            .sql(self.key())
            .sql(way)
            .sql(", ")
            .sql(table)
            .sql("id")
            .sql(way)
    }

    /// The rows of one page, as a table of the same name to select from. `rest` may hide some of them: see
    /// [`Timeline::page`].
    fn rows(&self, walk: &ScanPlan, cursor: Option<&Cursor<SortTime>>, rows: usize) -> Fragment {
        let descends = self.descends(cursor);
        let columns: Vec<&'static str> = walk.columns.iter().map(|(column, _)| *column).collect();
        let order = self.by("", &columns, descends);
        let bounds = self.bounds(walk, cursor);
        let alternatives = alternatives(walk.table, "", self.visibility, self.filter);
        let parts = walk.branches || alternatives.len() > 1;
        let rest = Fragment::all_of(&walk.rest);
        // Few different numbers, as each makes a statement of its own.
        let reach = match walk.branches {
            // Each category has its share.
            true => (self.reach / self.filter.named.categories.len().max(1))
                .max(rows)
                .next_power_of_two(),
            false => self.reach,
        };
        let mut found = Fragment::default();
        for (n, alternative) in alternatives.iter().enumerate() {
            let along = match &walk.along {
                Some(along) => Fragment::new(" AND ").append(along),
                None => Fragment::default(),
            };
            let from = Fragment::new(walk.table)
                .sql(if walk.along.is_some() {
                    " AS line WHERE "
                } else {
                    " WHERE "
                })
                .append(alternative)
                .sql(walk.only)
                .append(&bounds)
                .append(&along)
                .append(&order)
                .sql(" LIMIT ");
            found = found
                .sql(if n > 0 { " UNION ALL (" } else { "(" })
                .sql("SELECT * FROM ");
            found = match (walk.rest.is_empty(), parts) {
                (true, _) => found.append(&from.number(rows)),
                (false, false) => found
                    .sql("(SELECT * FROM ")
                    .append(&from.number(reach))
                    .sql(") AS line WHERE ")
                    .append(&rest),
                // Whoever goes on after its last row is told by one row more: what lies behind it is not known.
                (false, true) => found
                    .sql("(SELECT *, row_number() OVER (")
                    .append(&order)
                    .sql(") > ")
                    .number(reach)
                    .sql(" AS is_edge FROM ")
                    .append(&from.number(reach + 1))
                    .sql(") AS line WHERE is_edge OR (")
                    .append(&rest)
                    .sql(")"),
            };
            if !walk.rest.is_empty() {
                found = found.append(&order).sql(" LIMIT ").number(rows);
            }
            found = found.sql(")");
        }
        if parts {
            let order = self.by("line.", &[], descends);
            let from = match walk.branches {
                true => Fragment::new("unnest(")
                    .ids(self.filter.named.categories.clone())
                    .sql(") AS branch (id) CROSS JOIN LATERAL "),
                false => Fragment::default(),
            };
            let from = from.sql("(").append(&found).sql(") AS line");
            // What one part has behind the first edge may not come before what another has there.
            let known = match walk.rest.is_empty() {
                true => from,
                false => Fragment::new("(SELECT line.*, count(*) FILTER (WHERE is_edge) OVER (")
                    .append(&order)
                    .sql(" ROWS UNBOUNDED PRECEDING) AS edges FROM ")
                    .append(&from)
                    .sql(") AS line WHERE edges = 0"),
            };
            found = Fragment::new("(SELECT line.* FROM ")
                .append(&known)
                .append(&order)
                .sql(" LIMIT ")
                .number(rows)
                .sql(")");
        }
        let sql = if walk.table == self.table {
            found
        } else {
            self.joined(found)
        };
        sql.sql(" AS ").sql(self.table)
    }

    /// The table's own rows to some ids.
    fn joined(&self, lines: Fragment) -> Fragment {
        Fragment::new("(SELECT ")
            .sql(self.table)
            .sql(".* FROM ")
            .append(&lines)
            .sql(" AS line JOIN ")
            .sql(self.table)
            .sql(" ON ")
            .sql(self.table)
            .sql(".id = line.id)")
    }

    /// Every row that is wanted, whichever the order, as tables to select from; the table's own rows go by the name `line`.
    /// Where the articles of an author or a tag have a table of their own, it is joined, and everything that can be is
    /// said of both: so the planner may begin with whichever has fewest.
    pub fn all(&self) -> Fragment {
        const NARROW: [(&str, &str); 2] = [("first", "first."), ("second", "second.")];
        let mut names = NARROW.iter();
        let mut sql = Fragment::new(self.table).sql(" AS line");
        let mut conditions = self.shared(self.table, "line.");
        for predicate in &self.predicates {
            let walk = predicate.walk.as_ref();
            let own_table = walk.filter(|walk| walk.table != self.table);
            let narrowed = own_table.and_then(|walk| names.next().map(|name| (walk, *name)));
            if let Some((walk, (name, columns))) = narrowed {
                sql = sql.sql(" JOIN ").sql(walk.table).sql(" AS ").sql(name);
                sql = sql.sql(" ON ").sql(columns).sql("id = line.id");
                if let Some((column, value)) = &walk.column {
                    sql = sql.sql(" AND ").sql(columns).sql(column);
                    sql = sql.sql(" = ").append(value);
                }
                sql = sql.sql(" AND ").append(&self.shared(walk.table, columns));
            }
            if narrowed.is_none_or(|(walk, _)| !walk.exact) {
                conditions = conditions.sql(" AND ").append(&predicate.condition);
            }
        }
        if let Some(common) = &self.common {
            conditions = conditions.sql(" AND ").append(&common.condition);
        }
        sql.sql(" WHERE ").append(&conditions)
    }

    /// What is wanted of a row of any table that has it, whose columns go by this prefix.
    fn shared(&self, table: &str, line: &'static str) -> Fragment {
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

    /// The same rows as [`Timeline::rows`], the other way: all that fit are gathered, then put in order.
    fn gathered(&self, cursor: Option<&Cursor<SortTime>>, rows: usize) -> Fragment {
        let descends = self.descends(cursor);
        let mut sql = Fragment::new("(WITH found AS MATERIALIZED (SELECT line.id, line.")
            .sql(self.key())
            .sql(" FROM ")
            .append(&self.all());
        if let Some(cursor) = cursor {
            sql = sql
                .sql(" AND (line.")
                .sql(self.key())
                .sql(", line.id)")
                .sql(match (descends, cursor.inclusive) {
                    (true, true) => " <= ",
                    (true, false) => " < ",
                    (false, true) => " >= ",
                    (false, false) => " > ",
                })
                .sql("(coalesce(")
                .time(cursor.key)
                .sql(", 'infinity'), ")
                .id(cursor.id)
                .sql(")");
        }
        let lines = Fragment::new("(SELECT id FROM found")
            .append(&self.by("", &[], descends))
            .sql(" LIMIT ")
            .number(rows)
            .sql(")");
        sql.sql(") ")
            .append(&Fragment::new("SELECT * FROM ").append(&self.joined(lines)))
            .sql(" AS line) AS ")
            .sql(self.table)
            .uncached()
    }

    /// Reads a page: its rows in their order, and how many there are in all where that is asked for; anything over
    /// [`MOST_COUNTED`] means more, as no further is counted. `related` joins what the rows refer to.
    pub async fn page<R: TimeOrdered>(
        &self,
        conn: &mut AsyncPgConnection,
        cursor: Option<&Cursor<SortTime>>,
        wanted: PageRequest,
        related: &Fragment,
    ) -> Result<(Vec<R>, Option<i64>), Problem> {
        let walk = self.walk();
        let mut rows = self.rows(&walk, cursor, wanted.rows);
        // With one filter or none it is worth keeping the statement prepared; with more there are thousands of them.
        if self.used() > 1 {
            rows = rows.uncached();
        }
        let mut found = R::read(conn, self.source(rows, cursor), related).await?;
        let ended = found.last().is_some_and(TimeOrdered::is_beyond);
        if !walk.rest.is_empty() && found.len() <= wanted.limit && !ended {
            found = self.gather(conn, cursor, wanted, related).await?;
        }
        let total = match wanted.counts {
            true => Some(self.count(conn).await?),
            false => None,
        };
        Ok((found, total))
    }

    /// How many filters are used, beside one category.
    fn used(&self) -> usize {
        self.filter.used() + self.predicates.len() + usize::from(self.common.is_some())
    }

    fn source(&self, rows: Fragment, cursor: Option<&Cursor<SortTime>>) -> Source {
        let name = match self.table {
            "headlines" => "headlines.",
            _ => "articles.",
        };
        let order = self.by(name, &[], self.descends(cursor));
        let rows = match &self.budget {
            Some(budget) => budget.apply(&rows, self.table, &order),
            None => rows,
        };
        Source { rows, order }
    }

    /// Reads the rows of a page by gathering all that fit. The planner has to know what is asked for: how they are best
    /// gathered depends on it.
    pub async fn gather<R: TimeOrdered>(
        &self,
        conn: &mut AsyncPgConnection,
        cursor: Option<&Cursor<SortTime>>,
        wanted: PageRequest,
        related: &Fragment,
    ) -> QueryResult<Vec<R>> {
        conn.transaction(async |conn| {
            conn.batch_execute(FORCE_CUSTOM_PLAN).await?;
            let rows = self.gathered(cursor, wanted.rows);
            R::read(conn, self.source(rows, cursor), related).await
        })
        .await
    }

    /// How many there are; anything over [`MOST_COUNTED`] means more, as no further is counted.
    pub async fn count(&self, conn: &mut AsyncPgConnection) -> QueryResult<i64> {
        let sql = Fragment::new("SELECT count(*) FROM (SELECT FROM ")
            .append(&self.all())
            .sql(" LIMIT ")
            .number(MOST_COUNTED + 1)
            .sql(") AS counted");
        conn.transaction(async |conn| {
            conn.batch_execute(FORCE_CUSTOM_PLAN).await?;
            Statement::<BigInt>::new(sql.uncached())
                .get_result(conn)
                .await
        })
        .await
    }

    /// Those with these ids, in any order, that the filters let through. Where bytes are bounded, in the order of the ids.
    pub fn with_ids(&self, ids: &[Uuid]) -> Source {
        let lines = Fragment::new("(SELECT line.id FROM ")
            .append(&self.all())
            .sql(" AND line.id = ANY(")
            .ids(ids.to_vec())
            .sql("))");
        let rows = self.joined(lines).sql(" AS ").sql(self.table);
        let rows = if self.used() > 0 {
            rows.uncached()
        } else {
            rows
        };
        let order = Fragment::new(" ORDER BY array_position(")
            .ids(ids.to_vec())
            .sql(", ")
            .sql(self.table)
            .sql(".id)");
        match &self.budget {
            Some(budget) => Source {
                rows: budget.apply(&rows, self.table, &order),
                order,
            },
            None => Source {
                rows,
                order: Fragment::default(),
            },
        }
    }
}

/// A row that stands in a timeline.
pub trait TimeOrdered: Sized + Send {
    /// Whether the page ends before it, by the bytes that it may carry.
    fn is_beyond(&self) -> bool {
        false
    }

    /// Reads rows from where they are found, with what they refer to.
    fn read(
        conn: &mut AsyncPgConnection,
        source: Source,
        related: &Fragment,
    ) -> impl Future<Output = QueryResult<Vec<Self>>> + Send;
}

/// Where a statement takes its rows from, by the table's own name, and how it orders them.
pub struct Source {
    pub rows: Fragment,
    pub order: Fragment,
}
