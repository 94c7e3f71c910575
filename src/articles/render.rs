//! What follows from a body: safe HTML, plain text, and how long it takes to read.

use std::cell::{Cell, RefCell};
use std::sync::LazyLock;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use pulldown_cmark::Event;
use unicode_segmentation::UnicodeSegmentation;

use super::BodyFormat;

/// Words that a reader reads in a minute.
const WORDS_A_MINUTE: usize = 200;

/// Everything that is kept beside a body.
#[derive(Debug, PartialEq, Eq)]
pub struct Rendered {
    pub html: String,
    pub text: String,
    pub word_count: i32,
    /// At least 1.
    pub reading_minutes: i32,
}

/// Renders a body once, so that reading renders nothing.
///
/// # Errors
/// In words, where the body is more intricate than any text that people write: what parses HTML as browsers do takes a
/// time that grows with the square of the nesting and of the character references, so both have a bound.
pub fn render(body: &str, format: BodyFormat) -> Result<Rendered, String> {
    let mut written = String::new();
    let raw = match format {
        BodyFormat::Markdown => {
            check_nesting(pulldown_cmark::Parser::new(body))?;
            pulldown_cmark::html::push_html(&mut written, pulldown_cmark::Parser::new(body));
            &written
        }
        BodyFormat::Html => body,
    };
    check_size(raw)?;
    let html = SANITISER.clean(raw).to_string();
    check_references(&html)?;
    let text = plain_text(&html);
    // Words as UAX #29 finds them: an apostrophe joins (`l’économie` is one), vowel marks belong to their letter.
    let words = text.unicode_words().count();
    Ok(Rendered {
        html,
        text,
        word_count: i32::try_from(words).unwrap_or(i32::MAX),
        reading_minutes: i32::try_from(words.div_ceil(WORDS_A_MINUTE).max(1)).unwrap_or(i32::MAX),
    })
}

/// How many elements may be open at once, and how many character references (`&amp;`, `&quot;`) there may be.
const DEEPEST: usize = 100;
const MOST_REFERENCES: usize = 20_000;

fn check_nesting<'a>(events: impl Iterator<Item = Event<'a>>) -> Result<(), String> {
    let mut depth = 0_usize;
    for event in events {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Err(too_deep());
        }
    }
    Ok(())
}

fn check_references(html: &str) -> Result<(), String> {
    if html.bytes().filter(|byte| *byte == b'&').count() > MOST_REFERENCES {
        return Err(format!(
            "more than {MOST_REFERENCES} ampersands and other signs that HTML escapes"
        ));
    }
    Ok(())
}

fn too_deep() -> String {
    format!("more than {DEEPEST} elements within one another, or that many left open")
}

fn check_size(html: &str) -> Result<(), String> {
    check_references(html)?;
    let depth = tokens(html, DepthSink::default());
    if depth.deepest.get() > DEEPEST {
        return Err(too_deep());
    }
    Ok(())
}

/// Runs the tokens of HTML through a sink.
fn tokens<S: TokenSink<Handle = ()>>(html: &str, sink: S) -> S {
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink
}

/// Counts how many elements are open at once.
#[derive(Default)]
struct DepthSink {
    open: Cell<usize>,
    deepest: Cell<usize>,
}

impl TokenSink for DepthSink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        if let Token::TagToken(tag) = token
            && !nests_by_itself(&tag.name)
        {
            match tag.kind {
                TagKind::StartTag => self.open.set(self.open.get() + 1),
                TagKind::EndTag => self.open.set(self.open.get().saturating_sub(1)),
            }
            self.deepest.set(self.deepest.get().max(self.open.get()));
        }
        TokenSinkResult::Continue
    }
}

/// Whether an element can't be piled up: it has no end, or the next of its kind ends it.
fn nests_by_itself(tag: &str) -> bool {
    let void = [
        "area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
        "wbr",
    ];
    let ended = [
        "dd", "dt", "li", "option", "p", "tbody", "td", "tfoot", "th", "thead", "tr",
    ];
    void.contains(&tag) || ended.contains(&tag)
}

static SANITISER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut sanitiser = ammonia::Builder::default();
    sanitiser
        .add_generic_attributes(["dir"])
        .url_schemes(["http", "https"].into())
        .link_rel(Some("noopener noreferrer"));
    sanitiser
});

/// The text of HTML that is well formed, as the sanitiser leaves it: a line for each block.
fn plain_text(html: &str) -> String {
    let text = tokens(html, TextSink::default()).0.take();
    let lines: Vec<&str> = text
        .lines()
        .map(|line| line.trim_matches([' ', '\t']))
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n")
}

#[derive(Default)]
struct TextSink(RefCell<String>);

