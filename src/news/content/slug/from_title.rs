//! Slugs made from titles.

use deunicode::deunicode_char;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use uuid::Uuid;

use crate::http::id_or_slug::{is_letter, is_slug};

/// The maximum length of a slug made from a title, in characters; a chosen one may be longer.
const MAX_LENGTH: usize = 80;

/// Makes a slug from a title: Latin letters without accents, letters of other scripts unchanged (for Arabic readers, in
/// Arabic), hyphens for everything else. `fallback` is for a title without letters.
pub fn from_title(title: &str, fallback: &str) -> String {
    let mut words: Vec<String> = vec![String::new()];
    for c in title.nfkc() {
        match c {
            // Tatweel and vowel marks are not part of the word.
            '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' => {}
            // Direction marks and joiners are invisible and separate nothing.
            '\u{200c}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => {}
            _ => match transliterate(c) {
                Some(letters) => words
                    .last_mut()
                    .expect("there is at least one word")
                    .push_str(&letters),
                None => words.push(String::new()),
            },
        }
    }
    let mut slug = String::new();
    for word in words.iter().filter(|word| !word.is_empty()) {
        let length = slug.chars().count() + 1 + word.chars().count();
        if slug.is_empty() {
            slug = word.chars().take(MAX_LENGTH).collect();
        } else if length <= MAX_LENGTH {
            slug = format!("{slug}-{word}");
        } else {
            break;
        }
    }
    let slug: String = slug.nfc().collect();
    if is_slug(&slug) {
        slug
    } else {
        fallback.to_owned()
    }
}

/// The slug of a draft without a chosen one: the end of its id follows the title, so that it takes no slug from a public
/// article. A public article with the slug `…-2` would reveal that there is a draft.
pub fn provisional(title: &str, fallback: &str, id: Uuid) -> String {
    let slug = format!("{}-{}", from_title(title, fallback), id_suffix(id));
    if is_slug(&slug) {
        slug
    } else {
        format!("{fallback}-{}", id_suffix(id))
    }
}

/// Whether the slug is the provisional one of the resource with this id.
pub fn is_provisional(slug: &str, id: Uuid) -> bool {
    slug.strip_suffix(&id_suffix(id))
        .is_some_and(|title| title.ends_with('-'))
}

/// The random last part of an id (RFC 9562, section 5.7).
fn id_suffix(id: Uuid) -> String {
    let id = id.simple().to_string();
    id[20..].to_owned()
}

/// The letters or digits of a character in a slug; `None` if it is a separator.
fn transliterate(c: char) -> Option<String> {
    let latin = matches!(c, '\u{aa}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}');
    let digit = match c {
        '\u{660}'..='\u{669}' => Some('\u{660}'),
        '\u{6f0}'..='\u{6f9}' => Some('\u{6f0}'),
        _ => None,
    };
    if c.is_ascii_alphanumeric() {
        Some(c.to_ascii_lowercase().to_string())
    } else if let Some(zero) = digit {
        char::from_digit(u32::from(c) - u32::from(zero), 10).map(String::from)
    } else if latin && c.is_alphabetic() {
        let plain = deunicode_char(c)?.to_ascii_lowercase();
        plain
            .chars()
            .all(|c| c.is_ascii_alphanumeric())
            .then_some(plain)
    } else if !c.is_ascii() && (is_letter(c) || is_combining_mark(c)) {
        Some(c.to_lowercase().collect())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_make_readable_slugs() {
        for (title, slug) in [
            (
                "L’économie sociale et solidaire",
                "l-economie-sociale-et-solidaire",
            ),
            (
                "Œuvre d’art : « 23,6 % » de plus\u{202f}!",
                "oeuvre-d-art-23-6-de-plus",
            ),
            (
                "La 3ᵉ édition de l'été — enfin",
                "la-3e-edition-de-l-ete-enfin",
            ),
            ("Straße, Ærø, Łódź, İzmir", "strasse-aero-lodz-izmir"),
            ("موسمُ الزيتــون يُبشّر بالخير", "موسم-الزيتون-يبشر-بالخير"),
            ("ميزانية ٢٠٢٦: 12 مليارا", "ميزانية-2026-12-مليارا"),
            ("日本語 ニュース", "日本語-ニュース"),
            ("हिन्दी समाचार", "हिन्दी-समाचार"),
            ("\u{115f}Aa \u{3164}", "aa"),
            ("🎉🎉", "article"),
            ("", "article"),
            ("0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11", "article"),
        ] {
            assert_eq!(from_title(title, "article"), slug);
            assert!(is_slug(&from_title(title, "article")));
        }
    }

    #[test]
    fn a_provisional_slug_is_recognised_by_its_id_and_never_looks_like_an_id() {
        let id = Uuid::parse_str("0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d14").unwrap();
        for (title, slug) in [
            ("Une reprise", "une-reprise-1f6a0b7c2d14"),
            ("", "article-1f6a0b7c2d14"),
            ("0199f0a2 6c1e 7d6e 9f30", "article-1f6a0b7c2d14"),
        ] {
            assert_eq!(provisional(title, "article", id), slug);
            assert!(is_slug(slug) && is_provisional(slug, id));
        }
        for other in ["une-reprise", "1f6a0b7c2d14", "a1f6a0b7c2d14"] {
            assert!(!is_provisional(other, id), "{other}");
        }
    }

    #[test]
    fn a_long_title_is_cut_between_words() {
        let slug = from_title(&"anticonstitutionnellement ".repeat(9), "article");
        assert_eq!(
            slug,
            "anticonstitutionnellement-anticonstitutionnellement-anticonstitutionnellement"
        );
        assert_eq!(from_title(&"a".repeat(300), "article").len(), MAX_LENGTH);
    }
}
