//! Rendering of an article's body: sanitized HTML, plain text, word count and reading time.

mod allowlist;
mod attribute_values;
mod embeds;
mod limits;
mod markdown;
mod plain_text;
mod posts;
mod sanitize;
mod urls;

use unicode_segmentation::UnicodeSegmentation;
use url::Url;

pub use embeds::{EmbedHost, Embeds};

use crate::news::articles::BodyFormat;
use crate::problem::Text;

/// The reading speed.
const WORDS_PER_MINUTE: usize = 200;

/// The settings of rendering.
#[derive(Clone, Debug, Default)]
pub struct Rendering {
    /// The hosts whose pages may be embedded.
    pub embeds: Embeds,
    /// The base of relative URLs: the site's. Without it, they are removed.
    pub base: Option<Url>,
}

/// The derived forms of a body.
#[derive(Debug, PartialEq, Eq)]
pub struct Rendered {
    pub html: String,
    pub text: String,
    pub word_count: i32,
    /// At least 1.
    pub reading_minutes: i32,
}

/// Renders a body when it is written, so that reads need not.
///
/// # Errors
/// If the body is more complex than any real text: the time to parse HTML as browsers do grows with the square of the
/// nesting and of the character references, so both are limited.
pub fn render(body: &str, format: BodyFormat, rendering: &Rendering) -> Result<Rendered, Text> {
    let converted;
    let raw = match format {
        BodyFormat::Markdown => {
            converted = markdown::to_html(body)?;
            &converted
        }
        BodyFormat::Html => body,
    };
    limits::check_size(raw)?;
    let html = sanitize::sanitize(raw, rendering)?;
    let text = plain_text::plain_text(&html);
    // Words are those of UAX #29: an apostrophe joins (`l’économie` is one word), vowel marks belong to their letter.
    let words = text.unicode_words().count();
    Ok(Rendered {
        html,
        text,
        word_count: i32::try_from(words).unwrap_or(i32::MAX),
        reading_minutes: i32::try_from(words.div_ceil(WORDS_PER_MINUTE).max(1)).unwrap_or(i32::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(body: &str, format: BodyFormat) -> Result<Rendered, Text> {
        super::render(body, format, &Rendering::default())
    }

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
    fn dangerous_html_is_removed_in_both_formats() {
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
    fn words_are_counted_by_the_rules_of_unicode() {
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
    fn blocks_of_html_become_separate_lines() {
        assert_eq!(
            render("<p>un</p><p>deux<br>trois</p>", BodyFormat::Html)
                .unwrap()
                .text,
            "un\ndeux\ntrois"
        );
    }

    #[test]
    fn html_that_would_take_too_long_to_parse_is_refused() {
        use BodyFormat::{Html, Markdown};
        let numbered = |form: &str, times: usize| -> String {
            let one = |n: usize| form.replace('#', &n.to_string());
            (0..times).map(one).collect()
        };
        let left_open = numbered("<b title=#>", 99);
        for (body, format) in [
            (">".repeat(101), Markdown),
            ("<div>".repeat(101), Html),
            ("<div/>".repeat(101), Html),
            ("<div></x>".repeat(101), Html),
            ("<form><div></form>".repeat(101), Html),
            ("<style><!--</style><div>".repeat(101), Html),
            ("<svg><style><div>".repeat(101), Html),
            ("<div><table><td></div></table>".repeat(101), Html),
            (numbered("<b title=#><p>", 101), Html),
            (numbered("<b title=#><table><td></b></table>", 200), Html),
            (format!("<p>{left_open}{}", "<p>x".repeat(200)), Html),
            (format!("<table>{}", "x<b>y</b>".repeat(2_000)), Html),
            (format!("<p {}>", numbered(" a#", 101)), Html),
            (format!("<p {}", numbered(" a#", 21_000)), Html),
            ("&".repeat(20_001), Markdown),
            (">".repeat(20_001), Html),
        ] {
            assert!(render(&body, format).is_err(), "{}", &body[..10]);
        }
        for (body, format) in [
            ("> ".repeat(50) + "x", Markdown),
            ("<p>a<br>".repeat(5_000), Html),
            (format!("<ul>{}</ul>", "<li>a".repeat(5_000)), Html),
            (
                format!("<table>{}</table>", "<tr><td>a".repeat(5_000)),
                Html,
            ),
            ("<b>a</b>".repeat(5_000), Html),
            ("<p><b><i>a</b></i>".repeat(500), Html),
            (format!("<b>{}", "<p>a".repeat(5_000)), Html),
            (format!("<!-- {} -->", "a ".repeat(15_000)), Html),
            (format!("<img alt=\"{}\">", "a ".repeat(15_000)), Html),
            ("[".repeat(50_000), Markdown),
            ("*a ".repeat(50_000), Markdown),
        ] {
            assert!(render(&body, format).is_ok(), "{}", &body[..10]);
        }
    }
}
