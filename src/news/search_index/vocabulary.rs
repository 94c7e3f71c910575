//! The words that were ever published: for completing the beginning of a word, and for suggesting corrections.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Text, Untyped};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::words::words;
use crate::db::{Fragment, Statement};

/// The shortest and the longest word that is kept, in characters.
const SHORTEST: usize = 4;
const LONGEST: usize = 40;
/// How many words complete a beginning, and how many are looked at for that.
const MOST_COMPLETIONS: usize = 50;
const MOST_READ: usize = 500;

/// Folded words, and how each is spelt.
#[derive(Debug, Default)]
pub struct Vocabulary(HashMap<String, String>);

impl Vocabulary {
    /// Adds the words of a text.
    pub fn add(&mut self, text: &str) {
        for word in words(text) {
            let length = word.folded.chars().count();
            if (SHORTEST..=LONGEST).contains(&length) && !word.folded.contains(char::is_numeric) {
                let folded = super::dictionary::without_hamza_seats(&word.folded).into_owned();
                self.0
                    .entry(folded)
                    .or_insert_with(|| text[word.range].to_lowercase());
            }
        }
    }

    /// The statement that stores those that are new, sorted, so that concurrent writes don't wait for each other in a circle;
    /// none without a word.
    pub fn insert(self) -> Option<Fragment> {
        let mut words: Vec<_> = self.0.into_iter().collect();
        words.sort_unstable();
        let (words, spellings): (Vec<String>, Vec<String>) = words.into_iter().unzip();
        (!words.is_empty()).then(|| {
            Fragment::new("INSERT INTO search_words (word, spelling) SELECT new.word, new.spelling FROM unnest(")
                .texts(words)
                .sql(", ")
                .texts(spellings)
                .sql(
                    ") AS new (word, spelling) WHERE NOT EXISTS \
                     (SELECT FROM search_words AS known WHERE known.word = new.word OFFSET 0) ON CONFLICT DO NOTHING",
                )
        })
    }

    /// Stores those that are new.
    pub async fn store(self, conn: &mut AsyncPgConnection) -> QueryResult<()> {
        if let Some(sql) = self.insert() {
            Statement::<Untyped>::new(sql).execute(conn).await?;
        }
        Ok(())
    }
}

/// Known words that begin with each of these, the shortest first.
pub async fn completions(
    conn: &mut AsyncPgConnection,
    beginnings: Vec<String>,
) -> QueryResult<HashMap<String, Vec<String>>> {
    let mut found: HashMap<String, Vec<String>> = HashMap::new();
    for beginning in beginnings {
        let end = format!("{beginning}\u{10ffff}");
        let sql = Fragment::new("SELECT word FROM (SELECT word FROM search_words WHERE word > ")
            .text(&beginning)
            .sql(" AND word < ")
            .text(end)
            .sql(" ORDER BY word LIMIT ")
            .number(MOST_READ)
            .sql(") AS words ORDER BY char_length(word), word LIMIT ")
            .number(MOST_COMPLETIONS);
        let words: Vec<String> = Statement::<Text>::new(sql).load(conn).await?;
        found.insert(beginning, words);
    }
    Ok(found)
}
