//! JWTs of an identity provider in place of keys.

mod forgery;

use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures_util::future::join_all;
use manchette::schema::audit;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::identity_provider::{AUDIENCE, ISSUER, IdentityProvider, Signer, claims, jwks};
use crate::support::{JsonPath, TestApp};

/// Repeats a request until it has this status.
async fn wait_for_status(app: &TestApp, token: &str, status: u16) {
    let started = Instant::now();
    while app.get("/v1/me").key(token).await.status != status {
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "the status never becomes {status}"
        );
        actix_web::rt::time::sleep(Duration::from_millis(100)).await;
    }
}

#[actix_web::test]
async fn tokens_of_every_supported_algorithm_grant_their_scopes() {
    let signers = [Signer::rsa("r"), Signer::ec("c"), Signer::ed("d")];
    let provider = IdentityProvider::start(&signers.each_ref()).await;
    let app = provider.start_app(&[]).await;
    for signer in &signers {
        let token_claims =
            claims(json!({"sub": "désk|1", "scope": "openid publish  write unknown Admin"}));
        let token = signer.token(&token_claims);
        let me = app.get("/v1/me").key(&token).await.ok();
        let end =
            chrono::DateTime::from_timestamp(token_claims["exp"].as_i64().unwrap(), 0).unwrap();
        assert_eq!(
            me,
            json!({"name": "désk|1", "kind": "jwt", "key_id": null, "scopes": ["write", "publish"],
                "expires_at": end.to_rfc3339_opts(chrono::SecondsFormat::Micros, true), "limits": []})
        );
        let headline = json!({"title": "x", "language": "fr", "status": "published"});
        let made = app
            .request(Method::POST, "/v1/headlines")
            .key(&token)
            .json(headline)
            .await
            .created();
        let id: Uuid = made.text("/id").parse().unwrap();
        let mut conn = app.conn().await;
        let by: Option<Uuid> = audit::table
            .filter(audit::resource_id.eq(id))
            .select(audit::key_id)
            .first(&mut conn)
            .await
            .unwrap();
        assert_eq!(by, None);
        app.get("/v1/keys")
            .key(&token)
            .await
            .problem(403, "forbidden");
        let admin = signer.token(&claims(json!({"scope": ["admin"]})));
        let body = json!({"name": "x", "scopes": ["read"]});
        let made = app
            .request(Method::POST, "/v1/keys")
            .key(&admin)
            .json(body)
            .await
            .created();
        assert_eq!(made["created_by"], Value::Null);
    }
    assert_eq!(provider.request_count(), 1);
}

#[actix_web::test]
async fn rotated_provider_keys_are_picked_up() {
    let (old, new) = (Signer::ec("old"), Signer::ec("new"));
    let provider = IdentityProvider::start(&[&old]).await;
    let app = provider.start_app(&["--jwt-keys-max-age", "1"]).await;
    let (first, second) = (old.token(&claims(json!({}))), new.token(&claims(json!({}))));
    wait_for_status(&app, &first, 200).await;
    app.get("/v1/me")
        .key(&second)
        .await
        .problem(401, "unauthorized");
    provider.publish(&[&old, &new]);
    wait_for_status(&app, &second, 200).await;
    app.get("/v1/me").key(&first).await.ok();
    provider.publish(&[&new]);
    wait_for_status(&app, &first, 401).await;
    app.get("/v1/me").key(&second).await.ok();
    // Another key under the same key ID replaces the first.
    let other = Signer::ec("new");
    provider.publish(&[&other]);
    wait_for_status(&app, &second, 401).await;
    wait_for_status(&app, &other.token(&claims(json!({}))), 200).await;
}

