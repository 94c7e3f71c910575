//! Sanitizing of HTML: only the allowlist remains, in a form that browsers parse as it was parsed here.

use std::sync::Arc;

use ammonia::{Builder, UrlRelative};

use crate::news::articles::render::allowlist::{
    ATTRIBUTES, GLOBAL_ATTRIBUTES, IFRAME_ATTRIBUTES, REMOVED_WITH_CONTENT, TAGS,
};
use crate::news::articles::render::attribute_values::{REL, attribute_value};
use crate::news::articles::render::limits::too_long;
use crate::news::articles::render::urls::UrlResolver;
use crate::news::articles::render::{Rendering, posts};
use crate::news::messages;
use crate::problem::Text;

/// An embedded page may play and open links, but not navigate the page around it. It gets the origin of that page, which
/// players require, but not its path.
const SANDBOX: &str = " loading=\"lazy\" referrerpolicy=\"strict-origin-when-cross-origin\" \
     sandbox=\"allow-popups allow-presentation allow-same-origin allow-scripts\"";

/// How many times HTML is sanitized at most until it no longer changes.
const MAX_PASSES: usize = 5;

/// Sanitizes the HTML of a body, repeatedly, until another pass changes nothing: then browsers parse it as it was parsed here.
///
/// # Errors
/// If it changes in every pass, as only contrived HTML does.
pub fn sanitize(html: &str, rendering: &Rendering) -> Result<String, Text> {
    let urls = Arc::new(UrlResolver::relative_to(rendering.base.clone()));
    let sanitizer = sanitizer(rendering, urls.clone());
    let mut html = finish(&sanitizer.clean(html).to_string());
    if urls.is_over_limit() {
        return Err(too_long());
    }
    for _ in 0..MAX_PASSES {
        super::limits::check_size(&html)?;
        let again = finish(&sanitizer.clean(&html).to_string());
        if again == html {
            return Ok(html);
        }
        html = again;
    }
    Err(messages::html_nesting())
}

fn sanitizer(rendering: &Rendering, urls: Arc<UrlResolver>) -> Builder<'static> {
    let embeds = &rendering.embeds;
    let mut tags: Vec<&str> = TAGS.to_vec();
    let mut with_content: Vec<&str> = REMOVED_WITH_CONTENT.to_vec();
    let mut attributes: Vec<(&str, &[&str])> = ATTRIBUTES.to_vec();
    if !embeds.is_empty() {
        tags.push("iframe");
        with_content.retain(|tag| *tag != "iframe");
        attributes.push(("iframe", IFRAME_ATTRIBUTES));
    }
    let attributes = attributes
        .into_iter()
        .map(|(tag, names)| (tag, names.iter().copied().collect()));
    let embeds = embeds.clone();
    let mut sanitizer = Builder::default();
    sanitizer
        .tags(tags.into_iter().collect())
        .clean_content_tags(with_content.into_iter().collect())
        .generic_attributes(GLOBAL_ATTRIBUTES.iter().copied().collect())
        .tag_attributes(attributes.collect())
        .tag_attribute_values([].into())
        .set_tag_attribute_value("audio", "controls", "")
        .set_tag_attribute_value("video", "controls", "")
        .url_schemes(["http", "https"].into())
        // `attribute_value` decides: only links to notes are kept.
        .url_relative(UrlRelative::PassThrough)
        // `attribute_value` and `finish` set `rel`.
        .link_rel(None)
        .attribute_filter(move |tag, name, text| attribute_value(&embeds, &urls, tag, name, text));
    sanitizer
}

