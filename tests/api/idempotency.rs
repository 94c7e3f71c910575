//! Idempotency: a `POST` with an `Idempotency-Key` is executed once.

use diesel_async::SimpleAsyncConnection;
use futures_util::future::join_all;
use manchette::access::api_keys::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::identity_provider::{IdentityProvider, Signer, claims};
use crate::support::{JsonPath, Request, Response, TestApp, path_of};

fn headline(title: &str) -> Value {
    json!({"title": title, "language": "fr", "status": "published"})
}

fn post(app: &TestApp, key: &str, body: Value) -> Request {
    app.post("/v1/headlines", body)
        .header("Idempotency-Key", key)
}

async fn titles(app: &TestApp) -> Vec<String> {
    app.get_as_admin("/v1/headlines?limit=100")
        .await
        .ok()
        .texts("/items/*/title")
}

#[actix_web::test]
async fn the_first_response_is_replayed_for_every_resource() {
    let app = TestApp::start().await;
    for (path, body) in [
        ("/v1/headlines", headline("a")),
        ("/v1/articles", json!({"title": "a", "language": "fr"})),
        ("/v1/categories", json!({"name": "a"})),
        ("/v1/authors", json!({"name": "a"})),
        ("/v1/tags", json!({"name": "a"})),
    ] {
        let request = || {
            app.post(path, body.clone())
                .header("Idempotency-Key", "\"one\"")
        };
        let first = request().await;
        if path == "/v1/headlines" {
            first.created();
            assert!(!first.has("idempotency-replayed"));
        } else {
            // The key belongs to one path.
            first.problem(422, "idempotency-key-reused");
            let request = || app.post(path, body.clone()).header("Idempotency-Key", path);
            let (first, again) = (request().await, request().await);
            assert_eq!(again.header("idempotency-replayed"), "true");
            assert_eq!((again.status, &again.body), (201, &first.body), "{path}");
            continue;
        }
        // The stored response is replayed even after the resource was changed.
        let location = first.header("location").to_owned();
        app.patch(&location, json!({"title": "b"})).await.ok();
        let again = request().await;
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!((again.status, &again.body), (201, &first.body));
        for name in ["location", "etag", "content-language", "content-type"] {
            assert_eq!(again.header(name), first.header(name), "{name}");
        }
        assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
        assert_eq!(app.get_as_admin(path).await.ok().list("/items").len(), 1);
    }
}

#[actix_web::test]
async fn reusing_an_idempotency_key_with_another_body_is_rejected() {
    let app = TestApp::start().await;
    post(&app, "k", headline("a")).await.created();
    post(&app, "k", headline("b"))
        .await
        .problem(422, "idempotency-key-reused");
    assert_eq!(titles(&app).await, ["a"]);
}

#[actix_web::test]
async fn the_order_of_fields_and_spaces_make_no_other_body() {
    let app = TestApp::start().await;
    let mut ids = Vec::new();
    for body in [
        r#"{"title":"a","language":"fr"}"#,
        r#"{ "language": "fr", "title": "\u0061" }"#,
    ] {
        let request = post(&app, "k", json!({})).body("application/json", body);
        ids.push(request.await.created()["id"].clone());
    }
    assert_eq!(ids[0], ids[1]);
    assert_eq!(titles(&app).await, ["a"]);
}

#[actix_web::test]
async fn idempotency_keys_are_scoped_to_the_caller() {
    let app = TestApp::start().await;
    let other = app.new_key(&[Scope::Write, Scope::Publish]).await;
    post(&app, "k", headline("a")).await.created();
    let response = app
        .request(Method::POST, "/v1/headlines")
        .key(&other)
        .header("Idempotency-Key", "k")
        .json(headline("a"))
        .await;
    response.created();
    assert!(!response.has("idempotency-replayed"));
    assert_eq!(titles(&app).await, ["a", "a"]);
    // Callers without the write scope learn nothing about the requests of others.
    let reader = app.new_key(&[Scope::Read]).await;
    let refused = app.request(Method::POST, "/v1/headlines").key(&reader);
    refused
        .header("Idempotency-Key", "k")
        .json(headline("a"))
        .await
        .problem(403, "forbidden");
}

#[actix_web::test]
async fn rejected_requests_are_not_stored() {
    let app = TestApp::start().await;
    post(&app, "k", json!({"language": "fr"}))
        .await
        .problem(422, "invalid");
    post(&app, "k", headline("a")).await.created();
    let create = || {
        app.post("/v1/categories", json!({"name": "a", "slug": "a"}))
            .header("Idempotency-Key", "c")
    };
    let taken = app
        .post("/v1/categories", json!({"name": "a", "slug": "a"}))
        .await
        .created();
    create().await.problem(409, "conflict");
    let path = path_of("categories", &taken);
    app.patch(&path, json!({"slug": "b"})).await.ok();
    create().await.created();
}

