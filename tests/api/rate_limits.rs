//! Rate limits. Every window lasts an hour or more, so that no test depends on the clock.

use futures_util::future::join_all;
use manchette::access::api_keys::{Scope, Token};
use reqwest::Method;
use serde_json::json;

use crate::support::{JsonPath, Response, TestApp};

#[track_caller]
fn assert_rate_limited(response: &Response, policy: &str, detail: &str) {
    let problem = response.problem(429, "too-many-requests");
    assert!(problem.text("/detail").starts_with(detail), "{problem}");
    let wait: u64 = response.header("retry-after").parse().unwrap();
    assert!(wait > 0);
    assert_eq!(
        response.header("ratelimit"),
        format!("\"{policy}\";r=0;t={wait}")
    );
    assert!(
        response
            .header("ratelimit-policy")
            .starts_with(&format!("\"{policy}\";q="))
    );
    assert!(response.header("cache-control").ends_with("no-store"));
}

#[actix_web::test]
async fn responses_report_the_remaining_quota_and_excess_requests_get_429() {
    let app = TestApp::start_with_words("--rate-reads-without-key 4/7200").await;
    let first = app.get("/v1/headlines").await;
    assert_eq!(first.header("ratelimit-policy"), "\"reads\";q=4;w=7200");
    assert_eq!(first.header("ratelimit"), "\"reads\";r=3;t=1800");
    let known = app
        .get("/v1/headlines")
        .header("If-None-Match", first.header("etag"))
        .await;
    assert_eq!(
        (known.status, known.header("ratelimit")),
        (304, "\"reads\";r=2;t=3600")
    );
    let missing = app.get("/v1/articles/nothing").await;
    assert_eq!(missing.header("ratelimit"), "\"reads\";r=1;t=5400");
    missing.problem(404, "not-found");
    let wrong = app.get("/v1/headlines?limit=x").await;
    assert_eq!(wrong.header("ratelimit"), "\"reads\";r=0;t=7200");
    wrong.problem(400, "invalid-parameters");

    let over = app.get("/v1/headlines").await;
    assert_rate_limited(&over, "reads", "reads: at most 4 in 7200 seconds");
    assert!(over.header("retry-after").parse::<u64>().unwrap() <= 1800);
    let head = app.request(Method::HEAD, "/v1/headlines").await;
    assert_eq!((head.status, head.body.len()), (429, 0));

    // Health checks and `OPTIONS` are not limited.
    for path in ["/livez", "/readyz"] {
        let health = app.get(path).await;
        assert!(!health.has("ratelimit") && !health.has("ratelimit-policy"));
        health.ok();
    }
    let options = app.request(Method::OPTIONS, "/v1/headlines").await;
    assert_eq!((options.status, options.has("ratelimit")), (204, false));
    // Every key is counted separately, and so are writes.
    app.get_as_admin("/v1/headlines").await.ok();
    let refused = app.request(Method::POST, "/v1/headlines").await;
    refused.problem(401, "unauthorized");
}

#[actix_web::test]
async fn reads_and_writes_are_counted_separately_for_each_key() {
    let app = TestApp::start_with_words("--rate-reads 2/3600 --rate-writes 1/3600").await;
    let headline = json!({"title": "x", "language": "fr"});
    let made = app.post("/v1/headlines", headline.clone()).await;
    assert_eq!(made.header("ratelimit"), "\"writes\";r=0;t=3600");
    made.created();
    let over = app.post("/v1/headlines", headline.clone()).await;
    assert_rate_limited(&over, "writes", "writes: at most 1");
    for _ in 0..2 {
        app.get_as_admin("/v1/headlines").await.ok();
    }
    assert_rate_limited(
        &app.get_as_admin("/v1/headlines").await,
        "reads",
        "reads: at",
    );
    // In any spelling of the header.
    for credentials in [
        format!("bearer {}", app.admin_key),
        format!("BEARER   {}", app.admin_key),
        format!("Bearer {} ", app.admin_key),
    ] {
        let other = app.get("/v1/headlines?limit=1");
        let other = other.header("authorization", &credentials).await;
        assert_rate_limited(&other, "reads", "reads: at");
    }
    let other = app.new_key(&[Scope::Read, Scope::Write]).await;
    app.get("/v1/headlines").key(&other).await.ok();
    let post = app.request(Method::POST, "/v1/headlines").key(&other);
    post.json(headline).await.created();
    app.get("/v1/headlines").await.ok();
}

