//! Clients that take no answers, or too many connections. Timeouts are short where something has to end, and long where it
//! must not: no test depends on how fast the machine is.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use crate::support::{Answer, TestApp};

/// An answer that no kernel keeps for a client that reads nothing.
const LARGE: &str = "/v1/articles/large";

async fn app(settings: &str) -> TestApp {
    let settings: Vec<&str> = settings.split(' ').collect();
    let app = TestApp::start_with(&settings).await;
    let body = "Une phrase comme une autre.\n\n".repeat(17_000);
    app.article("large", json!({"slug": "large", "body": body}))
        .await;
    app
}

fn asks(app: &TestApp, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(app.at).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// Asks, and reads only the first byte of the answer.
fn reads_nothing(app: &TestApp) -> TcpStream {
    let mut stream = asks(app, LARGE);
    assert_eq!(stream.read(&mut [0]).unwrap(), 1);
    stream
}

/// Asks again until nothing is in the way any more.
async fn until_answered(app: &TestApp, path: &str, refused: impl Fn(&Answer)) {
    loop {
        let answer = app.get(path).await;
        if answer.status == 200 {
            return;
        }
        refused(&answer);
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    }
}

#[actix_web::test]
async fn an_answer_that_nobody_takes_is_given_up() {
    let app = app("--write-timeout 1 --max-unsent-per-address-mib 1").await;
    let mut first = reads_nothing(&app);
    let refused = |answer: &Answer| {
        let problem = answer.problem(429, "too-many-requests");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("wait to be received"), "{problem}");
        assert_eq!(answer.header("retry-after"), "1");
    };
    until_answered(&app, LARGE, refused).await;
    // It got what was on its way, and no more.
    let length = app.get(LARGE).await.body.len();
    let mut got = Vec::new();
    let _ = first.read_to_end(&mut got);
    assert!(got.len() < length, "{} of {length}", got.len());
}

#[actix_web::test]
async fn a_byte_now_and_then_is_not_enough() {
    let app = app("--write-timeout 1").await;
    let length = app.get(LARGE).await.body.len();
    let mut stream = reads_nothing(&app);
    let mut got = 0;
    while let Ok(1) = stream.read(&mut [0]) {
        got += 1;
        // All that is on its way may still be read once the connection is gone: that takes no time.
        if got < 200 {
            std::thread::sleep(Duration::from_millis(50));
        }
        assert!(got < length, "all of it came");
    }
}

#[actix_web::test]
async fn a_client_that_reads_slowly_gets_all_of_it() {
    let app = app("--write-timeout 5").await;
    let whole = app.get(LARGE).await.body;
    let mut stream = asks(&app, LARGE);
    let mut got = Vec::new();
    let mut piece = vec![0; 64 << 10];
    while !got.ends_with(&whole) {
        let length = stream.read(&mut piece).unwrap();
        assert!(length > 0, "{} bytes came", got.len());
        got.extend_from_slice(&piece[..length]);
        std::thread::sleep(Duration::from_millis(30));
    }
}

#[actix_web::test]
async fn answers_that_wait_are_bounded_for_all() {
    let app = app("--write-timeout 600 --max-unsent-mib 1").await;
    let first = reads_nothing(&app);
    let refused = |answer: &Answer| {
        let problem = answer.problem(503, "unavailable");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("wait to be received"), "{problem}");
        assert_eq!(answer.header("retry-after"), "1");
    };
    refused(&app.get(LARGE).await);
    // What is small goes on, and what was changed is said to have been.
    app.get("/v1/articles").await.ok();
    app.get("/readyz").await.ok();
    let changed = app.patch(LARGE, json!({"title": "larger"})).await.ok();
    assert_eq!(changed["title"], "larger");
    drop(first);
    until_answered(&app, LARGE, refused).await;
}

#[actix_web::test]
async fn health_is_told_however_many_connections_there_are() {
    let app = app("--max-connections 3 --header-timeout 600 --write-timeout 600").await;
    let ask = |path: &str| app.raw(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
    // The client that wrote the article has one of them.
    let mut held: Vec<TcpStream> = (0..2).map(|_| reads_nothing(&app)).collect();
    let crowd = |held: &mut Vec<TcpStream>, count: usize| {
        for _ in 0..count {
            held.push(TcpStream::connect(app.at).unwrap());
            // One that has to make room may be closed already.
            let mut stream = TcpStream::connect(app.at).unwrap();
            let _ = stream.write_all(b"GET /livez HTTP/1.1\r\nHost:");
            held.push(stream);
            held.push(asks(&app, LARGE));
        }
    };
    for count in [0, 10, 60] {
        crowd(&mut held, count);
        for path in ["/livez", "/readyz"] {
            // It closes by itself, so it comes to an end.
            let answer = ask(path);
            // The database may be busy with other tests.
            let busy = path == "/readyz" && answer.contains("the database is unavailable");
            assert!(busy || answer.starts_with("HTTP/1.1 200"), "{answer}");
            assert!(
                answer.to_lowercase().contains("connection: close"),
                "{answer}"
            );
        }
        let refused = ask("/v1/headlines");
        assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
        for said in ["/problems/unavailable", "retry-after: 1", "as many connect"] {
            assert!(refused.contains(said), "{refused}");
        }
    }
    drop(held);
    let close = b"GET /v1/headlines HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    while !app.raw(close).starts_with("HTTP/1.1 200") {
        actix_web::rt::time::sleep(Duration::from_millis(20)).await;
    }
}
