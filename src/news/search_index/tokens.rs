//! The tokens of a text: its words with the terms that they are indexed by, and beside them what several words are together:
//! compounds with a hyphen are found in one and apart, acronyms with dots and without.

use std::ops::Range;

use super::dictionary::Dictionary;
use super::numbers;
use super::words::{Sign, Word, words};

/// The most words of a compound, and the longest one in bytes.
const MOST_PARTS: usize = 4;
const LONGEST_COMPOUND: usize = 60;
/// French words before an apostrophe that are longer than this are part of a compound, as in `aujourd’hui`.
const LONGEST_ELISION: usize = 3;

/// A word, or several that are one.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// Its bytes in the text.
    pub range: Range<usize>,
    /// Its place among the words of the text, stop words included.
    pub position: usize,
    /// How many places it takes: more than one stands beside the tokens of its parts.
    pub width: usize,
    /// Whether a sign joins it to the token before, without a space.
    pub is_joined: bool,
    /// The terms that it is indexed by; none for a stop word.
    pub terms: Vec<String>,
}

/// A word in the making: one of the text's, or several that only make sense together.
struct Unit {
    range: Range<usize>,
    folded: String,
    sign: Option<Sign>,
}

/// The tokens of a text, in the order of their positions; one of several words comes before its parts.
pub fn tokens(dictionary: Dictionary, text: &str) -> Vec<Token> {
    let words = words(text);
    let mut builder = Builder {
        dictionary,
        units: Vec::with_capacity(words.len()),
        ambiguous: Vec::new(),
    };
    builder.read(text, &words);
    builder.tokens()
}

struct Builder {
    dictionary: Dictionary,
    units: Vec<Unit>,
    /// Numbers that may be two: the place of the first, and the value of both together.
    ambiguous: Vec<(usize, String)>,
}

impl Builder {
    /// Merges the words that are one: numbers, acronyms with dots, English contractions.
    fn read(&mut self, text: &str, words: &[Word]) {
        let mut at = 0;
        while let Some(rest) = words.get(at..).filter(|rest| !rest.is_empty()) {
            at += match self.merged(text, rest) {
                Some((width, folded)) => {
                    self.push(rest, width, folded);
                    width
                }
                None => {
                    let width = match rest.first().is_some_and(|w| numbers::is_digits(&w.folded)) {
                        true => numbers::chain(rest),
                        false => 1,
                    };
                    for n in 0..width {
                        self.push(&rest[n..], 1, rest[n].folded.clone());
                    }
                    width
                }
            };
        }
    }

    /// How many of the next words are one, and how it is spelt.
    fn merged(&mut self, text: &str, words: &[Word]) -> Option<(usize, String)> {
        if let Some(number) = numbers::number(text, words) {
            if number.is_ambiguous {
                self.ambiguous.push((self.units.len(), number.value));
                return None;
            }
            return Some((number.width, number.value));
        }
        acronym(words).or_else(|| match self.dictionary {
            Dictionary::English => contraction(words),
            _ => None,
        })
    }

    fn push(&mut self, words: &[Word], width: usize, folded: String) {
        if let (Some(first), Some(last)) = (words.first(), words.get(width - 1)) {
            self.units.push(Unit {
                range: first.range.start..last.range.end,
                folded,
                sign: first.sign,
            });
        }
    }

    fn tokens(self) -> Vec<Token> {
        let mut tokens = Vec::with_capacity(self.units.len() + 8);
        let mut ambiguous = self.ambiguous.iter().peekable();
        for (position, unit) in self.units.iter().enumerate() {
            if let Some((_, value)) = ambiguous.next_if(|(at, _)| *at == position) {
                tokens.extend(self.wide(position, 2, value));
            }
            if let Some((width, spelling)) = self.compound(position) {
                tokens.extend(self.wide(position, width, &spelling));
            }
            let mut terms = Vec::new();
            if !unit.folded.is_empty() {
                self.dictionary.add_terms(&unit.folded, &mut terms);
            }
            tokens.push(Token {
                range: unit.range.clone(),
                position,
                width: 1,
                is_joined: unit.sign.is_some(),
                terms,
            });
        }
        tokens
    }

    /// A token of several units.
    fn wide(&self, position: usize, width: usize, spelling: &str) -> Option<Token> {
        let (first, last) = (
            self.units.get(position)?,
            self.units.get(position + width - 1)?,
        );
        let mut terms = Vec::new();
        self.dictionary.add_terms(spelling, &mut terms);
        Some(Token {
            range: first.range.start..last.range.end,
            position,
            width,
            is_joined: first.sign.is_some(),
            terms,
        })
    }

    /// The compound that begins with a unit: how many units it has, and its spelling in one word.
    fn compound(&self, at: usize) -> Option<(usize, String)> {
        let joins = |n: usize| {
            self.units
                .get(n)
                .is_some_and(|unit| self.joins_compound(n, unit))
        };
        if joins(at) {
            return None;
        }
        let width = 1
            + (at + 1..)
                .take_while(|n| joins(*n))
                .take(MOST_PARTS)
                .count();
        let parts = self.units.get(at..at + width)?;
        let spelling: String = parts.iter().map(|unit| unit.folded.as_str()).collect();
        let is_compound = (2..=MOST_PARTS).contains(&width)
            && spelling.len() <= LONGEST_COMPOUND
            && !numbers::is_digits(&spelling)
            && parts.iter().all(|unit| !unit.folded.is_empty());
        is_compound.then_some((width, spelling))
    }

