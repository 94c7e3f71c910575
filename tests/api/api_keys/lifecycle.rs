//! API keys from their creation to their expiry or revocation.

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use diesel_async::RunQueryDsl;
use manchette::access::api_keys::{Scope, Token};
use reqwest::Method;
use serde_json::{Value, json};

use super::{create_key, parse_time, path_of_key};
use crate::support::{JsonPath, TestApp, path_of};

#[actix_web::test]
async fn a_created_key_is_shown_once_and_works() {
    let app = TestApp::start().await;
    let body = json!({"name": "newsroom", "scopes": ["write", "publish", "write"]});
    let response = app.post("/v1/keys", body).await;
    assert_eq!(response.header("cache-control"), "no-store");
    let path = response.header("location").to_owned();
    let mut made = response.created();
    let key = made.text("/key").to_owned();
    assert_eq!(path, path_of("keys", &made));
    assert_eq!(made["prefix"], key[..12]);
    assert_eq!(made["scopes"], json!(["publish", "write"]));
    assert_eq!(made["expires_at"], Value::Null);
    assert_eq!(
        format!("/v1/keys/{}", made.text("/created_by")),
        path_of_key(&app, &app.admin_key).await
    );

    made.as_object_mut().unwrap().shift_remove("key");
    assert_eq!(app.get_as_admin(&path).await.ok(), made);
    let list = app.get_as_admin("/v1/keys").await;
    assert!(!list.text().contains(&key[12..]));
    assert_eq!(list.ok()["items"][0], made);
    assert!(!list.has("cache-tag") && list.header("cache-control") == "private, no-store");

    let headline = json!({"title": "x", "language": "fr", "status": "published"});
    app.request(Method::POST, "/v1/headlines")
        .key(&key)
        .json(headline)
        .await
        .created();
    let used = app.get_as_admin(&path).await.ok();
    assert!(used["last_used_at"].is_string() && used["version"] == 1);
}

#[actix_web::test]
async fn invalid_keys_are_rejected_with_every_fault() {
    let app = TestApp::start().await;
    let post = |body: Value| app.post("/v1/keys", body);
    assert_eq!(
        post(json!({"name": " ", "scopes": [], "expires_at": "soon", "hash": "x"}))
            .await
            .faults(),
        [
            "/expires_at invalid_timestamp",
            "/hash unknown",
            "/name blank",
            "/scopes too_few"
        ]
    );
    assert_eq!(
        post(json!({})).await.faults(),
        ["/name required", "/scopes required"]
    );
    assert_eq!(
        post(json!({"name": "x", "scopes": ["root"]}))
            .await
            .faults(),
        ["/scopes/0 invalid_choice"]
    );
    for scopes in [json!("admin"), json!(null), json!({"admin": true})] {
        let body = json!({"name": "x", "scopes": scopes});
        assert_eq!(post(body).await.faults(), ["/scopes wrong_type"]);
    }
    for end in ["2001-01-01T00:00:00Z", "2026-01-01T00:00:00Z"] {
        let body = json!({"name": "x", "scopes": ["read"], "expires_at": end});
        assert_eq!(post(body).await.faults(), ["/expires_at in_the_past"]);
        let body = json!({"name": " ", "scopes": ["root"], "expires_at": end});
        assert_eq!(
            post(body).await.faults(),
            [
                "/expires_at in_the_past",
                "/name blank",
                "/scopes/0 invalid_choice"
            ]
        );
    }
    let key = app.new_key(&[Scope::Read]).await;
    let body = json!({"name": "", "expires_at": "2001-01-01T00:00:00Z"});
    let patched = app.patch(&path_of_key(&app, &key).await, body).await;
    assert_eq!(patched.faults(), ["/expires_at in_the_past", "/name blank"]);
}

