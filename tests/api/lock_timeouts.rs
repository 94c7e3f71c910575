//! Locked tables: their readers get 503, and other requests are served.

use std::cell::Cell;
use std::future::IntoFuture;

use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use futures_util::future::{join, join_all};
use serde_json::json;

use crate::support::{Response, TestApp, path_of};

const LOCK_HEADLINES: &str = "BEGIN; LOCK TABLE headlines IN ACCESS EXCLUSIVE MODE";

/// Far longer than any test runs.
const FOREVER_MS: &str = "600000";

#[track_caller]
fn assert_unavailable(response: &Response) {
    response.problem(503, "unavailable");
    assert_eq!(response.header("retry-after"), "1");
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

/// The number of the server's connections that wait for a lock.
async fn blocked_connections(conn: &mut AsyncPgConnection) -> i64 {
    // Within a transaction the statistics would stay the same.
    conn.batch_execute("SELECT pg_stat_clear_snapshot()")
        .await
        .unwrap();
    let found: Count = diesel::sql_query(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    )
    .get_result(conn)
    .await
    .unwrap();
    found.count
}

async fn wait_until_blocked(conn: &mut AsyncPgConnection, count: i64) {
    while blocked_connections(conn).await < count {
        actix_web::rt::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[actix_web::test]
async fn reads_of_a_locked_table_do_not_use_up_the_connection_pool() {
    let settings = [
        ["--read-lock-timeout-ms", FOREVER_MS],
        ["--statement-timeout-ms", FOREVER_MS],
        ["--workers", "2"],
        ["--pool-size", "4"],
    ];
    let app = TestApp::start_with(settings.as_flattened()).await;
    let mut conn = app.conn().await;
    conn.batch_execute(LOCK_HEADLINES).await.unwrap();
    let readers = join_all((0..60).map(|n| match n % 3 {
        0 => app.get_as_admin("/v1/headlines").into_future(),
        _ => app.get("/v1/headlines").into_future(),
    }));
    let others = async {
        // Half of the connections of each worker, held for as long as the lock.
        wait_until_blocked(&mut conn, 4).await;
        for n in 0..10 {
            let requests = ["articles", "authors", "tags", "categories"];
            let read = requests.map(|list| app.get(&format!("/v1/{list}")).into_future());
            let read_with_key =
                requests.map(|list| app.get_as_admin(&format!("/v1/{list}")).into_future());
            let written = app
                .post("/v1/tags", json!({"name": format!("t{n}")}))
                .into_future();
            let read = join(join_all(read), join_all(read_with_key));
            let ((read, read_with_key), written) = join(read, written).await;
            for response in read.iter().chain(&read_with_key) {
                response.ok();
            }
            written.created();
            app.get("/readyz").await.ok();
        }
        assert_eq!(
            blocked_connections(&mut conn).await,
            4,
            "no more than half of the connections are blocked"
        );
        conn.batch_execute("COMMIT").await.unwrap();
    };
    let (readers, ()) = join(readers, others).await;
    for response in readers {
        if response.status != 200 {
            assert_unavailable(&response);
        }
    }
    app.get("/v1/headlines").await.ok();
}

#[actix_web::test]
async fn reads_of_a_locked_table_get_503_while_other_requests_succeed() {
    let app = TestApp::start_with(&["--read-lock-timeout-ms", "50"]).await;
    let article = app.article("x", json!({})).await;
    let article = path_of("articles", &article);
    let mut conn = app.conn().await;
    conn.batch_execute(LOCK_HEADLINES).await.unwrap();
    let (going, refused) = (Cell::new(true), Cell::new(0));
    let readers = join_all((0..60).map(async |_| {
        while going.get() {
            assert_unavailable(&app.get("/v1/headlines").await);
            refused.set(refused.get() + 1);
        }
    }));
    let others = async {
        let mut n = 0;
        while refused.get() < 120 {
            n += 1;
            app.get("/v1/articles").await.ok();
            app.get_as_admin(&article).await.ok();
            app.get("/v1/authors").await.ok();
            let source = json!({"source": n.to_string()});
            app.patch(&article, source).await.ok();
        }
        going.set(false);
    };
    join(readers, others).await;
    conn.batch_execute("COMMIT").await.unwrap();
    app.get("/v1/headlines").await.ok();
}

#[actix_web::test]
async fn writes_wait_longer_for_a_lock_than_reads() {
    let database = crate::support::cluster::new_database().await;
    let settings = [
        "--read-lock-timeout-ms",
        "50",
        "--lock-timeout-ms",
        FOREVER_MS,
    ];
    let patient = [&settings[..], &["--statement-timeout-ms", FOREVER_MS]].concat();
    let app = TestApp::start_on(database.clone(), &patient).await;
    let settings = [
        "--read-lock-timeout-ms",
        FOREVER_MS,
        "--lock-timeout-ms",
        "50",
    ];
    let impatient = TestApp::start_on(database, &settings).await;
    let tag = app.tag("a").await;
    let tag = path_of("tags", &tag);
    let key = app.post("/v1/keys", json!({"name": "a", "scopes": ["read"]}));
    let key = key.await.created();
    let key = path_of("keys", &key);
    let mut conn = app.conn().await;
    // The locks allow reads and block every kind of write: to content, to keys, and to the audit log.
    let lock = "BEGIN; LOCK TABLE tags, audit IN SHARE MODE; SELECT FROM api_keys WHERE name = 'a' FOR UPDATE";
    conn.batch_execute(lock).await.unwrap();
    assert_unavailable(&impatient.patch(&tag, json!({"name": "b"})).await);
    assert_unavailable(&impatient.delete(&key).await);
    app.get(&tag).await.ok();
    let writes = join_all([
        app.post("/v1/tags", json!({"name": "c"})).into_future(),
        app.patch(&tag, json!({"name": "b"})).into_future(),
        app.patch(&key, json!({"name": "b"})).into_future(),
        app.delete("/v1/tags/none").into_future(),
    ]);
    let released = async {
        wait_until_blocked(&mut conn, 4).await;
        // Far longer than a read would wait.
        actix_web::rt::time::sleep(std::time::Duration::from_millis(300)).await;
        conn.batch_execute("COMMIT").await.unwrap();
    };
    let (written, ()) = join(writes, released).await;
    let statuses: Vec<u16> = written.iter().map(|response| response.status).collect();
    assert_eq!(statuses, [201, 200, 200, 404]);
    let refused = app
        .get_as_admin("/v1/audit?refused=true&resource=tag")
        .await;
    let refused = refused.ok();
    assert_eq!(refused["items"][0]["status"], 404, "{refused}");
    // Reads respect their own timeout.
    conn.batch_execute("BEGIN; LOCK TABLE tags IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    assert_unavailable(&app.get(&tag).await);
    conn.batch_execute("COMMIT").await.unwrap();
    app.get(&tag).await.ok();
}
