//! `fields=` on every `GET` that answers resources; of lists, also see `lists` and `narrowed`.

use manchette::server::contract::contract;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, TestApp};

/// One of everything: the article, the headline, the key and the paths where they are.
async fn fill(app: &TestApp) -> [Value; 3] {
    let above = app.category("Économie", None).await;
    let category = app.category("Agriculture", Some(&above)).await;
    let author = json!({"name": "Anna", "links": [{"name": "Web", "url": "https://a.example/"}]});
    let author = app.post("/v1/authors", author).await.created();
    let tag = app
        .post("/v1/tags", json!({"name": "Larache"}))
        .await
        .created();
    let more = json!({"slug": "x", "body": "corps", "category_id": category["id"],
        "author_ids": [author["id"]], "tag_ids": [tag["id"]]});
    let article = app.article("titre", more).await;
    let other = json!({"slug": "y", "language": "ar", "translation_of": article["id"]});
    app.article("عنوان", other).await;
    app.article("à côté", json!({"slug": "z", "tag_ids": [tag["id"]]}))
        .await;
    let line = json!({"article_id": article["id"], "category_id": category["id"]});
    let headline = app.headline("ligne", line).await;
    let keys = app.get_all("/v1/keys").await.ok();
    [article, headline, keys["items"][0].clone()]
}

fn at(path: &str, one: &Value) -> String {
    format!("{path}/{}", one["id"].as_str().unwrap())
}

#[actix_web::test]
async fn every_get_answers_what_is_asked_for_and_no_more() {
    let app = TestApp::start().await;
    let [article, headline, key] = fill(&app).await;
    let article = at("/v1/articles", &article);
    let headline = at("/v1/headlines", &headline);
    let key = at("/v1/keys", &key);
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
        let address = format!("{path}{start}fields={fields}");
        let answer = app.get_all(&address).await;
        assert_eq!(answer.ok(), expected, "{address}");
        let head = app.ask(Method::HEAD, &address).key(&app.key).await;
        if path != "/v1/me" {
            assert_eq!(head.header("etag"), answer.header("etag"), "{address}");
        }
        for (wrong, detail) in [
            ("nothing", "there are: "),
            ("", "there is no field"),
            ("id.x", "id"),
            (&format!("{fields},{fields}"), "named twice"),
        ] {
            let refused = app.get_all(&format!("{path}{start}fields={wrong}")).await;
            assert_eq!(
                refused.parameter_faults(),
                ["fields invalid"],
                "{path} {wrong}"
            );
            let said = refused.json()["errors"][0]["detail"].clone();
            assert!(said.as_str().unwrap().contains(detail), "{path} {said}");
        }
        let twice = app.get_all(&format!("{address}&fields={fields}&x=1")).await;
        assert_eq!(
            twice.parameter_faults(),
            ["fields duplicate_parameter", "x unknown"],
            "{path}"
        );
    }
    for path in ["/v1/me", &key] {
        let answer = app.get_all(&format!("{path}?language=ar")).await;
        assert_eq!(answer.parameter_faults(), ["language unknown"], "{path}");
    }
}

#[actix_web::test]
async fn every_get_of_resources_has_the_parameter_and_says_what_comes() {
    for (path, item) in contract()["paths"].as_object().unwrap() {
        let operation = &item["get"];
        if !path.starts_with("/v1/") || operation.is_null() {
            continue;
        }
        let parameters = operation["parameters"].as_array().unwrap();
        let fields = parameters.iter().filter(|it| it["name"] == "fields");
        assert_eq!(fields.count(), 1, "{path}");
    }
    let app = TestApp::start().await;
    fill(&app).await;
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
        let mut schema = responses["200"]["content"]["application/json"]["schema"].clone();
        schema["components"] = contract["components"].clone();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let field = if path == "/v1/me" { "name" } else { "id" };
        let start = if path.contains('?') { '&' } else { '?' };
        for address in [path.to_owned(), format!("{path}{start}fields={field}")] {
            let answer = app.get_all(&address).await.ok();
            assert!(validator.is_valid(&answer), "{address}: {answer}");
        }
    }
}

/// What an answer names to the caches.
fn made_of(answer: &Answer) -> Vec<&str> {
    let keys = answer.header("surrogate-key").split(' ');
    let mut kinds: Vec<&str> = keys.map(|key| key.split('-').next().unwrap()).collect();
    kinds.dedup();
    kinds
}

#[actix_web::test]
async fn a_part_has_a_tag_that_means_the_version_and_keeps_its_address() {
    let app = TestApp::start().await;
    let [article, ..] = fill(&app).await;
    let path = at("/v1/articles", &article);
    let whole = app.get(&path).await;
    assert_eq!(made_of(&whole), ["article", "author", "category", "tag"]);
    let part = format!("{path}?fields=title");
    let first = app.get(&part).await;
    // What is not asked for is not looked up, and so doesn't change the answer.
    assert_eq!(made_of(&first), ["article"]);
    let tag = first.header("etag").to_owned();
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
    assert_eq!(known().await.ok(), json!({"title": "autre"}));
    for rest in ["", "/related"] {
        let moved = app.get(&format!("/v1/articles/x{rest}?fields=slug")).await;
        assert_eq!(moved.status, 308);
        let to = format!("/v1/articles/w{rest}?fields=slug");
        assert_eq!(moved.header("location"), to);
        app.get(&to).await.ok();
    }
    // What is withdrawn is gone, whatever is asked of it.
    app.patch(&path, json!({"status": "withdrawn"})).await.ok();
    app.get(&part).await.problem(410, "gone");
}

#[actix_web::test]
async fn a_tree_keeps_its_shape_whatever_is_asked_of_its_nodes() {
    let app = TestApp::start().await;
    fill(&app).await;
    let tree = app
        .get("/v1/categories?tree=true&fields=slug,parent_id")
        .await
        .ok();
    let above = &tree["items"][0];
    let below = json!([{"slug": "agriculture", "parent_id": above["children"][0]["parent_id"], "children": []}]);
    assert_eq!(
        *above,
        json!({"slug": "economie", "parent_id": null, "children": below})
    );
    let wrong = app.get("/v1/categories?tree=true&fields=children").await;
    assert_eq!(wrong.parameter_faults(), ["fields invalid"]);
}
