//! The terms by which content is found: words of a text, reduced to what their forms and spellings have in common. Documents and
//! queries go through the same rules; one file for each language.

mod arabic;
mod dictionary;
mod document;
mod english;
mod fold;
mod french;
mod numbers;
mod query;
pub mod reindex;
mod tokens;
mod tsvector;
mod vocabulary;
#[cfg(test)]
mod word_pairs;
mod words;

pub use dictionary::Dictionary;
pub use document::{INDEXED_CHARACTERS, IndexedArticle, IndexedHeadline, IndexedText};
pub use fold::{fold, words};
pub use query::{MatchedTerms, Rendered, SearchQuery, quoted};
pub use tokens::{Token, tokens};
pub use tsvector::SearchVector;
pub use vocabulary::{Vocabulary, completions};

/// The version of the rules: a change of what a text is indexed by raises it, and needs `manchette reindex`.
pub const INDEX_VERSION: i16 = 1;
/// A term of every document, with that version.
const VERSION_MARK: &str = "v1";
