//! Secrets on their way through the program: from files, and into no log.

use crate::support::cluster;
use crate::support::process::{folder, manchette};

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
