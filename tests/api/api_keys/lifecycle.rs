//! API keys from their creation to their expiry or revocation.

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use diesel_async::RunQueryDsl;
use manchette::api_keys::{Scope, Token};
use reqwest::Method;
use serde_json::{Value, json};

use super::{make, own, sql, time};
use crate::support::{JsonPath, TestApp, path_of};

#[actix_web::test]
async fn a_created_key_is_shown_once_and_works() {
    let app = TestApp::start().await;
    let body = json!({"name": "newsroom", "scopes": ["write", "publish", "write"]});
    let answer = app.post("/v1/keys", body).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let place = answer.header("location").to_owned();
    let mut made = answer.created();
    let key = made.text("/key").to_owned();
    assert_eq!(place, path_of("keys", &made));
    assert_eq!(made["prefix"], key[..12]);
    assert_eq!(made["scopes"], json!(["publish", "write"]));
    assert_eq!(made["expires_at"], Value::Null);
    assert_eq!(
        format!("/v1/keys/{}", made.text("/created_by")),
        own(&app, &app.admin_key).await
    );

    made.as_object_mut().unwrap().shift_remove("key");
    assert_eq!(app.get_as_admin(&place).await.ok(), made);
    let list = app.get_as_admin("/v1/keys").await;
    assert!(!list.text().contains(&key[12..]));
    assert_eq!(list.ok()["items"][0], made);
    assert!(!list.has("surrogate-key") && list.header("cache-control") == "private, no-store");

    let line = json!({"title": "x", "language": "fr", "status": "published"});
    app.request(Method::POST, "/v1/headlines")
        .key(&key)
        .json(line)
        .await
        .created();
    let used = app.get_as_admin(&place).await.ok();
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
    let patched = app.patch(&own(&app, &key).await, body).await;
    assert_eq!(patched.faults(), ["/expires_at in_the_past", "/name blank"]);
}

#[actix_web::test]
async fn key_changes_are_version_checked_and_take_effect_immediately() {
    let app = TestApp::start().await;
    let (key, place) = make(&app, &["read", "write"], None).await;
    let first = app.get_as_admin(&place).await;
    let tag = first.etag();
    assert!(!first.has("last-modified"));
    app.get("/v1/headlines?status=draft").key(&key).await.ok();
    let patch =
        json!({"scopes": ["early"], "name": "partner", "expires_at": "2999-01-01T00:00:00Z"});
    let changed = app
        .patch(&place, patch.clone())
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
    app.patch(&place, json!({"name": "y"}))
        .header("If-Match", &tag)
        .await
        .problem(412, "precondition-failed");
    app.delete(&place)
        .header("If-Match", &tag)
        .await
        .problem(412, "precondition-failed");
    assert_eq!(
        app.patch(&place, patch).await.ok()["version"],
        2,
        "nothing was changed"
    );
    assert_eq!(
        app.patch(&place, json!({"expires_at": null})).await.ok()["expires_at"],
        Value::Null
    );
    assert_eq!(
        app.patch(&place, json!({"expires_at": "2001-01-01T00:00:00Z"}))
            .await
            .faults(),
        ["/expires_at in_the_past"]
    );
    assert_eq!(
        app.patch(&place, json!({"name": null})).await.faults(),
        ["/name wrong_type"]
    );
}

#[actix_web::test]
async fn a_revoked_or_expired_key_is_rejected_by_every_node_permanently() {
    let app = TestApp::start().await;
    let other = app.another_node().await;
    let (revoked, place) = make(&app, &["read"], None).await;
    let (expired, end) = make(&app, &["read"], Some("2999-01-01T00:00:00Z")).await;
    for node in [&app, &other] {
        for key in [&revoked, &expired] {
            node.get("/v1/me").key(key).await.ok();
        }
    }
    assert_eq!(app.delete(&place).await.status, 204);
    assert_eq!(
        app.delete(&place).await.status,
        204,
        "a second time changes nothing"
    );
    let id = end.rsplit('/').next().unwrap();
    sql(
        &app,
        &format!("UPDATE api_keys SET expires_at = now() WHERE id = '{id}'"),
    )
    .await;
    let mut answers = Vec::new();
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
            answers.push((refused["detail"].clone(), refused["title"].clone()));
        }
    }
    answers.dedup();
    assert_eq!(
        answers.len(),
        1,
        "whatever is wrong with a key, the answer is the same: {answers:?}"
    );
    for place in [&place, &end] {
        for patch in [
            json!({"expires_at": null}),
            json!({"name": "x"}),
            json!({"scopes": ["admin"]}),
        ] {
            app.patch(place, patch).await.problem(409, "conflict");
        }
        app.post(&format!("{place}/rotate"), json!({}))
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
        let id = place.rsplit('/').next().unwrap();
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
    let (key, place) = make(&app, &["read"], Some(&soon)).await;
    let begun = Instant::now();
    loop {
        let now = Utc::now();
        let status = app.get("/v1/me").key(&key).await.status;
        if status == 401 {
            assert!(Utc::now() >= time(&json!(soon)));
            break;
        }
        assert!(now < time(&json!(soon)), "it was taken too long");
        assert!(begun.elapsed() < Duration::from_secs(30));
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(
        app.get_as_admin(&place).await.ok()["revoked_at"],
        Value::Null
    );
}
