//! A busy, hanging or unreachable database: requests fail fast with 503, and service recovers by itself.

use std::future::IntoFuture;
use std::time::{Duration, Instant};

use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use futures_util::future::join_all;
use serde_json::json;

use crate::support::database_proxy::DatabaseProxy;
use crate::support::{Response, TestApp};

/// Longer than any response takes on a busy machine, and far shorter than the statement timeouts used here.
const RESPONSE_TIME: Duration = Duration::from_secs(30);

/// Timeouts so long that a test would fail if anything waited for them.
const LONG_TIMEOUTS: [&str; 8] = [
    "--statement-timeout-ms",
    "600000",
    "--lock-timeout-ms",
    "600000",
    "--read-lock-timeout-ms",
    "600000",
    "--header-timeout",
    "600",
];

async fn in_time<T>(future: impl Future<Output = T>) -> T {
    actix_web::rt::time::timeout(RESPONSE_TIME, future)
        .await
        .expect("a response in time")
}

#[track_caller]
fn assert_unavailable(response: &Response) {
    response.problem(503, "unavailable");
    assert_eq!(response.header("retry-after"), "1");
}

/// Repeats requests until they succeed; before that every response must be a 503.
async fn wait_for_recovery(app: &TestApp) {
    for path in ["/v1/headlines", "/readyz"] {
        let started = Instant::now();
        loop {
            let response = in_time(app.get(path).into_future()).await;
            if response.status == 200 {
                break;
            }
            assert_unavailable(&response);
            assert!(started.elapsed() < RESPONSE_TIME, "{path}");
            actix_web::rt::time::sleep(Duration::from_millis(20)).await;
        }
    }
    in_time(
        app.post("/v1/headlines", json!({"title": "x", "language": "fr"}))
            .into_future(),
    )
    .await
    .created();
}

#[actix_web::test]
async fn a_hanging_database_causes_503_without_waiting() {
    let (proxy, database) = DatabaseProxy::to_new_database().await;
    let settings = ["--database-silence-ms", "300"];
    let app = TestApp::start_on(database, &[&LONG_TIMEOUTS[..], &settings].concat()).await;
    wait_for_recovery(&app).await;
    proxy.stall();
    // The first requests detect the hang; later ones do not wait.
    let first = in_time(join_all([
        app.get("/v1/headlines").into_future(),
        app.get_as_admin("/v1/articles/x").into_future(),
        app.post("/v1/headlines", json!({"title": "x", "language": "fr"}))
            .into_future(),
    ]))
    .await;
    first.iter().for_each(assert_unavailable);
    let then = in_time(join_all(
        (0..50).map(|_| app.get("/v1/headlines").into_future()),
    ))
    .await;
    then.iter().for_each(assert_unavailable);
    // The last health check may have been just before.
    while in_time(app.get("/readyz").into_future()).await.status == 200 {
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    }
    assert_unavailable(&in_time(app.get("/readyz").into_future()).await);
    // Paths that need no database still work.
    for path in ["/livez", "/docs/", "/problems", "/openapi.json"] {
        assert_eq!(
            in_time(app.get(path).into_future()).await.status,
            200,
            "{path}"
        );
    }
    proxy.resume();
    wait_for_recovery(&app).await;
}

#[actix_web::test]
async fn the_server_reconnects_after_a_database_outage() {
    let (proxy, database) = DatabaseProxy::to_new_database().await;
    let settings = ["--database-silence-ms", "3000"];
    let app = TestApp::start_on(database, &[&LONG_TIMEOUTS[..], &settings].concat()).await;
    for _ in 0..3 {
        wait_for_recovery(&app).await;
        proxy.disconnect();
        let mut response = in_time(app.get("/v1/headlines").into_future()).await;
        // Until the disconnection is noticed.
        while response.status == 200 {
            response = in_time(app.get("/v1/headlines").into_future()).await;
        }
        assert_unavailable(&response);
        assert_unavailable(&in_time(app.get_as_admin("/v1/headlines").into_future()).await);
        in_time(app.get("/livez").into_future()).await.ok();
        proxy.resume();
    }
    wait_for_recovery(&app).await;
    // Stalled before the disconnection, so that the server does not see its connections closed.
    proxy.stall();
    in_time(app.get("/readyz").into_future()).await;
    proxy.disconnect();
    proxy.resume();
    wait_for_recovery(&app).await;
}

#[actix_web::test]
async fn dropped_database_connections_never_cause_a_500() {
    let (proxy, database) = DatabaseProxy::to_new_database().await;
    let app = TestApp::start_on(database, &LONG_TIMEOUTS).await;
    wait_for_recovery(&app).await;
    let mut conn = app.conn().await;
    for round in 0..6 {
        let requests = join_all((0..20).map(|n| {
            if n % 2 == 0 {
                app.get_as_admin("/v1/headlines?count=true").into_future()
            } else {
                let new = json!({"title": format!("{round}.{n}"), "language": "fr"});
                app.post("/v1/headlines", new).into_future()
            }
        }));
        let disconnections = async {
            if round % 2 == 0 {
                terminate_others(&mut conn).await;
            } else {
                proxy.drop_connections();
                conn = app.conn().await;
            }
        };
        let (responses, ()) = futures_util::future::join(requests, disconnections).await;
        for response in responses {
            if !(200..300).contains(&response.status) {
                assert_unavailable(&response);
            }
        }
        wait_for_recovery(&app).await;
    }
}

