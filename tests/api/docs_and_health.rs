//! Health checks and the documentation pages.

use serde_json::json;

use manchette::problem::Language;

use crate::support::TestApp;

#[actix_web::test]
async fn health_checks_report_ok() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/livez").await.ok(), json!({"status": "ok"}));
    assert_eq!(app.get("/readyz").await.ok(), json!({"status": "ok"}));
}

#[actix_web::test]
async fn documentation_pages_load_nothing_from_other_hosts() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/docs").await.header("location"), "/docs/");
    let page = app.get("/docs/").await;
    assert_eq!(page.header("content-type"), "text/html");
    let index = page.text();
    assert!(index.contains("swagger-ui"));
    for path in index
        .split("src=\"")
        .skip(1)
        .chain(index.split("href=\"").skip(1))
    {
        let path = path.split('"').next().unwrap();
        assert!(!path.contains("//"), "{path}");
        assert_eq!(
            app.get(&format!("/docs/{}", path.trim_start_matches("./")))
                .await
                .status,
            200,
            "{path}"
        );
    }
    let script = app.get("/docs/swagger-initializer.js").await;
    let script = script.text();
    assert!(
        script.contains("\"validatorUrl\": \"none\"") && script.contains("/openapi.json"),
        "{script}"
    );
    for kind in manchette::problem::KINDS {
        let page = app.get(&format!("/problems/{}", kind.name)).await;
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        let page = page.text();
        assert!(
            page.contains(kind.title.in_language(Language::English)) && !page.contains("src="),
            "{page}"
        );
    }
    app.get("/problems/nothing").await.problem(404, "not-found");
    app.get("/docs/nothing").await.problem(404, "not-found");
}
