//! What may stand in a body's HTML. A tag, an attribute or a value that is not named here, goes.

use std::borrow::Cow;

use crate::news::articles::render::addresses::Addresses;
use crate::news::articles::render::embeds::Embeds;
use crate::news::articles::render::markdown::{NOTE_LINKS, NOTES};
use crate::news::articles::render::posts;

/// Tags that stay. Of others the text stays, unless they are among `WITH_CONTENT`.
pub const TAGS: &[&str] = &[
    "a",
    "abbr",
    "aside",
    "audio",
    "b",
    "bdi",
    "bdo",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "picture",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "section",
    "small",
    "source",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "track",
    "u",
    "ul",
    "var",
    "video",
    "wbr",
];

/// Tags that go with everything within them: it is no text.
pub const WITH_CONTENT: &[&str] = &[
    "applet",
    "button",
    "canvas",
    "datalist",
    "dialog",
    "embed",
    "frameset",
    "head",
    "iframe",
    "math",
    "noembed",
    "noframes",
    "noscript",
    "object",
    "optgroup",
    "option",
    "plaintext",
    "portal",
    "script",
    "select",
    "style",
    "svg",
    "template",
    "textarea",
    "title",
    "xmp",
];

/// Attributes that any tag may have.
pub const ANYWHERE: &[&str] = &["dir", "id", "lang", "title"];

pub const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("a", &["href", "hreflang", "rel", "role"]),
    ("audio", &["controls", "preload", "src"]),
    ("blockquote", posts::ATTRIBUTES),
    ("col", &["span"]),
    ("colgroup", &["span"]),
    ("del", &["cite", "datetime"]),
    ("details", &["open"]),
    (
        "img",
        &[
            "alt", "height", "loading", "sizes", "src", "srcset", "width",
        ],
    ),
    ("ins", &["cite", "datetime"]),
    ("li", &["value"]),
    ("ol", &["reversed", "start", "type"]),
    ("q", &["cite"]),
    ("section", &["role"]),
    (
        "source",
        &["height", "media", "sizes", "src", "srcset", "type", "width"],
    ),
    ("td", &["align", "colspan", "rowspan"]),
    ("th", &["abbr", "align", "colspan", "rowspan", "scope"]),
    ("time", &["datetime"]),
    ("track", &["default", "kind", "label", "src", "srclang"]),
    (
        "video",
        &["controls", "height", "poster", "preload", "src", "width"],
    ),
];

/// What an embedded page keeps of its own; the rest is said by `OF_EMBEDS`.
pub const OF_IFRAMES: &[&str] = &["allowfullscreen", "height", "src", "title", "width"];

/// What links say of where they lead: it learns nothing of the page that led there, and can't reach it.
pub const REL: &str = "noopener noreferrer";
/// What they may say beside it, for search engines.
const RELATIONS: &[&str] = &["nofollow", "sponsored", "ugc"];

