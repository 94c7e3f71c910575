//! How intricate a body may be: what parses HTML as browsers do takes a time that grows with the square of it.

use std::cell::Cell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use pulldown_cmark::Event;

/// How many elements may be open at once, and how many character references (`&amp;`, `&quot;`) there may be.
const DEEPEST: usize = 100;
const MOST_REFERENCES: usize = 20_000;

pub fn check_nesting<'a>(events: impl Iterator<Item = Event<'a>>) -> Result<(), String> {
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

pub fn check_references(html: &str) -> Result<(), String> {
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

pub fn check_size(html: &str) -> Result<(), String> {
    check_references(html)?;
    let depth = tokens(html, DepthSink::default());
    if depth.deepest.get() > DEEPEST {
        return Err(too_deep());
    }
    Ok(())
}

/// Runs the tokens of HTML through a sink.
pub fn tokens<S: TokenSink<Handle = ()>>(html: &str, sink: S) -> S {
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