    /// Whether a unit belongs to the same compound as the one before it.
    fn joins_compound(&self, at: usize, unit: &Unit) -> bool {
        match unit.sign {
            Some(Sign::Hyphen) => true,
            Some(Sign::Apostrophe) => {
                let before = at.checked_sub(1).and_then(|before| self.units.get(before));
                self.dictionary != Dictionary::French
                    || before.is_some_and(|before| before.folded.len() > LONGEST_ELISION)
            }
            _ => false,
        }
    }
}

/// An acronym with dots: single letters, each joined to the next by a dot.
fn acronym(words: &[Word]) -> Option<(usize, String)> {
    let is_letter = |word: &&Word| {
        let mut letters = word.folded.chars();
        letters.next().is_some_and(char::is_alphabetic) && letters.next().is_none()
    };
    let first = words.first().filter(is_letter)?;
    let others = words.iter().skip(1);
    let others = others.take_while(|word| word.sign == Some(Sign::Dot) && is_letter(word));
    let mut folded = first.folded.clone();
    let mut width = 1;
    for word in others {
        folded.push_str(&word.folded);
        width += 1;
    }
    (width > 1).then_some((width, folded))
}

/// An English contraction: a possessive is its noun, and `don't` is `dont`.
fn contraction(words: &[Word]) -> Option<(usize, String)> {
    let (first, second) = (words.first()?, words.get(1)?);
    if second.sign != Some(Sign::Apostrophe) || first.folded.is_empty() {
        return None;
    }
    match second.folded.as_str() {
        "s" => Some((2, first.folded.clone())),
        "t" | "re" | "ve" | "ll" | "d" | "m" => {
            Some((2, format!("{}{}", first.folded, second.folded)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Position, width and terms of each token, and what it is in the text.
    fn read(dictionary: Dictionary, text: &str) -> Vec<(usize, usize, String, &str)> {
        let tokens = tokens(dictionary, text).into_iter();
        tokens
            .map(|t| (t.position, t.width, t.terms.join("+"), &text[t.range]))
            .collect()
    }

    fn token(
        position: usize,
        width: usize,
        terms: &str,
        text: &'static str,
    ) -> (usize, usize, String, &'static str) {
        (position, width, terms.to_owned(), text)
    }

    #[test]
    fn compounds_are_indexed_in_one_and_apart() {
        assert_eq!(
            read(Dictionary::Simple, "Covid-19 arc-en-ciel 2026-2027"),
            [
                token(0, 2, "covid19", "Covid-19"),
                token(0, 1, "covid", "Covid"),
                token(1, 1, "19", "19"),
                token(2, 3, "arcenciel", "arc-en-ciel"),
                token(2, 1, "arc", "arc"),
                token(3, 1, "en", "en"),
                token(4, 1, "ciel", "ciel"),
                token(5, 1, "2026", "2026"),
                token(6, 1, "2027", "2027"),
            ]
        );
    }

    #[test]
    fn numbers_and_acronyms_are_one_word() {
        assert_eq!(
            read(
                Dictionary::Simple,
                "O.N.U. : 1.250.000 le 12.05.2026, 12 250"
            ),
            [
                token(0, 1, "onu", "O.N.U"),
                token(1, 1, "1250000", "1.250.000"),
                token(2, 1, "le", "le"),
                token(3, 1, "12", "12"),
                token(4, 1, "05", "05"),
                token(5, 1, "2026", "2026"),
                token(6, 2, "12250", "12 250"),
                token(6, 1, "12", "12"),
                token(7, 1, "250", "250"),
            ]
        );
    }

    #[test]
    fn apostrophes_are_read_as_the_language_has_them() {
        let spelt = |dictionary, text| -> Vec<String> {
            let tokens = tokens(dictionary, text).into_iter();
            tokens.flat_map(|token| token.terms).collect()
        };
        assert_eq!(
            spelt(Dictionary::Simple, "O'Brien"),
            ["obrien", "o", "brien"]
        );
        assert_eq!(spelt(Dictionary::French, "l'eau").len(), 1);
        assert_eq!(
            spelt(Dictionary::English, "Morocco's"),
            spelt(Dictionary::English, "Morocco")
        );
        assert_eq!(
            spelt(Dictionary::English, "don’t"),
            spelt(Dictionary::English, "dont")
        );
    }

    #[test]
    fn any_text_can_be_read() {
        let hyphens = "a-".repeat(2_000);
        let digits = "1 ".repeat(2_000);
        let marks = "\u{301}".repeat(100);
        for text in [
            "",
            "-",
            "'",
            "½",
            "ﷺ",
            "🎉🎉",
            "\u{ad}",
            "१२३",
            &hyphens,
            &digits,
            &marks,
        ] {
            for dictionary in Dictionary::ALL {
                for token in tokens(dictionary, text) {
                    assert!(text.get(token.range).is_some());
                }
            }
        }
    }
}
