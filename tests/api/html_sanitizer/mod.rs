//! The HTML sanitizer: what is rendered from bodies.

mod checker;

use manchette::news::articles::{BodyFormat, EmbedHost, Embeds, Rendering, render};
use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::json;

use self::checker::violations;
use crate::support::xss::vectors;
use crate::support::{JsonPath, TestApp, path_of};

/// Rendering with some embed hosts, with or without a site URL.
fn rendering(base: Option<&str>) -> Rendering {
    let hosts = ["player.example", "*.embeds.example"];
    Rendering {
        embeds: Embeds::new(&hosts.map(|host| EmbedHost::read(host).unwrap())),
        base: base.map(|url| url.parse().unwrap()),
    }
}

const SITE: &str = "https://site.example/fr/";

/// Checks that the rendered body is safe and that rendering it again changes nothing. False if it was not rendered.
fn assert_safe(body: &str, format: BodyFormat) -> bool {
    [None, Some(SITE)]
        .into_iter()
        .all(|base| assert_safe_with(body, format, &rendering(base)))
}

fn assert_safe_with(body: &str, format: BodyFormat, rendering: &Rendering) -> bool {
    let Ok(rendered) = render(body, format, rendering) else {
        return false;
    };
    let violations = violations(&rendered.html);
    assert!(
        violations.is_empty(),
        "{body:?} gave {:?}: {violations:?}",
        rendered.html
    );
    let again = render(&rendered.html, BodyFormat::Html, rendering);
    let again = again.expect("rendered HTML can be rendered");
    assert_eq!(again.html, rendered.html, "{body:?}");
    true
}

#[test]
fn the_checker_detects_unsafe_html() {
    for html in [
        "<script>alert(1)</script>",
        "<p onclick=\"alert(1)\">x</p>",
        "<a href=\"javascript:alert(1)\">x</a>",
        "<a href=\"/x\">x</a>",
        "<img src=\"//a.example/\">",
        "<p id=\"x\">y</p>",
        "<iframe src=\"https://player.example/\"></iframe>",
        "x<!-- y -->",
    ] {
        assert!(!violations(html).is_empty(), "{html}");
    }
    assert!(violations("<p lang=\"fr\">x</p>").is_empty());
}

#[test]
fn published_xss_vectors_are_neutralised() {
    let vectors = vectors();
    assert!(vectors.len() > 1000);
    for vector in &vectors {
        for format in [BodyFormat::Html, BodyFormat::Markdown] {
            assert!(assert_safe(vector, format), "{vector:?} is not rendered");
            assert_safe(&format!("a\n\n{vector}\n\nb <b>c"), format);
        }
    }
}

#[test]
fn random_mixtures_of_xss_vectors_are_neutralised() {
    let vectors = vectors();
    let mut rng = StdRng::seed_from_u64(4);
    let glue = [
        "",
        " ",
        "\n\n",
        "<",
        ">",
        "\"",
        "'",
        "`",
        "<!--",
        "-->",
        "</p>",
        "<table>",
        "<svg>",
        "<math><mtext>",
        "</b>",
        "&",
        "\u{0}",
        "<a href=\"",
        "<p title='",
        "[",
        "](",
        "<select>",
        "<iframe src=https://player.example/>",
        "]]>",
    ];
    let mut rendered = 0;
    for _ in 0..4_000 {
        let mut body = String::new();
        for _ in 0..rng.random_range(1..6) {
            let vector = vectors.choose(&mut rng).unwrap();
            let letters: Vec<char> = vector.chars().collect();
            let (from, to) = (
                rng.random_range(0..=letters.len()),
                rng.random_range(0..=letters.len()),
            );
            body.extend(&letters[from.min(to)..from.max(to)]);
            body.push_str(glue.choose(&mut rng).unwrap());
        }
        rendered += usize::from(assert_safe(&body, BodyFormat::Html));
        rendered += usize::from(assert_safe(&body, BodyFormat::Markdown));
    }
    assert!(rendered > 7_900, "only {rendered} were rendered");
}

