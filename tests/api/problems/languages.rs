//! Title and detail follow `Accept-Language`; type, code and place don't.

use std::collections::BTreeSet;

use manchette::problem::FaultCode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{JsonPath, Request, TestApp};

/// What people read, with nothing that differs between two requests.
fn texts(problem: &Value) -> Vec<String> {
    let mut texts = vec![
        problem.text("/title").to_owned(),
        problem.text("/detail").to_owned(),
    ];
    let errors = problem.list("/errors").iter();
    texts.extend(errors.map(|fault| fault.text("/detail").to_owned()));
    texts
}

/// What programs read.
fn codes(problem: &Value) -> Vec<Value> {
    let errors = problem.list("/errors").iter();
    let errors = errors.map(|fault| json!([fault["pointer"], fault["parameter"], fault["code"]]));
    [problem["type"].clone(), problem["status"].clone()]
        .into_iter()
        .chain(errors)
        .collect()
}

/// Sends a request in both languages, and returns the problem in French.
async fn compare(request: impl Fn() -> Request) -> Value {
    let english = request().header("Accept-Language", "en").await;
    let french = request().header("Accept-Language", "fr-MA, en;q=0.5").await;
    for (response, language) in [(&english, "en"), (&french, "fr")] {
        assert_eq!(
            response.header("content-type"),
            "application/problem+json",
            "{response:?}"
        );
        assert_eq!(response.header("content-language"), language);
        assert!(
            response.header("vary").contains("Accept-Language"),
            "{response:?}"
        );
        let policy = response.header("cache-control");
        assert!(
            response.status == 308 || policy.contains("no-store"),
            "{response:?}"
        );
    }
    let (english, french) = (english.json(), french.json());
    assert_eq!(codes(&english), codes(&french));
    for (english, french) in texts(&english).iter().zip(texts(&french)) {
        // `1 article` is the same in both.
        let is_count = english.ends_with(" article");
        assert!(is_count || *english != french, "not translated: {english}");
        assert!(
            !english.contains(['{', '}']) && !french.contains(['{', '}']),
            "{french}"
        );
    }
    french
}

