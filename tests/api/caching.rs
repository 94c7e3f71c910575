//! `Cache-Control` policies and cache tags.

use std::collections::BTreeSet;

use manchette::http::cache_tags::CacheTag;
use serde_json::json;

use crate::support::{Response, TestApp, cache_tag};

#[actix_web::test]
async fn responses_carry_cache_policies_and_cache_tags() {
    let app = TestApp::start_with(&[
        "--cache-lists",
        "public, max-age=1",
        "--cache-items",
        "public, max-age=2",
        "--cache-search",
        "public, max-age=3",
        "--cache-pages",
        "public, max-age=4",
        "--cache-with-key",
        "private, no-cache",
        "--cache-tag-headers",
        "surrogate-key,cache-tag",
    ])
    .await;
    let category = app.category("Économie", None).await;
    let author = app.author("A").await;
    let article = app
        .article(
            "titre",
            json!({"slug": "x", "category_id": category["id"], "author_ids": [author["id"]]}),
        )
        .await;
    for (path, seconds) in [
        ("/v1/headlines", 1),
        ("/v1/categories?tree=true", 1),
        ("/v1/articles/x", 2),
        ("/v1/site", 2),
        ("/v1/search?q=titre", 3),
        ("/v1/suggest?q=t", 3),
        ("/v1/articles/x/related", 3),
        ("/openapi.json", 4),
        ("/docs/", 4),
        ("/problems", 4),
    ] {
        let policy = format!("public, max-age={seconds}");
        let response = app.get(path).await;
        assert_eq!(response.header("cache-control"), policy, "{path}");
        assert!(response.header("vary").contains("Authorization"), "{path}");
        let tag = response.etag();
        let known = app.get(path).header("If-None-Match", &tag).await;
        assert_eq!(
            (known.status, known.header("cache-control")),
            (304, policy.as_str()),
            "{path}"
        );
        assert!(!known.has("surrogate-key"));
        let with_key = app.get_as_admin(path).await;
        assert_eq!(
            with_key.header("cache-control"),
            "private, no-cache",
            "{path}"
        );
        assert!(
            !with_key.has("surrogate-key") && !with_key.has("cache-tag"),
            "{path}"
        );
    }
    for path in [
        "/livez",
        "/readyz",
        "/v1/nothing",
        "/v1/articles/nothing",
        "/v1/articles?limit=0",
    ] {
        assert_eq!(
            app.get(path).await.header("cache-control"),
            "no-store",
            "{path}"
        );
    }
    let cache_tags = |response: &Response| -> BTreeSet<String> {
        let header = response.header("surrogate-key");
        assert_eq!(header.replace(' ', ","), response.header("cache-tag"));
        header.split(' ').map(str::to_owned).collect()
    };
    let kind = |kind: &str| CacheTag::of_kind(kind).to_string();
    let all = [&article, &author, &category].map(cache_tag);
    let one = BTreeSet::from(all.clone());
    assert_eq!(cache_tags(&app.get("/v1/articles/x").await), one);
    let mut list = one.clone();
    list.insert(kind("article"));
    assert_eq!(cache_tags(&app.get("/v1/articles").await), list);
    let selected = app.get("/v1/articles?fields=title").await;
    let title = BTreeSet::from([kind("article"), cache_tag(&article)]);
    assert_eq!(cache_tags(&selected), title);
    let tags = app.get("/v1/tags").await;
    assert_eq!(cache_tags(&tags), BTreeSet::from([kind("tag")]));
    let author = app.get("/v1/articles?fields=title&author=a").await;
    let author = cache_tags(&author);
    assert!(!author.contains(&kind("article")) && author.contains(&all[1]));
}

#[actix_web::test]
async fn authenticated_responses_are_not_cacheable() {
    let app = TestApp::start().await;
    assert_eq!(
        app.get("/v1/headlines").await.header("cache-control"),
        "public, max-age=5, stale-while-revalidate=30, stale-if-error=86400"
    );
    assert_eq!(
        app.get_as_admin("/v1/headlines")
            .await
            .header("cache-control"),
        "private, no-store"
    );
    assert_eq!(
        app.get("/v1/headlines")
            .await
            .header("x-content-type-options"),
        "nosniff"
    );
}
