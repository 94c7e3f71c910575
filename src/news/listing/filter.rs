//! Step 1: the parameters of a list in the order of time.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::id_or_slug::IdOrSlug;
use crate::http::language::LanguageTag;
use crate::http::parameter_types::{Line, Word};
use crate::http::query_parameters::SentParameters;
use crate::news::content::visibility::Status;
use crate::news::messages;
use crate::problem::{Fault, FaultCode};
use crate::query_parameters;

query_parameters! {
    /// The filters and the order of a timeline.
    pub struct TimelineFilter {
        /// In one of these categories or their descendants (slugs or ids, separated by commas, at most 20).
        #[name("category")]
        #[example("economie")]
        pub categories: Vec<IdOrSlug>,
        /// Excludes descendants of the categories. Requires `category`.
        pub direct: bool = false,
        /// By this author (slug or id).
        #[example("anir-tafoughi")]
        pub author: Option<IdOrSlug>,
        /// With this tag (slug or id). A headline has the tags of the article that it links to.
        #[example("larache")]
        pub tag: Option<IdOrSlug>,
        /// In exactly this language (BCP 47). Names of categories, authors and tags are in it too; by default in each
        /// item's own language.
        #[example("fr")]
        pub language: Option<LanguageTag>,
        /// With `language`: every story once, in that language if there is a translation, else in the first of the
        /// site's `languages` that has one, else the original; `is_fallback` marks those that are in another language.
        /// Only articles that the caller may see, and that have the requested `status`, can represent a story; the
        /// other filters apply to the article that does. Each of `ids` stands for its story. By default, a list in a
        /// `language` has only articles in exactly that language.
        pub fallback: bool = false,
        /// With this status. Needs a key.
        pub status: Option<Status>,
        /// Published after this time.
        #[example("2026-11-23T14:00:00Z")]
        pub published_after: Option<DateTime<Utc>>,
        /// Published before this time.
        #[example("2026-11-23T14:00:00Z")]
        pub published_before: Option<DateTime<Utc>>,
        /// Changed after this time. A change can be read at most 10 seconds after its `updated_at`: to follow changes, ask
        /// again from 15 seconds before the latest known one, with `sort=updated_at`.
        #[example("2026-11-23T14:00:00Z")]
        pub updated_after: Option<DateTime<Utc>>,
        /// Changed before this time.
        #[example("2026-11-23T14:00:00Z")]
        pub updated_before: Option<DateTime<Utc>>,
        /// With exactly this `source`, such as the agency that brought it.
        #[example("Agence Oued")]
        pub source: Option<Line<200>>,
        /// Published on this day, in the site's time zone.
        #[example("2026-11-23")]
        pub date: Option<jiff::civil::Date>,
        /// These items, in this order (ids separated by commas, at most 100); `page.missing` lists those that were not
        /// found. Can't be combined with `limit`, `count` or `sort`. Only if bodies make the page end early is there a
        /// `page.next`, which continues with the same ids.
        #[example("0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d13")]
        pub ids: Option<Vec<Uuid>>,
        /// The time to sort by; `-` sorts the latest first.
        pub sort: Sort = Sort::PublishedLast,
    }
}

/// The order of a timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TimelineSort)]
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

impl Word for Sort {}

impl Sort {
    pub(super) fn by_update(self) -> bool {
        matches!(self, Self::Updated | Self::UpdatedLast)
    }

    pub(super) fn latest_first(self) -> bool {
        matches!(self, Self::PublishedLast | Self::UpdatedLast)
    }
}

impl TimelineFilter {
    /// Checks which parameters can be combined.
    pub fn check(&self, sent: &SentParameters) -> Vec<Fault> {
        let mut faults = Vec::new();
        if sent.contains("direct") && self.categories.is_empty() {
            faults.push(Fault::of(
                "direct",
                FaultCode::NeedsCategory,
                messages::needs_category(),
            ));
        }
        if self.fallback && self.language.is_none() {
            faults.push(Fault::of(
                "fallback",
                FaultCode::NeedsLanguage,
                messages::needs_language(),
            ));
        }
        if self.ids.is_some() {
            faults.extend(
                ["limit", "count", "sort"]
                    .into_iter()
                    .filter(|name| sent.contains(name))
                    .map(|name| {
                        Fault::of(
                            name,
                            FaultCode::IncompatibleWithIds,
                            messages::not_with_ids(),
                        )
                    }),
            );
        }
        faults
    }

    /// The language that every item must be in; none if fallbacks are allowed.
    pub fn only_language(&self) -> Option<&str> {
        self.language.as_deref().filter(|_| !self.fallback)
    }

    /// How many filters are used, beside one category and those that are predicates (the tag, the author). Both ends of a range count
    /// as one, and with them the order by the same time.
    pub(super) fn filter_count(&self) -> usize {
        let by_update = self.sort.by_update();
        [
            self.categories.len() > 1 || self.direct,
            self.only_language().is_some(),
            self.status.is_some(),
            self.published_after.is_some() || self.published_before.is_some(),
            self.updated_after.is_some() || self.updated_before.is_some() || by_update,
            self.date.is_some(),
            !by_update && self.sort != Sort::default(),
        ]
        .into_iter()
        .filter(|used| *used)
        .count()
    }
}
