//! Highlights the matches within a text as it was written, as HTML that is safe to show.

use crate::news::search::fold::fold_char;

/// The delimiters of a match in text from the database: characters that no text contains.
pub const BEGIN: char = '\u{1}';
pub const END: char = '\u{2}';

/// About how many characters a snippet has.
const SNIPPET: usize = 220;

/// A text, and for each of its characters whether it belongs to a match.
struct Marked {
    characters: Vec<(char, bool)>,
}

impl Marked {
    /// Transfers the delimiters of the normalized text, which is folded and has apostrophes for other characters, to the text
    /// itself. Nothing is marked if the two differ otherwise.
    fn new(text: &str, marked: &str) -> Self {
        let mut open = false;
        let mut rest = marked.chars().peekable();
        let mut fits = true;
        let mut characters = Vec::with_capacity(text.len());
        for c in text.chars() {
            let mut inside = open;
            fold_char(c, &mut |folded| {
                while let Some(sign) = rest.next_if(|next| matches!(*next, BEGIN | END)) {
                    open = sign == BEGIN;
                }
                inside = open;
                // The database may have been given only the beginning.
                fits &= rest
                    .next()
                    .is_none_or(|next| next == folded || next == '\'');
            });
            // The end of a match comes before what follows it.
            if rest.peek() == Some(&END) {
                rest.next();
                open = false;
            }
            characters.push((c, inside));
        }
        if !fits {
            characters
                .iter_mut()
                .for_each(|(_, inside)| *inside = false);
        }
        Self { characters }
    }

    /// A part of it as HTML: everything escaped, and `<mark>` around the matches.
    fn html(&self, from: usize, to: usize) -> String {
        let mut html = String::new();
        let mut open = false;
        for (c, inside) in &self.characters[from..to] {
            if *inside != open {
                html.push_str(if *inside { "<mark>" } else { "</mark>" });
                open = *inside;
            }
            match c {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '"' => html.push_str("&quot;"),
                '\'' => html.push_str("&#39;"),
                '\n' | '\r' | '\t' => html.push(' '),
                c => html.push(*c),
            }
        }
        if open {
            html.push_str("</mark>");
        }
        html
    }

    /// The part with the most matches close together; the beginning, if there are none.
    fn window(&self) -> (usize, usize) {
        let length = self.characters.len();
        if length <= SNIPPET {
            return (0, length);
        }
        let starts: Vec<usize> = (0..length)
            .filter(|at| self.characters[*at].1 && (*at == 0 || !self.characters[at - 1].1))
            .collect();
        let most = starts.iter().enumerate().max_by_key(|(n, at)| {
            let within = starts[*n..]
                .iter()
                .take_while(|other| **other < **at + SNIPPET * 2 / 3);
            (within.count(), std::cmp::Reverse(*at))
        });
        let Some((_, first)) = most else {
            return (0, self.word_end(SNIPPET));
        };
        let from = self.word_begin(first.saturating_sub(SNIPPET / 3));
        (from, self.word_end((from + SNIPPET).min(length)))
    }

    /// The next place where a word begins.
    fn word_begin(&self, at: usize) -> usize {
        if at == 0 {
            return 0;
        }
        let near = self.characters[at..].iter().take(40);
        let space = near
            .clone()
            .position(|(c, inside)| c.is_whitespace() || *inside);
        match space {
            Some(n) if self.characters[at + n].1 => at + n,
            Some(n) => at + n + 1,
            None => at,
        }
    }

    /// The last place before this where a word ends.
    fn word_end(&self, at: usize) -> usize {
        if at >= self.characters.len() {
            return self.characters.len();
        }
        let near = self.characters[..at].iter().rev().take(40);
        match near.clone().position(|(c, _)| c.is_whitespace()) {
            Some(n) => at - n - 1,
            None => at,
        }
    }
}

/// The whole text with its matches marked.
pub fn whole(text: &str, marked: &str) -> String {
    let marked = Marked::new(text, marked);
    marked.html(0, marked.characters.len())
}

/// The part of the text where the matches are, with an ellipsis where it was cut.
pub fn snippet(text: &str, marked: &str) -> String {
    let marked = Marked::new(text, marked);
    let (from, to) = marked.window();
    let before = if from > 0 { "… " } else { "" };
    let behind = if to < marked.characters.len() {
        " …"
    } else {
        ""
    };
    format!("{before}{}{behind}", marked.html(from, to).trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_around_the_words_as_they_were_written() {
        assert_eq!(
            whole(
                "L’Économie « Œuvre»  <b>",
                "l'\u{1}economie\u{2} \" \u{1}oeuvre\u{2}\"   b "
            ),
            "L’<mark>Économie</mark> « <mark>Œuvre</mark>»  &lt;b&gt;"
        );
        assert_eq!(
            whole("مَدرســـة جديدة", "\u{1}مدرسة\u{2} جديدة"),
            "<mark>مَدرســـة</mark> جديدة"
        );
        assert_eq!(
            whole("fin.Covid-19", "fin'\u{1}covid\u{2}'\u{1}19\u{2}"),
            "fin.<mark>Covid</mark>-<mark>19</mark>"
        );
        assert_eq!(whole("a & b", "nothing like it"), "a &amp; b");
        assert_eq!(whole("", ""), "");
    }

    #[test]
    fn a_snippet_shows_where_the_matches_are() {
        let long = "mot ".repeat(200);
        let text = format!("{long}l’été {long}");
        let marked = format!("{long}l'\u{1}ete\u{2} {long}");
        let snippet = snippet(&text, &marked);
        assert!(
            snippet.starts_with("… ") && snippet.ends_with(" …"),
            "{snippet}"
        );
        assert!(snippet.contains("l’<mark>été</mark> mot"), "{snippet}");
        assert!(snippet.chars().count() < 260, "{snippet}");
        assert_eq!(
            super::snippet("court", "\u{1}court\u{2}"),
            "<mark>court</mark>"
        );
        assert!(super::snippet(&long, &long).starts_with("mot mot"));
    }
}
