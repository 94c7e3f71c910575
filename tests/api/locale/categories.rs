//! Localized names of categories.

use manchette::access::api_keys::Scope;
use serde_json::json;

use super::{
    category_responses, content_responses, create_category, create_newsroom, path,
    varies_by_language,
};
use crate::support::{JsonPath, Request, TestApp, path_of, with};

#[actix_web::test]
async fn accept_language_selects_localized_names() {
    let app = TestApp::start().await;
    let content = create_newsroom(&app).await;
    for (header, name) in [
        ("ar", "فلاحة"),
        ("ar-MA", "فلاحة"),
        ("AR-ma", "فلاحة"),
        ("de, ar-MA;q=0.5, fr;q=0.8", "Agriculture"),
        ("de, ar-MA;q=0.8, fr;q=0.5", "فلاحة"),
        ("fr-CA, ar;q=0.9", "Agriculture"),
        ("en, ar;q=0.1", "فلاحة"),
        ("en", "Agriculture"),
        ("ar;q=0, de", "Agriculture"),
        ("*", "Agriculture"),
        ("*, ar;q=0.5", "Agriculture"),
        ("", "Agriculture"),
        ("nonsense!", "Agriculture"),
    ] {
        for (path, name_pointer) in category_responses(&content) {
            let response = app.get(&path).header("Accept-Language", header).await;
            assert_eq!(
                response.ok().pointer(name_pointer),
                Some(&json!(name)),
                "{header:?} {path}"
            );
            assert!(varies_by_language(&response), "{path}");
        }
    }
    for (path, name_pointer) in category_responses(&content) {
        let response = app.get(&path).await;
        assert_eq!(
            response.ok().pointer(name_pointer),
            Some(&json!("Agriculture")),
            "{path}"
        );
        assert!(varies_by_language(&response), "{path}");
    }
}

#[actix_web::test]
async fn the_language_parameter_selects_localized_names() {
    let app = TestApp::start().await;
    let content = create_newsroom(&app).await;
    for (tag, name) in [
        ("ar", "فلاحة"),
        ("AR-ma", "فلاحة"),
        ("fr", "Agriculture"),
        ("de", "Agriculture"),
    ] {
        // In lists of content the language parameter is a filter too.
        let ones = content_responses(&content)
            .into_iter()
            .filter(|(_, name_pointer)| *name_pointer == "/category/name");
        for (url, name_pointer) in category_responses(&content).into_iter().chain(ones) {
            let separator = if url.contains('?') { '&' } else { '?' };
            let url = format!("{url}{separator}language={tag}");
            let response = app.get(&url).header("Accept-Language", "ar").await;
            assert_eq!(
                response.ok().pointer(name_pointer),
                Some(&json!(name)),
                "{url}"
            );
            assert!(!varies_by_language(&response), "{url}");
        }
    }
    let [_, below, _, _] = &content;
    let within = json!({"category_id": below["id"], "language": "ar"});
    app.article("y", within.clone()).await;
    app.headline("y", within).await;
    for list in ["articles", "headlines"] {
        let url = format!("/v1/{list}?language=ar");
        let response = app.get(&url).header("Accept-Language", "fr").await;
        let page = response.ok();
        assert_eq!(page.texts("/items/*/title"), ["y"]);
        assert_eq!(page["items"][0]["category"]["name"], "فلاحة");
        assert!(!varies_by_language(&response), "{url}");
    }
    for url in [
        "/v1/categories".to_owned(),
        path(below),
        "/v1/site".into(),
        "/v1/headlines".into(),
    ] {
        let response = app.get(&format!("{url}?language=fran%C3%A7ais")).await;
        assert_eq!(response.parameter_faults(), ["language invalid"]);
    }
}

#[actix_web::test]
async fn a_parent_category_is_named_in_the_same_language() {
    let app = TestApp::start().await;
    let [_, below, _, _] = create_newsroom(&app).await;
    for (request, own, parent) in [
        (app.get(&path(&below)), "Agriculture", "Économie"),
        (
            app.get(&path(&below)).header("Accept-Language", "ar"),
            "فلاحة",
            "اقتصاد",
        ),
        (
            app.get(&path(&below)).header("Accept-Language", "en"),
            "Agriculture",
            "Economy",
        ),
        (
            app.get(&format!("{}?language=en", path(&below))),
            "Agriculture",
            "Economy",
        ),
    ] {
        let category = request.await.ok();
        assert_eq!(category["name"], own);
        assert_eq!(category["parent"]["name"], parent);
        assert_eq!(
            category["names"],
            json!({"ar": "فلاحة"}),
            "all names are always included"
        );
        assert!(category["parent"].get("names").is_none());
    }
    let site = app.get("/v1/site?language=ar").await.ok();
    assert_eq!(
        site["categories"][0]["children"][0]["parent"]["name"],
        "اقتصاد"
    );
    let tree = app.get("/v1/categories?tree=true&language=ar").await.ok();
    assert_eq!(tree["items"][0]["children"][0]["parent"]["name"], "اقتصاد");
}

