//! A busy, hanging or unreachable database: requests fail fast with 503, and service recovers by itself.

use std::future::IntoFuture;
use std::time::{Duration, Instant};

use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use futures_util::future::join_all;
use serde_json::json;

use crate::support::database_proxy::DatabaseProxy;
use crate::support::{Response, TestApp};

/// Longer than any response takes on a busy machine, and far shorter than the statement timeouts used here.
const SOON: Duration = Duration::from_secs(30);

/// Timeouts so long that a test would fail if anything waited for them.
const PATIENT: [&str; 8] = [
    "--statement-timeout-ms",
    "600000",
    "--lock-timeout-ms",
    "600000",
    "--read-lock-timeout-ms",
    "600000",
    "--header-timeout",
    "600",
];

async fn soon<T>(future: impl Future<Output = T>) -> T {
    actix_web::rt::time::timeout(SOON, future)
        .await
        .expect("it doesn't take so long")
}

#[track_caller]
fn unavailable(answer: &Response) {
    answer.problem(503, "unavailable");
    assert_eq!(answer.header("retry-after"), "1");
}

/// Repeats requests until they succeed; before that every response must be a 503.
async fn heals(app: &TestApp) {
    for path in ["/v1/headlines", "/readyz"] {
        let begun = Instant::now();
        loop {
            let answer = soon(app.get(path).into_future()).await;
            if answer.status == 200 {
                break;
            }
            unavailable(&answer);
            assert!(begun.elapsed() < SOON, "{path}");
            actix_web::rt::time::sleep(Duration::from_millis(20)).await;
        }
    }
    soon(
        app.post("/v1/headlines", json!({"title": "x", "language": "fr"}))
            .into_future(),
    )
    .await
    .created();
}

#[actix_web::test]
async fn a_hanging_database_causes_503_without_waiting() {
    let (proxy, address) = DatabaseProxy::to_new_database().await;
    let settings = ["--database-silence-ms", "300"];
    let app = TestApp::start_on(address, &[&PATIENT[..], &settings].concat()).await;
    heals(&app).await;
    proxy.stall();
    // The first requests detect the hang; later ones do not wait.
    let first = soon(join_all([
        app.get("/v1/headlines").into_future(),
        app.get_as_admin("/v1/articles/x").into_future(),
        app.post("/v1/headlines", json!({"title": "x", "language": "fr"}))
            .into_future(),
    ]))
    .await;
    first.iter().for_each(unavailable);
    let then = soon(join_all(
        (0..50).map(|_| app.get("/v1/headlines").into_future()),
    ))
    .await;
    then.iter().for_each(unavailable);
    // The last health check may have been just before.
    while soon(app.get("/readyz").into_future()).await.status == 200 {
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    }
    unavailable(&soon(app.get("/readyz").into_future()).await);
    // Paths that need no database still work.
    for path in ["/livez", "/docs/", "/problems", "/openapi.json"] {
        assert_eq!(
            soon(app.get(path).into_future()).await.status,
            200,
            "{path}"
        );
    }
    proxy.resume();
    heals(&app).await;
}

#[actix_web::test]
async fn the_server_reconnects_after_a_database_outage() {
    let (proxy, address) = DatabaseProxy::to_new_database().await;
    let settings = ["--database-silence-ms", "3000"];
    let app = TestApp::start_on(address, &[&PATIENT[..], &settings].concat()).await;
    for _ in 0..3 {
        heals(&app).await;
        proxy.disconnect();
        let mut answer = soon(app.get("/v1/headlines").into_future()).await;
        // Until the disconnection is noticed.
        while answer.status == 200 {
            answer = soon(app.get("/v1/headlines").into_future()).await;
        }
        unavailable(&answer);
        unavailable(&soon(app.get_as_admin("/v1/headlines").into_future()).await);
        soon(app.get("/livez").into_future()).await.ok();
        proxy.resume();
    }
    heals(&app).await;
    // Stalled before the disconnection, so that the server does not see its connections closed.
    proxy.stall();
    soon(app.get("/readyz").into_future()).await;
    proxy.disconnect();
    proxy.resume();
    heals(&app).await;
}