/// What an attribute may say; none, and it goes.
pub fn value<'v>(
    embeds: &Embeds,
    addresses: &Addresses,
    tag: &str,
    name: &str,
    text: &'v str,
) -> Option<Cow<'v, str>> {
    let trimmed = text.trim_ascii();
    let kept = |keep: bool| keep.then_some(Cow::Borrowed(trimmed));
    match (tag, name) {
        ("iframe", "src") => embeds.admit(text).map(Cow::Owned),
        ("a", "href") if trimmed.starts_with('#') => kept(is_note_id(&trimmed[1..])),
        (_, "href" | "src" | "cite" | "poster") => addresses.resolve(trimmed),
        (_, "srcset") => pictures(addresses, text).map(Cow::Owned),
        ("a", "rel") => Some(Cow::Owned(relations(text))),
        ("blockquote", "class") => posts::value(name, trimmed),
        ("blockquote", name) if name.starts_with("data-") => posts::value(name, trimmed),
        (_, "id") => kept(is_note_id(trimmed)),
        ("a", "role") => kept(NOTE_LINKS.contains(&trimmed)),
        ("section", "role") => kept(trimmed == NOTES),
        (_, "title" | "alt" | "abbr" | "label") => {
            (!closes_markup(text)).then_some(Cow::Borrowed(text))
        }
        (_, "lang" | "hreflang" | "srclang") => {
            let sign = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            kept(trimmed.len() <= 35 && trimmed.bytes().all(sign))
        }
        (_, "dir") => one_of(trimmed, &["ltr", "rtl", "auto"]),
        (_, "width" | "height" | "span" | "colspan" | "rowspan") => {
            kept((1..=5).contains(&trimmed.len()) && trimmed.bytes().all(|b| b.is_ascii_digit()))
        }
        ("ol", "start") | ("li", "value") => kept(trimmed.parse::<i32>().is_ok()),
        ("ol", "type") => kept(["1", "a", "A", "i", "I"].contains(&trimmed)),
        (_, "align") => one_of(trimmed, &["left", "center", "right"]),
        ("th", "scope") => one_of(trimmed, &["col", "colgroup", "row", "rowgroup"]),
        ("img", "loading") => one_of(trimmed, &["eager", "lazy"]),
        (_, "preload") => one_of(trimmed, &["metadata", "none"]),
        ("track", "kind") => one_of(
            trimmed,
            &[
                "captions",
                "chapters",
                "descriptions",
                "metadata",
                "subtitles",
            ],
        ),
        (_, "datetime") => kept(
            trimmed.len() <= 64
                && trimmed
                    .bytes()
                    .all(|b| b.is_ascii_digit() || b"TZPWYMDHS-+:. ".contains(&b)),
        ),
        ("source", "type" | "media") | (_, "sizes") => kept(
            trimmed.len() <= 500
                && trimmed
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b" ().,:;/+*%=-".contains(&b)),
        ),
        (_, "allowfullscreen" | "controls" | "default" | "open" | "reversed") => {
            Some(Cow::Borrowed(""))
        }
        _ => None,
    }
}

fn one_of<'v>(text: &str, words: &[&'static str]) -> Option<Cow<'v, str>> {
    let word = words.iter().find(|word| word.eq_ignore_ascii_case(text))?;
    Some(Cow::Borrowed(word))
}

/// How a link says what it leads to: the words that may stay, and those that every link has.
fn relations(text: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    for word in text.split_ascii_whitespace() {
        let known = RELATIONS.iter().find(|it| it.eq_ignore_ascii_case(word));
        words.extend(known.filter(|known| !words.contains(*known)));
    }
    words.push(REL);
    words.join(" ")
}

/// The pictures of a `srcset`, if every one of them has an address on the web.
fn pictures(addresses: &Addresses, text: &str) -> Option<String> {
    let mut pictures = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c == ',' || c.is_ascii_whitespace());
        if rest.is_empty() {
            break;
        }
        let end = rest
            .find(|c: char| c.is_ascii_whitespace())
            .unwrap_or(rest.len());
        let (address, after) = rest.split_at(end);
        let (address, size, after) = match address.strip_suffix(',') {
            Some(address) => (address, "", after),
            None => {
                let end = after.find(',').unwrap_or(after.len());
                (address, after[..end].trim_ascii(), &after[end..])
            }
        };
        let number = size.strip_suffix(['w', 'x', 'h']);
        let is_size = size.is_empty()
            || number.is_some_and(|number| {
                (1..=9).contains(&number.len())
                    && number.bytes().all(|b| b.is_ascii_digit() || b == b'.')
            });
        if !is_size {
            return None;
        }
        let picture = format!("{} {size}", addresses.resolve(address)?);
        pictures.push(picture.trim_end().to_owned());
        rest = after;
    }
    (!pictures.is_empty()).then(|| pictures.join(", "))
}

/// Ids and where links lead within a body: to notes and back. Any other name could hide something of the page that the
/// body stands in.
fn is_note_id(id: &str) -> bool {
    let rest = id.strip_prefix("fn-").or_else(|| id.strip_prefix("fnref-"));
    rest.is_some_and(|rest| {
        (1..=64).contains(&rest.len())
            && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    })
}

/// Whether a text would end something if it ever stood where markup is read: a tag, a comment, a CDATA section.
fn closes_markup(text: &str) -> bool {
    ["</", "-->", "--!>", "]>", "<!"]
        .iter()
        .any(|end| text.contains(end))
}
