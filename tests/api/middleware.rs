//! Methods and request IDs.

use reqwest::Method;
use serde_json::json;

use crate::support::TestApp;

#[actix_web::test]
async fn head_returns_the_headers_of_get_without_a_body() {
    let app = TestApp::start().await;
    app.article("x", json!({"slug": "x"})).await;
    for path in [
        "/v1/articles",
        "/v1/articles/x",
        "/v1/headlines",
        "/livez",
        "/openapi.json",
        "/docs/",
        "/problems/invalid",
    ] {
        let get = app.get(path).await;
        let head = app.request(Method::HEAD, path).await;
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        assert_eq!(
            head.header("content-length"),
            get.body.len().to_string(),
            "{path}"
        );
        assert_eq!(head.header("content-type"), get.header("content-type"));
        assert_eq!(head.header("etag"), get.header("etag"));
    }
    let missing = app.request(Method::HEAD, "/v1/articles/nothing").await;
    assert_eq!((missing.status, missing.body.len()), (404, 0));
}

#[actix_web::test]
async fn a_slash_too_many_redirects_to_the_path_without_it() {
    let app = TestApp::start().await;
    for (path, location) in [
        ("/v1/headlines/", "/v1/headlines"),
        (
            "/v1/articles/?limit=2&tag=x%2Fy",
            "/v1/articles?limit=2&tag=x%2Fy",
        ),
        ("/v1/articles/x/", "/v1/articles/x"),
        ("/livez/", "/livez"),
        ("/problems/", "/problems"),
    ] {
        for method in [Method::GET, Method::HEAD, Method::POST] {
            let redirect = app.request(method, path).await;
            assert_eq!(redirect.status, 308, "{path}");
            assert_eq!(redirect.header("location"), location);
        }
    }
    for path in [
        "/v1/nothing/",
        "//example.org/",
        "//livez/",
        "/v1/headlines//",
    ] {
        assert_eq!(app.get(path).await.status, 404, "{path}");
    }
    assert_eq!(app.get("/docs/").await.status, 200);
}

#[actix_web::test]
async fn options_and_405_report_the_allowed_methods() {
    let app = TestApp::start().await;
    let one = "DELETE, GET, HEAD, OPTIONS, PATCH, PUT";
    for (path, allow, wrong) in [
        ("/v1/headlines", "GET, HEAD, OPTIONS, POST", Method::DELETE),
        ("/v1/articles", "GET, HEAD, OPTIONS, POST", Method::PUT),
        ("/v1/articles/x", one, Method::POST),
        ("/v1/categories/x", one, Method::TRACE),
        ("/v1/headlines/x", one, Method::from_bytes(b"BREW").unwrap()),
        ("/livez", "GET, HEAD, OPTIONS", Method::POST),
        ("/readyz", "GET, HEAD, OPTIONS", Method::POST),
        ("/openapi.json", "GET, HEAD, OPTIONS", Method::PUT),
        ("/docs/", "GET, HEAD, OPTIONS", Method::POST),
        ("/problems/invalid", "GET, HEAD, OPTIONS", Method::DELETE),
    ] {
        let options = app.request(Method::OPTIONS, path).await;
        assert_eq!(
            (options.status, options.header("allow")),
            (204, allow),
            "{path}"
        );
        let refused = app.request(wrong, path).await;
        assert_eq!(refused.header("allow"), allow, "{path}");
        refused.problem(405, "method-not-allowed");
    }
    app.get("/nothing").await.problem(404, "not-found");
    app.request(Method::POST, "/v1")
        .await
        .problem(404, "not-found");
}

#[actix_web::test]
async fn a_valid_request_id_is_kept_and_an_invalid_one_replaced() {
    let app = TestApp::start().await;
    let response = app.get("/livez").header("X-Request-Id", "a-B_3.c").await;
    assert_eq!(response.header("x-request-id"), "a-B_3.c");
    for strange in ["", "a b", "é", "a;b", &"x".repeat(129)] {
        let given = app.get("/v1/nothing").header("X-Request-Id", strange).await;
        assert!(
            uuid::Uuid::try_parse(given.header("x-request-id")).is_ok(),
            "{strange}"
        );
    }
}
