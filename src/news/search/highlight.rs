//! Highlights the matches within a text as it was written, as HTML that is safe to show.

use std::ops::Range;

use crate::news::search_index::{Dictionary, MatchedTerms, Rendered, tokens};

/// About how many characters a snippet has.
const SNIPPET: usize = 220;
/// How much of a text is read at a time to find the first match, in bytes.
const PIECE: usize = 1_000;

/// Highlights texts of one language.
pub struct Highlighter<'a> {
    dictionary: Dictionary,
    sought: Option<&'a MatchedTerms>,
}

impl<'a> Highlighter<'a> {
    pub fn new(query: &'a Rendered, language: &str) -> Self {
        let dictionary = Dictionary::of(language);
        Self {
            dictionary,
            sought: query.matched(dictionary),
        }
    }

    /// The whole text with its matches marked.
    pub fn whole(&self, text: &str) -> String {
        html(text, 0..text.len(), &self.matches(text))
    }

    /// The part of the text where the matches are, with an ellipsis where it was cut; the beginning, if there are none.
    pub fn snippet(&self, text: &str) -> String {
        let region = self.region(text);
        let matches = self.matches(&text[region.clone()]);
        let window = Window::new(&text[region.clone()], &matches);
        let Range { start, end } = window.range();
        let before = if region.start + start > 0 { "… " } else { "" };
        let behind = match region.start + end < text.len() {
            true => " …",
            false => "",
        };
        let html = html(&text[region], start..end, &matches);
        format!("{before}{}{behind}", html.trim())
    }

    /// The bytes of the words that match, in their order.
    fn matches(&self, text: &str) -> Vec<Range<usize>> {
        let Some(sought) = self.sought else {
            return Vec::new();
        };
        let mut matches: Vec<Range<usize>> = Vec::new();
        for token in tokens(self.dictionary, text) {
            if token.terms.iter().any(|term| sought.contains(term)) {
                // The parts of a compound lie within it.
                match matches.last() {
                    Some(last) if token.range.end <= last.end => {}
                    _ => matches.push(token.range),
                }
            }
        }
        matches
    }

    /// A piece of the text around its first match, long enough to cut a snippet from.
    fn region(&self, text: &str) -> Range<usize> {
        let mut start = 0;
        while start < text.len() {
            let end = word_end(text, start + PIECE);
            if let Some(first) = self.matches(&text[start..end]).first() {
                let from = (start + first.start).saturating_sub(SNIPPET * 2);
                let from = (from..)
                    .find(|at| text.is_char_boundary(*at))
                    .unwrap_or(start);
                return from..word_end(text, start + first.start + PIECE);
            }
            start = end;
        }
        0..word_end(text, PIECE)
    }
}

/// The first end of a word from here on.
fn word_end(text: &str, from: usize) -> usize {
    let from = (from..text.len()).find(|at| text.is_char_boundary(*at));
    let rest = from.and_then(|from| Some((from, text.get(from..)?)));
    let end = rest.and_then(|(from, rest)| Some(from + rest.find(char::is_whitespace)?));
    end.unwrap_or(text.len())
}

/// A part of a text as HTML: everything escaped, and `<mark>` around the matches.
fn html(text: &str, part: Range<usize>, matches: &[Range<usize>]) -> String {
    let mut html = String::with_capacity(part.len() + 32);
    let mut at = part.start;
    for found in matches {
        if found.start < at || found.end > part.end {
            continue;
        }
        escape(&text[at..found.start], &mut html);
        html.push_str("<mark>");
        escape(&text[found.clone()], &mut html);
        html.push_str("</mark>");
        at = found.end;
    }
    escape(&text[at..part.end], &mut html);
    html
}

fn escape(text: &str, html: &mut String) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '\n' | '\r' | '\t' => html.push(' '),
            c => html.push(c),
        }
    }
}

/// The part of a text that a snippet shows, in characters.
struct Window {
    /// Each character with its place in bytes.
    characters: Vec<(usize, char)>,
    /// The places, in characters, where matches begin.
    starts: Vec<usize>,
    length: usize,
}

