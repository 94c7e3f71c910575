//! Search queries: `words`, `"a phrase"`, `this or that`, `-without`, `begin*`.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use super::dictionary::Dictionary;
use super::fold::fold;
use super::tokens::{Token, tokens};

/// Beginnings of words that are shorter, in characters, are completed from the vocabulary alone: too many terms have them.
const SHORTEST_PREFIX: usize = 3;

/// A query as its caller wrote it: alternatives, each of items that must all match.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SearchQuery {
    alternatives: Vec<Vec<Item>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Item {
    text: String,
    is_phrase: bool,
    is_excluded: bool,
    /// Whether the last word is the beginning of one.
    is_prefix: bool,
}

/// A query in the terms of the index.
#[derive(Clone, Debug, Default)]
pub struct Rendered {
    /// The text of a `tsquery`; empty if only stop words were given.
    pub tsquery: String,
    /// One that any of the words matches, for ranking.
    pub any_word: String,
    /// How many terms that has.
    pub term_count: usize,
    matched: HashMap<char, MatchedTerms>,
}

/// The terms that are sought in documents of a dictionary.
#[derive(Clone, Debug, Default)]
pub struct MatchedTerms {
    terms: HashSet<String>,
    prefixes: Vec<String>,
}

impl MatchedTerms {
    /// Whether the query asks for this term.
    pub fn contains(&self, term: &str) -> bool {
        self.terms.contains(term) || self.prefixes.iter().any(|prefix| term.starts_with(prefix))
    }
}

impl Rendered {
    /// The terms that are sought in documents of a dictionary, if there are any.
    pub fn matched(&self, dictionary: Dictionary) -> Option<&MatchedTerms> {
        self.matched.get(&dictionary.prefix())
    }
}

impl SearchQuery {
    /// Reads a query. With `completes_last`, its last word is the beginning of one, as while it is being typed.
    pub fn parse(query: &str, completes_last: bool) -> Self {
        let mut parsed = Self::default();
        let mut items: Vec<Item> = Vec::new();
        for item in Items(query) {
            if item.is_plain() && item.text.eq_ignore_ascii_case("or") {
                parsed.alternatives.push(std::mem::take(&mut items));
                continue;
            }
            match items
                .last_mut()
                .filter(|last| last.is_plain() && !item.is_phrase && !item.is_excluded)
            {
                // Numbers may have spaces.
                Some(last) => {
                    last.text.push(' ');
                    last.text.push_str(&item.text);
                    last.is_prefix = item.is_prefix;
                }
                None => items.push(item),
            }
        }
        if let Some(last) = items
            .last_mut()
            .filter(|last| !last.is_phrase && !last.is_excluded)
        {
            last.is_prefix |= completes_last && !query.ends_with(char::is_whitespace);
        }
        parsed.alternatives.push(items);
        parsed
    }

    /// The folded beginnings of words in it.
    pub fn prefixes(&self) -> Vec<String> {
        let items = self
            .alternatives
            .iter()
            .flatten()
            .filter(|item| item.is_prefix);
        let last_word = |item: &Item| super::words(&item.text).pop();
        items.filter_map(last_word).collect()
    }

    /// The query in the terms of these dictionaries. `completions` are known words, folded, for each of the prefixes.
    pub fn render(
        &self,
        dictionaries: &[Dictionary],
        completions: &HashMap<String, Vec<String>>,
    ) -> Rendered {
        let mut rendered = Rendered::default();
        for dictionary in dictionaries {
            let mut renderer = Renderer {
                dictionary: *dictionary,
                completions,
                matched: MatchedTerms::default(),
            };
            let alternatives = self
                .alternatives
                .iter()
                .filter_map(|items| renderer.all_of(items));
            let alternatives: Vec<String> = alternatives.collect();
            if alternatives.is_empty() {
                continue;
            }
            append(&mut rendered.tsquery, " | ", &alternatives.join(" | "));
            for term in &renderer.matched.terms {
                append(&mut rendered.any_word, " | ", &quoted(*dictionary, term));
            }
            for prefix in &renderer.matched.prefixes {
                append(
                    &mut rendered.any_word,
                    " | ",
                    &beginning(*dictionary, prefix),
                );
            }
            rendered.term_count += renderer.matched.terms.len() + renderer.matched.prefixes.len();
            rendered
                .matched
                .insert(dictionary.prefix(), renderer.matched);
        }
        rendered
    }
}

/// Renders for one dictionary.
struct Renderer<'a> {
    dictionary: Dictionary,
    completions: &'a HashMap<String, Vec<String>>,
    matched: MatchedTerms,
}

