//! Secrets on their way through the program: from files, and into no log.

use serde_json::json;

use crate::support::process::{Served, folder, key, manchette, run};
use crate::support::provider::{AUDIENCE, ISSUER, Signer, claims, set};
use crate::support::{cluster, items, send};

#[actix_web::test]
async fn the_databases_address_may_stand_in_a_file() {
    let data = folder();
    let url = cluster::empty_database_url().await;
    let file = data.path().join("url");
    let said = |arguments: &[&str], variables: &[(&str, &str)]| {
        let output = manchette(data.path(), arguments)
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        (
            output.status.success(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let path = file.to_str().unwrap();
    let by_variable = [("DATABASE_URL_FILE", path)];
    let (done, why) = said(&["migrate"], &by_variable);
    assert!(
        !done && why.contains(path) && why.contains("can't be read"),
        "{why}"
    );
    std::fs::write(&file, "\n").unwrap();
    let (done, why) = said(&["migrate"], &by_variable);
    assert!(!done && why.contains("is empty"), "{why}");
    std::fs::write(&file, format!("{url}\r\n")).unwrap();
    let (done, why) = said(&["migrate"], &by_variable);
    assert!(done, "{why}");
    let (done, why) = said(
        &[
            "migrate",
            "--database-url-file",
            path,
            "--log-format",
            "json",
        ],
        &[],
    );
    assert!(done, "{why}");
    let both = [
        ("DATABASE_URL_FILE", path),
        ("DATABASE_URL", "postgres://u:hush@h/d"),
    ];
    let (done, why) = said(&["migrate"], &both);
    assert!(
        !done && why.contains("both DATABASE_URL and DATABASE_URL_FILE") && !why.contains("hush"),
        "{why}"
    );
    // What is set to nothing counts as not set.
    let (done, why) = said(
        &["migrate"],
        &[("DATABASE_URL_FILE", path), ("DATABASE_URL", "")],
    );
    assert!(done, "{why}");
    assert!(!data.path().join("postgres").exists());
}

#[actix_web::test]
async fn settings_for_tokens_that_cannot_work_are_refused_before_anything_starts() {
    let data = folder();
    let keys = folder();
    let file = |name: &str, text: &str| {
        let file = keys.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let missing = keys.path().join("none.json");
    let missing = missing.to_str().unwrap();
    let (broken, empty) = (file("broken", "{"), file("empty", r#"{"keys": []}"#));
    let useless = r#"{"keys": [{"kty": "oct", "kid": "x", "k": "c2VjcmV0"}]}"#;
    let useless = file("useless", useless);
    for (file, why) in [
        (missing, "none.json: No such file"),
        (&broken, "broken: what is there is not JSON"),
        (&empty, "empty has no usable signing key"),
        (&useless, "useless has no usable signing key"),
    ] {
        let listen = ["serve", "--listen", "127.0.0.1:0", "--jwt-issuer", ISSUER];
        let trust = ["--jwt-audience", AUDIENCE, "--jwt-jwks-file", file];
        let refused = run(data.path(), &[&listen[..], &trust[..]].concat());
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && said.contains(why), "{said}");
    }
    for (arguments, why) in [
        (&["--jwt-issuer", ISSUER][..], "--jwt-audience"),
        (&["--jwt-audience", AUDIENCE], "--jwt-issuer"),
        (
            &["--jwt-issuer", ISSUER, "--jwt-audience", AUDIENCE],
            "--jwt-jwks-url",
        ),
        (
            &[
                "--jwt-issuer",
                ISSUER,
                "--jwt-audience",
                AUDIENCE,
                "--jwt-jwks-url",
                "http://id.example/keys",
            ],
            "https",
        ),
    ] {
        let mut all = vec!["serve", "--listen", "127.0.0.1:0"];
        all.extend(arguments);
        let refused = run(data.path(), &all);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && said.contains(why), "{said}");
    }
    assert!(!data.path().join("postgres").exists());
}

#[actix_web::test]
async fn no_key_and_no_token_is_ever_logged() {
    let data = folder();
    let signer = Signer::ed("d");
    let jwks = data.path().join("jwks.json");
    std::fs::write(&jwks, set(&[&signer])).unwrap();
    let arguments = [
        "serve",
        "--no-demo",
        "--jwt-issuer",
        ISSUER,
        "--jwt-audience",
        AUDIENCE,
        "--jwt-jwks-file",
        jwks.to_str().unwrap(),
    ];
    let mut command = manchette(data.path(), &arguments);
    command.env("RUST_LOG", "trace");
    let served = Served::spawn(command);
    let admin = key(data.path());
    let good = signer.token(&claims(json!({"scope": "admin"})));
    let late = signer.token(&claims(json!({"exp": 1})));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut secrets = vec![admin.clone(), good.clone(), late.clone()];
    for credentials in [&admin, &good] {
        let made = client
            .post(format!("{}/v1/keys", served.base))
            .bearer_auth(credentials)
            .json(&json!({"name": "x", "scopes": ["read"]}))
            .send()
            .await
            .unwrap();
        assert_eq!(made.status().as_u16(), 201);
        let made: serde_json::Value = made.json().await.unwrap();
        secrets.push(made["key"].as_str().unwrap().to_owned());
    }
    let mistyped = format!("{}x", &admin[..50]);
    for wrong in [&late, &mistyped] {
        let url = format!("{}/v1/me", served.base);
        let refused = client.get(url).bearer_auth(wrong).send().await.unwrap();
        assert_eq!(refused.status().as_u16(), 401);
    }
    secrets.push(mistyped);
    served.signal("TERM");
    let (_, log) = served.end();
    assert!(
        log.iter()
            .any(|line| line.contains("a JWT was refused: it has expired"))
    );
    for secret in &secrets {
        // Enough of it to be of use: a key behind its prefix, a token's signature.
        let part = match secret.rsplit_once('.') {
            Some((_, signature)) => &signature[..20],
            None => &secret[12..32],
        };
        let found = log.iter().find(|line| line.contains(part));
        assert!(found.is_none(), "{found:?}");
    }
}

#[actix_web::test]
async fn the_command_line_makes_keys_that_end_and_rotates_them() {
    let data = folder();
    let served = Served::start(data.path(), &["--no-demo"]);
    let keys = |arguments: &[&str]| {
        let mut all = vec!["keys"];
        all.extend(arguments);
        let output = run(data.path(), &all);
        (
            output.status.success(),
            String::from_utf8(output.stdout).unwrap().trim().to_owned(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let me = async |key: &str| {
        let url = format!("{}/v1/me", served.base);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client
            .get(url)
            .bearer_auth(key)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    let create = ["create", "--name", "x", "--scope", "read", "--expires"];
    let (done, old, _) = keys(&[&create[..], &["2999-01-01T00:00:00Z"]].concat());
    assert!(done && me(&old).await == 200);
    for wrong in ["2001-01-01T00:00:00Z", "tomorrow"] {
        assert!(!keys(&[&create[..], &[wrong]].concat()).0);
    }
    let (done, new, _) = keys(&["rotate", &old[..12], "--overlap", "0"]);
    assert!(done && me(&new).await == 200 && me(&old).await == 401);
    let (done, _, why) = keys(&["rotate", &old[..12]]);
    assert!(!done && why.contains("has expired"), "{why}");
    let (done, _, why) = keys(&["rotate", "mnc_00000000"]);
    assert!(!done && why.contains("there is no key"), "{why}");
    let own = key(data.path());
    let (done, _, why) = keys(&["revoke", &own[..12]]);
    assert!(
        !done && why.contains("make another first") && me(&own).await == 200,
        "{why}"
    );
    let (done, admin, _) = keys(&["create", "--name", "y", "--scope", "admin"]);
    assert!(done);
    assert!(keys(&["revoke", &own[..12]]).0 && me(&own).await == 401);
    let (_, list, _) = keys(&["list"]);
    assert!(
        list.contains("EXPIRES") && list.contains("2999-01-01T00:00:00Z"),
        "{list}"
    );
    // All of it is in the audit.
    let url = format!("{}/v1/audit?resource=key", served.base);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let audit = send(client.get(url).bearer_auth(&admin)).await.ok();
    let actions = ["revoked", "created", "created", "rotated", "created"];
    assert_eq!(items(&audit, "action"), actions);
    assert_eq!(items(&audit, "caller"), ["command line"; 5]);
}