impl Window {
    fn new(text: &str, matches: &[Range<usize>]) -> Self {
        let characters: Vec<(usize, char)> = text.char_indices().collect();
        let place = |found: &Range<usize>| characters.partition_point(|(at, _)| *at < found.start);
        Self {
            starts: matches.iter().map(place).collect(),
            characters,
            length: text.len(),
        }
    }

    /// The bytes with the most matches close together; the beginning, if there are none.
    fn range(&self) -> Range<usize> {
        let length = self.characters.len();
        if length <= SNIPPET {
            return 0..self.length;
        }
        let most = self.starts.iter().enumerate().max_by_key(|(n, at)| {
            let within = self.starts[*n..]
                .iter()
                .take_while(|other| **other < **at + SNIPPET * 2 / 3);
            (within.count(), std::cmp::Reverse(*at))
        });
        let Some((_, first)) = most else {
            return 0..self.bytes(self.word_end(SNIPPET));
        };
        let from = self.word_begin(first.saturating_sub(SNIPPET / 3), *first);
        let to = self.word_end((from + SNIPPET).min(length));
        self.bytes(from)..self.bytes(to)
    }

    fn bytes(&self, at: usize) -> usize {
        self.characters
            .get(at)
            .map_or(self.length, |(byte, _)| *byte)
    }

    /// The next place where a word begins, not behind the match.
    fn word_begin(&self, at: usize, first: usize) -> usize {
        if at == 0 {
            return 0;
        }
        let near = self.characters[at..first].iter().take(40);
        match near.map(|(_, c)| c).position(|c| c.is_whitespace()) {
            Some(n) => at + n + 1,
            None if first - at <= 40 => first,
            None => at,
        }
    }

    /// The last place before this where a word ends.
    fn word_end(&self, at: usize) -> usize {
        if at >= self.characters.len() {
            return self.characters.len();
        }
        let near = self.characters[..at].iter().rev().take(40);
        match near.map(|(_, c)| c).position(|c| c.is_whitespace()) {
            Some(n) => at - n - 1,
            None => at,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use crate::news::search_index::SearchQuery;

    use super::*;

    fn query(words: &str) -> Rendered {
        SearchQuery::parse(words, false).render(&Dictionary::ALL, &HashMap::new())
    }

    #[test]
    fn marks_stand_around_the_words_as_they_were_written() {
        for (words, language, text, marked) in [
            (
                "economie oeuvres",
                "fr",
                "L’Économie « Œuvre»  <b>",
                "L’<mark>Économie</mark> « <mark>Œuvre</mark>»  &lt;b&gt;",
            ),
            (
                "مدرسة",
                "ar",
                "مَدرســـة جديدة",
                "<mark>مَدرســـة</mark> جديدة",
            ),
            (
                "covid-19",
                "fr",
                "fin.Covid-19",
                "fin.<mark>Covid-19</mark>",
            ),
            ("19", "fr", "fin.Covid-19", "fin.Covid-<mark>19</mark>"),
            ("1250000", "fr", "1 250 000 t", "<mark>1 250 000</mark> t"),
            ("other", "fr", "a & b", "a &amp; b"),
            ("un -deux", "es", "un deux", "<mark>un</mark> deux"),
            ("mot", "fr", "", ""),
        ] {
            assert_eq!(
                Highlighter::new(&query(words), language).whole(text),
                marked
            );
        }
    }

    #[test]
    fn a_snippet_shows_where_the_matches_are() {
        let query = query("ete");
        let highlighter = Highlighter::new(&query, "fr");
        let long = "mot ".repeat(800);
        let snippet = highlighter.snippet(&format!("{long}l’été {long}"));
        assert!(
            snippet.starts_with("… ") && snippet.ends_with(" …"),
            "{snippet}"
        );
        assert!(snippet.contains("l’<mark>été</mark> mot"), "{snippet}");
        assert!(snippet.chars().count() < 260, "{snippet}");
        assert_eq!(highlighter.snippet("été court"), "<mark>été</mark> court");
        assert!(highlighter.snippet(&long).starts_with("mot mot"));
        let unbroken = "é".repeat(5_000);
        assert!(highlighter.snippet(&unbroken).chars().count() < 5_100);
    }
}
