//! What the search index has of a document.

use diesel::prelude::*;

use super::VERSION_MARK;
use super::dictionary::Dictionary;
use super::tokens::tokens;
use super::tsvector::{SearchVector, Weight};
use super::vocabulary::Vocabulary;
use crate::schema::{articles, headlines};

/// How much of a body is indexed, in characters: a vector of Postgres has at most 1 MiB.
pub const INDEXED_CHARACTERS: usize = 100_000;

/// How many positions separate the parts of a document, so that no phrase is found across them.
const GAP: usize = 10;

/// The texts of an article that are indexed.
#[derive(Clone, Debug, Default, Queryable)]
pub struct IndexedText {
    pub language: String,
    pub title: String,
    pub short_title: Option<String>,
    pub kicker: Option<String>,
    pub dateline: Option<String>,
    pub lede: Option<String>,
    pub body: String,
}

/// The columns of an article that it is found by.
#[derive(Debug, Insertable, AsChangeset)]
#[diesel(table_name = articles, treat_none_as_default_value = false)]
pub struct IndexedArticle {
    /// All terms.
    search: SearchVector,
    /// Those of the title and the lede, which matches are ranked by.
    search_head: SearchVector,
}

impl IndexedArticle {
    /// All terms, and those of the title and the lede.
    pub(super) fn into_vectors(self) -> (SearchVector, SearchVector) {
        (self.search, self.search_head)
    }
}

impl IndexedText {
    /// The terms of the article.
    pub fn index(&self) -> IndexedArticle {
        let mut head = Document::new(&self.language);
        for title in [Some(&self.title), self.short_title.as_ref()]
            .into_iter()
            .flatten()
        {
            head.add(title, Weight::A);
        }
        for part in self.beside_title() {
            head.add(part, Weight::B);
        }
        let mut whole = head.clone();
        whole.add(self.indexed_body(), Weight::D);
        IndexedArticle {
            search: whole.finish(),
            search_head: head.vector,
        }
    }

    /// Adds the words of the article.
    pub fn add_words(&self, vocabulary: &mut Vocabulary) {
        vocabulary.add(&self.title);
        for part in self.beside_title() {
            vocabulary.add(part);
        }
        vocabulary.add(self.indexed_body());
    }

    fn beside_title(&self) -> impl Iterator<Item = &str> {
        let parts = [&self.kicker, &self.dateline, &self.lede].into_iter();
        parts.flatten().map(String::as_str)
    }

    fn indexed_body(&self) -> &str {
        let end = self.body.char_indices().nth(INDEXED_CHARACTERS);
        let end = end.map_or(self.body.len(), |(end, _)| end);
        self.body.get(..end).unwrap_or_default()
    }
}

/// The columns of a headline that it is found by.
#[derive(Debug, Insertable, AsChangeset)]
#[diesel(table_name = headlines, treat_none_as_default_value = false)]
pub struct IndexedHeadline {
    search: SearchVector,
}

impl IndexedHeadline {
    pub fn new(language: &str, title: &str) -> Self {
        let mut document = Document::new(language);
        document.add(title, Weight::A);
        Self {
            search: document.finish(),
        }
    }
}

/// A document in the making.
#[derive(Clone)]
struct Document {
    dictionary: Dictionary,
    vector: SearchVector,
    next: usize,
}

impl Document {
    fn new(language: &str) -> Self {
        Self {
            dictionary: Dictionary::of(language),
            vector: SearchVector::default(),
            next: 0,
        }
    }

    fn add(&mut self, text: &str, weight: Weight) {
        let mut last = 0;
        for token in tokens(self.dictionary, text) {
            for term in &token.terms {
                let position = self.next + token.position;
                self.vector
                    .add(self.dictionary.prefix(), term, position, weight);
            }
            last = token.position;
        }
        self.next += last + GAP;
    }

    /// The vector, marked with the version of the rules.
    fn finish(mut self) -> SearchVector {
        self.vector.mark(VERSION_MARK);
        self.vector
    }
}
