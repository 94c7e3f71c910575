//! Starting the server.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::post;
use crate::support::cluster;
use crate::support::server_process::{Served, folder, is_alive, key, manchette, postmaster, run};

#[actix_web::test]
async fn the_first_start_prints_a_key_and_a_signal_stops_the_server_and_its_postgres() {
    let data = folder();
    let served = Served::start(data.path(), &[]);
    let key = key(data.path());
    let mode = std::fs::metadata(data.path().join("key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(
        served.greeting.contains(&key) && served.greeting.contains("/docs/"),
        "{}",
        served.greeting
    );
    let (status, page) = served.get("/v1/headlines?limit=100").await;
    assert_eq!((status, page["items"].as_array().unwrap().len()), (200, 43));
    assert_eq!(post(&served, &key, "x").await.unwrap().0, 201);
    assert_eq!(served.get("/readyz").await.0, 200);

    let postgres = postmaster(data.path());
    served.signal("TERM");
    let (code, log) = served.end();
    assert_eq!(code, Some(0), "{log:?}");
    assert!(
        log.last().unwrap().ends_with("stopped") && !log.concat().contains("panicked"),
        "{log:?}"
    );
    assert!(!is_alive(&postgres) && !data.path().join("postgres/postmaster.pid").exists());

    // The next start finds what was there, and loads nothing twice.
    let served = Served::start(data.path(), &[]);
    let (_, page) = served.get("/v1/headlines?limit=100").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 44);
    assert!(served.greeting.contains(&key));
    served.signal("INT");
    assert_eq!(served.end().0, Some(0));
}

#[actix_web::test]
async fn a_second_server_on_a_data_directory_is_refused() {
    let data = folder();
    let served = Served::start(data.path(), &["--no-demo"]);
    let second = run(data.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert!(!second.status.success());
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(
        said.contains("has the data folder") && said.contains(&served.child.id().to_string()),
        "{said}"
    );
    assert_eq!(served.get("/readyz").await.0, 200);
}

#[actix_web::test]
async fn a_port_in_use_is_named_in_the_error() {
    let data = folder();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let second = run(data.path(), &["--listen", &address]);
    assert!(!second.status.success());
    assert!(String::from_utf8(second.stderr).unwrap().contains(&address));
}

#[actix_web::test]
async fn an_external_database_must_have_the_current_schema() {
    let data = folder();
    let url = cluster::empty_database_url().await;
    let with_url = |arguments: &[&str]| {
        let mut command = manchette(data.path(), arguments);
        command.env("DATABASE_URL", &url);
        command
    };
    let refused = with_url(&["serve", "--listen", "127.0.0.1:0"])
        .output()
        .unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        !refused.status.success() && said.contains("manchette migrate"),
        "{said}"
    );
    let migrated = with_url(&["migrate"]).output().unwrap();
    assert!(migrated.status.success(), "{migrated:?}");
    let served = Served::spawn(with_url(&["serve"]));
    assert_eq!(served.get("/readyz").await.0, 200);
    assert_eq!(
        served.get("/v1/headlines").await.1["items"],
        json!([]),
        "sample content is for our own Postgres"
    );
    assert!(!data.path().join("postgres").exists() && !served.greeting.contains("mnc_"));
    served.signal("TERM");
    assert_eq!(served.end().0, Some(0));

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
    assert!(
        !refused.status.success()
            && String::from_utf8(refused.stderr)
                .unwrap()
                .contains("doesn't know")
    );
}