impl Renderer<'_> {
    /// What matches all of these items; nothing if no word is left that must be there.
    fn all_of(&mut self, items: &[Item]) -> Option<String> {
        let mut sql = String::new();
        for item in items.iter().filter(|item| !item.is_excluded) {
            for expression in self.expressions(item) {
                append(&mut sql, " & ", &expression);
            }
        }
        if sql.is_empty() {
            return None;
        }
        // Terms of excluded words are not highlighted.
        let matched = self.matched.clone();
        for item in items.iter().filter(|item| item.is_excluded) {
            let excluded = self.expressions(item);
            if !excluded.is_empty() {
                append(&mut sql, " & ", &format!("!({})", excluded.join(" & ")));
            }
        }
        self.matched = matched;
        Some(sql)
    }

    /// The expressions that must all match for an item: one for each of its words, or one for a phrase.
    fn expressions(&mut self, item: &Item) -> Vec<String> {
        let tokens = tokens(self.dictionary, &item.text);
        let (words, wide): (Vec<Token>, Vec<Token>) =
            tokens.into_iter().partition(|token| token.width == 1);
        if item.is_phrase {
            return self.phrase(&words, None).into_iter().collect();
        }
        let groups: Vec<&[Token]> = words.chunk_by(|_, next| next.is_joined).collect();
        let mut expressions = Vec::new();
        for (n, group) in groups.iter().enumerate() {
            let prefix = (item.is_prefix && n + 1 == groups.len()).then_some(item);
            let Some(mut expression) = self.phrase(group, prefix) else {
                continue;
            };
            let mut whole = covering(&wide, group);
            for pair in groups
                .windows(2)
                .skip(n.saturating_sub(1))
                .take(if n == 0 { 1 } else { 2 })
            {
                whole.extend(self.in_one_word(&item.text, pair));
            }
            whole.sort_unstable();
            whole.dedup();
            for term in whole {
                append(&mut expression, " | ", &self.term(term));
            }
            expressions.push(format!("({expression})"));
        }
        expressions
    }

    /// What matches these words one after the other; stop words match any word. `prefix` is the item whose last word is only a
    /// beginning.
    fn phrase(&mut self, words: &[Token], prefix: Option<&Item>) -> Option<String> {
        let mut sql = String::new();
        let mut last: Option<usize> = None;
        for (n, word) in words.iter().enumerate() {
            let prefix = prefix.filter(|_| n + 1 == words.len());
            let mut any = String::new();
            for term in &word.terms {
                append(&mut any, " | ", &self.term(term.clone()));
            }
            if let Some(item) = prefix {
                self.complete(&item.text[word.range.clone()], &mut any);
            }
            if any.is_empty() {
                continue;
            }
            match last {
                None => {}
                Some(last) => {
                    let _ = write!(sql, " <{}> ", word.position - last);
                }
            }
            let _ = write!(sql, "({any})");
            last = Some(word.position);
        }
        last.map(|_| sql)
    }

    /// Adds what the beginning of a word matches.
    fn complete(&mut self, beginning_of_word: &str, any: &mut String) {
        let folded = fold(beginning_of_word);
        if folded.chars().count() >= SHORTEST_PREFIX && folded.chars().all(char::is_alphanumeric) {
            append(any, " | ", &beginning(self.dictionary, &folded));
            self.matched.prefixes.push(folded.clone());
        }
        let mut terms = Vec::new();
        for word in self.completions.get(&folded).into_iter().flatten() {
            self.dictionary.add_terms(word, &mut terms);
        }
        terms.sort_unstable();
        terms.dedup();
        for term in terms {
            append(any, " | ", &self.term(term));
        }
    }

    /// The terms of two words in one, which are apart in the query: `week end`.
    fn in_one_word(&self, text: &str, pair: &[&[Token]]) -> Vec<String> {
        let [[first], [second]] = pair else {
            return Vec::new();
        };
        let (first, second) = (
            fold(&text[first.range.clone()]),
            fold(&text[second.range.clone()]),
        );
        let are_letters = [&first, &second].iter().all(|word| {
            (2..=20).contains(&word.chars().count()) && word.chars().all(char::is_alphabetic)
        });
        let mut terms = Vec::new();
        if are_letters && self.dictionary != Dictionary::Arabic {
            self.dictionary
                .add_terms(&format!("{first}{second}"), &mut terms);
        }
        terms
    }

    fn term(&mut self, term: String) -> String {
        let quoted = quoted(self.dictionary, &term);
        self.matched.terms.insert(term);
        quoted
    }
}

