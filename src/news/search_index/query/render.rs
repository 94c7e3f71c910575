//! Renders a query as a `tsquery` of Postgres.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use super::super::dictionary::Dictionary;
use super::super::fold::fold;
use super::super::tokens::{Token, tokens};
use super::{Item, SearchQuery};

/// Beginnings of words that are shorter, in characters, are completed from the vocabulary alone: too many terms have them.
const SHORTEST_PREFIX: usize = 3;

/// A query in the terms of the index.
#[derive(Clone, Debug, Default)]
pub struct Rendered {
    /// The text of a `tsquery`; empty if only stop words were given.
    pub tsquery: String,
    /// One that any of the words matches, for ranking.
    pub any_word: String,
    /// How many terms that has.
    pub term_count: usize,
    /// For each alternative in each dictionary the expressions that must all match.
    alternatives: Vec<Vec<Expression>>,
    matched: HashMap<char, MatchedTerms>,
}

/// A part of a query that matches a word, a phrase or a compound.
#[derive(Clone, Debug, Default)]
struct Expression {
    tsquery: String,
    /// For each of its words the terms of the index of which one must be there, a prefix with `*` behind it; and the terms that
    /// stand for all of them.
    words: Vec<Vec<String>>,
    whole: Vec<String>,
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
    /// The fraction of the documents that matches, from the fractions of single terms as they are in the index.
    pub fn estimate(&self, fraction: impl Fn(&str) -> f64) -> f64 {
        let any = |terms: &[String]| -> f64 { terms.iter().map(|term| fraction(term)).sum() };
        let of_expression = |expression: &Expression| {
            let words = expression.words.iter().map(|terms| any(terms));
            (words.fold(1.0, f64::min) + any(&expression.whole)).min(1.0)
        };
        let all = |expressions: &Vec<Expression>| -> f64 {
            expressions.iter().map(of_expression).product()
        };
        self.alternatives.iter().map(all).sum::<f64>().min(1.0)
    }

    /// The terms that are sought in documents of a dictionary, if there are any.
    pub fn matched(&self, dictionary: Dictionary) -> Option<&MatchedTerms> {
        self.matched.get(&dictionary.prefix())
    }
}

impl SearchQuery {
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
            let alternatives = self.alternatives.iter();
            for (tsquery, expressions) in alternatives.filter_map(|items| renderer.all_of(items)) {
                append(&mut rendered.tsquery, " | ", &tsquery);
                rendered.alternatives.push(expressions);
            }
            let matched = &renderer.matched;
            let prefixes = matched.prefixes.iter().map(|prefix| format!("{prefix}*"));
            for term in matched.terms.iter().cloned().chain(prefixes) {
                let term = format!("{}{term}", dictionary.prefix());
                append(&mut rendered.any_word, " | ", &quoted(&term));
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
    /// What matches all of these items, and its parts; nothing if no word is left that must be there.
    fn all_of(&mut self, items: &[Item]) -> Option<(String, Vec<Expression>)> {
        let mut tsquery = String::new();
        let mut required = Vec::new();
        for item in items.iter().filter(|item| !item.is_excluded) {
            for expression in self.expressions(item) {
                append(&mut tsquery, " & ", &format!("({})", expression.tsquery));
                required.push(expression);
            }
        }
        if required.is_empty() {
            return None;
        }
        // Terms of excluded words are not highlighted.
        let matched = self.matched.clone();
        for item in items.iter().filter(|item| item.is_excluded) {
            let mut excluded = String::new();
            for expression in self.expressions(item) {
                append(&mut excluded, " & ", &format!("({})", expression.tsquery));
            }
            if !excluded.is_empty() {
                append(&mut tsquery, " & ", &format!("!({excluded})"));
            }
        }
        self.matched = matched;
        Some((format!("({tsquery})"), required))
    }

    /// The expressions that must all match for an item: one for each of its words, or one for a phrase.
    fn expressions(&mut self, item: &Item) -> Vec<Expression> {
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
            // With the word before, and with the one behind.
            let pairs = groups.get(n.saturating_sub(1)..(n + 2).min(groups.len()));
            for pair in pairs.unwrap_or_default().windows(2) {
                whole.extend(self.in_one_word(&item.text, pair));
            }
            whole.sort_unstable();
            whole.dedup();
            for term in whole {
                let term = self.term(term);
                append(&mut expression.tsquery, " | ", &quoted(&term));
                expression.whole.push(term);
            }
            expressions.push(expression);
        }
        expressions
    }

    /// What matches these words one after the other; stop words match any word. `prefix` is the item whose last word is only a
    /// beginning.
    fn phrase(&mut self, words: &[Token], prefix: Option<&Item>) -> Option<Expression> {
        let mut expression = Expression::default();
        let mut last: Option<usize> = None;
        for (n, word) in words.iter().enumerate() {
            let mut terms: Vec<String> = word
                .terms
                .iter()
                .map(|term| self.term(term.clone()))
                .collect();
            if let Some(item) = prefix.filter(|_| n + 1 == words.len()) {
                terms.extend(self.complete(&item.text[word.range.clone()]));
            }
            if terms.is_empty() {
                continue;
            }
            if let Some(last) = last {
                let _ = write!(expression.tsquery, " <{}> ", word.position - last);
            }
            let any: Vec<String> = terms.iter().map(|term| quoted(term)).collect();
            let _ = write!(expression.tsquery, "({})", any.join(" | "));
            expression.words.push(terms);
            last = Some(word.position);
        }
        last.map(|_| expression)
    }

    /// The terms that the beginning of a word matches.
    fn complete(&mut self, beginning: &str) -> Vec<String> {
        let folded = fold(beginning);
        let mut terms = Vec::new();
        for word in self.completions.get(&folded).into_iter().flatten() {
            self.dictionary.add_terms(word, &mut terms);
        }
        terms.sort_unstable();
        terms.dedup();
        let mut terms: Vec<String> = terms.into_iter().map(|term| self.term(term)).collect();
        if folded.chars().count() >= SHORTEST_PREFIX && folded.chars().all(char::is_alphanumeric) {
            terms.push(format!("{}{folded}*", self.dictionary.prefix()));
            self.matched.prefixes.push(folded);
        }
        terms
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

    /// A term as it is in the index; it is sought.
    fn term(&mut self, term: String) -> String {
        let in_index = format!("{}{term}", self.dictionary.prefix());
        self.matched.terms.insert(term);
        in_index
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

/// A term of the index as a `tsquery` has it; a prefix has `*` behind it. Terms are letters and digits.
pub fn quoted(term: &str) -> String {
    match term.strip_suffix('*') {
        Some(prefix) => format!("'{prefix}':*"),
        None => format!("'{term}'"),
    }
}
