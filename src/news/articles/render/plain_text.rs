//! The plain text of a body.

use std::cell::{Cell, RefCell};

use html5ever::Attribute;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use crate::news::articles::render::markdown::NOTE_LINKS;

/// The text of sanitized HTML, with one line for each block.
pub fn plain_text(html: &str) -> String {
    let text = tokens(html, TextSink::default()).text.take();
    let lines: Vec<&str> = text
        .lines()
        .map(|line| line.trim_matches([' ', '\t']))
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n")
}

/// Feeds the tokens of HTML to a sink.
fn tokens<S: TokenSink<Handle = ()>>(html: &str, sink: S) -> S {
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink
}

#[derive(Default)]
struct TextSink {
    text: RefCell<String>,
    /// In a link between a text and its note: the number is not part of the text.
    in_note_link: Cell<bool>,
}

impl TokenSink for TextSink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut text = self.text.borrow_mut();
        match token {
            Token::CharacterTokens(_) if self.in_note_link.get() => {}
            Token::CharacterTokens(characters) => {
                // A line break within a block is displayed as a space.
                text.push_str(&characters.replace(['\n', '\r'], " "));
            }
            Token::TagToken(tag) if &*tag.name == "a" => {
                let leads_to_note = |role: &Attribute| {
                    &*role.name.local == "role" && NOTE_LINKS.contains(&&*role.value)
                };
                self.in_note_link
                    .set(tag.kind == TagKind::StartTag && tag.attrs.iter().any(leads_to_note));
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