/// The terms of those tokens that take all the places of these words: compounds, and numbers with spaces.
fn covering(wide: &[Token], words: &[Token]) -> Vec<String> {
    let (Some(first), Some(last)) = (words.first(), words.last()) else {
        return Vec::new();
    };
    let covers = |token: &&Token| {
        token.position <= first.position && last.position < token.position + token.width
    };
    wide.iter()
        .filter(covers)
        .flat_map(|token| token.terms.clone())
        .collect()
}

fn append(sql: &mut String, operator: &str, operand: &str) {
    if !sql.is_empty() {
        sql.push_str(operator);
    }
    sql.push_str(operand);
}

/// A term as a `tsquery` has it. Terms are letters and digits.
fn quoted(dictionary: Dictionary, term: &str) -> String {
    let term = term.replace(['\'', '\\'], "");
    format!("'{}{term}'", dictionary.prefix())
}

fn beginning(dictionary: Dictionary, prefix: &str) -> String {
    format!("{}:*", quoted(dictionary, prefix))
}

impl Item {
    fn is_plain(&self) -> bool {
        !self.is_phrase && !self.is_excluded && !self.is_prefix
    }
}

/// Reads the items of a query one after the other: a phrase in quotes, or what stands between spaces.
struct Items<'a>(&'a str);

impl Iterator for Items<'_> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        let mut rest = self.0.trim_start();
        // Only the dash that is on keyboards leaves a word out.
        let excluded = rest.strip_prefix('-');
        let excluded =
            excluded.filter(|rest| !rest.starts_with(|c: char| c == '-' || c.is_whitespace()));
        let is_excluded = excluded.is_some();
        rest = excluded.unwrap_or(rest);
        let first = rest.chars().next()?;
        let is_phrase = is_quote(first);
        let (text, rest) = match is_phrase {
            true => {
                let inner = rest.trim_start_matches(first);
                let inner = if inner.is_empty() { "" } else { inner };
                match inner.split_once(is_quote) {
                    Some((phrase, rest)) => (phrase, rest),
                    None => (inner, ""),
                }
            }
            false => {
                let end = rest.find(|c: char| c.is_whitespace() || is_quote(c));
                rest.split_at(end.unwrap_or(rest.len()))
            }
        };
        self.0 = rest;
        let word = text.trim_end_matches('*');
        let is_prefix =
            !is_phrase && word.len() < text.len() && word.ends_with(char::is_alphanumeric);
        Some(Item {
            text: if is_prefix { word } else { text }.to_owned(),
            is_phrase,
            is_excluded,
            is_prefix,
        })
    }
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '«' | '»' | '‹' | '›')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(query: &str) -> String {
        let parsed = SearchQuery::parse(query, false);
        parsed
            .render(&[Dictionary::Simple], &HashMap::new())
            .tsquery
    }

    #[test]
    fn queries_are_read_like_those_of_web_search_engines() {
        for (query, tsquery) in [
            ("un mot", "(('sun') | 'sunmot') & (('smot') | 'sunmot')"),
            ("\"un mot\"", "('sun') <1> ('smot')"),
            ("un or deux", "(('sun')) | (('sdeux'))"),
            ("un -deux", "(('sun')) & !((('sdeux')))"),
            ("covid-19", "(('scovid') <1> ('s19') | 'scovid19')"),
            ("1 250 000", "(('s1250000'))"),
            ("12 250", "(('s12') | 's12250') & (('s250') | 's12250')"),
            ("coop*", "(('scoop' | 'scoop':*))"),
            ("-un", ""),
            ("or", ""),
            ("« un » – -", "('sun')"),
        ] {
            assert_eq!(rendered(query), tsquery, "{query}");
        }
    }

    #[test]
    fn the_last_word_may_be_a_beginning() {
        let parsed = SearchQuery::parse("la coopé", true);
        assert_eq!(parsed.prefixes(), ["coope"]);
        let known = HashMap::from([("coope".to_owned(), vec!["cooperer".to_owned()])]);
        let rendered = parsed.render(&[Dictionary::Simple], &known);
        assert!(
            rendered
                .tsquery
                .ends_with("(('scoope' | 'scoope':* | 'scooperer') | 'slacoope')"),
            "{}",
            rendered.tsquery
        );
        assert!(
            rendered
                .matched(Dictionary::Simple)
                .unwrap()
                .contains("cooperation")
        );
        assert!(SearchQuery::parse("fini ", true).prefixes().is_empty());
    }
}