#[actix_web::test]
async fn of_twenty_concurrent_requests_on_two_nodes_one_is_executed() {
    let app = TestApp::start().await;
    let other = app.another_node().await;
    for round in 0..3 {
        let key = format!("round-{round}");
        let requests = (0..20).map(|n| {
            let node = if n % 2 == 0 { &app } else { &other };
            let request = node
                .request(Method::POST, "/v1/headlines")
                .key(&app.admin_key);
            request
                .header("Idempotency-Key", &key)
                .json(headline(&key))
                .into_future()
        });
        let responses: Vec<Response> = join_all(requests).await;
        let is_executed =
            |response: &&Response| response.status == 201 && !response.has("idempotency-replayed");
        assert_eq!(responses.iter().filter(is_executed).count(), 1);
        let first = responses
            .iter()
            .find(|response| response.status == 201)
            .unwrap();
        for response in &responses {
            if response.status == 201 {
                assert_eq!(response.body, first.body);
            } else {
                response.problem(409, "in-progress");
                assert_eq!(response.header("retry-after"), "1");
            }
        }
        post(&app, &key, headline(&key)).await.created();
    }
    assert_eq!(titles(&app).await.len(), 3);
}

#[actix_web::test]
async fn a_stored_response_expires_after_a_day() {
    let app = TestApp::start().await;
    post(&app, "old", headline("a")).await.created();
    post(&app, "older", headline("b")).await.created();
    let mut conn = app.conn().await;
    conn.batch_execute(
        "UPDATE idempotency_keys SET created_at = created_at - interval '24 hours 1 second'",
    )
    .await
    .unwrap();
    let again = post(&app, "old", headline("c")).await;
    again.created();
    assert!(!again.has("idempotency-replayed"));
    // The other expired response was deleted.
    let left = "SELECT 1 / (count(*) = 1)::int FROM idempotency_keys";
    conn.batch_execute(left).await.unwrap();
    post(&app, "old", headline("c")).await.created();
    assert_eq!(titles(&app).await, ["c", "b", "a"]);
}

#[actix_web::test]
async fn a_malformed_idempotency_key_is_rejected() {
    let app = TestApp::start().await;
    let long = "x".repeat(256);
    for wrong in ["", "\"\"", "a b", long.as_str()] {
        post(&app, wrong, headline("a"))
            .await
            .problem(400, "malformed");
    }
    post(&app, "a", headline("a"))
        .header("Idempotency-Key", "b")
        .await
        .problem(400, "malformed");
    post(&app, &long[1..], headline("a")).await.created();
}

#[actix_web::test]
async fn a_created_api_key_is_replayed_to_its_caller_and_stored_encrypted() {
    let app = TestApp::start().await;
    let request = |key: &str| {
        let request = app.request(Method::POST, "/v1/keys").key(key);
        let new = json!({"name": "k", "scopes": ["read"]});
        request.header("Idempotency-Key", "k").json(new)
    };
    let (first, again) = (request(&app.admin_key).await, request(&app.admin_key).await);
    let made = first.created();
    assert_eq!(
        (again.created(), again.header("idempotency-replayed")),
        (made.clone(), "true")
    );
    assert_eq!(again.header("cache-control"), "no-store");
    let path = format!("/v1/keys/{}/rotate", made.text("/id"));
    let rotate = || {
        app.post(&path, json!({"overlap": 0}))
            .header("Idempotency-Key", "r")
    };
    let rotated = rotate().await.created();
    assert_eq!(
        rotate().await.created(),
        rotated,
        "a second rotation would be rejected"
    );
    let other = app.new_key(&[Scope::Admin]).await;
    assert_ne!(request(&other).await.created()["key"], made["key"]);
    // The stored responses do not contain the keys.
    let mut conn = app.conn().await;
    for secret in [&made["key"], &rotated["key"]] {
        let secret = secret.as_str().unwrap();
        let sql = format!(
            "SELECT 1 / (count(*) = 0)::int FROM idempotency_keys WHERE position('{}'::bytea IN response_body) > 0",
            &secret[4..]
        );
        conn.batch_execute(&sql).await.unwrap();
    }
}

#[actix_web::test]
async fn a_secret_stored_for_one_jwt_is_not_replayed_to_another() {
    let signer = Signer::ed("one");
    let provider = IdentityProvider::start(&[&signer]).await;
    let app = provider.start_app(&[]).await;
    let token = |jti: &str| signer.token(&claims(json!({"scope": "admin", "jti": jti})));
    let request = |token: &str| {
        let request = app.request(Method::POST, "/v1/keys").key(token);
        let new = json!({"name": "k", "scopes": ["read"]});
        request.header("Idempotency-Key", "k").json(new)
    };
    let one = token("1");
    let made = request(&one).await.created();
    assert_eq!(request(&one).await.created(), made);
    request(&token("2")).await.problem(409, "conflict");
    let keys = app.get_as_admin("/v1/keys").await.ok();
    let named = |key: &&Value| key["name"] == "k";
    assert_eq!(keys.list("/items").iter().filter(named).count(), 1);
}