#[actix_web::test]
async fn request_variants_do_not_bypass_the_limit() {
    let app = TestApp::start_with_words(
        "--rate-reads-without-key 1/3600 --rate-writes-without-key 1/3600",
    )
    .await;
    app.get("/v1/headlines").await.ok();
    app.request(Method::POST, "/v1/headlines")
        .await
        .problem(401, "unauthorized");
    let variants = [
        "GET //v1/headlines HTTP/1.1\r\nHost: x",
        "GET /v1//headlines HTTP/1.1\r\nHost: x",
        "GET /V1/Headlines HTTP/1.1\r\nHost: x",
        "GET /v1/headlines/ HTTP/1.1\r\nHost: x",
        "GET /%761/headlines HTTP/1.1\r\nHost: x",
        "GET /v1%2fheadlines HTTP/1.1\r\nHost: x",
        "GET /./v1/headlines HTTP/1.1\r\nHost: x",
        "GET /livez/../v1/headlines HTTP/1.1\r\nHost: x",
        "GET /livez/ HTTP/1.1\r\nHost: x",
        "GET /livez?x=1/../v1/headlines HTTP/1.0",
        "GET http://elsewhere/v1/headlines HTTP/1.1\r\nHost: elsewhere",
        "GET /v1/headlines?x=1 HTTP/1.1\r\nHost: x",
        "GET /v1/headlines HTTP/1.0",
        "GET /v1/headlines HTTP/1.1\r\nHost: y",
        "HEAD /v1/headlines HTTP/1.1\r\nHost: x",
        "GET /docs/ HTTP/1.1\r\nHost: x",
        "GET /nothing HTTP/1.1\r\nHost: x",
        "DELETE /v1/headlines/x HTTP/1.1\r\nHost: x",
        "BREW /v1/headlines HTTP/1.1\r\nHost: x",
        "GET /v1/headlines HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 6.6.6.6",
        "GET /v1/headlines HTTP/1.1\r\nHost: x\r\nx-forwarded-for: 6.6.6.7\r\nX-FORWARDED-FOR: 6.6.6.8",
        "GET /v1/headlines HTTP/1.1\r\nHost: x\r\nForwarded: for=6.6.6.6",
        "GET /v1/headlines HTTP/1.1\r\nHost: x\r\nX-Real-IP: 6.6.6.6\r\nTrue-Client-IP: 6.6.6.6",
        "GET /v1/headlines HTTP/1.1\r\nHost: x\r\nX-HTTP-Method-Override: OPTIONS",
        "GET /v1/headlines HTTP/1.1\r\nHost: x\r\nAccept-Encoding: br\r\nIf-None-Match: *",
        "GET /v1/headlines HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
        "GET /v1/headlines HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0",
        "GET /v1/headlines HTTP/1.1\r\nHost: x\r\nAuthorization: Basic eDp5",
        "GET /v1/headlines HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer nothing",
    ];
    for variant in variants {
        let close = variant.replacen("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1);
        let close = if variant.contains("\r\n\r\n") {
            close
        } else {
            format!("{variant}\r\nConnection: close")
        };
        let response = app.send_raw(format!("{close}\r\n\r\n").as_bytes());
        let fine = "GET /livez?";
        if variant.starts_with(fine) {
            // Only the path decides whether a request is a health check.
            assert!(
                response.starts_with("HTTP/1.0 400"),
                "{variant}: {response}"
            );
        } else {
            assert!(
                response.lines().next().unwrap().contains(" 429 "),
                "{variant}: {response}"
            );
        }
    }
}

#[actix_web::test]
async fn callers_behind_trusted_proxies_are_limited_by_forwarded_address() {
    let app = TestApp::start_with_words(
        "--rate-reads-without-key 1/3600 --trusted-proxies 127.0.0.0/8,10.0.0.0/8",
    )
    .await;
    let from = |addresses: &'static str| {
        let request = app.get("/v1/headlines");
        request.header("X-Forwarded-For", addresses)
    };
    from("192.0.2.1").await.ok();
    from("192.0.2.2").await.ok();
    from("9.9.9.9, 192.0.2.3, 10.1.2.3").await.ok();
    for again in [
        "192.0.2.1",
        "6.6.6.6, 192.0.2.1",
        "192.0.2.2:99",
        "::ffff:192.0.2.2",
        "192.0.2.3, 10.9.9.9",
    ] {
        assert_rate_limited(&from(again).await, "reads", "reads");
    }
    // One IPv6 /64 is one caller.
    from("2001:db8:0:1::1").await.ok();
    assert_rate_limited(&from("2001:db8:0:1:ffff::2").await, "reads", "reads");
    from("2001:db8:0:2::1").await.ok();
    // Without a usable address the proxy itself is limited.
    app.get("/v1/headlines").await.ok();
    assert_rate_limited(&from("hidden").await, "reads", "reads");
}

