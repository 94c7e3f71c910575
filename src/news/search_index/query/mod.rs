//! Search queries: `words`, `"a phrase"`, `this or that`, `-without`, `begin*`.

mod render;

pub use render::{MatchedTerms, Rendered, quoted};

/// How many words of a query may be beginnings: each matches many terms. Others are whole words.
const MOST_PREFIXES: usize = 4;

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
        let all = parsed.alternatives.iter_mut().flatten();
        for item in all.filter(|item| item.is_prefix).skip(MOST_PREFIXES) {
            item.is_prefix = false;
        }
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
    use std::collections::HashMap;

    use super::super::Dictionary;
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
            ("un mot", "((('sun') | 'sunmot') & (('smot') | 'sunmot'))"),
            ("\"un mot\"", "((('sun') <1> ('smot')))"),
            ("un or deux", "((('sun'))) | ((('sdeux')))"),
            ("un -deux", "((('sun')) & !((('sdeux'))))"),
            ("covid-19", "((('scovid') <1> ('s19') | 'scovid19'))"),
            ("1 250 000", "((('s1250000')))"),
            ("12 250", "((('s12') | 's12250') & (('s250') | 's12250'))"),
            ("coop*", "((('scoop' | 'scoop':*)))"),
            ("-un", ""),
            ("or", ""),
            ("« un » – -", "((('sun')))"),
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
                .ends_with("(('scoope' | 'scooperer' | 'scoope':*) | 'slacoope'))"),
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
        let many = "a* ".repeat(60);
        assert_eq!(
            SearchQuery::parse(&many, true).prefixes().len(),
            MOST_PREFIXES
        );
    }
}
