//! Stopping the server.

use std::time::Duration;

use crate::support::JsonPath;
use crate::support::server_process::{ServerProcess, admin_key, is_running, temp_dir};

#[actix_web::test]
async fn requests_in_flight_are_completed_before_shutdown() {
    use std::io::{Read, Write};
    let data = temp_dir();
    let server = ServerProcess::start(data.path(), &["--no-demo"]);
    let body = r#"{"title": "in flight", "language": "fr", "status": "published"}"#;
    let mut stream =
        std::net::TcpStream::connect(server.base.trim_start_matches("http://")).unwrap();
    let head = format!(
        "POST /v1/headlines HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        admin_key(data.path()),
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body.as_bytes()[..10]).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    server.signal("TERM");
    std::thread::sleep(Duration::from_millis(300));
    stream.write_all(&body.as_bytes()[10..]).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 201"), "{response}");
    assert_eq!(server.wait_for_exit().0, Some(0));
}

/// Sends requests on one connection until it is closed, then on another, until none is accepted. Returns the number of
/// responses.
fn send_until_refused(addr: &str) -> usize {
    use std::io::{BufRead, BufReader, Read, Write};
    // Without a socket filter, a connection that arrives at the last moment may never be accepted.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let filters = manchette::connection::shutdown::refuse_new(&listener).is_ok();
    let mut answered = 0;
    while let Ok(mut stream) = std::net::TcpStream::connect(addr) {
        let mut responses = BufReader::new(stream.try_clone().unwrap());
        let mut closes = false;
        let mut is_new = true;
        while !closes {
            let request = b"GET /v1/headlines HTTP/1.1\r\nHost: x\r\n\r\n";
            let sent = stream.write_all(request);
            if is_new && !filters && (sent.is_err() || responses.fill_buf().is_err()) {
                return answered;
            }
            sent.expect("the server reads");
            is_new = false;
            let mut length = None;
            loop {
                let mut line = String::new();
                responses.read_line(&mut line).expect("the server responds");
                let line = line.to_lowercase();
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = Some(value.trim().parse().expect("a number"));
                }
                closes |= line.trim() == "connection: close";
                assert!(!line.is_empty(), "the response is incomplete");
                if line == "\r\n" {
                    break;
                }
            }
            let mut body = vec![0; length.expect("a Content-Length")];
            responses
                .read_exact(&mut body)
                .expect("the response is complete");
            answered += 1;
        }
    }
    answered
}

#[actix_web::test]
async fn shutdown_answers_every_request_on_keep_alive_connections() {
    use std::io::{Read, Write};
    let data = temp_dir();
    // Any open connection would delay the exit beyond the test.
    let server = ServerProcess::start(
        data.path(),
        &[
            "--no-demo",
            "--shutdown-delay",
            "2",
            "--shutdown-timeout",
            "600",
        ],
    );
    let addr = server.base.trim_start_matches("http://").to_owned();
    let mut idle = std::net::TcpStream::connect(&addr).unwrap();
    idle.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    assert!(idle.read(&mut [0; 4096]).unwrap() > 0);
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let addr = addr.clone();
            std::thread::spawn(move || send_until_refused(&addr))
        })
        .collect();
    std::thread::sleep(Duration::from_millis(300));
    server.signal("TERM");
    // Load balancers see 503 on /readyz, while other requests are still served.
    server.wait_for_status("/readyz", 503).await;
    let (status, problem) = server.get("/readyz").await;
    assert_eq!(status, 503);
    let detail = problem.text("/detail");
    assert!(detail.contains("about to stop"), "{problem}");
    assert_eq!(server.get("/v1/headlines").await.0, 200);
    assert_eq!(idle.read(&mut [0; 4096]).unwrap(), 0, "it was closed");
    for client in clients {
        assert!(client.join().expect("no response was cut off") > 0);
    }
    let (code, log) = server.wait_for_exit();
    assert_eq!(code, Some(0), "{log:?}");
    assert!(!log.concat().contains(" ERROR "), "{log:?}");
}

#[actix_web::test]
async fn a_second_signal_stops_the_server_immediately() {
    use std::io::Write;
    let data = temp_dir();
    let server = ServerProcess::start(data.path(), &["--no-demo"]);
    let mut stream =
        std::net::TcpStream::connect(server.base.trim_start_matches("http://")).unwrap();
    let head = format!(
        "POST /v1/headlines HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: 9\r\n\r\n",
        admin_key(data.path())
    );
    stream.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    server.signal("INT");
    std::thread::sleep(Duration::from_millis(300));
    assert!(
        is_running(&server.child.id().to_string()),
        "the server waits for the request"
    );
    server.signal("INT");
    let (code, log) = server.wait_for_exit();
    assert_eq!(code, Some(0), "{log:?}");
    assert!(!data.path().join("postgres/postmaster.pid").exists());
}
