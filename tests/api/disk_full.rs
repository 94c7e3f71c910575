//! A full disk of the database server: writes fail with 507 and leave nothing behind, and reads continue.

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use serde_json::json;

use crate::support::{JsonPath, Response, TestApp, path_of};

/// Makes every write to a table fail as it does on a full disk, with the message and SQLSTATE of Postgres.
async fn fill_disk(conn: &mut AsyncPgConnection, table: &str, message: &str) {
    let sql = format!(
        "CREATE OR REPLACE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ \
         BEGIN RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'disk_full'; END $$; \
         CREATE TRIGGER disk_full BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION disk_full('{message}')"
    );
    conn.batch_execute(&sql).await.unwrap();
}

async fn make_room(conn: &mut AsyncPgConnection, table: &str) {
    let sql = format!("DROP TRIGGER disk_full ON {table}");
    conn.batch_execute(&sql).await.unwrap();
}

#[track_caller]
fn assert_storage_full(response: &Response) {
    response.problem(507, "storage-full");
    assert_eq!(response.header("retry-after"), "30");
}

#[actix_web::test]
async fn a_full_disk_fails_writes_with_507_while_reads_continue() {
    let app = TestApp::start().await;
    let mut conn = app.conn().await;
    let headline = app.headline("before", json!({})).await;
    let path = path_of("headlines", &headline);
    let new = json!({"title": "during", "language": "fr", "status": "published"});
    // Every table that a write touches, with the messages from several places in Postgres.
    for (table, message) in [
        (
            "headlines",
            "could not extend file \"base/5/16384\": No space left on device",
        ),
        (
            "events",
            "could not extend file \"base/5/16385\": wrote only 4096 of 8192 bytes at block 7",
        ),
        (
            "audit",
            "could not write to file \"base/pgsql_tmp/pgsql_tmp17.0\": No space left on device",
        ),
        (
            "idempotency_keys",
            "could not create file \"base/5/16386\": No space left on device",
        ),
    ] {
        fill_disk(&mut conn, table, message).await;
        let post = app.post("/v1/headlines", new.clone());
        assert_storage_full(&post.header("Idempotency-Key", table).await);
        if table != "idempotency_keys" {
            assert_storage_full(&app.patch(&path, json!({"source": table})).await);
            assert_storage_full(&app.delete(&path).await);
        }
        let list = app.get("/v1/headlines").await.ok();
        assert_eq!(list.texts("/items/*/title"), ["before"], "{table}");
        let read = app.get_as_admin(&path).await.ok();
        assert_eq!(read["version"], 1, "{table}");
        app.get("/readyz").await.ok();
        make_room(&mut conn, table).await;
    }
    // Once there is room, the same requests succeed.
    let post = app.post("/v1/headlines", new);
    post.header("Idempotency-Key", "headlines").await.created();
    app.patch(&path, json!({"source": "x"})).await.ok();
}

#[actix_web::test]
async fn a_key_can_read_even_if_its_last_use_cannot_be_recorded() {
    let app = TestApp::start().await;
    let mut conn = app.conn().await;
    let message = "could not extend file \"base/5/16384\": No space left on device";
    fill_disk(&mut conn, "api_keys", message).await;
    let me = app.get_as_admin("/v1/me").await.ok();
    assert_eq!(me["name"], "a test");
    assert_storage_full(
        &app.post("/v1/keys", json!({"name": "x", "scopes": ["read"]}))
            .await,
    );
}
