//! Commands beside the server.

use super::post;
use crate::support::server_process::{
    ServerProcess, admin_key, manchette, run, stderr, stdout, temp_dir,
};
use crate::support::{JsonPath, send};

#[test]
fn a_command_in_a_folder_without_a_database_says_where_it_looked() {
    let data = temp_dir();
    let missing = data.path().join("missing");
    for folder in [data.path(), &missing] {
        for command in [&["keys", "list"][..], &["migrate"], &["demo"]] {
            let refused = run(folder, command);
            let message = stderr(&refused);
            assert!(!refused.status.success(), "{message}");
            for word in [
                &*folder.to_string_lossy(),
                "--data-dir",
                "MANCHETTE_DATA_DIR",
            ] {
                assert!(message.contains(word), "{message}");
            }
        }
    }
    assert!(!missing.exists() && !data.path().join("postgres").exists());
}

#[actix_web::test]
async fn health_tells_by_its_exit_status_whether_the_server_is_ready() {
    let data = temp_dir();
    let server = ServerProcess::start(data.path(), &["--no-demo"]);
    let address = server.base.trim_start_matches("http://").to_owned();
    let healthy = run(data.path(), &["health", "--listen", &address]);
    assert!(healthy.status.success(), "{}", stderr(&healthy));
    assert_eq!(
        stdout(&healthy),
        format!("http://{address}/readyz: 200 OK\n")
    );
    let missing = format!("http://{address}/nothing");
    let missing = run(data.path(), &["health", "--url", &missing]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(
        stderr(&missing).contains("404 Not Found"),
        "{}",
        stderr(&missing)
    );
    server.signal("TERM");
    server.wait_for_exit();
    let stopped = run(data.path(), &["health", "--listen", &address]);
    assert_eq!(stopped.status.code(), Some(1));
    assert!(stderr(&stopped).contains("refused"), "{}", stderr(&stopped));
}

#[actix_web::test]
async fn commands_work_with_and_without_a_running_server() {
    let data = temp_dir();
    let server = ServerProcess::start(data.path(), &["--no-demo"]);
    let created = run(
        data.path(),
        &[
            "keys", "create", "--name", "tool", "--scope", "write", "--scope", "publish",
        ],
    );
    let key = stdout(&created.clone());
    assert!(
        created.status.success() && key.lines().count() == 1,
        "{key}"
    );
    assert_eq!(post(&server, key.trim(), "x").await.unwrap().0, 201);
    let listed = stdout(&run(data.path(), &["keys", "list"]));
    assert!(
        listed.contains(&key[..12])
            && listed.contains("publish,write")
            && !listed.contains(&key[12..40]),
        "{listed}"
    );
    assert!(
        run(data.path(), &["keys", "revoke", &key[..12]])
            .status
            .success()
    );
    assert_eq!(post(&server, key.trim(), "x").await.unwrap().0, 401);
    assert!(run(data.path(), &["migrate"]).status.success());
    let reindexed = stdout(&run(data.path(), &["reindex"]));
    assert!(
        reindexed.starts_with("Indexed 0 of "),
        "everything is indexed: {reindexed}"
    );
    let reindexed = stdout(&run(data.path(), &["reindex", "--all"]));
    assert!(
        reindexed.ends_with("articles and headlines.\n") && !reindexed.starts_with("Indexed 0 "),
        "{reindexed}"
    );
    assert!(
        !run(data.path(), &["demo"]).status.success(),
        "the database has content already"
    );
    server.signal("TERM");
    server.wait_for_exit();

    let created = run(
        data.path(),
        &["keys", "create", "--name", "alone", "--scope", "read"],
    );
    assert!(created.status.success() && created.stdout.starts_with(b"mnc_"));
    assert!(
        !data.path().join("postgres/postmaster.pid").exists(),
        "the command stops the Postgres that it started"
    );
    for wrong in [
        &["keys", "create", "--name", " ", "--scope", "read"][..],
        &["keys", "create", "--name", "x"],
        &["keys", "revoke", "x"],
    ] {
        assert!(!run(data.path(), wrong).status.success(), "{wrong:?}");
    }
}

#[actix_web::test]
async fn help_lists_settings_without_secrets_and_openapi_prints_the_contract() {
    let data = temp_dir();
    let help = stdout(&run(data.path(), &["--help"]));
    for setting in [
        "MANCHETTE_LISTEN",
        "MANCHETTE_DATA_DIR",
        "DATABASE_URL",
        "MANCHETTE_LOG_FORMAT",
        "MANCHETTE_POSTGRES_BIN",
    ] {
        assert!(help.contains(setting), "{help}");
    }
    let mut command = manchette(data.path(), &["--help"]);
    let help = command
        .env("DATABASE_URL", "postgres://u:hush@h/d")
        .output()
        .unwrap();
    assert!(!stdout(&help).contains("hush"));
    let contract = run(data.path(), &["openapi"]).stdout;
    assert_eq!(
        String::from_utf8(contract).unwrap(),
        manchette::server::contract::text()
    );
    let mut command = manchette(data.path(), &["serve", "--listen", "127.0.0.1:0"]);
    let refused = command
        .args(["--postgres-bin", "/nowhere"])
        .output()
        .unwrap();
    assert!(!refused.status.success() && stderr(&refused).contains("/nowhere"));
}

#[actix_web::test]
async fn the_short_help_fits_a_screen_and_the_long_one_is_grouped() {
    let data = temp_dir();
    let short = stdout(&run(data.path(), &["-h"]));
    assert!(short.lines().count() <= 40, "{short}");
    assert!(short.contains("--data-dir") && !short.contains("--rate-reads"));
    let long = stdout(&run(data.path(), &["--help"]));
    let groups = [
        "Server",
        "Database",
        "Embedded Postgres",
        "Caching",
        "Identity",
        "Rate limits",
        "Connections",
    ];
    for group in groups {
        assert!(long.contains(&format!("\n{group}:\n")), "{group}: {long}");
    }
}

#[actix_web::test]
async fn completions_and_manual_pages_know_every_command() {
    let data = temp_dir();
    for shell in ["bash", "zsh", "fish"] {
        let script = stdout(&run(data.path(), &["completions", shell]));
        for word in ["migrate", "rotate", "fetch-postgres"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let page = stdout(&run(data.path(), &["man"]));
    assert!(page.contains(".TH manchette 1") && page.contains("EMBEDDED POSTGRES"));
    let folder = data.path().to_str().unwrap();
    assert!(
        run(data.path(), &["man", "--folder", folder])
            .status
            .success()
    );
    for name in [
        "manchette.1",
        "manchette-serve.1",
        "manchette-keys-rotate.1",
    ] {
        assert!(data.path().join(name).exists(), "{name}");
    }
    let refused = run(data.path(), &["man", "--folder", "/nowhere"]);
    assert!(stderr(&refused).contains("/nowhere"));
}

#[actix_web::test]
async fn keys_can_be_created_with_an_expiry_and_rotated_from_the_command_line() {
    let data = temp_dir();
    let server = ServerProcess::start(data.path(), &["--no-demo"]);
    let keys = |arguments: &[&str]| {
        let mut all = vec!["keys"];
        all.extend(arguments);
        let output = run(data.path(), &all);
        (
            output.status.success(),
            stdout(&output.clone()).trim().to_owned(),
            stderr(&output),
        )
    };
    let me = async |key: &str| {
        let url = format!("{}/v1/me", server.base);
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
    let (succeeded, old, _) = keys(&[&create[..], &["2999-01-01T00:00:00Z"]].concat());
    assert!(succeeded && me(&old).await == 200);
    for wrong in ["2001-01-01T00:00:00Z", "tomorrow"] {
        assert!(!keys(&[&create[..], &[wrong]].concat()).0);
    }
    let (succeeded, new, _) = keys(&["rotate", &old[..12], "--overlap", "0"]);
    assert!(succeeded && me(&new).await == 200 && me(&old).await == 401);
    let (succeeded, _, message) = keys(&["rotate", &old[..12]]);
    assert!(!succeeded && message.contains("has expired"), "{message}");
    let (succeeded, _, message) = keys(&["rotate", "mnc_00000000"]);
    assert!(
        !succeeded && message.contains("there is no key"),
        "{message}"
    );
    let own = admin_key(data.path());
    let (succeeded, _, message) = keys(&["revoke", &own[..12]]);
    assert!(
        !succeeded && message.contains("create another one") && me(&own).await == 200,
        "{message}"
    );
    let (succeeded, admin, _) = keys(&["create", "--name", "y", "--scope", "admin"]);
    assert!(succeeded);
    assert!(keys(&["revoke", &own[..12]]).0 && me(&own).await == 401);
    let (_, list, _) = keys(&["list"]);
    assert!(
        list.contains("EXPIRES") && list.contains("2999-01-01T00:00:00Z"),
        "{list}"
    );
    // Every command is audited.
    let url = format!("{}/v1/audit?resource=key", server.base);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let audit = send(client.get(url).bearer_auth(&admin)).await.ok();
    let actions = ["revoked", "created", "created", "rotated", "created"];
    assert_eq!(audit.texts("/items/*/action"), actions);
    assert_eq!(audit.texts("/items/*/caller"), ["command line"; 5]);
}