/// A malformed key.
fn malformed_key() -> String {
    let mut key = Token::new().reveal().to_owned();
    let last = key.pop().unwrap();
    key.push(if last == 'x' { 'y' } else { 'x' });
    key
}

#[actix_web::test]
async fn malformed_keys_are_limited_without_affecting_valid_ones() {
    let app = TestApp::start_with_words("--rate-wrong-keys 3/7200").await;
    let responses = join_all((0..20).map(|_| async {
        let response = app.get("/v1/headlines").key(&malformed_key()).await;
        response.status
    }))
    .await;
    let of = |status: u16| {
        responses
            .iter()
            .filter(|response| **response == status)
            .count()
    };
    assert_eq!((of(401), of(429)), (3, 17), "{responses:?}");
    for credentials in [
        format!("Bearer {}", malformed_key()),
        format!("Bearer {} {}", app.admin_key, app.admin_key),
        "Basic eDp5".to_owned(),
        "Bearer x".to_owned(),
        "Bearer a.b.c".to_owned(),
    ] {
        let request = app.request(Method::POST, "/v1/headlines");
        let refused = request.header("Authorization", &credentials).await;
        assert_rate_limited(&refused, "wrong-keys", "wrong-keys: at most 3 in 7200");
    }
    // Well-formed keys are still looked up, and anonymous requests are not affected.
    let new = app.new_key(&[Scope::Read]).await;
    app.get("/v1/headlines").key(&new).await.ok();
    app.get_as_admin("/v1/headlines").await.ok();
    app.get("/v1/headlines").await.ok();
    let unknown = || app.get("/v1/headlines").key(Token::new().reveal());
    unknown().await.problem(401, "unauthorized");
    // One admin key has to remain.
    app.new_key(&[Scope::Admin]).await;
    let mut conn = app.conn().await;
    manchette::access::api_keys::ApiKey::revoke(&mut conn, &app.admin_key[..12])
        .await
        .unwrap();
    for _ in 0..2 {
        let revoked = app.get_as_admin("/v1/headlines").await;
        revoked.problem(401, "unauthorized");
    }
}

#[actix_web::test]
async fn a_newly_started_node_does_not_lock_out_valid_keys() {
    let first = TestApp::start().await;
    let settings = [
        "--rate-wrong-keys",
        "10/7200",
        "--rate-reads-without-key",
        "1000/7200",
    ];
    let started = TestApp::start_on(first.database.clone(), &settings).await;
    for n in 0..24 {
        let unknown = started.get("/v1/headlines").key(Token::new().reveal());
        unknown.await.problem(401, "unauthorized");
        let wrong = started
            .get("/v1/headlines")
            .key(&malformed_key())
            .await
            .status;
        assert_eq!(wrong, if n < 10 { 401 } else { 429 });
    }
    let key = first.new_key(&[Scope::Write]).await;
    for key in [&key, &first.admin_key] {
        started.get("/v1/headlines").key(key).await.ok();
    }
    let headline = json!({"title": "x", "language": "fr"});
    let post = started.request(Method::POST, "/v1/headlines").key(&key);
    post.json(headline).await.created();
}

#[actix_web::test]
async fn lookups_of_unknown_keys_are_limited_like_anonymous_reads() {
    let app = TestApp::start_with_words("--rate-reads-without-key 5/7200").await;
    app.get_as_admin("/v1/headlines").await.ok();
    let unknown = || app.get("/v1/headlines").key(Token::new().reveal());
    for _ in 0..5 {
        unknown().await.problem(401, "unauthorized");
    }
    let refused = unknown().await;
    assert_rate_limited(&refused, "unknown-keys", "unknown-keys: at most 5 in 7200");
    // An unknown key is refused now, even a new valid one; known keys still work.
    let new = app.new_key(&[Scope::Read]).await;
    let refused = app.get("/v1/headlines").key(&new).await;
    assert_rate_limited(&refused, "unknown-keys", "unknown-keys");
    app.get_as_admin("/v1/headlines").await.ok();
}

#[actix_web::test]
async fn requests_with_malformed_keys_count_as_anonymous() {
    let app = TestApp::start_with_words("--rate-reads-without-key 2/3600").await;
    for _ in 0..2 {
        let wrong = app.get("/v1/headlines").key("nothing").await;
        assert!(wrong.has("ratelimit"));
        wrong.problem(401, "unauthorized");
    }
    assert_rate_limited(
        &app.get("/v1/headlines").key("nothing").await,
        "reads",
        "reads: at most 2",
    );
    assert_rate_limited(&app.get("/v1/headlines").await, "reads", "reads");
    app.get_as_admin("/v1/headlines").await.ok();
}
