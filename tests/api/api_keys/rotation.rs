//! Rotation of API keys.

use chrono::{TimeDelta, Utc};
use futures_util::future::join;
use reqwest::Method;
use serde_json::{Value, json};

use super::{create_key, parse_time, path_of_key};
use crate::support::{JsonPath, TestApp, path_of};

#[actix_web::test]
async fn a_rotated_key_stays_valid_during_the_overlap() {
    let app = TestApp::start().await;
    let (old, path) = create_key(&app, &["read", "write"], None).await;
    let rotate = |path: &str, body: Value| app.post(&format!("{path}/rotate"), body);
    let response = rotate(&path, json!({})).await;
    assert_eq!(response.header("cache-control"), "no-store");
    let new = response.created();
    assert_eq!(response.header("location"), path_of("keys", &new));
    assert_eq!(
        (&new["name"], &new["scopes"]),
        (&json!("made"), &json!(["read", "write"]))
    );
    assert_eq!(new["expires_at"], Value::Null);
    assert!(path.ends_with(new.text("/rotated_from")));
    for key in [&old, new.text("/key")] {
        app.get("/v1/me").key(key).await.ok();
    }
    let ending = app.get_as_admin(&path).await.ok();
    assert_eq!(
        parse_time(&ending["expires_at"]) - parse_time(&new["created_at"]),
        TimeDelta::days(1)
    );
    assert_eq!(ending["version"], 2);
    rotate(&path, json!({})).await.problem(409, "conflict");

    // Without an overlap the old key is rejected immediately; the new key lives as long as the old one was meant to.
    let (old, path) = create_key(&app, &["read"], Some("2999-01-01T00:00:00Z")).await;
    let lifetime = |key: &Value| parse_time(&key["expires_at"]) - parse_time(&key["created_at"]);
    let before = app.get_as_admin(&path).await.ok();
    let new = rotate(&path, json!({"overlap": 0})).await.created();
    app.get("/v1/me")
        .key(&old)
        .await
        .problem(401, "unauthorized");
    assert_eq!(lifetime(&new), lifetime(&before));
    // Rotation never extends the life of the old key.
    let end = "2999-01-01T00:00:00Z";
    let (_, path) = create_key(&app, &["read"], Some(end)).await;
    let near =
        (Utc::now() + TimeDelta::hours(1)).to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    app.patch(&path, json!({"expires_at": near})).await.ok();
    rotate(&path, json!({"overlap": 604_800})).await.created();
    assert_eq!(
        parse_time(&app.get_as_admin(&path).await.ok()["expires_at"]),
        parse_time(&json!(near))
    );

    // An empty body, with any content type, counts as an empty object.
    let (_, path) = create_key(&app, &["read"], None).await;
    let request = app.request_as_admin(Method::POST, &format!("{path}/rotate"));
    let new = request.await.created();
    let ending = app.get_as_admin(&path).await.ok();
    assert_eq!(
        parse_time(&ending["expires_at"]) - parse_time(&new["created_at"]),
        TimeDelta::days(1)
    );
    let (_, path) = create_key(&app, &["read"], None).await;
    let request = |body: &'static str| {
        let request = app.request(Method::POST, &format!("{path}/rotate"));
        let request = request.key(&app.admin_key).header("Idempotency-Key", "r");
        request.body("text/plain", body)
    };
    request(" ").await.problem(415, "unsupported-media-type");
    let first = request("").await.created();
    assert_eq!(request("").await.created(), first);

    let (_, path) = create_key(&app, &["read"], None).await;
    for (overlap, fault) in [
        (json!(604_801), "/overlap too_large"),
        (json!(-1), "/overlap too_small"),
        (json!("1"), "/overlap wrong_type"),
        (json!(1.5), "/overlap wrong_type"),
    ] {
        assert_eq!(
            rotate(&path, json!({"overlap": overlap})).await.faults(),
            [fault]
        );
    }
    let more = json!({"scopes": ["admin"], "name": "x"});
    assert_eq!(
        rotate(&path, more).await.faults(),
        ["/name unknown", "/scopes unknown"]
    );
    // The last admin key can be rotated, because its successor remains.
    let last = rotate(
        &path_of_key(&app, &app.admin_key).await,
        json!({"overlap": 0}),
    )
    .await
    .created();
    app.get_as_admin("/v1/keys")
        .await
        .problem(401, "unauthorized");
    app.get("/v1/keys").key(last.text("/key")).await.ok();
}

#[actix_web::test]
async fn of_two_concurrent_rotations_of_one_key_one_is_rejected() {
    let app = TestApp::start().await;
    let (_, key_path) = create_key(&app, &["read"], None).await;
    let path = format!("{key_path}/rotate");
    let (a, b) = join(async { app.post(&path, json!({})).await.status }, async {
        app.post(&path, json!({})).await.status
    })
    .await;
    assert_eq!([a.min(b), a.max(b)], [201, 409]);
}
