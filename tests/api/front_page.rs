//! The front page at `/`, and what is there without it.

use crate::support::TestApp;

#[actix_web::test]
async fn the_front_page_has_its_files_and_a_policy_for_them() {
    let app = TestApp::start_with(&["--front-page"]).await;
    let page = app.get("/").await;
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("script-src 'self';") && !policy.contains("unsafe"),
        "{policy}"
    );
    let html = page.text();
    assert!(!html.contains("<style") && !html.contains(" style=") && !html.contains("://"));
    let sources = html.split('"').filter(|it| it.starts_with("/front-page/"));
    let sources: Vec<&str> = sources.collect();
    assert!(sources.contains(&"/front-page/main.js"), "{sources:?}");
    for (path, media_type) in sources.into_iter().map(|path| {
        let media_type = match path.rsplit_once('.').unwrap().1 {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            _ => "image/svg+xml",
        };
        (path, media_type)
    }) {
        let file = app.get(path).await;
        assert_eq!(
            (file.status, file.header("content-type")),
            (200, media_type)
        );
        // Browsers ask whether it has changed, so that all files are of one version.
        assert_eq!(file.header("cache-control"), page.header("cache-control"));
        let known = app.get(path).header("If-None-Match", &file.etag()).await;
        assert_eq!(known.status, 304, "{path}");
    }
    let worker = app.get("/front-page/worker.js").await;
    assert_eq!(worker.header("service-worker-allowed"), "/");
    for path in [
        "/front-page/README.md",
        "/front-page/none.js",
        "/front-page/",
    ] {
        app.get(path).await.problem(404, "not-found");
    }
    app.request(reqwest::Method::POST, "/")
        .await
        .problem(405, "method-not-allowed");
}

#[actix_web::test]
async fn links_to_the_front_page_may_have_parameters_of_others() {
    let app = TestApp::start_with(&["--front-page"]).await;
    assert_eq!(app.get("/?utm_source=newsletter").await.status, 200);
}

#[actix_web::test]
async fn without_a_front_page_the_root_leads_to_the_documentation() {
    for setting in ["--front-page=false", "--no-demo"] {
        let app = TestApp::start_with(&[setting]).await;
        let root = app.get("/").await;
        assert_eq!((root.status, root.header("location")), (302, "/docs/"));
        app.get("/front-page/main.js")
            .await
            .problem(404, "not-found");
    }
    let app = TestApp::start_with(&["--no-demo", "--front-page"]).await;
    assert_eq!(app.get("/").await.status, 200);
}