/// Removes media without a source, sandboxes embedded pages, sets `rel` on every link and keeps the line break that parsers
/// drop at the start of a `pre`. The text comes from the sanitizer: every tag is complete, and `<` and `"` are escaped in
/// values.
fn finish(html: &str) -> String {
    let mut done = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        done.push_str(&rest[..start]);
        let (tag, mut after) = rest[start..].split_at(tag_length(&rest[start..]));
        let name = tag[1..].split([' ', '>', '/']).next().unwrap_or_default();
        match name {
            "iframe" => {
                const END: &str = "</iframe>";
                after = after.find(END).map_or("", |end| &after[end + END.len()..]);
                if tag.contains(" src=\"") {
                    done.push_str(&tag[..tag.len() - 1]);
                    done.push_str(SANDBOX);
                    done.push('>');
                    done.push_str(END);
                }
            }
            "a" if !tag.contains(" rel=\"") => {
                done.push_str(&tag[..tag.len() - 1]);
                done.push_str(" rel=\"");
                done.push_str(REL);
                done.push_str("\">");
            }
            "blockquote" => done.push_str(&posts::without_data(tag)),
            "img" | "source" | "track"
                if !tag.contains(" src=\"") && !tag.contains(" srcset=\"") => {}
            "pre" if after.starts_with('\n') => {
                done.push_str(tag);
                done.push('\n');
            }
            _ => done.push_str(tag),
        }
        rest = after;
    }
    done.push_str(rest);
    done
}

