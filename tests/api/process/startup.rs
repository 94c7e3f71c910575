//! Starting the server.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use diesel_async::SimpleAsyncConnection;
use manchette::db::embedded::OWNER;
use serde_json::json;

use super::post;
use crate::support::server_process::{
    ServerProcess, admin_key, is_running, manchette, postmaster, run, stderr, temp_dir,
};
use crate::support::{JsonPath, cluster};

#[actix_web::test]
async fn the_first_start_prints_a_key_and_a_signal_stops_the_server_and_its_postgres() {
    let data = temp_dir();
    let server = ServerProcess::start(data.path(), &[]);
    let key = admin_key(data.path());
    let mode = std::fs::metadata(data.path().join("key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(
        server.startup_message.contains(&key) && server.startup_message.contains("/docs/"),
        "{}",
        server.startup_message
    );
    let (status, page) = server.get("/v1/headlines?limit=100").await;
    // More are scheduled for the next hour.
    assert!(status == 200 && page.list("/items").len() >= 43);
    assert_eq!(post(&server, &key, "x").await.unwrap().0, 201);
    assert_eq!(server.get("/readyz").await.0, 200);

    let postgres = postmaster(data.path());
    server.signal("TERM");
    let (code, log) = server.wait_for_exit();
    assert_eq!(code, Some(0), "{log:?}");
    assert!(
        log.last().unwrap().ends_with("stopped") && !log.concat().contains("panicked"),
        "{log:?}"
    );
    assert!(!is_running(&postgres) && !data.path().join("postgres/postmaster.pid").exists());

    // The next start keeps the data and loads no sample content again.
    let server = ServerProcess::start(data.path(), &[]);
    let (_, page) = server.get("/v1/headlines?limit=100").await;
    let items = page.list("/items");
    assert!((44..44 + 13).contains(&items.len()), "{}", items.len());
    assert!(server.startup_message.contains(&key));
    server.signal("INT");
    assert_eq!(server.wait_for_exit().0, Some(0));
}

#[actix_web::test]
async fn a_second_server_on_a_data_directory_is_refused() {
    let data = temp_dir();
    let server = ServerProcess::start(data.path(), &["--no-demo"]);
    let second = run(data.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert!(!second.status.success());
    let message = stderr(&second);
    assert!(
        message.contains("has the data folder") && message.contains(&server.child.id().to_string()),
        "{message}"
    );
    assert_eq!(server.get("/readyz").await.0, 200);
}

#[actix_web::test]
async fn a_port_in_use_is_named_in_the_error() {
    let data = temp_dir();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let second = run(data.path(), &["--listen", &address]);
    assert!(!second.status.success());
    let message = stderr(&second);
    assert!(
        message.contains(&address) && message.contains("--listen"),
        "{message}"
    );
    if cfg!(target_os = "linux") {
        let holder = format!("(pid {})", std::process::id());
        assert!(message.contains(&holder), "{message}");
    }
}

#[actix_web::test]
async fn an_external_database_must_have_the_current_schema() {
    let data = temp_dir();
    let url = cluster::empty_database_url().await;
    let with_url = |arguments: &[&str]| {
        let mut command = manchette(data.path(), arguments);
        command.env("DATABASE_URL", &url);
        command
    };
    let refused = with_url(&["serve", "--listen", "127.0.0.1:0"])
        .output()
        .unwrap();
    let message = stderr(&refused.clone());
    assert!(
        !refused.status.success() && message.contains("manchette migrate"),
        "{message}"
    );
    let migrated = with_url(&["migrate"]).output().unwrap();
    assert!(migrated.status.success(), "{migrated:?}");
    let server = ServerProcess::spawn(with_url(&["serve"]));
    assert_eq!(server.get("/readyz").await.0, 200);
    assert_eq!(
        server.get("/v1/headlines").await.1["items"],
        json!([]),
        "an external database gets no sample content"
    );
    assert!(!data.path().join("postgres").exists() && !server.startup_message.contains("mnc_"));
    server.signal("TERM");
    assert_eq!(server.wait_for_exit().0, Some(0));

    let mut conn = cluster::connect(&url).await;
    diesel_async::SimpleAsyncConnection::batch_execute(
        &mut conn,
        "INSERT INTO __diesel_schema_migrations VALUES ('29990101000000')",
    )
    .await
    .unwrap();
    let refused = with_url(&["serve", "--listen", "127.0.0.1:0"])
        .output()
        .unwrap();
    assert!(!refused.status.success() && stderr(&refused).contains("doesn't know"));
}

#[actix_web::test]
async fn pre_release_data_is_refused_with_instructions() {
    let mark_as_pre_release = async |url: &str| {
        cluster::connect(url)
            .await
            .batch_execute("INSERT INTO __diesel_schema_migrations VALUES ('20261123090000')")
            .await
            .unwrap();
    };
    let assert_refused = |command: &mut Command| {
        let refused = command.output().unwrap();
        let message = stderr(&refused);
        assert!(
            !refused.status.success()
                && message.contains("pre-release version")
                && message.contains("empty data folder or database"),
            "{message}"
        );
    };
    let serve = ["serve", "--listen", "127.0.0.1:0"];

    let data = temp_dir();
    let server = ServerProcess::start(data.path(), &["--no-demo"]);
    let socket = data.path().join("postgres").display().to_string();
    let host = socket.replace('/', "%2F");
    mark_as_pre_release(&format!("postgres://{OWNER}@{host}/manchette")).await;
    server.signal("TERM");
    assert_eq!(server.wait_for_exit().0, Some(0));
    for arguments in [&serve[..], &["migrate"]] {
        assert_refused(&mut manchette(data.path(), arguments));
        assert!(!data.path().join("postgres/postmaster.pid").exists());
    }

    let url = cluster::empty_database_url().await;
    let with_url = |arguments: &[&str]| {
        let mut command = manchette(data.path(), arguments);
        command.env("DATABASE_URL", &url);
        command
    };
    assert!(with_url(&["migrate"]).output().unwrap().status.success());
    mark_as_pre_release(&url).await;
    for arguments in [&serve[..], &["migrate"]] {
        assert_refused(&mut with_url(arguments));
    }
}
