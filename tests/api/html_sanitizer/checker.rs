//! An independent check of rendered HTML: the tags and attributes that are allowed.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

/// The allowed attributes, specified independently of the implementation.
fn is_allowed(tag: &str, name: &str, value: &str) -> bool {
    let web = |value: &str| {
        url::Url::parse(value).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.username().is_empty()
                && url.password().is_none()
        }) && (value.starts_with("https://")
            || value.starts_with("http://")
            || value.starts_with("HTTP"))
            && !value.contains(|c: char| c.is_whitespace() || c.is_control())
    };
    let note = |value: &str| value.starts_with("fn-") || value.starts_with("fnref-");
    let short = |value: &str| {
        value.len() < 600 && !value.contains(['<', '>', '"', '\'', '`', '{', '\\', '&'])
    };
    match (tag, name) {
        ("iframe", "src") => web(value) && value.starts_with("https://player.example/"),
        ("iframe", "sandbox") => {
            value == "allow-popups allow-presentation allow-same-origin allow-scripts"
        }
        ("iframe", "loading" | "referrerpolicy" | "allowfullscreen") => short(value),
        ("a", "href") => web(value) || value.strip_prefix('#').is_some_and(note),
        ("a", "rel") => value
            .strip_suffix("noopener noreferrer")
            .is_some_and(|rest| {
                let known = ["nofollow", "sponsored", "ugc"];
                rest.split_whitespace().all(|word| known.contains(&word))
            }),
        ("blockquote", "class") => {
            let known = [
                "twitter-tweet",
                "twitter-video",
                "instagram-media",
                "text-post-media",
                "tiktok-embed",
                "bluesky-embed",
                "mastodon-embed",
                "reddit-embed-bq",
            ];
            value.split(' ').all(|word| known.contains(&word))
        }
        (
            "blockquote",
            "data-embed-url" | "data-instgrm-permalink" | "data-text-post-permalink",
        ) => web(value),
        ("blockquote", "data-bluesky-uri") => value.starts_with("at://") && short(value),
        (
            "blockquote",
            "data-align"
            | "data-bluesky-cid"
            | "data-bluesky-embed-color-mode"
            | "data-cards"
            | "data-conversation"
            | "data-dnt"
            | "data-embed-height"
            | "data-instgrm-captioned"
            | "data-instgrm-version"
            | "data-lang"
            | "data-media-max-width"
            | "data-text-post-version"
            | "data-theme"
            | "data-video-id"
            | "data-width",
        ) => short(value) && !value.contains(char::is_whitespace),
        (
            "img" | "audio" | "video" | "source" | "track" | "blockquote" | "q" | "ins" | "del",
            "src" | "cite" | "poster",
        ) => web(value),
        ("img" | "source", "srcset") => value
            .split(", ")
            .all(|picture| web(picture.split(' ').next().unwrap_or_default())),
        (_, "id") => note(value) && short(value),
        (_, "title") | ("img", "alt") | ("th", "abbr") | ("track", "label") => {
            !value.contains("</") && !value.contains("-->")
        }
        (_, "lang" | "dir") => short(value),
        (
            "a" | "section" | "ol" | "li" | "td" | "th" | "col" | "colgroup" | "time" | "ins"
            | "del" | "details" | "img" | "audio" | "video" | "source" | "track" | "iframe",
            "role" | "start" | "reversed" | "type" | "value" | "colspan" | "rowspan" | "scope"
            | "align" | "span" | "datetime" | "open" | "width" | "height" | "loading" | "sizes"
            | "media" | "controls" | "preload" | "kind" | "srclang" | "default" | "hreflang",
        ) => short(value),
        _ => false,
    }
}

const TAGS: &str = " a abbr aside audio b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em \
    figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i iframe img ins kbd li mark ol p picture pre q rp rt ruby s samp section \
    small source span strong sub summary sup table tbody td tfoot th thead time tr track u ul var video wbr ";

#[derive(Default)]
struct Checker(RefCell<Vec<String>>);

impl TokenSink for Checker {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut violations = self.0.borrow_mut();
        match token {
            Token::TagToken(Tag {
                kind, name, attrs, ..
            }) => {
                if !TAGS.contains(&format!(" {name} ")) {
                    violations.push(format!("<{name}>"));
                }
                for attribute in &attrs {
                    if !is_allowed(&name, &attribute.name.local, &attribute.value) {
                        violations.push(format!(
                            "<{name} {}={:?}>",
                            attribute.name.local, attribute.value
                        ));
                    }
                }
                if kind == TagKind::StartTag && &*name == "iframe" {
                    if attrs.iter().filter(|a| &*a.name.local == "sandbox").count() != 1 {
                        violations.push("an iframe without its sandbox".into());
                    }
                    return TokenSinkResult::RawData(RawKind::Rawtext);
                }
            }
            Token::CommentToken(_) | Token::DoctypeToken(_) => {
                violations.push("neither text nor tag".into())
            }
            Token::CharacterTokens(_)
            | Token::NullCharacterToken
            | Token::ParseError(_)
            | Token::EOFToken => {}
        }
        TokenSinkResult::Continue
    }
}

/// The tags and attributes in HTML that are not allowed.
pub fn violations(html: &str) -> Vec<String> {
    let tokenizer = Tokenizer::new(Checker::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.take()
}
