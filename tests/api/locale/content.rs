//! Category names embedded in articles and headlines.

use serde_json::{Value, json};

use super::{content_responses, create_newsroom, varies_by_language};
use crate::support::{JsonPath, TestApp, cache_tag, path_of, without_id};

#[actix_web::test]
async fn content_names_its_category_in_its_own_language_ignoring_accept_language() {
    let app = TestApp::start().await;
    let content = create_newsroom(&app).await;
    for (path, name_pointer) in content_responses(&content) {
        let plain = app.get(&path).await;
        assert_eq!(
            plain.ok().pointer(name_pointer),
            Some(&json!("Agriculture")),
            "{path}"
        );
        assert_eq!(plain.header("vary"), "Accept-Encoding, Authorization");
        for header in ["ar", "en-GB, ar;q=0.5", "fr-CA", "*", "nonsense!"] {
            let response = app.get(&path).header("Accept-Language", header).await;
            assert_eq!(response.body, plain.body, "{header} {path}");
            assert_eq!(response.header("etag"), plain.header("etag"));
            assert!(!varies_by_language(&response), "{path}");
        }
    }
    let [_, below, article, headline] = &content;
    for (language, name) in [("ar", "فلاحة"), ("ar-MA", "فلاحة"), ("es", "Agriculture")] {
        for (list, one) in [("articles", article), ("headlines", headline)] {
            let path = path_of(list, one);
            let written = app.patch(&path, json!({"language": language})).await;
            assert_eq!(written.ok()["category"]["name"], name, "{path}");
            assert_eq!(app.get(&path).await.header("etag"), written.header("etag"));
        }
        for (path, name_pointer) in content_responses(&content) {
            for request in [app.get(&path), app.get_as_admin(&path)] {
                let response = request.header("Accept-Language", "fr").await;
                assert_eq!(
                    response.ok().pointer(name_pointer),
                    Some(&json!(name)),
                    "{path}"
                );
            }
        }
    }
    // The language parameter has precedence; without a name in it, the content's own language is used.
    let arabic = json!({"language": "ar", "category_id": below["id"], "title": "بحر"});
    let arabic_headline = app.headline("بحر", arabic).await;
    let path = path_of("headlines", &arabic_headline);
    for (language, name) in [("fr", "Agriculture"), ("ar", "فلاحة"), ("de", "فلاحة")] {
        let response = app.get(&format!("{path}?language={language}")).await;
        assert_eq!(response.ok()["category"]["name"], name, "{language}");
        assert!(!varies_by_language(&response));
    }
    let related = app
        .article("x", json!({"language": "es", "category_id": below["id"]}))
        .await;
    let path = format!("/v1/articles/{}/related", related.text("/id"));
    for (query, name) in [("", "Agriculture"), ("?language=ar", "فلاحة")] {
        let response = app
            .get(&format!("{path}{query}"))
            .header("Accept-Language", "ar")
            .await;
        assert_eq!(response.ok()["items"][0]["category"]["name"], name);
        assert!(!varies_by_language(&response));
    }
}

#[actix_web::test]
async fn content_includes_the_parent_of_its_category() {
    let app = TestApp::start().await;
    let [top, below, article, headline] = create_newsroom(&app).await;
    let parent = |name: &str| json!({"id": top["id"], "slug": "economie", "name": name});
    for (list, one, hit) in [
        ("articles", &article, "q=x&type=article"),
        ("headlines", &headline, "q=x&type=headline"),
    ] {
        let kind = list.trim_end_matches('s');
        let path = path_of(list, one);
        for (url, name_pointer) in [
            (path.clone(), "/category".to_owned()),
            (format!("/v1/{list}"), "/items/0/category".into()),
            (
                format!("/v1/search?{hit}"),
                format!("/items/0/{kind}/category"),
            ),
        ] {
            let response = app.get(&url).await;
            let category = response.ok().pointer(&name_pointer).unwrap().clone();
            let expected = json!({"id": below["id"], "slug": "agriculture", "name": "Agriculture", "parent": parent("Économie")});
            assert_eq!(category, expected, "{url}");
            // The cache tags name both.
            for shown in [&top, &below] {
                let name = cache_tag(shown);
                assert!(response.header("cache-tag").contains(&name), "{url}");
            }
        }
        for (language, name) in [("ar", "اقتصاد"), ("en", "Economy"), ("de", "Économie")] {
            let response = app.get(&format!("{path}?language={language}")).await;
            assert_eq!(response.ok()["category"]["parent"], parent(name));
        }
        let some = app
            .get(&format!("/v1/{list}?fields=category.parent,category.slug"))
            .await;
        let expected = json!([{"category": {"slug": "agriculture", "parent": parent("Économie")}}]);
        assert_eq!(without_id(&some.ok()["items"]), expected);
        let deeper = app
            .get(&format!("/v1/{list}?fields=category.parent.slug"))
            .await;
        assert_eq!(deeper.parameter_faults(), ["fields invalid"]);
        // It follows the tree; a top-level category has no parent.
        app.patch(&path, json!({"category_id": top["id"]}))
            .await
            .ok();
        assert_eq!(app.get(&path).await.ok()["category"]["parent"], Value::Null);
    }
    assert!(
        below["parent"].get("parent").is_none(),
        "only one level up is included"
    );
}