async fn terminate_others(conn: &mut AsyncPgConnection) {
    diesel::sql_query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .execute(conn)
    .await
    .expect("the test's connection is not terminated");
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

/// The number of other sessions of this database under a condition.
async fn count_sessions(conn: &mut AsyncPgConnection, condition: &str) -> i64 {
    // Within a transaction the statistics would stay the same.
    conn.batch_execute("SELECT pg_stat_clear_snapshot()")
        .await
        .unwrap();
    let text = format!(
        "SELECT count(*) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND {condition}"
    );
    let found: Count = diesel::sql_query(text).get_result(conn).await.unwrap();
    found.count
}

const LOCK_CATEGORIES: &str = "BEGIN; LOCK TABLE categories IN ACCESS EXCLUSIVE MODE";

/// Waits until a connection of the server waits for a lock.
async fn wait_until_blocked(conn: &mut AsyncPgConnection) {
    while count_sessions(conn, "wait_event_type = 'Lock'").await < 1 {
        actix_web::rt::time::sleep(Duration::from_millis(10)).await;
    }
}

#[actix_web::test]
async fn requests_get_503_while_every_connection_is_busy() {
    let busy = [
        "--workers",
        "1",
        "--pool-size",
        "1",
        "--pool-timeout-ms",
        "300",
    ];
    let app = TestApp::start_with(&[&LONG_TIMEOUTS[..], &busy].concat()).await;
    let mut conn = app.conn().await;
    wait_for_recovery(&app).await;
    conn.batch_execute(LOCK_CATEGORIES).await.unwrap();
    // The one connection is already open, so that none has to be opened in time.
    let slow = join_all([app.get("/v1/categories").into_future()]);
    let meanwhile = async {
        wait_until_blocked(&mut conn).await;
        let more = in_time(join_all((0..20).map(|_| app.get("/v1/tags").into_future()))).await;
        more.iter().for_each(assert_unavailable);
        assert_unavailable(&in_time(app.get_as_admin("/v1/tags").into_future()).await);
        for path in ["/livez", "/readyz"] {
            in_time(app.get(path).into_future()).await.ok();
        }
        conn.batch_execute("COMMIT").await.unwrap();
    };
    let (slow, ()) = futures_util::future::join(slow, meanwhile).await;
    // Requests that had a connection succeed.
    slow.iter().for_each(|response| {
        response.ok();
    });
    wait_for_recovery(&app).await;
}

#[actix_web::test]
async fn the_queue_for_connections_is_bounded() {
    let busy = ["--workers", "1", "--pool-size", "1", "--pool-queue", "1"];
    let app = TestApp::start_with(&[&LONG_TIMEOUTS[..], &busy].concat()).await;
    let mut conn = app.conn().await;
    wait_for_recovery(&app).await;
    conn.batch_execute(LOCK_CATEGORIES).await.unwrap();
    let requests = join_all((0..10).map(|_| app.get("/v1/categories").into_future()));
    let released = async {
        wait_until_blocked(&mut conn).await;
        // One of the ten requests before waits in the queue, which leaves at most one place for these ten.
        let more = join_all((0..10).map(|_| app.get("/v1/headlines").into_future()));
        let commit = async {
            actix_web::rt::time::sleep(Duration::from_millis(300)).await;
            conn.batch_execute("COMMIT").await.unwrap();
        };
        let (more, ()) = futures_util::future::join(more, commit).await;
        more.iter()
            .filter(|response| response.status == 503)
            .count()
    };
    let (requests, refused) = futures_util::future::join(requests, released).await;
    assert!(refused >= 9, "{refused}");
    assert!(
        requests
            .iter()
            .filter(|response| response.status == 200)
            .count()
            >= 1
    );
    for response in requests.iter().filter(|response| response.status != 200) {
        assert_unavailable(response);
    }
}

#[actix_web::test]
async fn health_checks_do_not_use_the_connection_pool() {
    let app = TestApp::start().await;
    let mut conn = app.conn().await;
    // The connection that created the test's key closes.
    while count_sessions(&mut conn, "true").await > 0 {
        actix_web::rt::time::sleep(Duration::from_millis(10)).await;
    }
    for response in join_all((0..50).map(|_| app.get("/livez").into_future())).await {
        response.ok();
    }
    assert_eq!(count_sessions(&mut conn, "true").await, 0);
    for response in join_all((0..50).map(|_| app.get("/readyz").into_future())).await {
        response.ok();
    }
    assert_eq!(count_sessions(&mut conn, "true").await, 1);
}
