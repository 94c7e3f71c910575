//! What changes did to a reader: each sees the public's content, or more.

use super::log::Entry;
use super::selection::Facets;
use crate::events::{Action, PublicEffect};
use crate::news::content::visibility::Visibility;

crate::text_enum! {
    /// Why a resource is no longer there for a reader.
    #[schema(as = RemovalReason)]
    Ending {
        /// Taken down, or scheduled for later.
        Withdrawn = "withdrawn",
        /// Its `expires_at` has come.
        Expired = "expired",
        /// Moved to the trash.
        Deleted = "deleted",
        /// It no longer matches the filters of the request.
        Left = "left",
    }
}

/// What became of a resource, for one reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The reader did not see it before.
    Appeared,
    Changed,
    Ended(Ending),
}

impl Outcome {
    /// What the changes of one resource did together, sorted by version; none where the reader sees it neither before nor after.
    /// What came and went between two readings is told as gone: a snapshot, or a list, may have had it meanwhile.
    pub(super) fn of(entries: &[&Entry], visibility: Visibility) -> Option<Self> {
        let effects = || entries.iter().filter_map(|entry| effect(entry, visibility));
        let is_new = effects().next()? == PublicEffect::Published;
        Some(match effects().next_back()? {
            PublicEffect::Published | PublicEffect::Updated if is_new => Self::Appeared,
            PublicEffect::Published | PublicEffect::Updated => Self::Changed,
            PublicEffect::Withdrawn => Self::Ended(Ending::Withdrawn),
            PublicEffect::Expired => Self::Ended(Ending::Expired),
            PublicEffect::Deleted => Self::Ended(Ending::Deleted),
        })
    }
}

/// The properties that content had while the reader saw it, before each of its changes.
pub(super) fn seen_before(entries: &[&Entry], visibility: Visibility) -> Vec<Facets> {
    let was_visible = |entry: &&&Entry| {
        effect(entry, visibility).is_some_and(|effect| effect != PublicEffect::Published)
    };
    let seen = entries.iter().filter(was_visible);
    seen.filter_map(|entry| entry.previous.clone()).collect()
}

/// What one change did to a reader.
fn effect(entry: &Entry, visibility: Visibility) -> Option<PublicEffect> {
    match visibility {
        Visibility::Public => entry.effect,
        Visibility::Early => entry.early_effect,
        Visibility::Everything => Some(match entry.action {
            Action::Created | Action::Restored => PublicEffect::Published,
            Action::Updated => PublicEffect::Updated,
            Action::Deleted => PublicEffect::Deleted,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PublicEffect::{Expired, Published, Updated, Withdrawn};

    fn outcome(effects: &[Option<PublicEffect>]) -> Option<Outcome> {
        let entries: Vec<Entry> = effects
            .iter()
            .map(|effect| Entry::with_effect(*effect))
            .collect();
        Outcome::of(&entries.iter().collect::<Vec<_>>(), Visibility::Public)
    }

    #[test]
    fn several_changes_count_as_one_from_the_first_state_to_the_last() {
        assert_eq!(outcome(&[None, None]), None);
        assert_eq!(
            outcome(&[None, Some(Published), Some(Updated)]),
            Some(Outcome::Appeared)
        );
        assert_eq!(outcome(&[Some(Updated)]), Some(Outcome::Changed));
        assert_eq!(
            outcome(&[Some(Withdrawn), Some(Published)]),
            Some(Outcome::Changed)
        );
        assert_eq!(
            outcome(&[Some(Withdrawn), None]),
            Some(Outcome::Ended(Ending::Withdrawn))
        );
        assert_eq!(
            outcome(&[Some(Updated), Some(Expired)]),
            Some(Outcome::Ended(Ending::Expired))
        );
    }

    #[test]
    fn what_came_and_went_is_gone() {
        let gone = Outcome::Ended(Ending::Withdrawn);
        assert_eq!(outcome(&[Some(Published), Some(Withdrawn)]), Some(gone));
        assert_eq!(
            outcome(&[Some(Published), Some(Withdrawn), None]),
            Some(gone)
        );
    }
}