#[actix_web::test]
async fn what_people_read_is_in_their_language_and_what_programs_read_is_not() {
    let app = TestApp::start_with(&["--cors-origins", "https://b.example"]).await;
    let top = app.category("Monde", None).await;
    let below = app.category("Maroc", Some(&top)).await;
    let article = app.article("un", json!({"category_id": top["id"]})).await;
    app.headline("un", json!({"category_id": top["id"]})).await;
    app.article("deux", json!({"slug": "deux"})).await;
    let next = app.get("/v1/articles?limit=1").await.ok();
    let next = next["page"]["next"].as_str().map(str::to_owned);
    assert!(next.is_some());
    let next = next.unwrap_or_default();
    let id = article["id"].as_str().unwrap_or_default().to_owned();
    let path = format!("/v1/articles/{id}");
    let reader = app.new_key(&[manchette::access::caller::Scope::Read]).await;

    let mut found = BTreeSet::new();
    let mut types = BTreeSet::new();
    let mut add = |problem: &Value| {
        types.insert(problem.text("/type").to_owned());
        let errors = problem.list("/errors").iter();
        found.extend(errors.map(|fault| fault.text("/code").to_owned()));
    };
    for query in [
        "/v1/headlines?limit=0&limit=5&colour=red&direct=true&fallback=true&fields=titel,id",
        "/v1/articles?fallback=true",
        "/v1/headlines?fields=",
        "/v1/headlines?fields=id.x&published_after=2026-01-01&date=x&category=&tag=É&language=x",
        "/v1/headlines?ids=x",
        &format!("/v1/headlines?ids={id},{id}"),
        &format!("/v1/headlines?ids={id}&limit=5"),
        "/v1/headlines?category=rien&tag=rien&author=rien",
        "/v1/headlines?cursor=x",
        &format!("/v1/headlines?cursor={next}"),
        "/v1/headlines?status=out&source=%00",
        "/v1/headlines?status=draft",
        "/v1/headlines?x=%zz",
        "/v1/headlines?x=%ff",
        "/v1/categories?tree=true&limit=5",
        "/v1/search",
        "/v1/search?q=",
        "/v1/headlines/nowhere",
        "/v1/me",
        "/livez?x=1",
        "/problems/nothing",
    ] {
        add(&compare(|| app.get(query)).await);
    }
    for (path, body) in [
        (
            "/v1/articles",
            json!({"title": " ", "language": "français", "status": "out", "published_at": "14:00", "body": "\u{7}", "x": 1}),
        ),
        (
            "/v1/articles",
            json!({"title": "x".repeat(301), "status": 7, "category_id": "7", "slug": "Le Port", "canonical_url": "javascript:alert(1)"}),
        ),
        (
            "/v1/articles",
            json!({"title": "a\nb", "language": "fr", "published_at": "0999-01-01T00:00:00Z"}),
        ),
        (
            "/v1/articles",
            json!({"title": "a", "language": "fr", "published_at": "2026-11-23T14:00:00.1234567Z"}),
        ),
        (
            "/v1/articles",
            json!({"title": "a", "language": "fr", "status": "scheduled", "tag_ids": [id, id.to_uppercase()]}),
        ),
        (
            "/v1/articles",
            json!({"title": "a", "language": "fr", "slug": "deux"}),
        ),
        (
            "/v1/articles",
            json!({"title": "a", "language": "fr", "slug": "search"}),
        ),
        (
            "/v1/articles",
            json!({"title": "a", "language": "fr", "category_id": id}),
        ),
        (
            "/v1/articles",
            json!({"title": "a", "language": "fr", "body_format": "html", "body": "<b>".repeat(200)}),
        ),
        (
            "/v1/headlines",
            json!({"title": "a", "language": "fr", "status": "published", "published_at": "2026-01-02T00:00:00Z", "expires_at": "2026-01-01T00:00:00Z"}),
        ),
        (
            "/v1/keys",
            json!({"name": "x", "scopes": [], "expires_at": "2020-01-01T00:00:00Z"}),
        ),
        (
            "/v1/tags",
            json!({"name": "x", "names": {"ar": "x", "AR": "y"}}),
        ),
    ] {
        add(&compare(|| app.post(path, body.clone())).await);
    }
    let mut deepest = below.clone();
    for level in 3..=5 {
        deepest = app.category(&level.to_string(), Some(&deepest)).await;
    }
    let topic = json!({"name": "x", "media_topic": "sport"});
    add(&compare(|| app.post("/v1/categories", topic.clone())).await);
    let too_deep = json!({"name": "x", "parent_id": deepest["id"]});
    add(&compare(|| app.post("/v1/categories", too_deep.clone())).await);
    let site = app.get("/v1/site").await.ok();
    for (path, body) in [
        (
            "/v1/site".to_owned(),
            json!({"languages": (0..51).map(|n| format!("fr-{n:03}")).collect::<Vec<_>>()}),
        ),
        (
            "/v1/site".to_owned(),
            json!({"time_zone": "Rabat", "url": "https://a.example/?x", "languages": ["fr", "FR"], "name": site["name"]}),
        ),
        (
            format!("/v1/categories/{}", top["id"].as_str().unwrap()),
            json!({"parent_id": below["id"]}),
        ),
        (format!("{path}?clear=nothing"), json!({"title": "x"})),
        (format!("{path}?clear=source"), json!({"source": "x"})),
    ] {
        add(&compare(|| app.patch(&path, body.clone())).await);
    }
    let rotate = app
        .post("/v1/keys", json!({"name": "x", "scopes": ["read"]}))
        .await
        .created();
    let rotate = format!("/v1/keys/{}/rotate", rotate["id"].as_str().unwrap());
    for overlap in [json!({"overlap": -1}), json!({"overlap": 10_000_000})] {
        add(&compare(|| app.post(&rotate, overlap.clone())).await);
    }
    let me = app.get_as_admin("/v1/me").await.ok();
    let last = format!("/v1/keys/{}", me["key_id"].as_str().unwrap());
    add(&compare(|| app.delete(&last)).await);
    let used = format!("/v1/categories/{}", top["slug"].as_str().unwrap());
    add(&compare(|| app.delete(&used)).await);
    for request in [
        &|| app.request(Method::POST, "/livez") as Request,
        &|| app.get("/v1/headlines/"),
        &|| {
            app.post("/v1/tags", json!({"name": "x"}))
                .header("Idempotency-Key", "é")
        },
        &|| {
            app.request_as_admin(Method::POST, "/v1/tags")
                .body("text/plain", "x")
        },
        &|| {
            app.request_as_admin(Method::POST, "/v1/tags")
                .body("application/json", "{\"a\":1,\"a\":2}")
        },
        &|| {
            app.request_as_admin(Method::POST, "/v1/tags")
                .body("application/json", "{")
        },
        &|| {
            app.request_as_admin(Method::POST, "/v1/tags")
                .body("application/json", " ".repeat(2 << 20))
        },
        &|| {
            app.patch(&path, json!({"title": "x"}))
                .header("If-Match", "\"1-x\"")
        },
        &|| {
            app.patch(&path, json!({"title": "x"}))
                .header("If-Match", "x")
        },
        &|| {
            app.patch("/v1/articles/nowhere", json!({"title": "x"}))
                .header("If-Match", "*")
        },
        &|| {
            app.request(Method::POST, "/v1/tags")
                .key(&reader)
                .json(json!({"name": "x"}))
        },
        &|| app.get(&format!("/v1/headlines?source={}", "x".repeat(9000))),
        &|| {
            app.get("/v1/headlines")
                .header("X-Long", &"x".repeat(17_000))
        },
        &|| app.get("/v1/headlines").key("mnc_wrong"),
        &|| {
            app.get("/v1/headlines")
                .header("Authorization", "mnc_wrong")
        },
        &|| {
            app.request(Method::OPTIONS, "/v1/headlines")
                .header("Origin", "https://a.example")
                .header("Access-Control-Request-Method", "GET")
        },
    ] as [&dyn Fn() -> Request; 16]
    {
        add(&compare(request).await);
    }
    app.delete(&format!("/v1/articles/{id}")).await;
    add(&compare(|| app.get(&path)).await);

    let all = FaultCode::ALL.iter().map(|code| code.as_str().to_owned());
    let missing: Vec<String> = all.filter(|code| !found.contains(code)).collect();
    assert!(missing.is_empty(), "not provoked: {missing:?}");
    assert!(types.len() >= 15, "{types:?}");
}
