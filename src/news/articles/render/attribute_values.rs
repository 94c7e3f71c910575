//! The allowed values of attributes.

use std::borrow::Cow;

use crate::http::language;
use crate::news::articles::render::embeds::Embeds;
use crate::news::articles::render::markdown::{NOTE_LINKS, NOTES};
use crate::news::articles::render::posts;
use crate::news::articles::render::urls::UrlResolver;

/// The `rel` of every link: the target does not get the referrer, nor access to the page with the link.
pub const REL: &str = "noopener noreferrer";
/// Allowed values of `rel` beside it, for search engines.
const ALLOWED_RELATIONS: &[&str] = &["nofollow", "sponsored", "ugc"];

/// The allowed value of an attribute, or `None` to remove it.
pub fn attribute_value<'v>(
    embeds: &Embeds,
    urls: &UrlResolver,
    tag: &str,
    name: &str,
    text: &'v str,
) -> Option<Cow<'v, str>> {
    let trimmed = text.trim_ascii();
    let kept = |keep: bool| keep.then_some(Cow::Borrowed(trimmed));
    match (tag, name) {
        ("iframe", "src") => embeds.allow(text).map(Cow::Owned),
        ("a", "href") if trimmed.starts_with('#') => kept(is_note_id(&trimmed[1..])),
        (_, "href" | "src" | "cite" | "poster") => urls.resolve(trimmed),
        (_, "srcset") => srcset(urls, text).map(Cow::Owned),
        ("a", "rel") => Some(Cow::Owned(relations(text))),
        ("blockquote", "class") => posts::attribute_value(name, trimmed),
        ("blockquote", name) if name.starts_with("data-") => posts::attribute_value(name, trimmed),
        (_, "id") => kept(is_note_id(trimmed)),
        ("a", "role") => kept(NOTE_LINKS.contains(&trimmed)),
        ("section", "role") => kept(trimmed == NOTES),
        (_, "title" | "alt" | "abbr" | "label") => {
            (!closes_markup(text)).then_some(Cow::Borrowed(text))
        }
        (_, "lang" | "hreflang" | "srclang") => {
            kept(trimmed.len() <= 35 && language::canonical(trimmed).is_ok())
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
        (_, "datetime") => kept(is_datetime(trimmed)),
        ("source", "type" | "media") | (_, "sizes") => {
            kept(is_plain(trimmed, 500, b" ().,:;/+*%=-"))
        }
        (_, "allowfullscreen" | "controls" | "default" | "open" | "reversed") => {
            Some(Cow::Borrowed(""))
        }
        _ => None,
    }
}

/// Whether the text has only ASCII letters, digits and these other characters.
fn is_plain(text: &str, max_length: usize, punctuation: &[u8]) -> bool {
    text.len() <= max_length
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || punctuation.contains(&byte))
}

/// Whether the text may be a date, a time or a duration.
fn is_datetime(text: &str) -> bool {
    text.len() <= 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"TZPWYMDHS-+:. ".contains(&byte))
}

fn one_of<'v>(text: &str, words: &[&'static str]) -> Option<Cow<'v, str>> {
    let word = words.iter().find(|word| word.eq_ignore_ascii_case(text))?;
    Some(Cow::Borrowed(word))
}

/// The `rel` of a link: its own allowed values, and those of every link.
fn relations(text: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    for word in text.split_ascii_whitespace() {
        let known = ALLOWED_RELATIONS
            .iter()
            .find(|known| known.eq_ignore_ascii_case(word));
        words.extend(known.filter(|known| !words.contains(*known)));
    }
    words.push(REL);
    words.join(" ")
}

/// A `srcset`, if the URL of every candidate is allowed.
fn srcset(urls: &UrlResolver, text: &str) -> Option<String> {
    let mut candidates = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c == ',' || c.is_ascii_whitespace());
        if rest.is_empty() {
            break;
        }
        let end = rest
            .find(|c: char| c.is_ascii_whitespace())
            .unwrap_or(rest.len());
        let (url, after) = rest.split_at(end);
        let (url, size, after) = match url.strip_suffix(',') {
            Some(url) => (url, "", after),
            None => {
                let end = after.find(',').unwrap_or(after.len());
                (url, after[..end].trim_ascii(), &after[end..])
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
        let candidate = format!("{} {size}", urls.resolve(url)?);
        candidates.push(candidate.trim_end().to_owned());
        rest = after;
    }
    (!candidates.is_empty()).then(|| candidates.join(", "))
}

/// Whether the id belongs to a footnote or a reference to one. Any other id could clash with one of the page around the
/// body.
fn is_note_id(id: &str) -> bool {
    let rest = id.strip_prefix("fn-").or_else(|| id.strip_prefix("fnref-"));
    rest.is_some_and(|rest| {
        (1..=64).contains(&rest.len())
            && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    })
}

/// Whether the text would close an element, a comment or a CDATA section if it were ever parsed as markup.
fn closes_markup(text: &str) -> bool {
    ["</", "-->", "--!>", "]>", "<!"]
        .iter()
        .any(|end| text.contains(end))
}
