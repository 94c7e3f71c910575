//! What follows from a body: safe HTML, plain text, and how long it takes to read.

mod addresses;
mod allowed;
mod embeds;
mod limits;
mod markdown;
mod posts;
mod safe;
mod text;

use unicode_segmentation::UnicodeSegmentation;
use url::Url;

pub use embeds::{EmbedHost, Embeds};

use crate::news::articles::BodyFormat;

/// Words that a reader reads in a minute.
const WORDS_A_MINUTE: usize = 200;

/// What decides, beside a body itself, how it is rendered.
#[derive(Clone, Debug, Default)]
pub struct Rendering {
    /// Whose pages may be embedded.
    pub embeds: Embeds,
    /// What relative addresses are relative to: the site's own; without it they are left out.
    pub base: Option<Url>,
}

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
pub fn render(body: &str, format: BodyFormat, rendering: &Rendering) -> Result<Rendered, String> {
    let written;
    let raw = match format {
        BodyFormat::Markdown => {
            written = markdown::to_html(body)?;
            &written
        }
        BodyFormat::Html => body,
    };
    limits::check_size(raw)?;
    let html = safe::clean(raw, rendering)?;
    let text = text::plain_text(&html);
    // Words as UAX #29 finds them: an apostrophe joins (`l’économie` is one), vowel marks belong to their letter.
    let words = text.unicode_words().count();
    Ok(Rendered {
        html,
        text,
        word_count: i32::try_from(words).unwrap_or(i32::MAX),
        reading_minutes: i32::try_from(words.div_ceil(WORDS_A_MINUTE).max(1)).unwrap_or(i32::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(body: &str, format: BodyFormat) -> Result<Rendered, String> {
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
