//! Secrets on their way through the program: from files, and into no log.

use crate::support::cluster;
use crate::support::process::{Served, folder, key, manchette, run};

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
    assert!(keys(&["create", "--name", "y", "--scope", "admin"]).0);
    assert!(keys(&["revoke", &own[..12]]).0 && me(&own).await == 401);
    let (_, list, _) = keys(&["list"]);
    assert!(
        list.contains("EXPIRES") && list.contains("2999-01-01T00:00:00Z"),
        "{list}"
    );
}
