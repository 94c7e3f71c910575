//! Cuts a text into words: runs of letters and digits, and what stands between them.

use std::ops::Range;

use super::fold::{fold_into, is_dropped};

/// A word as it stands in a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Word {
    /// Its bytes in the text.
    pub range: Range<usize>,
    /// The word folded; empty if it is the Arabic preposition `على`, which folding would turn into the name `علي`.
    pub folded: String,
    /// The sign between this word and the one before it, where there is no space between them.
    pub sign: Option<Sign>,
}

/// A sign that joins two words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Apostrophe,
    Hyphen,
    Dot,
    Other,
}

impl Sign {
    fn of(c: char) -> Self {
        match c {
            '\'' | '’' | '‘' | 'ʼ' | '‛' | '′' => Self::Apostrophe,
            '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' => Self::Hyphen,
            '.' => Self::Dot,
            _ => Self::Other,
        }
    }
}

/// The words of a text, in their order.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::with_capacity(text.len() / 6);
    let mut end = 0;
    let mut rest = text.char_indices().peekable();
    while let Some((start, first)) = rest.next() {
        if !begins_word(first) {
            continue;
        }
        let mut word = Word {
            range: start..start + first.len_utf8(),
            folded: String::with_capacity(12),
            sign: sign_between(&text[end..start]).filter(|_| !words.is_empty()),
        };
        fold_into(first, &mut word.folded);
        while let Some((at, c)) = rest.next_if(|(_, c)| continues_word(*c)) {
            fold_into(c, &mut word.folded);
            word.range.end = at + c.len_utf8();
        }
        if is_preposition(&text[word.range.clone()]) {
            word.folded.clear();
        }
        end = word.range.end;
        words.push(word);
    }
    words
}

fn begins_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || (!c.is_ascii() && c.is_alphanumeric() && !is_dropped(c))
}

fn continues_word(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || (!c.is_ascii()
            && (c.is_alphanumeric()
                || is_dropped(c)
                || unicode_normalization::char::is_combining_mark(c)))
}

/// The first sign of what stands between two words, if no space is in it.
fn sign_between(between: &str) -> Option<Sign> {
    let is_joined = !between.contains(|c: char| c.is_whitespace() || matches!(c, '/' | '_'));
    between.chars().next().filter(|_| is_joined).map(Sign::of)
}

/// Whether this is `على`, alone or after a conjunction.
fn is_preposition(written: &str) -> bool {
    written.len() <= 32 && written.ends_with('ى') && {
        let letters = written.chars().filter(|c| !is_dropped(*c));
        let letters: String = letters.collect();
        matches!(letters.as_str(), "على" | "وعلى")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_and_know_the_sign_before_them() {
        let text = "L’Économie, « Œuvre » covid-19 O.N.U. مَدرســـة على";
        let words = words(text);
        let found: Vec<_> = words.iter().map(|w| (w.folded.as_str(), w.sign)).collect();
        assert_eq!(
            found,
            [
                ("l", None),
                ("economie", Some(Sign::Apostrophe)),
                ("oeuvre", None),
                ("covid", None),
                ("19", Some(Sign::Hyphen)),
                ("o", None),
                ("n", Some(Sign::Dot)),
                ("u", Some(Sign::Dot)),
                ("مدرسة", None),
                ("", None),
            ]
        );
        assert_eq!(&text[words[1].range.clone()], "Économie");
        assert!(super::words("… — !").is_empty());
    }
}
