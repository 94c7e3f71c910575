//! What a client follows: kinds of resources, and properties of content.

use diesel_async::AsyncPgConnection;
use serde::Deserialize;
use uuid::Uuid;

use super::batch::Change;
use super::outcome::{Ending, Outcome};
use super::parameters::ContentFilter;
use super::{ResourceKind, documents::Document};
use crate::news::headlines::Priority;
use crate::problem::Problem;

/// The properties of an article or a headline that clients filter by.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Facets {
    pub language: String,
    pub category_id: Option<Uuid>,
    /// Of headlines.
    pub priority: Option<Priority>,
    /// The ids of its tags; of a headline, those of its article.
    pub tags: Vec<Uuid>,
}

/// What a client follows, with names resolved to ids.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Empty for all.
    pub kinds: Vec<ResourceKind>,
    pub language: Option<String>,
    /// With those below them.
    pub categories: Option<Vec<Uuid>>,
    pub priority: Option<Priority>,
    pub tag: Option<Uuid>,
}

/// What a change is to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selected<'a> {
    /// It has this state now. `is_new` if the reader did not see it before, with any filters.
    Document {
        document: &'a Document,
        is_new: bool,
    },
    Removed(Ending),
}

impl Selection {
    /// Resolves the names of a filter.
    ///
    /// # Errors
    /// Names of nothing that exists.
    pub async fn resolve(
        conn: &mut AsyncPgConnection,
        kinds: &[ResourceKind],
        filter: &ContentFilter,
        priority: Option<Priority>,
    ) -> Result<Self, Problem> {
        let resolved = filter.timeline().resolve(conn).await?;
        Ok(Self {
            kinds: kinds.to_vec(),
            language: filter.language.clone().map(String::from),
            categories: (!filter.categories.is_empty()).then(|| resolved.categories.clone()),
            priority,
            tag: resolved.tag,
        })
    }

    /// Whether resources of a kind are followed.
    pub fn has(&self, kind: ResourceKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    /// Whether a resource with these properties is followed. Filters are for content: other resources have no properties.
    pub fn matches(&self, facets: Option<&Facets>) -> bool {
        let Some(facets) = facets else {
            return true;
        };
        let is = |matches: Option<bool>| matches.unwrap_or(true);
        is(self
            .language
            .as_ref()
            .map(|language| *language == facets.language))
            && is(self
                .priority
                .map(|priority| facets.priority == Some(priority)))
            && is(self.tag.map(|tag| facets.tags.contains(&tag)))
            && is(self.categories.as_ref().map(|categories| {
                let own = facets.category_id;
                own.is_some_and(|own| categories.contains(&own))
            }))
    }

    /// What a change is to this client; none if nothing.
    pub fn select<'a>(&self, change: &'a Change) -> Option<Selected<'a>> {
        if !self.has(change.kind) {
            return None;
        }
        let was_content = change.kind.is_content();
        let had = !was_content
            || change
                .seen_before
                .iter()
                .any(|facets| self.matches(Some(facets)));
        match (&change.outcome, &change.document) {
            (Outcome::Ended(ending), _) => had.then_some(Selected::Removed(*ending)),
            (_, Some(document)) if self.matches(document.facets.as_ref()) => {
                let is_new = change.outcome == Outcome::Appeared;
                Some(Selected::Document { document, is_new })
            }
            _ => had.then_some(Selected::Removed(Ending::Left)),
        }
    }
}
