//! Cross-origin requests.

use manchette::access::api_keys::Scope;
use reqwest::Method;

use crate::support::{JsonPath, TestApp};

#[actix_web::test]
async fn cross_origin_requests_are_allowed_only_from_configured_origins() {
    let closed = TestApp::start().await;
    let response = closed
        .get("/v1/headlines")
        .header("Origin", "https://a.example")
        .await;
    assert!(response.status == 200 && !response.has("access-control-allow-origin"));

    let app =
        TestApp::start_with(&["--cors-origins", "https://a.example,http://localhost:3000"]).await;
    let preflight = |origin: &'static str, method: &'static str, headers: &'static str| {
        app.request(Method::OPTIONS, "/v1/headlines")
            .header("Origin", origin)
            .header("Access-Control-Request-Method", method)
            .header("Access-Control-Request-Headers", headers)
    };
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        let answer = preflight(
            "https://a.example",
            method,
            "accept, accept-language, authorization, content-encoding, content-type, idempotency-key, if-match, \
             if-none-match, if-unmodified-since, x-request-id",
        )
        .await;
        assert!((200..=204).contains(&answer.status), "{answer:?}");
        assert_eq!(
            answer.header("access-control-allow-origin"),
            "https://a.example"
        );
        assert!(
            answer
                .header("access-control-allow-methods")
                .contains(method)
        );
        assert!(
            answer
                .header("access-control-max-age")
                .parse::<u32>()
                .unwrap()
                > 0
        );
        assert!(answer.header("vary").contains("Origin"));
    }
    for (origin, method, headers, reason) in [
        ("https://b.example", "GET", "authorization", "Origin"),
        ("https://a.example", "TRACE", "authorization", "method"),
        ("https://a.example", "GET", "x-other", "headers"),
        (
            "https://a.example",
            "GET",
            "é",
            "Access-Control-Request-Headers",
        ),
    ] {
        let refused = preflight(origin, method, headers);
        let refused = refused.header("X-Request-Id", "asked-first").await;
        let problem = refused.problem(400, "cross-origin");
        assert_eq!(problem["request_id"], "asked-first");
        assert_eq!(problem["instance"], "/v1/headlines");
        assert!(problem.text("/detail").contains(reason), "{problem}");
        assert_eq!(refused.header("cache-control"), "no-store");
        assert!(
            refused
                .header("vary")
                .starts_with("Origin, Access-Control-Request-Method")
        );
        assert!(!refused.has("access-control-allow-origin"));
    }
    for path in [
        "/v1/headlines",
        "/v1/articles/nothing",
        "/v1/articles?limit=0",
    ] {
        let answer = app
            .get(path)
            .header("Origin", "http://localhost:3000")
            .await;
        assert_eq!(
            answer.header("access-control-allow-origin"),
            "http://localhost:3000",
            "{path}"
        );
        let exposed = answer
            .header("access-control-expose-headers")
            .to_lowercase();
        for name in [
            "etag",
            "link",
            "location",
            "x-request-id",
            "ratelimit",
            "retry-after",
        ] {
            assert!(
                exposed.split(',').any(|one| one.trim() == name),
                "{name} {exposed}"
            );
        }
        assert!(!exposed.contains("last-modified"), "{exposed}");
        let vary = answer.header("vary");
        assert!(
            vary.contains("Origin") && vary.contains("Accept-Encoding"),
            "{vary}"
        );
        assert!(!answer.has("access-control-allow-credentials"));
        let other = app.get(path).header("Origin", "https://b.example").await;
        assert!(!other.has("access-control-allow-origin"), "{path}");
    }
    let open = TestApp::start_with(&["--cors-origins", "*"]).await;
    let response = open
        .get("/v1/headlines")
        .header("Origin", "https://b.example")
        .await;
    assert_eq!(response.header("access-control-allow-origin"), "*");
    let reader = open.new_key(&[Scope::Read]).await;
    assert_eq!(open.get("/v1/headlines").key(&reader).await.status, 200);
}
