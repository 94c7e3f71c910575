//! The log of the server.

use std::time::Duration;

use serde_json::{Value, json};

use super::client;
use crate::support::JsonPath;
use crate::support::identity_provider::{AUDIENCE, ISSUER, Signer, claims, jwks};
use crate::support::server_process::{ServerProcess, admin_key, manchette, temp_dir};

#[actix_web::test]
async fn malformed_connections_do_not_log_errors() {
    use std::io::Write;
    let data = temp_dir();
    let settings = [
        "--no-demo",
        "--header-timeout",
        "1",
        "--max-connections-per-address",
        "40",
    ];
    let server = ServerProcess::start(data.path(), &settings);
    let at = server.base.trim_start_matches("http://");
    let mut held = Vec::new();
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"nonsense\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        b"POST /v1/headlines HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz",
        b"POST /v1/headlines HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
        b"GET /livez HTTP/1.1\r\nHost",
        b"GET /docs/assets/scalar-1.76.0.js HTTP/1.1\r\nHost: x\r\n\r\n",
        &[b'x'; 200_000],
        b"",
    ] {
        // Closed at once with unread responses, which resets the connection, or kept open until the server closes it.
        for keeps in [false, true] {
            let mut stream = std::net::TcpStream::connect(at).unwrap();
            let _ = stream.write_all(bytes);
            if keeps {
                held.push(stream);
            }
        }
    }
    for _ in 0..60 {
        held.push(std::net::TcpStream::connect(at).unwrap());
    }
    std::thread::sleep(Duration::from_millis(1500));
    drop(held);
    server.wait_for_status("/livez", 200).await;
    server.signal("TERM");
    let (_, log) = server.wait_for_exit();
    let error = log
        .iter()
        .find(|line| line.contains(" ERROR ") || line.contains("panicked"));
    assert!(error.is_none(), "{error:?}");
}

#[actix_web::test]
async fn every_request_is_logged_as_text_or_json() {
    for format in ["text", "json"] {
        let data = temp_dir();
        let server = ServerProcess::start(data.path(), &["--no-demo", "--log-format", format]);
        let request = |id: &str| {
            let url = format!("{}/v1/headlines?limit=1", server.base);
            client()
                .get(url)
                .header("X-Request-Id", id)
                .header("User-Agent", "tests/1 \"x\"")
        };
        let response = request("my-id").send().await.unwrap();
        assert_eq!(response.headers()["x-request-id"], "my-id");
        let bytes = response.content_length().unwrap();
        let admin = admin_key(data.path());
        let authenticated = request("with-key")
            .bearer_auth(&admin)
            .send()
            .await
            .unwrap();
        assert_eq!(authenticated.status().as_u16(), 200);
        let prefix = &admin[..12];
        server.signal("TERM");
        let (_, log) = server.wait_for_exit();
        let line = log
            .iter()
            .find(|line| line.contains("my-id"))
            .unwrap_or_else(|| panic!("{log:?}"));
        let with_key = log.iter().find(|line| line.contains("with-key")).unwrap();
        assert!(
            with_key.contains(prefix) && with_key.contains("127.0.0.1"),
            "{with_key}"
        );
        assert!(!log.concat().contains(&admin[12..]));
        if format == "json" {
            let mut line: Value = serde_json::from_str(line).unwrap();
            let taken = ["time", "http.server.request.duration"].map(|field| line[field].take());
            assert!(taken[0].is_string() && taken[1].as_f64().unwrap() < 60.0);
            assert_eq!(
                line,
                json!({
                    "time": null, "level": "INFO", "target": "request", "request_id": "my-id",
                    "client.address": "127.0.0.1", "http.request.method": "GET", "url.path": "/v1/headlines",
                    "url.query": "limit=1", "http.response.status_code": 200, "http.response.body.size": bytes,
                    "http.server.request.duration": null, "user_agent.original": "tests/1 \"x\"",
                })
            );
            let with_key: Value = serde_json::from_str(with_key).unwrap();
            assert_eq!(with_key["manchette.key.prefix"], prefix);
        } else {
            assert!(
                line.contains(&format!("my-id GET /v1/headlines?limit=1 200 {bytes}B "))
                    && line.ends_with(r#"ms 127.0.0.1 - "tests/1 \"x\"""#),
                "{line}"
            );
            assert!(
                with_key.contains(&format!("ms 127.0.0.1 {prefix} ")),
                "{with_key}"
            );
        }
    }
}

#[actix_web::test]
async fn keys_and_tokens_are_never_logged() {
    let data = temp_dir();
    let signer = Signer::ed("d");
    let file = data.path().join("jwks.json");
    std::fs::write(&file, jwks(&[&signer])).unwrap();
    let arguments = [
        "serve",
        "--no-demo",
        "--jwt-issuer",
        ISSUER,
        "--jwt-audience",
        AUDIENCE,
        "--jwt-jwks-file",
        file.to_str().unwrap(),
    ];
    let mut command = manchette(data.path(), &arguments);
    command.env("RUST_LOG", "trace");
    let server = ServerProcess::spawn(command);
    let admin = admin_key(data.path());
    let valid = signer.token(&claims(json!({"scope": "admin"})));
    let expired = signer.token(&claims(json!({"exp": 1})));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut secrets = vec![admin.clone(), valid.clone(), expired.clone()];
    for credentials in [&admin, &valid] {
        let created = client
            .post(format!("{}/v1/keys", server.base))
            .bearer_auth(credentials)
            .json(&json!({"name": "x", "scopes": ["read"]}))
            .send()
            .await
            .unwrap();
        assert_eq!(created.status().as_u16(), 201);
        let created: serde_json::Value = created.json().await.unwrap();
        secrets.push(created.text("/key").to_owned());
    }
    let other = if admin.ends_with('x') { 'y' } else { 'x' };
    let mistyped = format!("{}{other}", &admin[..50]);
    for wrong in [&expired, &mistyped] {
        let url = format!("{}/v1/me", server.base);
        let refused = client.get(url).bearer_auth(wrong).send().await.unwrap();
        assert_eq!(refused.status().as_u16(), 401);
    }
    let in_query = format!("{}/v1/headlines?key={admin}", server.base);
    let agent = format!("agent {admin}");
    let refused = client.get(in_query).header("User-Agent", agent).send();
    assert_eq!(refused.await.unwrap().status().as_u16(), 400);
    secrets.push(mistyped);
    server.signal("TERM");
    let (_, log) = server.wait_for_exit();
    assert!(
        log.iter()
            .any(|line| line.contains("a JWT was refused: it has expired"))
    );
    for secret in &secrets {
        // The secret part: a key behind its prefix, the signature of a token.
        let part = match secret.rsplit_once('.') {
            Some((_, signature)) => &signature[..20],
            None => &secret[12..32],
        };
        let found = log.iter().find(|line| line.contains(part));
        assert!(found.is_none(), "{found:?}");
    }
}
