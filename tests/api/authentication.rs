//! Authentication with API keys, and what their scopes allow.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use manchette::access::api_keys::{ApiKey, Scope, Token};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{JsonPath, TestApp, path_of};

const WRITES: [(&str, &str); 4] = [
    ("POST", ""),
    ("PUT", "/0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11"),
    ("PATCH", "/0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11"),
    ("DELETE", "/0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11"),
];

#[actix_web::test]
async fn writing_requires_the_write_scope() {
    let app = TestApp::start().await;
    let read = app
        .new_key(&[Scope::Read, Scope::Early, Scope::Publish])
        .await;
    for resource in ["headlines", "articles", "categories"] {
        for (method, rest) in WRITES {
            let path = format!("/v1/{resource}{rest}");
            let request = || {
                app.request(method.parse().unwrap(), &path)
                    .body("application/json", "{ not even JSON")
            };
            let response = request().await;
            assert!(response.header("www-authenticate").starts_with("Bearer"));
            response.problem(401, "unauthorized");
            let response = request().key(&read).await;
            assert!(
                response
                    .header("www-authenticate")
                    .contains("scope=\"write\"")
            );
            response.problem(403, "forbidden");
        }
    }
}

#[actix_web::test]
async fn changes_to_public_content_require_the_publish_scope() {
    let app = TestApp::start().await;
    let key = app.new_key(&[Scope::Write]).await;
    for resource in ["headlines", "articles"] {
        let list = format!("/v1/{resource}");
        let new = |status: &str| json!({"title": "x", "language": "fr", "status": status, "published_at": "2026-01-01T00:00:00Z"});
        let post = |body: Value| app.request(Method::POST, &list).key(&key).json(body);
        for status in ["published", "scheduled", "withdrawn"] {
            post(new(status)).await.problem(403, "forbidden");
        }
        let draft = post(new("draft")).await.created();
        let path = format!("{list}/{}", draft.text("/id"));
        let patch = |body: Value| app.request(Method::PATCH, &path).key(&key).json(body);
        patch(json!({"title": "y"})).await.ok();
        patch(json!({"status": "published"}))
            .await
            .problem(403, "forbidden");
        app.patch(&path, json!({"status": "published"})).await.ok();
        patch(json!({"title": "z"})).await.problem(403, "forbidden");
        app.request(Method::PUT, &path)
            .key(&key)
            .json(new("draft"))
            .await
            .problem(403, "forbidden");
        app.request(Method::DELETE, &path)
            .key(&key)
            .await
            .problem(403, "forbidden");
        assert_eq!(app.get(&path).await.ok()["title"], "y");
    }
    let post = |list: &str| {
        let request = app.request(Method::POST, list).key(&key);
        request.json(json!({"name": "x"}))
    };
    // Categories are always public; authors and tags are once a public article names them.
    post("/v1/categories").await.problem(403, "forbidden");
    post("/v1/authors").await.created();
    post("/v1/tags").await.created();
}

#[actix_web::test]
async fn drafts_are_visible_to_keys_with_read_write_or_publish() {
    let app = TestApp::start().await;
    let draft = app.article("x", json!({"status": "draft"})).await;
    let path = path_of("articles", &draft);
    app.get(&path).await.problem(404, "not-found");
    app.get("/v1/articles/x").await.problem(404, "not-found");
    for (scope, status) in [
        (Scope::Read, 200),
        (Scope::Write, 200),
        (Scope::Publish, 200),
        (Scope::Admin, 200),
        (Scope::Early, 404),
    ] {
        let key = app.new_key(&[scope]).await;
        assert_eq!(app.get(&path).key(&key).await.status, status, "{scope}");
    }
}

#[actix_web::test]
async fn invalid_credentials_are_rejected_even_for_public_resources() {
    let app = TestApp::start().await;
    let unknown = Token::new();
    let other = if app.admin_key.ends_with('x') {
        'y'
    } else {
        'x'
    };
    let mistyped = format!("{}{other}", &app.admin_key[..app.admin_key.len() - 1]);
    for credentials in [
        format!("Bearer {}", unknown.reveal()),
        format!("Bearer {mistyped}"),
        format!("Bearer {} {}", app.admin_key, app.admin_key),
        "Bearer".into(),
        "Bearer ".into(),
        format!("Basic {}", app.admin_key),
        app.admin_key.clone(),
        "é".into(),
    ] {
        let response = app
            .get("/v1/headlines")
            .header("Authorization", &credentials)
            .await;
        assert!(
            response.header("www-authenticate").starts_with("Bearer"),
            "{credentials}"
        );
        response.problem(401, "unauthorized");
    }
    let twice = app
        .get("/v1/headlines")
        .key(&app.admin_key)
        .key(&app.admin_key)
        .await;
    twice.problem(401, "unauthorized");
    let lower = app
        .get("/v1/headlines")
        .header("Authorization", &format!("bearer  {}", app.admin_key))
        .await;
    lower.ok();
}

#[actix_web::test]
async fn a_revoked_key_is_rejected_immediately() {
    let app = TestApp::start().await;
    let key = app.new_key(&[Scope::Read]).await;
    app.get("/v1/headlines").key(&key).await.ok();
    let mut conn = app.conn().await;
    for (name, revoked) in [
        (&key[..12], Some(true)),
        (&key[..12], Some(false)),
        ("mnc_00000000", None),
    ] {
        let found = ApiKey::revoke(&mut conn, name).await.unwrap();
        assert_eq!(found.map(|ended| ended.is_some()), revoked);
    }
    app.get("/v1/headlines")
        .key(&key)
        .await
        .problem(401, "unauthorized");
}

#[actix_web::test]
async fn keys_are_stored_as_hashes_and_their_last_use_is_recorded_once_a_minute() {
    use manchette::schema::api_keys::dsl::*;
    let app = TestApp::start().await;
    let key = app.new_key(&[Scope::Read]).await;
    let mut conn = app.conn().await;
    let of_key = || api_keys.filter(prefix.eq(key[..12].to_owned()));
    let stored: Vec<u8> = of_key().select(hash).first(&mut conn).await.unwrap();
    assert_eq!(stored.len(), 32);
    let dump: String = diesel::select(diesel::dsl::sql::<diesel::sql_types::Text>(
        "(SELECT string_agg(k::text, '') FROM api_keys k)",
    ))
    .get_result(&mut conn)
    .await
    .unwrap();
    assert!(!dump.contains(&key[12..]));

    type Time = Option<chrono::DateTime<chrono::Utc>>;
    let never: Time = of_key()
        .select(last_used_at)
        .first(&mut conn)
        .await
        .unwrap();
    assert_eq!(never, None);
    app.get("/v1/headlines").key(&key).await.ok();
    let first: Time = of_key()
        .select(last_used_at)
        .first(&mut conn)
        .await
        .unwrap();
    app.get("/v1/headlines").key(&key).await.ok();
    let second: Time = of_key()
        .select(last_used_at)
        .first(&mut conn)
        .await
        .unwrap();
    assert!(first.is_some() && first == second);
    diesel::sql_query("UPDATE api_keys SET last_used_at = last_used_at - interval '2 minutes'")
        .execute(&mut conn)
        .await
        .unwrap();
    app.get("/v1/headlines").key(&key).await.ok();
    let third: Time = of_key()
        .select(last_used_at)
        .first(&mut conn)
        .await
        .unwrap();
    assert!(third > first);
}
