//! Settings that are read from files or rejected at startup.

use crate::support::cluster;
use crate::support::identity_provider::{AUDIENCE, ISSUER};
use crate::support::server_process::{manchette, run, stderr, temp_dir};

#[actix_web::test]
async fn the_database_url_can_be_read_from_a_file() {
    let data = temp_dir();
    let url = cluster::empty_database_url().await;
    let file = data.path().join("url");
    let run_with = |arguments: &[&str], variables: &[(&str, &str)]| {
        let output = manchette(data.path(), arguments)
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        (output.status.success(), stderr(&output))
    };
    let path = file.to_str().unwrap();
    let by_variable = [("DATABASE_URL_FILE", path)];
    let (succeeded, message) = run_with(&["migrate"], &by_variable);
    assert!(
        !succeeded && message.contains(path) && message.contains("can't be read"),
        "{message}"
    );
    std::fs::write(&file, "\n").unwrap();
    let (succeeded, message) = run_with(&["migrate"], &by_variable);
    assert!(!succeeded && message.contains("is empty"), "{message}");
    std::fs::write(&file, format!("{url}\r\n")).unwrap();
    let (succeeded, message) = run_with(&["migrate"], &by_variable);
    assert!(succeeded, "{message}");
    let (succeeded, message) = run_with(
        &[
            "migrate",
            "--database-url-file",
            path,
            "--log-format",
            "json",
        ],
        &[],
    );
    assert!(succeeded, "{message}");
    let both = [
        ("DATABASE_URL_FILE", path),
        ("DATABASE_URL", "postgres://u:hush@h/d"),
    ];
    let (succeeded, message) = run_with(&["migrate"], &both);
    assert!(
        !succeeded
            && message.contains("both DATABASE_URL and DATABASE_URL_FILE")
            && !message.contains("hush"),
        "{message}"
    );
    // An empty variable counts as unset.
    let (succeeded, message) = run_with(
        &["migrate"],
        &[("DATABASE_URL_FILE", path), ("DATABASE_URL", "")],
    );
    assert!(succeeded, "{message}");
    assert!(!data.path().join("postgres").exists());
}

#[actix_web::test]
async fn invalid_jwt_settings_are_rejected_at_startup() {
    let data = temp_dir();
    let keys = temp_dir();
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
    for (file, reason) in [
        (missing, "none.json: No such file"),
        (&broken, "broken: not JSON"),
        (&empty, "empty has no key that could have signed a JWT"),
        (&useless, "useless has no key that could have signed a JWT"),
    ] {
        let listen = ["serve", "--listen", "127.0.0.1:0", "--jwt-issuer", ISSUER];
        let trust = ["--jwt-audience", AUDIENCE, "--jwt-jwks-file", file];
        let refused = run(data.path(), &[&listen[..], &trust[..]].concat());
        let message = stderr(&refused);
        assert!(
            !refused.status.success() && message.contains(reason),
            "{message}"
        );
    }
    for (arguments, reason) in [
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
        let message = stderr(&refused);
        assert!(
            !refused.status.success() && message.contains(reason),
            "{message}"
        );
    }
    assert!(!data.path().join("postgres").exists());
}
