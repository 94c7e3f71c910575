//! Clients that read or write too slowly, or open too many connections. Timeouts are short where they must end
//! something, and long where they must not: no test depends on the speed of the machine.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use crate::support::{JsonPath, Response, TestApp, read_to_close};

/// A response that exceeds the socket buffers.
const LARGE: &str = "/v1/articles/large";

async fn app(settings: &str) -> TestApp {
    let app = TestApp::start_with_words(settings).await;
    let body = "Une phrase comme une autre.\n\n".repeat(17_000);
    app.article("large", json!({"slug": "large", "body": body}))
        .await;
    app
}

fn send_request(app: &TestApp, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(app.addr).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// Sends a request and reads only the first byte of the response.
fn stalled_client(app: &TestApp) -> TcpStream {
    let mut stream = send_request(app, LARGE);
    assert_eq!(stream.read(&mut [0]).unwrap(), 1);
    stream
}

/// Repeats a request until it succeeds; `refused` checks every other response.
async fn wait_until_ok(app: &TestApp, path: &str, refused: impl Fn(&Response)) {
    loop {
        let response = app.get(path).await;
        if response.status == 200 {
            return;
        }
        refused(&response);
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    }
}

#[actix_web::test]
async fn a_response_that_is_not_read_is_abandoned_after_the_write_timeout() {
    let app = app("--write-timeout 1 --max-unsent-per-address-mib 1").await;
    let mut first = stalled_client(&app);
    let refused = |response: &Response| {
        let problem = response.problem(429, "too-many-requests");
        let detail = problem.text("/detail");
        assert!(detail.contains("wait to be received"), "{problem}");
        assert_eq!(response.header("retry-after"), "1");
    };
    wait_until_ok(&app, LARGE, refused).await;
    // The first client received only what was in the buffers.
    let length = app.get(LARGE).await.body.len();
    let mut received = Vec::new();
    let _ = first.read_to_end(&mut received);
    assert!(received.len() < length, "{} of {length}", received.len());
}

#[actix_web::test]
async fn a_client_that_reads_single_bytes_is_disconnected() {
    let app = app("--write-timeout 1").await;
    let length = app.get(LARGE).await.body.len();
    let mut stream = stalled_client(&app);
    let mut received = 0;
    while let Ok(1) = stream.read(&mut [0]) {
        received += 1;
        // The buffers can still be read after the connection is closed, which takes no time.
        if received < 200 {
            std::thread::sleep(Duration::from_millis(50));
        }
        assert!(received < length, "the whole response was received");
    }
}

#[actix_web::test]
async fn a_client_that_reads_slowly_but_steadily_receives_the_whole_response() {
    let app = app("--write-timeout 5").await;
    let expected = app.get(LARGE).await.body;
    let mut stream = send_request(&app, LARGE);
    let mut received = Vec::new();
    let mut piece = vec![0; 64 << 10];
    while !received.ends_with(&expected) {
        let length = stream.read(&mut piece).unwrap();
        assert!(length > 0, "{} bytes came", received.len());
        received.extend_from_slice(&piece[..length]);
        std::thread::sleep(Duration::from_millis(30));
    }
}

#[actix_web::test]
async fn unsent_responses_are_limited_across_all_clients() {
    let app = app("--write-timeout 600 --max-unsent-mib 1").await;
    let first = stalled_client(&app);
    let refused = |response: &Response| {
        let problem = response.problem(503, "unavailable");
        let detail = problem.text("/detail");
        assert!(detail.contains("wait to be received"), "{problem}");
        assert_eq!(response.header("retry-after"), "1");
    };
    refused(&app.get(LARGE).await);
    // Small responses are not affected, and a write reports its success.
    app.get("/v1/articles").await.ok();
    app.get("/readyz").await.ok();
    let changed = app.patch(LARGE, json!({"title": "larger"})).await.ok();
    assert_eq!(changed["title"], "larger");
    drop(first);
    wait_until_ok(&app, LARGE, refused).await;
}

#[actix_web::test]
async fn health_checks_are_served_at_the_connection_limit() {
    let app = app("--max-connections 3 --header-timeout 600 --write-timeout 600").await;
    let request =
        |path: &str| app.send_raw(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
    // The client that created the article holds one connection.
    let mut held: Vec<TcpStream> = (0..2).map(|_| stalled_client(&app)).collect();
    let open_connections = |held: &mut Vec<TcpStream>, count: usize| {
        for _ in 0..count {
            held.push(TcpStream::connect(app.addr).unwrap());
            // The connection may be closed already to make room.
            let mut stream = TcpStream::connect(app.addr).unwrap();
            let _ = stream.write_all(b"GET /livez HTTP/1.1\r\nHost:");
            held.push(stream);
            held.push(send_request(&app, LARGE));
        }
    };
    for count in [0, 10, 60] {
        open_connections(&mut held, count);
        for path in ["/livez", "/readyz"] {
            // The server closes the connection.
            let response = request(path);
            // The database may be busy with other tests.
            let busy = path == "/readyz" && response.contains("the database is unavailable");
            assert!(busy || response.starts_with("HTTP/1.1 200"), "{response}");
            assert!(
                response.to_lowercase().contains("connection: close"),
                "{response}"
            );
        }
        let refused = request("/v1/headlines");
        assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
        for text in ["/problems/unavailable", "retry-after: 1", "as many connect"] {
            assert!(refused.contains(text), "{refused}");
        }
    }
    drop(held);
    let close = b"GET /v1/headlines HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    while !app.send_raw(close).starts_with("HTTP/1.1 200") {
        actix_web::rt::time::sleep(Duration::from_millis(20)).await;
    }
}

#[actix_web::test]
async fn a_client_that_sends_too_slowly_receives_408() {
    let app = TestApp::start_with(&["--header-timeout", "1", "--body-timeout", "1"]).await;
    let send = |bytes: &str| {
        let mut stream = TcpStream::connect(app.addr).unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        stream
    };
    let head = read_to_close(send("GET /v1/headlines HTTP/1.1\r\nHost: x\r\nX-Slow: "));
    assert!(
        head.starts_with("HTTP/1.1 408") && head.contains("/problems/too-slow"),
        "{head}"
    );
    // A later request on a connection gets 408 too; an idle connection is closed without a response.
    let second = read_to_close(send(
        "GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /livez HTTP/1.1\r\nHost",
    ));
    let statuses: Vec<&str> = second.matches("HTTP/1.1 ").collect();
    assert!(
        statuses.len() == 2 && second.contains("HTTP/1.1 408") && second.contains("the head did"),
        "{second}"
    );
    assert_eq!(read_to_close(send("")), "");
    let post = format!(
        "POST /v1/headlines HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{\"title\": ",
        app.admin_key
    );
    let body = read_to_close(send(&post));
    assert!(
        body.starts_with("HTTP/1.1 408") && body.contains("/problems/too-slow"),
        "{body}"
    );
    assert!(body.contains("within 1 seconds"), "{body}");
}

#[actix_web::test]
async fn connections_per_address_are_limited() {
    let app = TestApp::start_with(&["--max-connections-per-address", "3"]).await;
    let request = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let mut open: Vec<TcpStream> = Vec::new();
    // Keys are created in the database, so the test's client has no connection yet.
    for _ in 0..3 {
        let mut stream = TcpStream::connect(app.addr).unwrap();
        stream
            .write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
        // The response proves that the connection was counted.
        assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
        open.push(stream);
    }
    let refused = read_to_close(TcpStream::connect(app.addr).unwrap());
    assert!(
        refused.starts_with("HTTP/1.1 429") && refused.contains("/problems/too-many-requests"),
        "{refused}"
    );
    drop(open.pop());
    while !app.send_raw(request.as_bytes()).starts_with("HTTP/1.1 200") {
        actix_web::rt::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}
