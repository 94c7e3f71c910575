//! The rules of a language.

use std::borrow::Cow;

use super::{arabic, english, french};

/// The longest word that is indexed, in bytes.
const LONGEST_WORD: usize = 120;

/// The rules that the words of a text are indexed by, as its language tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dictionary {
    French,
    Arabic,
    English,
    /// Languages without rules: words are compared as they are, but for accents and case.
    Simple,
}

impl Dictionary {
    pub const ALL: [Self; 4] = [Self::French, Self::Arabic, Self::English, Self::Simple];

    /// The dictionary of a language (BCP 47).
    pub fn of(language: &str) -> Self {
        match language.split('-').next() {
            Some("fr") => Self::French,
            Some("ar") => Self::Arabic,
            Some("en") => Self::English,
            _ => Self::Simple,
        }
    }

    /// The first letter of its terms in the index: terms of different languages never match, though they be spelt alike.
    pub(super) fn prefix(self) -> char {
        match self {
            Self::French => 'f',
            Self::Arabic => 'a',
            Self::English => 'e',
            Self::Simple => 's',
        }
    }

    /// Appends the terms of a folded word; none for a stop word, and for what is too long for a word.
    pub(super) fn add_terms(self, word: &str, terms: &mut Vec<String>) {
        if word.len() > LONGEST_WORD {
            return;
        }
        match self {
            Self::French => french::add_terms(word, terms),
            Self::Arabic => arabic::add_terms(word, terms),
            Self::English => english::add_terms(word, terms),
            Self::Simple => terms.push(without_hamza_seats(word).into_owned()),
        }
    }
}

/// A folded word whose seats of the hamza are the letters themselves, as [`super::fold`] writes it.
pub(super) fn without_hamza_seats(word: &str) -> Cow<'_, str> {
    match word.contains(['ؤ', 'ئ']) {
        true => word.replace('ؤ', "و").replace('ئ', "ي").into(),
        false => word.into(),
    }
}
