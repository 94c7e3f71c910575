//! The words that somebody searches for, as Postgres understands them in each language; and which they may have meant.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, Double, Float, Integer, Text};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

use crate::db::{Fragment, Statement};
use crate::news::search::fold::{fold, words};
use crate::news::search::mark::{BEGIN, END};

/// The longest query, in characters.
pub const LONGEST_QUERY: usize = 200;

/// Hyphens and dashes that are set, not typed.
const LINES: [char; 7] = [
    '\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2014}', '\u{2015}', '\u{2212}',
];

/// A query in the language of each of Postgres's dictionaries.
#[derive(Clone, Debug)]
pub struct ParsedQuery {
    french: String,
    arabic: String,
    english: String,
    simple: String,
    /// What is in any of them: whatever matches its own language's also matches this. Little else does, so an index finds
    /// it: what has one language's form of a word that is left out lacks those of others, so there each names its own.
    any: String,
    /// Whether there is anything to look for: `le` alone is no word to look for in French.
    pub is_empty: bool,
    /// How many rows of `articles` and of `headlines` have them, as the planner guesses, and how many there are.
    guesses: [(f64, f64); 2],
}

type Understood = (
    String,
    String,
    String,
    String,
    String,
    i32,
    Vec<f64>,
    Vec<f32>,
);

impl ParsedQuery {
    /// Understands a query as people write them: `"quoted words"`, `or`, `-without`.
    pub async fn read(conn: &mut AsyncPgConnection, query: &str) -> QueryResult<Self> {
        // Only the dash that is on keyboards leaves a word out.
        let query = query.replace(LINES, "'");
        let sql = Fragment::new("WITH plain AS MATERIALIZED (SELECT left(search_normalize_query(")
            .text(&query)
            .sql(
                "), 500) AS q), asked AS MATERIALIZED (SELECT \
                 websearch_to_tsquery('search_french', search_remove_stop_words('fr', q)) AS french, search_arabic_query(search_remove_stop_words('ar', q)) AS arabic, \
                 websearch_to_tsquery('pg_catalog.english', q) AS english, websearch_to_tsquery('pg_catalog.simple', q) AS simple FROM plain), \
                 merged AS MATERIALIZED (SELECT asked.*, CASE WHEN strpos(q, '-') > 0 \
                 THEN search_in_dictionary('fr', french) || search_in_dictionary('ar', arabic) || search_in_dictionary('en', english) || search_in_dictionary('', simple) \
                 ELSE french || CASE WHEN arabic = french THEN ''::tsquery ELSE arabic END \
                 || CASE WHEN english IN (french, arabic) THEN ''::tsquery ELSE english END \
                 || CASE WHEN simple IN (french, arabic, english) THEN ''::tsquery ELSE simple END END AS \"any\" FROM asked, plain) \
                 SELECT french::text, arabic::text, english::text, simple::text, \"any\"::text, numnode(\"any\"), \
                 ARRAY[search_estimate_rows('articles', \"any\"), search_estimate_rows('headlines', \"any\")], \
                 ARRAY(SELECT reltuples FROM pg_class WHERE oid IN ('articles'::regclass, 'headlines'::regclass) ORDER BY relname) \
                 FROM merged",
            );
        type Row = (
            Text,
            Text,
            Text,
            Text,
            Text,
            Integer,
            Array<Double>,
            Array<Float>,
        );
        let (french, arabic, english, simple, any, nodes, found, all): Understood =
            Statement::<Row>::new(sql).get_result(conn).await?;
        let guess = |n: usize| {
            let all = all.get(n).copied().unwrap_or_default();
            (found.get(n).copied().unwrap_or_default(), f64::from(all))
        };
        Ok(Self {
            french,
            arabic,
            english,
            simple,
            any,
            is_empty: nodes == 0,
            guesses: [guess(0), guess(1)],
        })
    }

    /// Whether a walk through a table from its newest row on meets this many matches sooner than all matches are
    /// gathered: the walk reads `wanted · all / found` rows, gathering reads `found`.
    pub fn are_common(&self, table: &str, wanted: usize) -> bool {
        let (found, all) = self.guesses[usize::from(table == "headlines")];
        #[expect(clippy::cast_precision_loss, reason = "it is a few hundred")]
        let wanted = wanted as f64;
        found * found > wanted * all
    }

    /// The query for the language of a row, which goes by this name.
    pub fn of(&self, line: &'static str) -> Fragment {
        let query = |sql: Fragment, query: &str| sql.text(query).sql("::tsquery");
        let sql = Fragment::new("(CASE split_part(")
            .sql(line)
            .sql(".language, '-', 1) WHEN 'fr' THEN ");
        let sql = query(sql, &self.french).sql(" WHEN 'ar' THEN ");
        let sql = query(sql, &self.arabic).sql(" WHEN 'en' THEN ");
        let sql = query(sql, &self.english).sql(" ELSE ");
        query(sql, &self.simple).sql(" END)")
    }

    /// Whether a row, which goes by this name, matches. First what an index knows.
    pub fn match_row(&self, line: &'static str) -> Fragment {
        Fragment::new(line)
            .sql(".search @@ ")
            .text(&self.any)
            .sql("::tsquery AND ")
            .sql(line)
            .sql(".search @@ ")
            .append(&self.of(line))
    }

