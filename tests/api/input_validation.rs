//! Input validation: every fault is reported with its place, and nothing is written.

use serde_json::{Value, json};

use crate::support::{TestApp, with};

#[actix_web::test]
async fn every_fault_in_a_document_is_reported_at_once() {
    let app = TestApp::start().await;
    let body = json!({
        "title": " \u{a0}\u{200b}", "language": "français", "status": "out", "priority": 3, "pinned": "yes", "published_at": "14:00",
        "expires_at": "2026-01-01T00:00:00", "category_id": "123abc", "article_id": 5, "url": "javascript:alert(1)",
        "source": "a\u{0}b", "colour": "red", "a/b~c": 1,
    });
    assert_eq!(
        app.post("/v1/headlines", body).await.faults(),
        [
            "/article_id wrong_type",
            "/a~1b~0c unknown",
            "/category_id invalid_id",
            "/colour unknown",
            "/expires_at invalid_timestamp",
            "/language invalid_language",
            "/pinned wrong_type",
            "/priority wrong_type",
            "/published_at invalid_timestamp",
            "/source control_character",
            "/status invalid_choice",
            "/title blank",
            "/url invalid_url",
        ]
    );
    let article =
        json!({"title": "x", "image": {"url": "x", "width": 0, "colour": 1}, "body": "\u{7}"});
    assert_eq!(
        app.post("/v1/articles", article).await.faults(),
        [
            "/body control_character",
            "/image/colour unknown",
            "/image/url invalid_url",
            "/image/width too_small",
            "/language required"
        ]
    );
    let category = json!({"name": "x", "names": {"fr": "", "français": "x"}, "position": 10_000, "media_topic": "economy"});
    assert_eq!(
        app.post("/v1/categories", category).await.faults(),
        [
            "/media_topic invalid_format",
            "/names/fr blank",
            "/names/français invalid_language",
            "/position too_large"
        ]
    );
    assert_eq!(
        app.get_as_admin("/v1/headlines").await.ok()["items"],
        json!([])
    );
}

#[actix_web::test]
async fn text_lengths_and_timestamps_are_bounded() {
    let app = TestApp::start().await;
    let faults = |more: Value| {
        let body = with(json!({"title": "x", "language": "fr"}), more);
        let app = &app;
        async move { app.post("/v1/headlines", body).await.faults() }
    };
    for (more, fault) in [
        (json!({"title": "é".repeat(301)}), "/title too_long"),
        (json!({"title": "a\nb"}), "/title control_character"),
        (json!({"title": "a\u{85}b"}), "/title control_character"),
        (json!({"title": ""}), "/title blank"),
        (json!({"title": null}), "/title wrong_type"),
        (
            json!({"published_at": "1599-12-31T23:59:59Z"}),
            "/published_at out_of_range",
        ),
        (
            json!({"published_at": "9999-12-31T23:59:59-14:00"}),
            "/published_at out_of_range",
        ),
        (
            json!({"published_at": "2026-02-30T00:00:00Z"}),
            "/published_at invalid_timestamp",
        ),
        (
            json!({"published_at": "2026-01-01T00:00:00.1234567Z"}),
            "/published_at too_precise",
        ),
        (
            json!({"published_at": 1_753_966_800}),
            "/published_at wrong_type",
        ),
        (
            json!({"url": format!("https://a.example/{}", "a".repeat(2048))}),
            "/url too_long",
        ),
        (json!({"url": "https://u:p@a.example/"}), "/url invalid_url"),
        (json!({"url": "ftp://a.example/"}), "/url invalid_url"),
        (json!({"language": "fr_FR"}), "/language invalid_language"),
        (
            json!({"category_id": "{0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11}"}),
            "/category_id invalid_id",
        ),
    ] {
        let found = faults(more.clone()).await;
        assert!(
            found.iter().any(|found| found == fault)
                && found
                    .iter()
                    .all(|found| found.split(' ').next() == fault.split(' ').next()),
            "{more}: {found:?}"
        );
    }
    let longest = app
        .headline(
            &"é".repeat(300),
            json!({"published_at": "9999-12-31T23:59:59.999999Z"}),
        )
        .await;
    assert_eq!(longest["title"], "é".repeat(300));
}

#[actix_web::test]
async fn unicode_text_is_preserved() {
    let app = TestApp::start().await;
    for title in [
        "L’été : « 23,6\u{a0}% » œuvre\u{202f}!",
        "قالت الوزارة: ٢٣٫٦٪ ـــ «مرحبا»",
        "\u{200f}‏عربي English עברית",
        "👩‍👩‍👧 𝕏 e\u{301}",
        "<b>&amp; \"quotes\" \\ / ' ; -- %00",
    ] {
        assert_eq!(app.headline(title, json!({})).await["title"], title);
    }
}