#[actix_web::test]
async fn the_jwks_is_fetched_once_for_many_callers_and_unknown_key_ids() {
    let (signer, nobody) = (Signer::ed("d"), Signer::ed("nobody"));
    let provider = IdentityProvider::start(&[&signer]).await;
    provider.delay_responses(Duration::from_millis(300));
    let started = Instant::now();
    let app = provider.start_app(&[]).await;
    let token = signer.token(&claims(json!({})));
    let all = join_all((0..20).map(|_| async { app.get("/v1/me").key(&token).await.status })).await;
    assert!(all.iter().all(|status| *status == 200), "{all:?}");
    for n in 0..30 {
        let header = json!({"alg": "EdDSA", "kid": format!("n{n}")});
        let token = nobody.token_with_header(&header, &claims(json!({})));
        app.get("/v1/me")
            .key(&token)
            .await
            .problem(401, "unauthorized");
    }
    let most = 1 + started.elapsed().as_secs() as usize / 10;
    assert!(
        provider.request_count() <= most,
        "{} of {most}",
        provider.request_count()
    );
}

#[actix_web::test]
async fn an_unavailable_identity_provider_causes_503_until_it_recovers() {
    let signer = Signer::rsa("r");
    let provider = IdentityProvider::start(&[&signer]).await;
    let token = signer.token(&claims(json!({})));
    for (status, body) in [
        (500, jwks(&[&signer])),
        (302, jwks(&[&signer])),
        (200, b"not JSON".to_vec()),
        (200, b"{}".to_vec()),
        (200, vec![b' '; 300_000]),
    ] {
        provider.respond_with(status, body);
        let app = provider.start_app(&[]).await;
        let response = app.get("/v1/me").key(&token).await;
        assert_eq!(response.header("retry-after"), "1");
        response.problem(503, "unavailable");
        app.get("/v1/headlines").await.ok();
        app.get_as_admin("/v1/headlines").await.ok();
    }
    let app = provider.start_app(&["--jwt-keys-max-age", "1"]).await;
    app.get("/v1/me")
        .key(&token)
        .await
        .problem(503, "unavailable");
    provider.publish(&[&signer]);
    wait_for_status(&app, &token, 200).await;
    // During another outage the known keys stay valid, though the provider is asked repeatedly.
    provider.respond_with(503, "");
    let requests = provider.request_count();
    while provider.request_count() < requests + 2 {
        app.get("/v1/me").key(&token).await.ok();
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    }
    app.get("/v1/me").key(&token).await.ok();
}

#[actix_web::test]
async fn the_jwks_can_be_read_from_a_file() {
    let (old, new) = (Signer::rsa("r"), Signer::ed("d"));
    let folder = crate::support::server_process::temp_dir();
    let file = folder.path().join("keys.json");
    std::fs::write(&file, jwks(&[&old])).unwrap();
    let settings = [
        "--jwt-issuer",
        ISSUER,
        "--jwt-audience",
        AUDIENCE,
        "--jwt-jwks-file",
        file.to_str().unwrap(),
        "--jwt-keys-max-age",
        "1",
    ];
    let app = TestApp::start_with(&settings).await;
    wait_for_status(&app, &old.token(&claims(json!({}))), 200).await;
    std::fs::write(&file, jwks(&[&new])).unwrap();
    wait_for_status(&app, &new.token(&claims(json!({}))), 200).await;
    wait_for_status(&app, &old.token(&claims(json!({}))), 401).await;
}

#[actix_web::test]
async fn expired_tokens_do_not_use_up_the_limit_for_wrong_keys() {
    let signer = Signer::ed("d");
    let provider = IdentityProvider::start(&[&signer]).await;
    let app = provider.start_app(&["--rate-wrong-keys", "3/7200"]).await;
    let old = signer.token(&claims(json!({"exp": 1_000_000_000})));
    for _ in 0..12 {
        let request = app.get("/v1/me").key(&old);
        request.await.problem(401, "unauthorized");
    }
    for status in [401, 401, 401, 429] {
        assert_eq!(app.get("/v1/me").key("a.b.c").await.status, status);
    }
    let valid_claims = signer.token(&claims(json!({})));
    app.get("/v1/me").key(&valid_claims).await.ok();
}

#[actix_web::test]
async fn tokens_are_rejected_without_a_configured_provider() {
    let app = TestApp::start().await;
    let token = Signer::ed("d").token(&claims(json!({})));
    app.get("/v1/headlines")
        .key(&token)
        .await
        .problem(401, "unauthorized");
}