impl TokenSink for TextSink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut text = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(characters) => {
                // A line end within a block is a space to whoever reads it.
                text.push_str(&characters.replace(['\n', '\r'], " "));
            }
            Token::TagToken(tag)
                if is_block(&tag.name) || (tag.kind == TagKind::StartTag && &*tag.name == "br") =>
            {
                text.push('\n');
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

fn is_block(tag: &str) -> bool {
    matches!(
        tag,
        "article"
            | "aside"
            | "blockquote"
            | "caption"
            | "center"
            | "dd"
            | "details"
            | "div"
            | "dl"
            | "dt"
            | "figcaption"
            | "figure"
            | "footer"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hgroup"
            | "hr"
            | "li"
            | "nav"
            | "ol"
            | "p"
            | "pre"
            | "section"
            | "summary"
            | "table"
            | "tbody"
            | "td"
            | "tfoot"
            | "th"
            | "thead"
            | "tr"
            | "ul"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_html_text_and_counts() {
        let rendered = render(
            "## Titre\n\nUn *mot*\net [un lien](https://a.example).\n\n- un\n- deux",
            BodyFormat::Markdown,
        )
        .unwrap();
        assert_eq!(
            rendered.html,
            "<h2>Titre</h2>\n<p>Un <em>mot</em>\net <a href=\"https://a.example\" rel=\"noopener noreferrer\">un lien</a>.</p>\n\
             <ul>\n<li>un</li>\n<li>deux</li>\n</ul>\n"
        );
        assert_eq!(rendered.text, "Titre\nUn mot et un lien.\nun\ndeux");
        assert_eq!((rendered.word_count, rendered.reading_minutes), (8, 1));
    }

    #[test]
    fn nothing_dangerous_comes_through_in_either_form() {
        for body in [
            "<script>alert(1)</script>ok",
            "<img src=x onerror=alert(1)>ok",
            "<a href=\"javascript:alert(1)\">ok</a>",
            "<p style=\"position:fixed\">ok</p>",
            "<iframe src=\"https://a.example\"></iframe>ok",
            "[ok](javascript:alert(1))",
            "<svg><style><img src=x onerror=alert(1)></style></svg>ok",
        ] {
            for format in [BodyFormat::Html, BodyFormat::Markdown] {
                let html = render(body, format).unwrap().html;
                for wrong in [
                    "<script",
                    "onerror=\"",
                    "onerror=a",
                    "href=\"javascript",
                    "style",
                    "<iframe",
                    "<svg",
                ] {
                    assert!(!html.contains(wrong), "{body} gave {html}");
                }
            }
        }
        let kept = render(
            "<p lang=\"ar\" dir=\"rtl\">نص</p><figure><figcaption>x</figcaption></figure>",
            BodyFormat::Html,
        )
        .unwrap();
        assert_eq!(
            kept.html,
            "<p lang=\"ar\" dir=\"rtl\">نص</p><figure><figcaption>x</figcaption></figure>"
        );
    }

    #[test]
    fn words_are_counted_as_their_language_has_them() {
        let words = |text: &str| render(text, BodyFormat::Markdown).unwrap().word_count;
        assert_eq!(
            words("L’économie d'aujourd’hui « monte » de 23,6\u{a0}% : 1.000 personnes"),
            7
        );
        assert_eq!(words("قالَ المُتحدّث إنّ ٢٠ شخصًا حضروا، و«الجلسة» انتهت."), 9);
        assert_eq!(words("It’s the minister’s e-mail"), 5);
        assert_eq!(words(""), 0);
        let minutes = |text: &str| render(text, BodyFormat::Markdown).unwrap().reading_minutes;
        assert_eq!(minutes(""), 1);
        assert_eq!(minutes(&"mot ".repeat(200)), 1);
        assert_eq!(minutes(&"mot ".repeat(201)), 2);
    }

    #[test]
    fn blocks_of_html_do_not_run_together() {
        assert_eq!(
            render("<p>un</p><p>deux<br>trois</p>", BodyFormat::Html)
                .unwrap()
                .text,
            "un\ndeux\ntrois"
        );
    }

    #[test]
    fn what_would_take_too_long_is_refused() {
        use BodyFormat::{Html, Markdown};
        for (body, format) in [
            (">".repeat(101), Markdown),
            ("<div>".repeat(101), Html),
            ("<div/>".repeat(101), Html),
            ("<b><p>".repeat(101), Html),
            ("&".repeat(20_001), Markdown),
            (">".repeat(20_001), Html),
        ] {
            assert!(render(&body, format).is_err(), "{}", &body[..10]);
        }
        for (body, format) in [
            ("> ".repeat(50) + "x", Markdown),
            ("<p>a<br>".repeat(5_000), Html),
            (format!("<ul>{}</ul>", "<li>a".repeat(5_000)), Html),
            ("<b>a</b>".repeat(5_000), Html),
            ("[".repeat(50_000), Markdown),
            ("*a ".repeat(50_000), Markdown),
        ] {
            assert!(render(&body, format).is_ok(), "{}", &body[..10]);
        }
    }
}