#[actix_web::test]
async fn request_bodies_that_are_not_json_are_rejected() {
    let app = TestApp::start().await;
    let post = |kind: &str, body: &[u8]| {
        app.request_as_admin(reqwest::Method::POST, "/v1/headlines")
            .body(kind, body.to_vec())
    };
    let json = "application/json";
    for body in [
        &b""[..],
        b"{",
        b"{\"title\": \"\\ud800\", \"language\": \"fr\"}",
        b"{\"title\": \"\xff\"}",
        b"{'a': 1}",
        b"nul",
        b"{} {}",
        b"{\"title\": NaN}",
        b"{\"a\": 1,}",
        b"{\"title\": \"x\", \"t\\u0069tle\": \"y\"}",
        b"{\"title\": 1e400}",
    ] {
        post(json, body).await.problem(400, "malformed");
    }
    let deep = "[".repeat(100_000);
    post(json, deep.as_bytes()).await.problem(400, "malformed");
    for body in [&b"[]"[..], b"null", b"3", b"\"x\""] {
        assert_eq!(post(json, body).await.faults(), [" wrong_type"]);
    }
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/merge-patch+json",
        "json",
        "application/json; charset=latin1",
    ] {
        post(kind, b"{}")
            .await
            .problem(415, "unsupported-media-type");
    }
    let good = br#"{"title": "x", "language": "fr"}"#;
    post("application/json; charset=UTF-8", good)
        .await
        .created();
    post(json, good)
        .header("Content-Encoding", "gzip")
        .await
        .problem(415, "unsupported-media-type");
    let untyped = app
        .request_as_admin(reqwest::Method::POST, "/v1/headlines")
        .header("Content-Length", "0")
        .await;
    untyped.problem(415, "unsupported-media-type");
}

#[actix_web::test]
async fn a_request_body_over_the_limit_is_rejected_with_413() {
    let app = TestApp::start().await;
    for size in [(1 << 20) + 1, 5 << 20, 12 << 20] {
        let body = format!("{{\"title\": \"{}\"}}", "x".repeat(size));
        let response = app
            .request_as_admin(reqwest::Method::POST, "/v1/headlines")
            .body("application/json", body)
            .await;
        response.problem(413, "too-large");
    }
    let longest = "x".repeat(500_000);
    assert_eq!(
        app.article("x", json!({"body": longest})).await["body"],
        longest
    );
}

#[actix_web::test]
async fn malformed_percent_encoding_in_urls_is_rejected() {
    let app = TestApp::start().await;
    let get = |path: &str| {
        app.send_raw(
            format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes(),
        )
    };
    for path in [
        "/v1/articles/%ff",
        "/v1/articles/%c3%28",
        "/v1/articles?language=%ff",
        "/v1/articles/%",
        "/v1/articles/%zz",
        "/v1/articles?x=%e",
    ] {
        let response = get(path);
        assert!(response.starts_with("HTTP/1.1 400"), "{path}: {response}");
        assert!(
            response.contains("/problems/malformed"),
            "{path}: {response}"
        );
    }
    for path in [
        "/v1/articles/%00",
        "/v1/articles/a%2Fb",
        "/v1/articles/..%2F..",
        "/v1/headlines/123abc",
        "/v1/articles/%20",
    ] {
        assert!(get(path).starts_with("HTTP/1.1 404"), "{path}");
    }
    for query in [
        "category=%00",
        "category=a%27--",
        "language=%00",
        "published_after=%00",
        "cursor=%00",
        "fields=%00",
        "%00=1",
    ] {
        assert!(
            get(&format!("/v1/headlines?{query}")).starts_with("HTTP/1.1 400"),
            "{query}"
        );
    }
}

#[actix_web::test]
async fn integers_are_accepted_in_any_json_notation() {
    let app = TestApp::start().await;
    let post = |position: &str| {
        let body = format!("{{\"name\": \"x\", \"position\": {position}}}");
        app.request_as_admin(reqwest::Method::POST, "/v1/categories")
            .body("application/json", body)
    };
    for seven in ["7", "7.0", "7e0", "70e-1"] {
        assert_eq!(post(seven).await.created()["position"], 7, "{seven}");
    }
    assert_eq!(post("7.5").await.faults(), ["/position wrong_type"]);
    assert_eq!(
        post("9223372036854775808").await.faults(),
        ["/position too_large"]
    );
    assert_eq!(post("1e300").await.faults(), ["/position too_large"]);
}

#[actix_web::test]
async fn objects_with_too_many_fields_are_rejected() {
    let app = TestApp::start().await;
    let fields: serde_json::Map<String, Value> =
        (0..40_000).map(|n| (n.to_string(), json!(""))).collect();
    assert_eq!(
        app.post("/v1/headlines", json!(fields)).await.faults(),
        [" too_many"]
    );
    let names = json!({"name": "x", "names": fields});
    assert_eq!(
        app.post("/v1/categories", names).await.faults(),
        ["/names too_many"]
    );
}
