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
    let mut pages = vec!["/docs/".to_owned(), "/docs/guides".to_owned()];
    let guides = app.get("/docs/guides").await.text();
    pages.extend(
        attributes(&guides, "<h2><a href=\"")
            .iter()
            .map(ToString::to_string),
    );
    assert!(pages.contains(&"/docs/reading".to_owned()), "{pages:?}");
    for path in &pages {
        let page = app.get(path).await;
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        let html = page.text();
        for source in attributes(&html, "src=\"") {
            assert!(source.starts_with("/docs/assets/"), "{path}: {source}");
            assert_eq!(app.get(source).await.status, 200, "{source}");
        }
        for link in attributes(&html, "href=\"") {
            assert_link_leads_somewhere(&app, path, link).await;
        }
    }
    let script = app.get("/docs/assets/reference.js").await;
    assert!(!script.text().contains("://"));
    for kind in manchette::problem::KINDS {
        let page = app.get(&format!("/problems/{}", kind.name)).await;
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        let page = page.text();
        assert!(
            page.contains(kind.title.in_language(Language::English)) && !page.contains("://"),
            "{page}"
        );
    }
    app.get("/problems/nothing").await.problem(404, "not-found");
    app.get("/docs/nothing").await.problem(404, "not-found");
}

/// The values of an attribute, found by what stands before them.
fn attributes<'a>(html: &'a str, start: &str) -> Vec<&'a str> {
    let after = html.split(start).skip(1);
    after.filter_map(|rest| rest.split('"').next()).collect()
}

async fn assert_link_leads_somewhere(app: &TestApp, page: &str, link: &str) {
    let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
    if path.contains("://") {
        return;
    }
    let target = app.get(if path.is_empty() { page } else { path }).await;
    assert_eq!(target.status, 200, "{page}: {link}");
    let has_fragment = fragment.is_empty() || target.text().contains(&format!("id=\"{fragment}\""));
    assert!(has_fragment, "{page}: {link}");
}

#[actix_web::test]
async fn the_reference_is_stored_for_ever_and_sent_in_gzip_or_plain() {
    let app = TestApp::start().await;
    let page = app.get("/docs/").await.text();
    let path = *attributes(&page, "<script src=\"").first().unwrap();
    let gzip = app.get(path).header("Accept-Encoding", "gzip, br").await;
    assert_eq!(gzip.header("content-encoding"), "gzip");
    assert_eq!(
        gzip.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    let plain = app.get(path).header("Accept-Encoding", "identity").await;
    assert!(!plain.has("content-encoding") && plain.body.len() > 2 * gzip.body.len());
    assert_ne!(gzip.etag(), plain.etag());
    let known = app
        .get(path)
        .header("Accept-Encoding", "gzip")
        .header("If-None-Match", &gzip.etag())
        .await;
    assert_eq!(known.status, 304);
    let licence = app.get("/docs/assets/scalar-LICENSE").await.text();
    assert!(licence.contains("MIT License"));
    app.get("/docs/assets/none.js")
        .await
        .problem(404, "not-found");
}
