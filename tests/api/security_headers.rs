//! Security headers for browsers.

use reqwest::Method;
use serde_json::json;

use crate::support::{JsonPath, Response, TestApp};

const DENY_ALL: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const DOCS_POLICY: &str = "; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
                    connect-src 'self'";

#[track_caller]
fn assert_security_headers(response: &Response) {
    assert_eq!(response.header("x-content-type-options"), "nosniff");
    assert_eq!(response.header("referrer-policy"), "no-referrer");
    assert!(
        response
            .header("content-security-policy")
            .starts_with(DENY_ALL)
    );
    for name in [
        "content-security-policy",
        "referrer-policy",
        "x-content-type-options",
    ] {
        assert_eq!(response.headers.get_all(name).iter().count(), 1, "{name}");
    }
}

#[actix_web::test]
async fn every_response_has_security_headers_whatever_its_status() {
    let app = TestApp::start_with(&[
        "--cors-origins",
        "https://www.rivage.example",
        "--front-page=false",
    ])
    .await;
    let article = app.article("x", json!({"slug": "x"})).await;
    let id = article.text("/id");
    app.patch(&format!("/v1/articles/{id}"), json!({"slug": "y"}))
        .await
        .ok();
    let get = |path: &str| app.get(path);
    let tag = get("/v1/articles").await.etag();
    let preflight = |origin: &str| {
        app.request(Method::OPTIONS, "/v1/articles")
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
    };
    let json = "application/json";
    let responses = [
        (200, get("/v1/articles").await),
        (200, get("/livez").await),
        (200, get("/openapi.json").await),
        (200, get("/docs/").await),
        (200, get("/problems").await),
        (200, get("/problems/invalid").await),
        (201, app.post("/v1/tags", json!({"name": "x"})).await),
        (204, app.request(Method::OPTIONS, "/v1/articles").await),
        (302, get("/").await),
        (304, get("/v1/articles").header("If-None-Match", &tag).await),
        (308, get("/v1/articles/x").await),
        (308, get("/docs").await),
        (400, get("/v1/articles?x=%zz").await),
        (400, get("/v1/articles?x=y").await),
        (
            400,
            app.request_as_admin(Method::POST, "/v1/tags")
                .body(json, "{")
                .await,
        ),
        (401, app.request(Method::POST, "/v1/tags").await),
        (404, get("/none").await),
        (404, get("/docs/none.js").await),
        (404, get("/problems/none").await),
        (404, get("/v1/articles/none").await),
        (405, app.request(Method::DELETE, "/v1/articles").await),
        (
            415,
            app.request_as_admin(Method::POST, "/v1/tags")
                .body("text/plain", "x")
                .await,
        ),
        (422, app.post("/v1/tags", json!({})).await),
        (204, app.delete(&format!("/v1/articles/{id}")).await),
        (200, preflight("https://www.rivage.example").await),
        (400, preflight("https://evil.example").await),
    ];
    for (status, response) in &responses {
        assert_eq!(response.status, *status, "{response:?}");
        assert_security_headers(response);
        assert!(!response.has("strict-transport-security"));
    }
}

#[actix_web::test]
async fn hsts_is_sent_when_configured() {
    let app = TestApp::start_with(&["--hsts", "60; includeSubDomains"]).await;
    for path in ["/livez", "/docs/", "/v1/none"] {
        let response = app.get(path).await;
        assert_security_headers(&response);
        assert_eq!(
            response.header("strict-transport-security"),
            "max-age=60; includeSubDomains"
        );
    }
}

#[actix_web::test]
async fn content_security_policies_allow_only_what_each_page_needs() {
    let app = TestApp::start().await;
    for (path, needs) in [
        ("/v1/headlines", ""),
        ("/openapi.json", ""),
        ("/none", ""),
        ("/docs/", DOCS_POLICY),
        ("/docs/reading", DOCS_POLICY),
        ("/problems", DOCS_POLICY),
        ("/problems/invalid", DOCS_POLICY),
        ("/docs/assets/reference.js", ""),
    ] {
        let response = app.get(path).await;
        assert_eq!(
            response.header("content-security-policy"),
            format!("{DENY_ALL}{needs}"),
            "{path}"
        );
    }
    // No page has inline scripts.
    for path in ["/docs/", "/docs/reading", "/problems/invalid"] {
        let page = app.get(path).await.text();
        for script in page.split("<script").skip(1) {
            assert!(script.starts_with(" src=\"/docs/assets/"), "{script}");
        }
        assert!(!page.contains("<style") && !page.contains(" style="));
    }
}