#[actix_web::test]
async fn stored_html_is_sanitized_according_to_the_embed_setting() {
    let app = TestApp::start_with(&["--embed-hosts", "player.example,*.embeds.example"]).await;
    let other = app.another_node().await;
    let body = "x[^1] <script>alert(1)</script>\n\n<iframe src=\"https://player.example/e\"></iframe>\n\n[^1]: y";
    let article = app.article("x", json!({"body": body})).await;
    let sandboxed = "<iframe src=\"https://player.example/e\" loading=\"lazy\" referrerpolicy=\"strict-origin-when-cross-origin\" \
                     sandbox=\"allow-popups allow-presentation allow-same-origin allow-scripts\"></iframe>";
    let notes = "<section role=\"doc-endnotes\">\n<ol>\n<li id=\"fn-1\">\n<p>y <a href=\"#fnref-1\" role=\"doc-backlink\" \
                 rel=\"noopener noreferrer\">↩</a></p>\n</li>\n</ol>\n</section>\n";
    let text = "<p>x<sup><a href=\"#fn-1\" id=\"fnref-1\" role=\"doc-noteref\" rel=\"noopener noreferrer\">1</a></sup> </p>\n";
    assert_eq!(article["body_html"], format!("{text}{sandboxed}\n{notes}"));
    assert_eq!(article["body_text"], "x\ny");
    assert_eq!(article["body"], body);
    let path = path_of("articles", &article);
    assert_eq!(
        other.get(&path).await.ok()["body_html"],
        article["body_html"]
    );

    // The setting of the node that writes applies, with every method.
    let article = other
        .patch(&path, json!({"body": format!("{body} z")}))
        .await
        .ok();
    assert!(!article.text("/body_html").contains("iframe"));
    let put = json!({"title": "x", "language": "fr", "body": body, "status": "published"});
    let article = app.put(&path, put).await.ok();
    assert!(article.text("/body_html").contains(sandboxed));
    app.put(
        &path,
        json!({"title": "x", "language": "fr", "embeds": ["evil.example"]}),
    )
    .await
    .problem(422, "invalid");
}

#[actix_web::test]
async fn relative_urls_are_resolved_against_the_site_url() {
    let app = TestApp::start().await;
    let html = "<a href=\"/ar/x?a=1&amp;b=2#c\">a</a><img src=\"i.jpg\" srcset=\"i.jpg 1x, /j.jpg 2x\">\
                <a href=\"//evil.example/\">b</a><a href=\"javascript:alert(1)\">c</a><q cite=\"../q\">d</q>\
                <a href=\"#fn-1\">e</a><a href=\"#x\">f</a><a href=\"\">g</a><a href=\"mailto:a@b.example\">h</a>";
    let rel = "rel=\"noopener noreferrer\"";
    let markdown = "[a](/ar/x) ![i](i.jpg) [b][c]\n\n[c]: //evil.example/x";
    let article = async |body: &str, format: &str| {
        let more = json!({"body": body, "body_format": format});
        app.article("x", more).await
    };
    let expected = |a: &str, img: &str, q: &str| {
        format!(
            "<a {a}{rel}>a</a>{img}<a {rel}>b</a><a {rel}>c</a>{q}d</q>\
             <a href=\"#fn-1\" {rel}>e</a><a {rel}>f</a><a {rel}>g</a><a {rel}>h</a>"
        )
    };
    // Without a site URL, relative URLs are removed.
    let before = article(html, "html").await;
    assert_eq!(before["body_html"], expected("", "", "<q>"));
    let url = json!({"url": "https://rivage.example/fr/"});
    app.patch("/v1/site", url).await.ok();
    let after = article(html, "html").await;
    let absolute = expected(
        "href=\"https://rivage.example/ar/x?a=1&amp;b=2#c\" ",
        "<img src=\"https://rivage.example/fr/i.jpg\" srcset=\"https://rivage.example/fr/i.jpg 1x, https://rivage.example/j.jpg 2x\">",
        "<q cite=\"https://rivage.example/q\">",
    );
    assert_eq!(after["body_html"], absolute);
    assert_eq!(after["body"], html);
    assert_eq!(
        article(markdown, "markdown").await["body_html"],
        format!(
            "<p><a href=\"https://rivage.example/ar/x\" {rel}>a</a> <img src=\"https://rivage.example/fr/i.jpg\" alt=\"i\"> \
             <a {rel}>b</a></p>\n"
        )
    );
    // It takes effect when the body is next written, by a `PUT` or a `PATCH` that changes it.
    let path = path_of("articles", &before);
    let patched = app.patch(&path, json!({"title": "y"})).await.ok();
    assert_eq!(patched["body_html"], before["body_html"]);
    let put = app.put(&path, patched).await.ok();
    assert_eq!(put["body_html"], absolute);
}

