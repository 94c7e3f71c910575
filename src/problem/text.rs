//! Texts for people in English and French, side by side. Programs read types, codes and pointers, which have no language.

use std::borrow::Cow;
use std::fmt;

/// A language that problems are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    English,
    French,
}

impl Language {
    /// The tags of all languages, the default first.
    pub const TAGS: [&str; 2] = ["en", "fr"];

    /// The language with this tag; English for any other.
    pub fn of_tag(tag: Option<&str>) -> Self {
        match tag {
            Some("fr") => Self::French,
            _ => Self::English,
        }
    }

    /// Its tag (BCP 47), as in `Content-Language`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }
}

/// A text of a catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaticText {
    english: &'static str,
    french: &'static str,
}

impl StaticText {
    pub const fn new(english: &'static str, french: &'static str) -> Self {
        Self { english, french }
    }

    /// The text in a language.
    pub const fn in_language(self, language: Language) -> &'static str {
        match language {
            Language::English => self.english,
            Language::French => self.french,
        }
    }
}

/// A text with its arguments filled in, in both languages: which one is sent is known only when the response is made.
/// [`messages!`](crate::messages) declares the functions that make it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text {
    english: String,
    french: String,
}

impl Text {
    /// For [`messages!`](crate::messages) alone, so that no text lacks a translation.
    pub fn translated(english: String, french: String) -> Self {
        Self { english, french }
    }

    /// The text in a language.
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::English => &self.english,
            Language::French => &self.french,
        }
    }

    /// The texts one after another, separated by commas.
    pub fn list<'a>(texts: impl IntoIterator<Item = &'a Self> + Clone) -> Self {
        let in_language = |language| {
            let texts = texts.clone().into_iter();
            let texts: Vec<&str> = texts.map(|text| text.in_language(language)).collect();
            texts.join(", ")
        };
        Self {
            english: in_language(Language::English),
            french: in_language(Language::French),
        }
    }
}

/// In English, for logs and the command line.
impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.english)
    }
}

/// What a text can contain.
pub trait Argument {
    fn in_language(&self, language: Language) -> Cow<'_, str>;
}

impl Argument for Text {
    fn in_language(&self, language: Language) -> Cow<'_, str> {
        self.in_language(language).into()
    }
}

macro_rules! arguments {
    ($($type:ty),*) => {
        $(impl Argument for $type {
            fn in_language(&self, _: Language) -> Cow<'_, str> {
                self.to_string().into()
            }
        })*
    };
}

arguments!(&str, String, &String, i32, i64, u32, u64, usize);

/// Declares texts: for each a function of its name and its arguments, with the text in English and in French. The compiler
/// checks that every `{argument}` exists.
///
/// ```ignore
/// messages! {
///     at_most_characters(limit) = "at most {limit} characters",
///         "{limit} caractères au plus";
/// }
/// ```
#[macro_export]
macro_rules! messages {
    ($($name:ident($($argument:ident),*) = $english:literal, $french:literal;)*) => {
        $(
            #[doc = $english]
            pub fn $name(
                $($argument: impl $crate::problem::text::Argument),*
            ) -> $crate::problem::text::Text {
                let english = {
                    $(let $argument = $argument.in_language($crate::problem::text::Language::English);
                    let _ = &$argument;)*
                    format_args!($english).to_string()
                };
                let french = {
                    $(let $argument = $argument.in_language($crate::problem::text::Language::French);
                    // A translation may leave out what a library says in English.
                    let _ = &$argument;)*
                    format_args!($french).to_string()
                };
                $crate::problem::text::Text::translated(english, french)
            }
        )*

        #[cfg(test)]
        mod tests {
            #[test]
            fn the_french_of_every_text_is_written_as_french_is() {
                $($crate::problem::text::check($english, $french);)*
            }
        }
    };
}

/// Checks a translation: it is there, its arguments are those of the original, and its typography is French.
#[cfg(test)]
pub fn check(english: &str, french: &str) {
    fn prose(text: &str) -> String {
        let parts = text.split('`').step_by(2);
        parts.collect::<Vec<_>>().join("`")
    }
    fn arguments(text: &str) -> Vec<&str> {
        let parts = text.split('{').skip(1);
        let mut names: Vec<&str> = parts.filter_map(|part| part.split('}').next()).collect();
        // What a library or another program says, in English.
        names.retain(|name| !["cause", "line", "column"].contains(name));
        names.sort_unstable();
        names
    }
    assert!(!english.is_empty() && !french.is_empty(), "{english}");
    assert_eq!(arguments(english), arguments(french), "{french}");
    let codes = |text: &str| text.split('`').count() % 2;
    assert_eq!((codes(english), codes(french)), (1, 1), "{french}");
    let prose = prose(french);
    for wrong in ["'", "\"", " :", " ;", " !", " ?", "« ", " »", "  "] {
        assert!(!prose.contains(wrong), "{wrong:?} in {french}");
    }
    for (mark, space) in [(':', '\u{a0}'), (';', '\u{202f}'), ('»', '\u{a0}')] {
        for (at, _) in prose.match_indices(mark) {
            assert_eq!(prose[..at].chars().next_back(), Some(space), "{french}");
        }
    }
}
