//! Suggests corrections of a query with misspelt words.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use uuid::Uuid;

use crate::db::{Fragment, Statement};
use crate::news::search_index::{fold, words};

/// How many words of a query are corrected.
const MOST_WORDS: usize = 8;
/// How many known words each of them is compared with, and how many corrections are made.
const MOST_SIMILAR: usize = 100;
const MOST_CORRECTIONS: usize = 3;
/// Compares with every word that shares some trigrams.
const LOWER_THRESHOLD: &str = "SET LOCAL pg_trgm.similarity_threshold = 0.2";

/// A known word as it is spelt, with its edit distance from an unknown one.
type Candidate = (usize, String);

/// The query with each unknown word replaced by a similar known one; up to three corrections, the likeliest first.
pub async fn suggest_corrections(
    conn: &mut AsyncPgConnection,
    query: &str,
) -> QueryResult<Vec<String>> {
    let mut unknown = words(query);
    unknown.retain(|word| (4..=40).contains(&word.chars().count()));
    unknown.sort();
    unknown.dedup();
    unknown.truncate(MOST_WORDS);
    if unknown.is_empty() {
        return Ok(Vec::new());
    }
    let similar = similar_words(conn, &unknown).await?;
    let mut corrections = Vec::new();
    for n in 0..MOST_CORRECTIONS {
        let replacement = |word: &str| {
            let (_, spelling) = similar.get(&fold(word))?.get(n)?;
            Some(spelling.as_str())
        };
        let corrected = replace_words(query, replacement);
        if corrected != query && !corrections.contains(&corrected) {
            corrections.push(corrected);
        }
    }
    Ok(corrections)
}

/// For each word that never occurred the known ones within the edit distance, the nearest first.
async fn similar_words(
    conn: &mut AsyncPgConnection,
    unknown: &[String],
) -> QueryResult<HashMap<String, Vec<Candidate>>> {
    let mut listed = Fragment::new("(VALUES ");
    for (n, word) in unknown.iter().enumerate() {
        listed = listed
            .sql(if n > 0 { ", (" } else { "(" })
            .text(word)
            .sql("::text)");
    }
    let sql = Fragment::new("SELECT unknown.word, candidate.word, candidate.spelling FROM ")
        .append(&listed)
        .sql(
            ") AS unknown (word) CROSS JOIN LATERAL (SELECT word, spelling FROM search_words AS known \
             WHERE known.word % unknown.word AND abs(char_length(known.word) - char_length(unknown.word)) <= 3 \
             ORDER BY similarity(known.word, unknown.word) DESC, known.word LIMIT ",
        )
        .number(MOST_SIMILAR)
        .sql(
            ") AS candidate WHERE NOT EXISTS (SELECT FROM search_words AS known WHERE known.word = unknown.word)",
        );
    let rows: Vec<(String, String, String)> = conn
        .transaction(async |conn| {
            conn.batch_execute(LOWER_THRESHOLD).await?;
            Statement::<(Text, Text, Text)>::new(sql.uncached())
                .load(conn)
                .await
        })
        .await?;
    let mut similar: HashMap<String, Vec<Candidate>> = HashMap::new();
    for (unknown, word, spelling) in rows {
        if let Some(distance) = edit_distance(&unknown, &word) {
            similar
                .entry(unknown)
                .or_default()
                .push((distance, spelling));
        }
    }
    for candidates in similar.values_mut() {
        candidates.sort_by_key(|(distance, _)| *distance);
    }
    Ok(similar)
}

/// The folded words that only the correction of a query has.
pub fn added_words(query: &str, corrected: &str) -> Vec<String> {
    let before = words(query);
    let mut added = words(corrected);
    added.retain(|word| !before.contains(word));
    added
}

/// Whether each of these words occurs in one of these articles and headlines, letter for letter but for accents and case.
pub async fn occur_in(
    conn: &mut AsyncPgConnection,
    words: &[String],
    ids: &[Uuid],
) -> QueryResult<bool> {
    let mut sql = Fragment::new(
        "WITH texts AS MATERIALIZED (SELECT search_fold(left(concat_ws(' ', title, kicker, dateline, lede, body_text), 100000)) \
         AS text FROM articles WHERE id = ANY(",
    )
    .ids(ids.to_vec())
    .sql(") UNION ALL SELECT search_fold(title) FROM headlines WHERE id = ANY(")
    .ids(ids.to_vec())
    .sql(")) SELECT true");
    for word in words {
        sql = sql
            .sql(" AND EXISTS (SELECT FROM texts WHERE strpos(text, ")
            .text(word)
            .sql(") > 0)");
    }
    Statement::<Bool>::new(sql.uncached())
        .get_result(conn)
        .await
}

/// How many letters are missing, surplus, wrong or swapped with the next; none if it is more than one in four, as that
/// makes another word.
fn edit_distance(unknown: &str, known: &str) -> Option<usize> {
    let most = (unknown.chars().count() / 4).clamp(1, 3);
    Some(strsim::osa_distance(unknown, known)).filter(|distance| *distance <= most)
}

/// A query with some of its words replaced.
fn replace_words<'a>(query: &str, replacement: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut out = String::new();
    let mut word = String::new();
    let end = |word: &mut String, out: &mut String| {
        out.push_str(replacement(word).unwrap_or(word));
        word.clear();
    };
    for c in query.chars() {
        if c.is_alphanumeric() || is_mark(c) {
            word.push(c);
        } else {
            end(&mut word, &mut out);
            out.push(c);
        }
    }
    end(&mut word, &mut out);
    out
}

/// A mark of the letter before it, or a filler within a word.
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c) || c == '\u{640}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edit_distance_is_limited_by_the_length_of_the_word() {
        for (unknown, known, distance) in [
            ("marhce", "marche", Some(1)),
            ("maroc", "marocain", None),
            ("marakesh", "marrakech", Some(2)),
            ("budget", "gadget", None),
            ("gouverneur", "gouvernement", None),
            ("المدرصة", "المدرسة", Some(1)),
        ] {
            assert_eq!(edit_distance(unknown, known), distance, "{unknown}");
        }
    }

    #[test]
    fn words_are_replaced_where_they_stand() {
        let replacement = |word: &str| (fold(word) == "econmie").then_some("économie");
        assert_eq!(
            replace_words("\"l’Écònmie\" -sport", replacement),
            "\"l’économie\" -sport"
        );
        assert_eq!(replace_words("", replacement), "");
    }
}