#[actix_web::test]
async fn key_changes_are_version_checked_and_take_effect_immediately() {
    let app = TestApp::start().await;
    let (key, path) = create_key(&app, &["read", "write"], None).await;
    let first = app.get_as_admin(&path).await;
    let tag = first.etag();
    assert!(!first.has("last-modified"));
    app.get("/v1/headlines?status=draft").key(&key).await.ok();
    let patch =
        json!({"scopes": ["early"], "name": "partner", "expires_at": "2999-01-01T00:00:00Z"});
    let changed = app
        .patch(&path, patch.clone())
        .header("If-Match", &tag)
        .await
        .ok();
    assert_eq!(
        (&changed["version"], &changed["scopes"]),
        (&json!(2), &json!(["early"]))
    );
    app.get("/v1/headlines?status=draft")
        .key(&key)
        .await
        .problem(403, "forbidden");
    app.patch(&path, json!({"name": "y"}))
        .header("If-Match", &tag)
        .await
        .problem(412, "precondition-failed");
    app.delete(&path)
        .header("If-Match", &tag)
        .await
        .problem(412, "precondition-failed");
    assert_eq!(
        app.patch(&path, patch).await.ok()["version"],
        2,
        "nothing changed"
    );
    assert_eq!(
        app.patch(&path, json!({"expires_at": null})).await.ok()["expires_at"],
        Value::Null
    );
    assert_eq!(
        app.patch(&path, json!({"expires_at": "2001-01-01T00:00:00Z"}))
            .await
            .faults(),
        ["/expires_at in_the_past"]
    );
    assert_eq!(
        app.patch(&path, json!({"name": null})).await.faults(),
        ["/name wrong_type"]
    );
}

#[actix_web::test]
async fn a_revoked_or_expired_key_is_rejected_by_every_node_permanently() {
    let app = TestApp::start().await;
    let other = app.another_node().await;
    let (revoked, path) = create_key(&app, &["read"], None).await;
    let (expired, end) = create_key(&app, &["read"], Some("2999-01-01T00:00:00Z")).await;
    for node in [&app, &other] {
        for key in [&revoked, &expired] {
            node.get("/v1/me").key(key).await.ok();
        }
    }
    assert_eq!(app.delete(&path).await.status, 204);
    assert_eq!(
        app.delete(&path).await.status,
        204,
        "revoking a key twice changes nothing"
    );
    let id = end.rsplit('/').next().unwrap();
    app.execute_sql(&format!(
        "UPDATE api_keys SET expires_at = now() WHERE id = '{id}'"
    ))
    .await;
    let mut responses = Vec::new();
    for node in [&app, &other] {
        let begins_alike = format!("{}{}", &app.admin_key[..12], &Token::new().reveal()[12..]);
        let unknown = Token::new();
        for key in [
            &revoked,
            &expired,
            unknown.reveal(),
            &begins_alike,
            "mnc_x",
            "a.b.c",
        ] {
            let refused = node
                .get("/v1/headlines")
                .key(key)
                .await
                .problem(401, "unauthorized");
            responses.push((refused["detail"].clone(), refused["title"].clone()));
        }
    }
    responses.dedup();
    assert_eq!(
        responses.len(),
        1,
        "every invalid key gets the same response: {responses:?}"
    );
    for path in [&path, &end] {
        for patch in [
            json!({"expires_at": null}),
            json!({"name": "x"}),
            json!({"scopes": ["admin"]}),
        ] {
            app.patch(path, patch).await.problem(409, "conflict");
        }
        app.post(&format!("{path}/rotate"), json!({}))
            .await
            .problem(409, "conflict");
    }
    // Database constraints enforce the same rules.
    let mut conn = app.conn().await;
    for change in [
        "revoked_at = NULL",
        "expires_at = NULL",
        "scopes = '{admin}'",
        "prefix = 'mnc_aaaaaaaa'",
        "hash = sha256('x')",
    ] {
        let id = path.rsplit('/').next().unwrap();
        let text = format!(
            "UPDATE api_keys SET {change} WHERE id IN ('{id}', '{}') AND name = 'made'",
            end.rsplit('/').next().unwrap()
        );
        let refused = diesel::sql_query(text).execute(&mut conn).await;
        assert!(refused.is_err(), "{change}");
    }
}

#[actix_web::test]
async fn a_key_is_rejected_after_its_expiry_time() {
    let app = TestApp::start().await;
    let soon = (Utc::now() + TimeDelta::milliseconds(1500))
        .to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let (key, path) = create_key(&app, &["read"], Some(&soon)).await;
    let started = Instant::now();
    loop {
        let now = Utc::now();
        let status = app.get("/v1/me").key(&key).await.status;
        if status == 401 {
            assert!(Utc::now() >= parse_time(&json!(soon)));
            break;
        }
        assert!(
            now < parse_time(&json!(soon)),
            "the key was accepted after its expiry"
        );
        assert!(started.elapsed() < Duration::from_secs(30));
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(
        app.get_as_admin(&path).await.ok()["revoked_at"],
        Value::Null
    );
}
