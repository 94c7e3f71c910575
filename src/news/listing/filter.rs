//! The parameters of a list in the order of time, and how each is parsed.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::http::id_or_slug::IdOrSlug;
use crate::http::language;
use crate::http::query;
use crate::http::values::is_line;
use crate::news::content::visibility::Status;
use crate::news::listing::resolve::ResolvedNames;
use crate::news::site::Day;
use crate::problem::Fault;

/// How many categories, and how many ids, one request may name.
const MOST_CATEGORIES: usize = 20;
const MOST_IDS: usize = 100;
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
    #[param(format = "bcp47", max_length = 35, example = "fr")]
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
    #[param(
        format = "ids",
        max_length = 3699,
        example = "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d13"
    )]
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
    pub(super) fn read(word: &str) -> Result<Self, String> {
        Ok(match word {
            "published_at" => Self::Published,
            "-published_at" => Self::PublishedLast,
            "updated_at" => Self::Updated,
            "-updated_at" => Self::UpdatedLast,
            _ => return Err("one of: published_at, -published_at, updated_at, -updated_at".into()),
        })
    }

    pub(super) fn by_change(self) -> bool {
        matches!(self, Self::Updated | Self::UpdatedLast)
    }

    pub(super) fn latest_first(self) -> bool {
        matches!(self, Self::PublishedLast | Self::UpdatedLast)
    }
}

/// What a timeline is filtered by.
#[derive(Clone, Debug, Default)]
pub struct TimelineFilter {
    pub categories: Vec<IdOrSlug>,
    pub(super) direct: Option<bool>,
    pub tag: Option<IdOrSlug>,
    /// Only articles have authors.
    pub author: Option<IdOrSlug>,
    pub language: Option<String>,
    /// Whether stories are listed, each in the best language that there is; only articles tell stories.
    pub fallback: bool,
    /// The languages that the site prefers, where stories are listed.
    pub preferred: Vec<String>,
    pub status: Option<Status>,
    pub(super) published_after: Option<DateTime<Utc>>,
    pub(super) published_before: Option<DateTime<Utc>>,
    pub(super) updated_after: Option<DateTime<Utc>>,
    pub(super) updated_before: Option<DateTime<Utc>>,
    pub(super) source: Option<String>,
    pub(super) date: Option<jiff::civil::Date>,
    /// What `date` means in the site's time zone.
    pub(super) day: Option<Day>,
    /// What the names stand for.
    pub(super) named: ResolvedNames,
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

    /// The language that all of it is to be in.
    pub(super) fn only_language(&self) -> Option<&String> {
        self.language.as_ref().filter(|_| !self.fallback)
    }

    /// How many filters are used, beside one category.
    pub(super) fn used(&self) -> usize {
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