#[actix_web::test]
async fn original_names_are_in_the_first_language_of_the_site() {
    let app = TestApp::start().await;
    app.patch("/v1/site", json!({"languages": ["en", "fr"]}))
        .await
        .ok();
    let category = create_category(&app, "Economy", json!({"fr": "Économie"}), None).await;
    for (header, name) in [
        ("en-GB, fr;q=0.9", "Economy"),
        ("fr, en;q=0.9", "Économie"),
        ("de, fr;q=0.1", "Économie"),
    ] {
        let response = app
            .get(&path(&category))
            .header("Accept-Language", header)
            .await;
        assert_eq!(response.ok()["name"], name, "{header}");
    }
}

#[actix_web::test]
async fn callers_with_the_write_scope_get_original_names_unless_they_select_a_language() {
    let app = TestApp::start().await;
    let [top, below, _, _] = create_newsroom(&app).await;
    let keys = [
        (app.admin_key.clone(), true),
        (app.new_key(&[Scope::Write]).await, true),
        (app.new_key(&[Scope::Write, Scope::Publish]).await, true),
        (app.new_key(&[Scope::Read]).await, false),
        (app.new_key(&[Scope::Publish]).await, false),
        (app.new_key(&[Scope::Early]).await, false),
    ];
    for (key, writes) in &keys {
        let request = |url: &str| -> Request {
            app.get(url)
                .key(key)
                .header("Accept-Language", "ar, fr;q=0.5")
        };
        let (own, parent) = if *writes {
            ("Agriculture", "Économie")
        } else {
            ("فلاحة", "اقتصاد")
        };
        for (url, name_pointer) in [
            (path(&below), ""),
            ("/v1/categories".into(), "/items/1"),
            ("/v1/categories?category=agriculture".into(), "/items/0"),
            ("/v1/categories?tree=true".into(), "/items/0/children/0"),
        ] {
            let response = request(&url).await;
            let page = response.ok();
            let category = page.pointer(name_pointer).unwrap();
            assert_eq!(category["name"], own, "{url}");
            assert_eq!(category["parent"]["name"], parent, "{url}");
            assert!(varies_by_language(&response), "{url}");

            let separator = if url.contains('?') { '&' } else { '?' };
            let response = request(&format!("{url}{separator}language=ar")).await;
            let page = response.ok();
            assert_eq!(page.pointer(name_pointer).unwrap()["name"], "فلاحة", "{url}");
            assert!(!varies_by_language(&response), "{url}");
        }
    }
    // So an editor's browser can send back what it read.
    let read = app
        .get_as_admin(&path(&top))
        .header("Accept-Language", "ar")
        .await
        .ok();
    let same = app
        .put(&path(&top), read.clone())
        .header("Accept-Language", "ar")
        .await
        .ok();
    assert_eq!(
        same,
        with(
            read,
            json!({"version": 2, "updated_at": same["updated_at"]})
        )
    );
}

#[actix_web::test]
async fn responses_to_writes_use_the_original_names() {
    let app = TestApp::start().await;
    let [_, below, article, _] = create_newsroom(&app).await;
    let patched = app
        .patch(&path(&below), json!({"position": 4}))
        .header("Accept-Language", "ar")
        .await;
    assert_eq!(patched.ok()["name"], "Agriculture");
    assert_eq!(patched.ok()["parent"]["name"], "Économie");
    let url = path_of("articles", &article);
    let patched = app
        .patch(&url, json!({"title": "z"}))
        .header("Accept-Language", "ar")
        .await;
    assert_eq!(patched.ok()["category"]["name"], "Agriculture");
    let site = app
        .patch("/v1/site", json!({"name": "z"}))
        .header("Accept-Language", "ar")
        .await;
    assert_eq!(site.ok()["categories"][0]["name"], "Économie");
}

#[actix_web::test]
async fn every_language_has_its_own_etag() {
    let app = TestApp::start().await;
    let content = create_newsroom(&app).await;
    for (path, _) in category_responses(&content) {
        let tag = app.get(&path).await.etag();
        let arabic = || app.get(&path).header("Accept-Language", "ar");
        let other = arabic().await;
        assert_ne!(other.header("etag"), tag, "{path}");
        let known = arabic().header("If-None-Match", &tag).await;
        assert_eq!(known.status, 200, "{path}");
        let known = arabic().header("If-None-Match", other.header("etag")).await;
        assert_eq!(known.status, 304, "{path}");
        assert!(varies_by_language(&known), "{path}");
    }
}