/// The length of the tag at the start of the text.
fn tag_length(text: &str) -> usize {
    let mut quoted = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::super::embeds::{EmbedHost, Embeds};
    use super::*;

    fn clean(html: &str) -> String {
        let hosts = ["player.example", "*.embeds.example"];
        let hosts = hosts.map(|host| EmbedHost::read(host).unwrap());
        let embeds = Embeds::new(&hosts);
        super::sanitize(html, &Rendering { embeds, base: None }).unwrap()
    }

    #[track_caller]
    fn stays(html: &str) {
        assert_eq!(clean(html), html);
    }

    #[test]
    fn allowed_html_is_kept() {
        for html in [
            "<h2 lang=\"ar\" dir=\"rtl\">نص</h2><p>a<br>b <abbr title=\"Office des œuvres\">OO</abbr> H<sub>2</sub>O</p>",
            "<figure><img src=\"https://a.example/i.jpg\" alt=\"x &gt; y\" width=\"16\" height=\"9\" loading=\"lazy\">\
             <figcaption>x</figcaption></figure>",
            "<picture><source srcset=\"https://a.example/i,w_1.webp 1x, https://a.example/j.webp 2x\" type=\"image/webp\" \
             media=\"(min-width: 40em)\"><img src=\"https://a.example/i.jpg\"></picture>",
            "<table><caption>x</caption><colgroup><col span=\"2\"></colgroup><thead><tr><th scope=\"col\" colspan=\"2\">x</th></tr></thead>\
             <tbody><tr><td rowspan=\"2\" align=\"right\">1</td></tr></tbody></table>",
            "<blockquote cite=\"https://a.example/\"><p>x</p><footer><cite>y</cite></footer></blockquote><q>z</q>",
            "<ol start=\"3\" reversed=\"\" type=\"a\"><li value=\"7\">x</li></ol><ul><li>y</li></ul><dl><dt>a</dt><dd>b</dd></dl>",
            "<p>x<sup><a href=\"#fn-1\" id=\"fnref-1\" role=\"doc-noteref\" rel=\"noopener noreferrer\">1</a></sup></p>\
             <section role=\"doc-endnotes\"><ol><li id=\"fn-1\">y</li></ol></section>",
            "<details open=\"\"><summary>x</summary>y</details><time datetime=\"2026-11-24T10:00:00+01:00\">z</time>",
            "<video src=\"https://a.example/v.mp4\" poster=\"https://a.example/p.jpg\" width=\"16\" controls=\"\">\
             <track src=\"https://a.example/c.vtt\" kind=\"captions\" srclang=\"fr\" label=\"x\"></video>",
            "<audio src=\"https://a.example/a.mp3\" preload=\"none\" controls=\"\"></audio>",
            "<pre>\n\n\nx</pre>",
            "<p>l’été&nbsp;: &lt;b&gt; &amp;lt; \"x\"</p>",
        ] {
            stays(html);
        }
    }

    #[test]
    fn links_lead_to_web_pages_or_to_notes() {
        let link = |href: &str| clean(&format!("<a href=\"{href}\">x</a>"));
        for (href, written) in [
            ("https://a.example", "https://a.example"),
            (" HTTPS://a.example/é b ", "https://a.example/%C3%A9%20b"),
            ("ht\ntps://a.example/", "https://a.example/"),
            ("https:\\\\a.example\\b", "https://a.example/b"),
            ("https:a.example", "https://a.example/"),
            ("http://é.example/", "http://xn--9ca.example/"),
            (
                "https://a.example/?a=1&b=2",
                "https://a.example/?a=1&amp;b=2",
            ),
            ("#fn-1", "#fn-1"),
        ] {
            assert_eq!(
                link(href),
                format!("<a href=\"{written}\" rel=\"noopener noreferrer\">x</a>")
            );
        }
        for href in [
            "",
            "/a",
            "a",
            "//a.example",
            "\\\\a.example",
            "?a",
            "#",
            "#a",
            "#fn-",
            "#fn-a%0a",
            "mailto:a@a.example",
            "tel:+212500000000",
            "ftp://a.example",
            "https://",
            "https://a@a.example",
            "https://a.example:99999",
            "https://a b.example",
            "javascript:alert(1)",
            " \u{1}java&Tab;script&colon;alert(1)",
            "&#x6A;avascript:alert(1)",
            "data:text/html,x",
            "blob:https://a.example/x",
            "view-source:https://a.example",
        ] {
            assert_eq!(link(href), "<a rel=\"noopener noreferrer\">x</a>", "{href}");
        }
    }

    #[test]
    fn images_without_a_url_are_removed() {
        for html in [
            "<img>",
            "<img alt=x onerror=alert(1)>",
            "<img src=x>",
            "<img srcset=\"https://a.example/i.jpg 1x, javascript:alert(1) 2x\">",
            "<img srcset=\"https://a.example/i.jpg url(x)\">",
            "<picture><source src=data:x></picture>",
            "<video><track src=x></video>",
        ] {
            assert!(
                !clean(html).contains("http") && !clean(html).contains("<img"),
                "{html}"
            );
        }
        assert_eq!(
            clean("<img srcset='https://a.example/i.jpg, https://a.example/j.jpg 2x'>"),
            "<img srcset=\"https://a.example/i.jpg, https://a.example/j.jpg 2x\">"
        );
    }

    #[test]
    fn only_pages_of_configured_hosts_are_embedded() {
        assert_eq!(
            clean(
                "<iframe onload=alert(1) name=x allow=camera srcdoc='<script>' sandbox='allow-top-navigation' width=560 \
                   src='HTTPS://player.example:443/e' title=t allowfullscreen=x><img src=x onerror=alert(1)></iframe>y"
            ),
            "<iframe width=\"560\" src=\"https://player.example/e\" title=\"t\" allowfullscreen=\"\" loading=\"lazy\" \
             referrerpolicy=\"strict-origin-when-cross-origin\" \
             sandbox=\"allow-popups allow-presentation allow-same-origin allow-scripts\"></iframe>y"
        );
        assert!(clean("<iframe src=https://a.embeds.example/>").contains("<iframe src"));
        for html in [
            "x<iframe src=https://evil.example/ title='>'><p>y</iframe>z",
            "x<iframe>y</iframe>z",
            "x<iframe srcdoc='<script>alert(1)</script>'></iframe>z",
            "x<iframe src=javascript:alert(1)></iframe>z",
            "x<iframe src=http://player.example></iframe>z",
            "x<svg><iframe src=https://player.example/></iframe></svg>z",
        ] {
            assert_eq!(clean(html), "xz", "{html}");
        }
        let none = super::sanitize(
            "x<iframe src=https://player.example/>y</iframe>z",
            &Rendering::default(),
        );
        assert_eq!(none.unwrap(), "xz");
    }

    #[test]
    fn ids_that_could_clash_with_those_of_the_page_are_removed() {
        assert_eq!(
            clean(
                "<p id=body class=a name=b style='x' data-x=1 slot=a is=b tabindex=1 accesskey=x contenteditable>x</p>"
            ),
            "<p>x</p>"
        );
        assert_eq!(
            clean("<p id=fn-1>x</p><p id='fn-a b'>y</p>"),
            "<p id=\"fn-1\">x</p><p>y</p>"
        );
    }
}
