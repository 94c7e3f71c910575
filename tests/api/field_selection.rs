//! Field selection: `fields=` on every `GET` of resources.

use manchette::server::contract::{contract, resolve};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{JsonPath, Response, TestApp, without_id};

/// Creates one resource of every kind; returns an article, a headline and a key.
async fn create_content(app: &TestApp) -> [Value; 3] {
    let above = app.category("Économie", None).await;
    let category = app.category("Agriculture", Some(&above)).await;
    let author = json!({"name": "Anna", "links": [{"name": "Web", "url": "https://a.example/"}]});
    let author = app.post("/v1/authors", author).await.created();
    let tag = app.tag("Larache").await;
    let more = json!({"slug": "x", "body": "corps", "category_id": category["id"],
        "author_ids": [author["id"]], "tag_ids": [tag["id"]]});
    let article = app.article("titre", more).await;
    let other = json!({"slug": "y", "language": "ar", "translation_of": article["id"]});
    app.article("عنوان", other).await;
    app.article("à côté", json!({"slug": "z", "tag_ids": [tag["id"]]}))
        .await;
    let link = json!({"article_id": article["id"], "category_id": category["id"]});
    let headline = app.headline("ligne", link).await;
    let keys = app.get_as_admin("/v1/keys").await.ok();
    [article, headline, keys["items"][0].clone()]
}

fn path_in(path: &str, one: &Value) -> String {
    format!("{path}/{}", one.text("/id"))
}

#[actix_web::test]
async fn every_get_returns_exactly_the_selected_fields() {
    let app = TestApp::start().await;
    let [article, headline, key] = create_content(&app).await;
    let article = path_in("/v1/articles", &article);
    let headline = path_in("/v1/headlines", &headline);
    let key = path_in("/v1/keys", &key);
    for (path, fields, expected) in [
        (article.as_str(), "title", json!({"title": "titre"})),
        (&article, "body_text", json!({"body_text": "corps"})),
        (
            &article,
            "tags.slug,category.slug,authors.name,body",
            json!({"category": {"slug": "agriculture"}, "authors": [{"name": "Anna"}], "tags": [{"slug": "larache"}], "body": "corps"}),
        ),
        (
            &article,
            "translations.slug",
            json!({"translations": [{"slug": "y"}]}),
        ),
        (
            "/v1/articles/x?language=ar",
            "title,is_fallback",
            json!({"title": "عنوان", "is_fallback": false}),
        ),
        (
            "/v1/articles/x?language=de",
            "slug,is_fallback",
            json!({"slug": "x", "is_fallback": true}),
        ),
        (
            &headline,
            "title,article.slug",
            json!({"title": "ligne", "article": {"slug": "x"}}),
        ),
        (
            &headline,
            "category.name",
            json!({"category": {"name": "Agriculture"}}),
        ),
        (
            "/v1/categories/agriculture",
            "name,parent.slug",
            json!({"name": "Agriculture", "parent": {"slug": "economie"}}),
        ),
        (
            "/v1/authors/anna",
            "links.url",
            json!({"links": [{"url": "https://a.example/"}]}),
        ),
        (
            "/v1/tags/larache",
            "slug,kind",
            json!({"slug": "larache", "kind": "subject"}),
        ),
        ("/v1/site", "time_zone", json!({"time_zone": "UTC"})),
        (
            "/v1/site",
            "categories.slug",
            json!({"categories": [{"slug": "economie"}]}),
        ),
        (
            &key,
            "name,scopes",
            json!({"name": "a test", "scopes": ["admin"]}),
        ),
        (
            "/v1/me",
            "kind,scopes",
            json!({"kind": "key", "scopes": ["admin"]}),
        ),
        (
            "/v1/articles/x/related",
            "slug",
            json!({"items": [{"slug": "z"}]}),
        ),
        (
            "/v1/articles/x/related",
            "body_text,tags.slug",
            json!({"items": [{"tags": [{"slug": "larache"}], "body_text": ""}]}),
        ),
        (
            "/v1/suggest?q=lar",
            "type,text",
            json!({"items": [{"type": "tag", "text": "Larache"}]}),
        ),
    ] {
        let start = if path.contains('?') { '&' } else { '?' };
        let url = format!("{path}{start}fields={fields}");
        let response = app.get_as_admin(&url).await;
        assert_eq!(without_id(&response.ok()), expected, "{url}");
        let head = app.request_as_admin(Method::HEAD, &url).await;
        if path != "/v1/me" {
            assert_eq!(head.header("etag"), response.header("etag"), "{url}");
        }
        for (wrong, detail) in [
            ("nothing", "there are: "),
            ("", "there is no field"),
            ("id.x", "id"),
            (&format!("{fields},{fields}"), "named twice"),
        ] {
            let refused = app
                .get_as_admin(&format!("{path}{start}fields={wrong}"))
                .await;
            assert_eq!(
                refused.parameter_faults(),
                ["fields invalid"],
                "{path} {wrong}"
            );
            let fault = refused.json()["errors"][0]["detail"].clone();
            assert!(fault.as_str().unwrap().contains(detail), "{path} {fault}");
        }
        let twice = app
            .get_as_admin(&format!("{url}&fields={fields}&x=1"))
            .await;
        assert_eq!(
            twice.parameter_faults(),
            ["fields duplicate_parameter", "x unknown"],
            "{path}"
        );
    }
    for path in ["/v1/me", &key] {
        let response = app.get_as_admin(&format!("{path}?language=ar")).await;
        assert_eq!(response.parameter_faults(), ["language unknown"], "{path}");
    }
}

