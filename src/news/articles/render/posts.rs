//! Embedded posts of social networks: a `blockquote` with a class by which the network's script finds it. The script itself
//! is removed; the page that shows the body may include it.

use std::borrow::Cow;

use crate::news::articles::render::urls::UrlResolver;

/// The classes of X, Instagram, Threads, TikTok, Bluesky, Mastodon and Reddit.
const CLASSES: &[&str] = &[
    "twitter-tweet",
    "twitter-video",
    "instagram-media",
    "text-post-media",
    "tiktok-embed",
    "bluesky-embed",
    "mastodon-embed",
    "reddit-embed-bq",
];

/// Attributes allowed on a `blockquote` with one of these classes.
pub const ATTRIBUTES: &[&str] = &[
    "cite",
    "class",
    "data-align",
    "data-bluesky-cid",
    "data-bluesky-embed-color-mode",
    "data-bluesky-uri",
    "data-cards",
    "data-conversation",
    "data-dnt",
    "data-embed-height",
    "data-embed-url",
    "data-instgrm-captioned",
    "data-instgrm-permalink",
    "data-instgrm-version",
    "data-lang",
    "data-media-max-width",
    "data-text-post-permalink",
    "data-text-post-version",
    "data-theme",
    "data-video-id",
    "data-width",
];

/// The allowed value of one of these attributes, except `cite`.
pub fn attribute_value<'v>(name: &str, text: &'v str) -> Option<Cow<'v, str>> {
    match name {
        "class" => classes(text).map(Cow::Owned),
        "data-embed-url" | "data-instgrm-permalink" | "data-text-post-permalink" => {
            UrlResolver::absolute(text)
        }
        "data-bluesky-uri" => {
            let path = text.strip_prefix("at://")?;
            is_plain(path, b"._:%/-").then_some(Cow::Borrowed(text))
        }
        "data-instgrm-captioned" => Some(Cow::Borrowed("")),
        _ => is_plain(text, b"_-").then_some(Cow::Borrowed(text)),
    }
}

/// The allowed ones of the classes.
fn classes(text: &str) -> Option<String> {
    let mut known: Vec<&str> = Vec::new();
    for class in text.split_ascii_whitespace() {
        if CLASSES.contains(&class) && !known.contains(&class) {
            known.push(class);
        }
    }
    (!known.is_empty()).then(|| known.join(" "))
}

fn is_plain(text: &str, punctuation: &[u8]) -> bool {
    (1..=200).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || punctuation.contains(&byte))
}

/// The start tag of a `blockquote`, without `data-` attributes unless it is an embedded post. The tag comes from the
/// sanitizer: every value is quoted and contains no quote.
pub fn without_data(tag: &str) -> Cow<'_, str> {
    if tag.contains(" class=\"") || !tag.contains(" data-") {
        return Cow::Borrowed(tag);
    }
    let mut kept = String::with_capacity(tag.len());
    // Names and values alternate between the quotes.
    let mut parts = tag.split('"');
    while let Some(name) = parts.next() {
        match parts.next() {
            Some(_) if name.trim_start().starts_with("data-") => {}
            Some(_) if name.contains(" data-") => {
                // The first attribute follows the name of the tag.
                kept.push_str(name.split(' ').next().unwrap_or_default());
            }
            Some(value) => {
                kept.push_str(name);
                kept.push('"');
                kept.push_str(value);
                kept.push('"');
            }
            None => kept.push_str(name),
        }
    }
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_classes_and_plain_values_are_kept() {
        assert_eq!(
            attribute_value("class", "a twitter-tweet\tb twitter-tweet").as_deref(),
            Some("twitter-tweet")
        );
        for (name, text) in [
            ("class", ""),
            ("class", "modal Twitter-Tweet"),
            ("data-lang", "fr\" onclick=x"),
            ("data-lang", ""),
            ("data-instgrm-permalink", "javascript:alert(1)"),
            ("data-instgrm-permalink", "/p/x"),
            ("data-bluesky-uri", "https://a.example"),
            ("data-video-id", "<b>"),
        ] {
            assert_eq!(attribute_value(name, text), None, "{name} {text}");
        }
    }

    #[test]
    fn a_quotation_that_is_no_post_loses_data_attributes() {
        for (tag, kept) in [
            ("<blockquote data-lang=\"fr\">", "<blockquote>"),
            (
                "<blockquote data-lang=\"fr\" cite=\"https://a.example/?a= data-b\" data-theme=\"x\" dir=\"rtl\">",
                "<blockquote cite=\"https://a.example/?a= data-b\" dir=\"rtl\">",
            ),
            (
                "<blockquote title=\"a data-b\">",
                "<blockquote title=\"a data-b\">",
            ),
            (
                "<blockquote class=\"x\" data-lang=\"fr\">",
                "<blockquote class=\"x\" data-lang=\"fr\">",
            ),
        ] {
            assert_eq!(without_data(tag), kept);
        }
    }
}