#[actix_web::test]
async fn dropped_database_connections_never_cause_a_500() {
    let (proxy, address) = DatabaseProxy::to_new_database().await;
    let app = TestApp::start_on(address, &PATIENT).await;
    heals(&app).await;
    let mut conn = app.conn().await;
    for round in 0..6 {
        let asked = join_all((0..20).map(|n| {
            if n % 2 == 0 {
                app.get_as_admin("/v1/headlines?count=true").into_future()
            } else {
                let new = json!({"title": format!("{round}.{n}"), "language": "fr"});
                app.post("/v1/headlines", new).into_future()
            }
        }));
        let cuts = async {
            if round % 2 == 0 {
                terminate_others(&mut conn).await;
            } else {
                proxy.drop_connections();
                conn = app.conn().await;
            }
        };
        let (answers, ()) = futures_util::future::join(asked, cuts).await;
        for answer in answers {
            if !(200..300).contains(&answer.status) {
                unavailable(&answer);
            }
        }
        heals(&app).await;
    }
}

async fn terminate_others(conn: &mut AsyncPgConnection) {
    diesel::sql_query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .execute(conn)
    .await
    .expect("the test's own connection stays");
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

async fn others(conn: &mut AsyncPgConnection, condition: &str) -> i64 {
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
    let app = TestApp::start_with(&[&PATIENT[..], &busy].concat()).await;
    let mut conn = app.conn().await;
    heals(&app).await;
    conn.batch_execute("BEGIN; LOCK TABLE categories IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    // The one connection is already open, so that none has to be opened in time.
    let slow = join_all([app.get("/v1/categories").into_future()]);
    let meanwhile = async {
        while others(&mut conn, "wait_event_type = 'Lock'").await < 1 {
            actix_web::rt::time::sleep(Duration::from_millis(10)).await;
        }
        let more = soon(join_all((0..20).map(|_| app.get("/v1/tags").into_future()))).await;
        more.iter().for_each(unavailable);
        unavailable(&soon(app.get_as_admin("/v1/tags").into_future()).await);
        for path in ["/livez", "/readyz"] {
            soon(app.get(path).into_future()).await.ok();
        }
        conn.batch_execute("COMMIT").await.unwrap();
    };
    let (slow, ()) = futures_util::future::join(slow, meanwhile).await;
    // Requests that had a connection succeed.
    slow.iter().for_each(|answer| {
        answer.ok();
    });
    heals(&app).await;
}

#[actix_web::test]
async fn the_queue_for_connections_is_bounded() {
    let busy = ["--workers", "1", "--pool-size", "1", "--pool-queue", "1"];
    let app = TestApp::start_with(&[&PATIENT[..], &busy].concat()).await;
    let mut conn = app.conn().await;
    heals(&app).await;
    conn.batch_execute("BEGIN; LOCK TABLE categories IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let asked = join_all((0..10).map(|_| app.get("/v1/categories").into_future()));
    let released = async {
        while others(&mut conn, "wait_event_type = 'Lock'").await < 1 {
            actix_web::rt::time::sleep(Duration::from_millis(10)).await;
        }
        // One of the ten requests before waits in the queue, which leaves at most one place for these ten.
        let more = join_all((0..10).map(|_| app.get("/v1/headlines").into_future()));
        let commit = async {
            actix_web::rt::time::sleep(Duration::from_millis(300)).await;
            conn.batch_execute("COMMIT").await.unwrap();
        };
        let (more, ()) = futures_util::future::join(more, commit).await;
        more.iter().filter(|answer| answer.status == 503).count()
    };
    let (asked, refused) = futures_util::future::join(asked, released).await;
    assert!(refused >= 9, "{refused}");
    assert!(asked.iter().filter(|answer| answer.status == 200).count() >= 1);
    for answer in asked.iter().filter(|answer| answer.status != 200) {
        unavailable(answer);
    }
}

#[actix_web::test]
async fn health_checks_do_not_use_the_connection_pool() {
    let app = TestApp::start().await;
    let mut conn = app.conn().await;
    // The connection that created the test's key closes.
    while others(&mut conn, "true").await > 0 {
        actix_web::rt::time::sleep(Duration::from_millis(10)).await;
    }
    for answer in join_all((0..50).map(|_| app.get("/livez").into_future())).await {
        answer.ok();
    }
    assert_eq!(others(&mut conn, "true").await, 0);
    for answer in join_all((0..50).map(|_| app.get("/readyz").into_future())).await {
        answer.ok();
    }
    assert_eq!(others(&mut conn, "true").await, 1);
}