#[actix_web::test]
async fn every_get_documents_the_fields_parameter_and_matches_its_schema() {
    for (path, item) in contract()["paths"].as_object().unwrap() {
        let operation = &item["get"];
        // Changes and streams have whole documents.
        let is_live = operation["tags"][0] == "Live";
        if !path.starts_with("/v1/") || operation.is_null() || is_live {
            continue;
        }
        let parameters = operation.list("/parameters").iter().map(resolve);
        let fields = parameters.filter(|it| it["name"] == "fields");
        assert_eq!(fields.count(), 1, "{path}");
    }
    let app = TestApp::start().await;
    create_content(&app).await;
    for (path, operation) in [
        ("/v1/articles/x", "/v1/articles/{id}"),
        ("/v1/categories/economie", "/v1/categories/{id}"),
        ("/v1/tags/larache", "/v1/tags/{id}"),
        ("/v1/site", "/v1/site"),
        ("/v1/me", "/v1/me"),
        ("/v1/suggest?q=l", "/v1/suggest"),
        ("/v1/articles/x/related", "/v1/articles/{id}/related"),
    ] {
        let contract = contract();
        let responses = &contract["paths"][operation]["get"]["responses"];
        let mut schema =
            resolve(&responses["200"])["content"]["application/json"]["schema"].clone();
        schema["components"] = contract["components"].clone();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let response = app.get_as_admin(path).await.ok();
        assert!(validator.is_valid(&response), "{path}: {response}");
    }
}

/// The number of resources in the cache tags of a response.
fn cache_tag_count(response: &Response) -> usize {
    response.header("cache-tag").split(',').count()
}

#[actix_web::test]
async fn partial_responses_have_etags_valid_for_if_match_and_keep_fields_across_redirects() {
    let app = TestApp::start().await;
    let [article, ..] = create_content(&app).await;
    let path = path_in("/v1/articles", &article);
    let whole = app.get(&path).await;
    assert!(cache_tag_count(&whole) > 3);
    let part = format!("{path}?fields=title");
    let first = app.get(&part).await;
    // Unselected data is not read, so it does not change the response.
    assert_eq!(cache_tag_count(&first), 1);
    let tag = first.etag();
    assert_ne!(tag, whole.header("etag"));
    let known = || app.get(&part).header("If-None-Match", &tag);
    assert_eq!(known().await.status, 304);
    app.patch("/v1/categories/agriculture", json!({"name": "Champs"}))
        .await
        .ok();
    assert_eq!(known().await.status, 304);
    let change = |title: &str| {
        let change = app.patch(&path, json!({"title": title, "slug": "w"}));
        change.header("If-Match", &tag)
    };
    change("autre").await.ok();
    change("encore").await.problem(412, "precondition-failed");
    assert_eq!(without_id(&known().await.ok()), json!({"title": "autre"}));
    for rest in ["", "/related"] {
        let moved = app.get(&format!("/v1/articles/x{rest}?fields=slug")).await;
        assert_eq!(moved.status, 308);
        let to = format!("/v1/articles/w{rest}?fields=slug");
        assert_eq!(moved.header("location"), to);
        app.get(&to).await.ok();
    }
    // A withdrawn article is gone, with any selection.
    app.patch(&path, json!({"status": "withdrawn"})).await.ok();
    app.get(&part).await.problem(410, "gone");
}

#[actix_web::test]
async fn a_category_tree_keeps_its_nesting_under_field_selection() {
    let app = TestApp::start().await;
    create_content(&app).await;
    let tree = app
        .get("/v1/categories?tree=true&fields=slug,parent_id")
        .await
        .ok();
    let above = &tree["items"][0];
    let below = json!([{"slug": "agriculture", "parent_id": above["children"][0]["parent_id"], "children": []}]);
    assert_eq!(
        without_id(above),
        json!({"slug": "economie", "parent_id": null, "children": below})
    );
    let wrong = app.get("/v1/categories?tree=true&fields=children").await;
    assert_eq!(wrong.parameter_faults(), ["fields invalid"]);
}

#[actix_web::test]
async fn fields_select_one_level_of_nested_objects() {
    let app = TestApp::start().await;
    let category = app.category("Économie", None).await;
    let author = app.author("Anna").await;
    let more =
        json!({"category_id": category["id"], "author_ids": [author["id"]], "body": "corps"});
    let article = app.article("x", more).await;
    app.headline(
        "y",
        json!({"article_id": article["id"], "category_id": category["id"]}),
    )
    .await;
    for (query, expected) in [
        (
            "articles?fields=category.slug,authors.name,title",
            json!({"title": "x", "category": {"slug": "economie"}, "authors": [{"name": "Anna"}]}),
        ),
        ("articles?fields=body_text", json!({"body_text": "corps"})),
        (
            "articles?fields=category.id,category.name",
            json!({"category": {"id": category["id"], "name": "Économie"}}),
        ),
        (
            "headlines?fields=article.slug,category_id",
            json!({"category_id": category["id"], "article": {"slug": "x"}}),
        ),
        (
            "headlines?fields=article_id",
            json!({"article_id": article["id"]}),
        ),
    ] {
        let page = app.get(&format!("/v1/{query}")).await.ok();
        assert!(page["items"][0]["id"].is_string(), "{query}");
        assert_eq!(without_id(&page["items"]), json!([expected]), "{query}");
    }
    for wrong in [
        "category.nothing",
        "title.x",
        "category,category.slug",
        "category.slug,category.slug",
        "category.",
        ".slug",
        "category.slug.x",
        "key",
        "search",
    ] {
        let response = app.get(&format!("/v1/articles?fields={wrong}")).await;
        assert_eq!(response.parameter_faults(), ["fields invalid"], "{wrong}");
    }
}
