//! What surrounds every request: methods, ids, headers, health, pages.

use reqwest::Method;
use serde_json::json;

use crate::support::TestApp;

#[actix_web::test]
async fn head_is_get_without_the_body() {
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
        let head = app.ask(Method::HEAD, path).await;
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        assert_eq!(
            head.header("content-length"),
            get.body.len().to_string(),
            "{path}"
        );
        assert_eq!(head.header("content-type"), get.header("content-type"));
        assert_eq!(head.header("etag"), get.header("etag"));
    }
    let missing = app.ask(Method::HEAD, "/v1/articles/nothing").await;
    assert_eq!((missing.status, missing.body.len()), (404, 0));
}

#[actix_web::test]
async fn what_an_address_takes_is_said_by_options_and_by_405() {
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
        let options = app.ask(Method::OPTIONS, path).await;
        assert_eq!(
            (options.status, options.header("allow")),
            (204, allow),
            "{path}"
        );
        let refused = app.ask(wrong, path).await;
        assert_eq!(refused.header("allow"), allow, "{path}");
        refused.problem(405, "method-not-allowed");
    }
    app.get("/nothing").await.problem(404, "not-found");
    app.ask(Method::POST, "/v1").await.problem(404, "not-found");
    app.get("/v1/headlines/").await.problem(404, "not-found");
}

#[actix_web::test]
async fn a_request_keeps_its_own_id_if_that_is_sane() {
    let app = TestApp::start().await;
    let own = app.get("/livez").header("X-Request-Id", "a-B_3.c").await;
    assert_eq!(own.header("x-request-id"), "a-B_3.c");
    for strange in ["", "a b", "é", "a;b", &"x".repeat(129)] {
        let given = app.get("/v1/nothing").header("X-Request-Id", strange).await;
        assert!(
            uuid::Uuid::try_parse(given.header("x-request-id")).is_ok(),
            "{strange}"
        );
    }
}

#[actix_web::test]
async fn health_is_told() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/livez").await.ok(), json!({"status": "ok"}));
    assert_eq!(app.get("/readyz").await.ok(), json!({"status": "ok"}));
}

#[actix_web::test]
async fn pages_for_people_load_nothing_from_elsewhere() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/docs").await.header("location"), "/docs/");
    let page = app.get("/docs/").await;
    assert_eq!(page.header("content-type"), "text/html");
    let index = String::from_utf8(page.body).unwrap();
    assert!(index.contains("swagger-ui"));
    for address in index
        .split("src=\"")
        .skip(1)
        .chain(index.split("href=\"").skip(1))
    {
        let address = address.split('"').next().unwrap();
        assert!(!address.contains("//"), "{address}");
        assert_eq!(
            app.get(&format!("/docs/{}", address.trim_start_matches("./")))
                .await
                .status,
            200,
            "{address}"
        );
    }
    let start = app.get("/docs/swagger-initializer.js").await;
    let start = String::from_utf8(start.body).unwrap();
    assert!(
        start.contains("\"validatorUrl\": \"none\"") && start.contains("/openapi.json"),
        "{start}"
    );
    for kind in manchette::problem::KINDS {
        let page = app.get(&format!("/problems/{}", kind.name)).await;
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        let page = String::from_utf8(page.body).unwrap();
        assert!(
            page.contains(kind.title) && !page.contains("src="),
            "{page}"
        );
    }
    app.get("/problems/nothing").await.problem(404, "not-found");
    app.get("/docs/nothing").await.problem(404, "not-found");
}

#[actix_web::test]
async fn what_a_key_sees_is_not_kept_by_caches() {
    let app = TestApp::start().await;
    assert_eq!(
        app.get("/v1/headlines").await.header("cache-control"),
        "public, max-age=5, stale-while-revalidate=30, stale-if-error=86400"
    );
    assert_eq!(
        app.get_all("/v1/headlines").await.header("cache-control"),
        "private, no-store"
    );
    assert_eq!(
        app.get("/v1/headlines")
            .await
            .header("x-content-type-options"),
        "nosniff"
    );
}