#[actix_web::test]
async fn links_keep_rel_values_for_search_engines() {
    let app = TestApp::start().await;
    for (rel, kept) in [
        ("sponsored", "sponsored noopener noreferrer"),
        ("UGC nofollow ugc", "ugc nofollow noopener noreferrer"),
        (
            "noopener nofollow opener tag me",
            "nofollow noopener noreferrer",
        ),
        ("", "noopener noreferrer"),
    ] {
        let body = format!("<a href=\"https://a.example/\" rel=\"{rel}\">x</a>");
        let more = json!({"body": body, "body_format": "html"});
        let kept = format!("<a href=\"https://a.example/\" rel=\"{kept}\">x</a>");
        assert_eq!(app.article("x", more).await["body_html"], kept);
    }
}

#[actix_web::test]
async fn embedded_social_media_posts_keep_their_attributes() {
    let app = TestApp::start().await;
    let html = async |body: &str| {
        let more = json!({"body": body, "body_format": "html"});
        app.article("x", more).await["body_html"].clone()
    };
    for whole in [
        "<blockquote class=\"twitter-tweet\" data-lang=\"fr\" data-dnt=\"true\" data-theme=\"dark\"><p lang=\"fr\" dir=\"ltr\">x</p></blockquote>",
        "<blockquote class=\"instagram-media\" data-instgrm-captioned=\"\" \
         data-instgrm-permalink=\"https://www.instagram.com/p/x/?utm_source=ig_embed&amp;a=b\" data-instgrm-version=\"14\">x</blockquote>",
        "<blockquote class=\"tiktok-embed\" cite=\"https://www.tiktok.com/@x/video/1\" data-video-id=\"1\">x</blockquote>",
        "<blockquote class=\"bluesky-embed\" data-bluesky-uri=\"at://did:plc:x/app.bsky.feed.post/y\" data-bluesky-cid=\"z\">x</blockquote>",
        "<blockquote class=\"mastodon-embed\" data-embed-url=\"https://a.example/@x/1/embed\">x</blockquote>",
        "<blockquote class=\"text-post-media\" data-text-post-permalink=\"https://www.threads.net/@x/post/y\" data-text-post-version=\"0\">x</blockquote>",
        "<blockquote class=\"reddit-embed-bq\" data-embed-height=\"316\">x</blockquote>",
    ] {
        assert_eq!(html(whole).await, whole);
        assert_eq!(
            html(&format!(
                "{whole}<script async src=\"https://a.example/w.js\"></script>"
            ))
            .await,
            whole
        );
    }
    for (written, kept) in [
        (
            "<blockquote class=\"modal twitter-tweet x\" data-toggle=\"modal\" id=\"x\" style=\"a\">x</blockquote>",
            "<blockquote class=\"twitter-tweet\">x</blockquote>",
        ),
        (
            "<blockquote class=\"modal\" data-theme=\"dark\" cite=\"https://a.example/\">x</blockquote>",
            "<blockquote cite=\"https://a.example/\">x</blockquote>",
        ),
        (
            "<blockquote class=\"mastodon-embed\" data-embed-url=\"javascript:alert(1)\">x</blockquote>",
            "<blockquote class=\"mastodon-embed\">x</blockquote>",
        ),
        (
            "<p class=\"twitter-tweet\" data-lang=\"fr\">x</p>",
            "<p>x</p>",
        ),
    ] {
        assert_eq!(html(written).await, kept);
    }
}