    /// A text of a row, plain, with signs around what matched. A long text's beginning.
    pub fn marked(&self, line: &'static str, text: &'static str, most: usize) -> Fragment {
        debug_assert!((BEGIN, END) == ('\u{1}', '\u{2}'));
        Fragment::new("ts_headline(search_config(")
            .sql(line)
            .sql(".language), search_normalize_text(left(")
            .sql(text)
            .sql(", ")
            .number(most)
            .sql(")), ")
            .append(&self.of(line))
            .sql(", E'HighlightAll=true, StartSel=\\x01, StopSel=\\x02')")
    }
}

/// How many words one query is looked at for.
const MOST: usize = 8;
/// How many known words each of them is compared with, and how many of those are tried.
const ALIKE: usize = 100;
const TRIES: usize = 3;
/// Compares with every word that has some of the same letters side by side.
const LOOK_WIDELY: &str = "SET LOCAL pg_trgm.similarity_threshold = 0.2";

/// The query with each word that never occurred replaced by one that is written alike; several, the likeliest first.
pub async fn meant(conn: &mut AsyncPgConnection, query: &str) -> QueryResult<Vec<String>> {
    let mut unknown = words(query);
    unknown.retain(|word| (4..=40).contains(&word.chars().count()));
    unknown.sort();
    unknown.dedup();
    unknown.truncate(MOST);
    if unknown.is_empty() {
        return Ok(Vec::new());
    }
    let mut listed = Fragment::new("(VALUES ");
    for (n, word) in unknown.iter().enumerate() {
        listed = listed
            .sql(if n > 0 { ", (" } else { "(" })
            .text(word)
            .sql("::text)");
    }
    let sql = Fragment::new("SELECT asked.word, alike.word, alike.spelling FROM ")
        .append(&listed)
        .sql(
            ") AS asked (word) CROSS JOIN LATERAL (SELECT word, spelling FROM search_words AS known \
             WHERE known.word % asked.word AND abs(char_length(known.word) - char_length(asked.word)) <= 3 \
             ORDER BY similarity(known.word, asked.word) DESC, known.word LIMIT ",
        )
        .number(ALIKE)
        .sql(
            ") AS alike WHERE NOT EXISTS (SELECT FROM search_words AS known WHERE known.word = asked.word)",
        );
    let found: Vec<(String, String, String)> = conn
        .transaction(async |conn| {
            conn.batch_execute(LOOK_WIDELY).await?;
            Statement::<(Text, Text, Text)>::new(sql.uncached())
                .load(conn)
                .await
        })
        .await?;
    let mut alike: HashMap<String, Vec<(usize, String)>> = HashMap::new();
    for (asked, word, spelling) in found {
        if let Some(edit_distance) = edit_distance(&asked, &word) {
            alike
                .entry(asked)
                .or_default()
                .push((edit_distance, spelling));
        }
    }
    for words in alike.values_mut() {
        words.sort_by_key(|(edit_distance, _)| *edit_distance);
    }
    let mut tries = Vec::new();
    for n in 0..TRIES {
        let replace = |word: &str| {
            let (_, spelling) = alike.get(&fold(word))?.get(n)?;
            Some(spelling.as_str())
        };
        let tried = replaced(query, replace);
        if tried != query && !tries.contains(&tried) {
            tries.push(tried);
        }
    }
    Ok(tries)
}

/// The words of a query that another has not, folded.
pub fn added(query: &str, tried: &str) -> Vec<String> {
    let before = words(query);
    let mut added = words(tried);
    added.retain(|word| !before.contains(word));
    added
}

/// How many letters were mistyped (left out, put in, put for another or exchanged with the next) if one word was meant by
/// the other: one in four at most, as more make another word.
fn edit_distance(asked: &str, meant: &str) -> Option<usize> {
    let most = (asked.chars().count() / 4).clamp(1, 3);
    Some(strsim::osa_distance(asked, meant)).filter(|edit_distance| *edit_distance <= most)
}

/// A query with some of its words replaced.
fn replaced<'a>(query: &str, replace: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut out = String::new();
    let mut word = String::new();
    let end = |word: &mut String, out: &mut String| {
        out.push_str(replace(word).unwrap_or(word));
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

/// What belongs to the letter before it, or to the word around it.
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c) || c == '\u{640}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_slips_leave_a_word_what_it_is() {
        for (asked, meant, found) in [
            ("marhce", "marche", Some(1)),
            ("maroc", "marocain", None),
            ("marakesh", "marrakech", Some(2)),
            ("budget", "gadget", None),
            ("gouverneur", "gouvernement", None),
            ("المدرصة", "المدرسة", Some(1)),
        ] {
            assert_eq!(edit_distance(asked, meant), found, "{asked}");
        }
    }

    #[test]
    fn words_are_replaced_where_they_stand() {
        let replace = |word: &str| (fold(word) == "econmie").then_some("économie");
        assert_eq!(
            replaced("\"l’Écònmie\" -sport", replace),
            "\"l’économie\" -sport"
        );
        assert_eq!(replaced("", replace), "");
    }
}
