//! HTTP/1 framing: where requests begin and end, however their bytes are split.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::json;

use crate::support::{TestApp, read_to_close};

/// Sends bytes in pieces of this size, one write each, and returns everything received until the server closes the
/// connection.
fn send_in_pieces(app: &TestApp, bytes: &[u8], size: usize) -> String {
    let mut stream = TcpStream::connect(app.addr).unwrap();
    stream.set_nodelay(true).unwrap();
    for piece in bytes.chunks(size) {
        // The server may respond and close before everything is sent.
        if stream.write_all(piece).is_err() {
            break;
        }
        if size < bytes.len() {
            std::thread::sleep(std::time::Duration::from_micros(200));
        }
    }
    read_to_close(stream)
}

/// A chunked `POST` of a headline with this raw body.
fn chunked_post(app: &TestApp, body: &str) -> String {
    format!(
        "POST /v1/headlines HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{body}",
        app.admin_key
    )
}

/// Reads one response whose length its head gives.
fn read_response(stream: &mut TcpStream, is_of_head: bool) -> String {
    let (mut received, mut byte) = (Vec::new(), [0]);
    while !received.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        received.push(byte[0]);
    }
    let head = String::from_utf8(received).unwrap();
    if is_of_head {
        return head;
    }
    let length = head.split("content-length: ").nth(1).unwrap();
    let length = length.lines().next().unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    head + &String::from_utf8(body).unwrap()
}

fn statuses(received: &str) -> Vec<&str> {
    let heads = received.split("HTTP/1.1 ").skip(1);
    heads.map(|head| &head[..3]).collect()
}

#[actix_web::test]
async fn all_requests_that_are_sent_ahead_are_answered() {
    let app = TestApp::start_with(&["--rate-reads-without-key", "off"]).await;
    // Few of them are taken before the first is answered.
    let mut requests = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2_000);
    requests.push_str("GET /v1/headlines HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let received = app.send_raw(requests.as_bytes());
    assert_eq!(received.matches("HTTP/1.1 200 OK").count(), 2_001);
}

#[actix_web::test]
async fn malformed_chunks_are_rejected_and_close_the_connection() {
    let app = TestApp::start().await;
    let document = r#"{"title": "x", "language": "fr"}"#;
    let size = format!("{:x}", document.len());
    let next = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
    for body in [
        "zz\r\n{}\r\n0\r\n\r\n".to_owned(),
        format!("-1\r\n{document}\r\n0\r\n\r\n"),
        format!("0x{size}\r\n{document}\r\n0\r\n\r\n"),
        format!(" {size}\r\n{document}\r\n0\r\n\r\n"),
        format!("\r\n{document}\r\n0\r\n\r\n"),
        format!("10000000000000000\r\n{document}\r\n0\r\n\r\n"),
        format!("{size}\r\n{document} \r\n0\r\n\r\n"),
        format!("{size}\r\n{document}0\r\n\r\n"),
        format!("{size};a\0b\r\n{document}\r\n0\r\n\r\n"),
        // Oversized chunk headers, and malformed or oversized trailers.
        format!("{}{size}\r\n{document}\r\n0\r\n\r\n", "0".repeat(20)),
        format!("{size};{}\r\n{document}\r\n0\r\n\r\n", "a".repeat(20_000)),
        format!("{size}\r\n{document}\r\n0\r\nno header line\r\n\r\n"),
        format!(
            "{size}\r\n{document}\r\n0\r\na: {}\r\n\r\n",
            "b".repeat(20_000)
        ),
        // LF alone in every place of a CRLF.
        format!("{size}\n{document}\r\n0\r\n\r\n"),
        format!("{size};a=b\n{document}\r\n0\r\n\r\n"),
        format!("{size}\r\n{document}\n0\r\n\r\n"),
        format!("{size}\r\n{document}\r\n0\n\r\n"),
        format!("{size}\r\n{document}\r\n0\r\n\n"),
        format!("{size}\r\n{document}\r\n0\r\nA: b\n\r\n"),
        format!("{size}\r\n{document}\r\n0\r\nA: b\r\n\n"),
        // CR alone.
        format!("{size}\r{document}\r\n0\r\n\r\n"),
        format!("{size}\r\n{document}\r\n0\r\n\rX"),
    ] {
        let request = chunked_post(&app, &format!("{body}{next}"));
        for pieces in [usize::MAX, 7, 1] {
            let received = send_in_pieces(&app, request.as_bytes(), pieces);
            assert_eq!(statuses(&received), ["400"], "{body:?}: {received}");
            for text in ["problem+json", "/problems/malformed", "the body's chunks"] {
                assert!(received.contains(text), "{body:?}: {received}");
            }
            let lower = received.to_lowercase();
            assert!(lower.contains("connection: close"), "{body:?}: {received}");
        }
    }
    let headlines = app.get_as_admin("/v1/headlines").await.ok();
    assert_eq!(headlines["items"], json!([]), "nothing was created");
}

#[actix_web::test]
async fn a_client_still_sending_a_malformed_body_receives_the_problem() {
    let app = TestApp::start().await;
    let body = format!("zz\r\n{}", "x".repeat(400_000));
    for _ in 0..5 {
        let received = send_in_pieces(&app, chunked_post(&app, &body).as_bytes(), usize::MAX);
        assert_eq!(statuses(&received), ["400"], "{received}");
    }
}

#[actix_web::test]
async fn a_bare_lf_in_a_request_head_is_rejected() {
    let app = TestApp::start().await;
    let good = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
    for head in [
        "GET /livez HTTP/1.1\nHost: x\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: x\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: x\r\n\n",
        "GET /livez HTTP/1.1\r\nHost: x\r\nA: b\nC: d\r\n\r\n",
        "GET /livez HTTP/1.1\nHost: x\n\n",
        "\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /v1/headlines HTTP/1.1\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
    ] {
        for pieces in [usize::MAX, 3, 1] {
            // The request before it is answered, and the one after it is not read.
            let received = send_in_pieces(&app, format!("{good}{head}{good}").as_bytes(), pieces);
            assert_eq!(statuses(&received), ["200", "400"], "{head:?}: {received}");
            assert!(received.contains("LF alone"), "{head:?}: {received}");
            assert!(received.contains("application/problem+json"), "{received}");
            assert!(received.to_lowercase().contains("connection: close"));
        }
    }
}

#[actix_web::test]
async fn input_that_is_not_http_is_rejected_with_a_problem() {
    let app = TestApp::start().await;
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec();
    for garbage in [
        hello,
        b"\0\0\0\0".to_vec(),
        b"SSH-2.0-OpenSSH_9.6\r\n".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        b"GET\r\n\r\n".to_vec(),
        vec![b'\xff'; 100_000],
    ] {
        let received = send_in_pieces(&app, &garbage, usize::MAX);
        assert_eq!(statuses(&received), ["400"], "{garbage:?}: {received}");
        assert!(received.contains("/problems/malformed"), "{received}");
    }
    // The method that stands in for an unreadable head cannot be used by clients.
    let received = app.send_raw(b"- /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_eq!(statuses(&received), ["405"], "{received}");
}

/// Bodies with all kinds of line ends, and pipelined heads, split anywhere.
#[actix_web::test]
async fn valid_requests_are_parsed_however_their_bytes_are_split() {
    let app = TestApp::start().await;
    let body = "{\n\"title\": \"a b\",\n\n\"language\":\n\"fr\"}\n\r\n\n";
    let with = |more: &str, body: &str| {
        format!(
            "POST /v1/headlines HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\n{more}\r\n\r\n{body}",
            app.admin_key
        )
    };
    let half = body.len() / 2;
    let chunks = format!(
        "{:X};a=\"b\"\r\n{}\r\n{:x} \t\r\n{}\r\n000\r\nTrailer: x\r\n\r\n",
        half,
        &body[..half],
        body.len() - half,
        &body[half..]
    );
    let requests = [
        "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n",
        &with(&format!("Content-Length: {}", body.len()), body),
        "\r\nGET /livez HTTP/1.1\r\nhost:x\r\nX-Empty:\r\nContent-Length: 0\r\n\r\n",
        &with("TRANSFER-ENCODING:  Chunked ", &chunks),
        &with("Transfer-Encoding: chunked", &chunks),
        "HEAD /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ];
    let expected = ["200", "201", "200", "201", "201", "200"];
    let received = send_in_pieces(&app, requests.concat().as_bytes(), usize::MAX);
    assert_eq!(statuses(&received), expected, "{received}");
    // One after another: the framework may close a connection whose next body arrives while an answer is pending.
    for size in [1000, 100, 17, 3, 2, 1] {
        let mut stream = TcpStream::connect(app.addr).unwrap();
        stream.set_nodelay(true).unwrap();
        for (request, status) in requests.iter().zip(expected) {
            for piece in request.as_bytes().chunks(size) {
                stream.write_all(piece).unwrap();
                std::thread::sleep(std::time::Duration::from_micros(200));
            }
            let response = read_response(&mut stream, request.starts_with("HEAD"));
            assert_eq!(statuses(&response), [status], "{size}: {response}");
        }
    }
}

#[actix_web::test]
async fn pipelined_requests_after_a_large_body_are_answered() {
    let app = TestApp::start().await;
    let text = "x\n".repeat(200_000);
    let body = json!({"title": "x", "language": "fr", "status": "published", "body": text});
    let body = body.to_string();
    let post = format!(
        "POST /v1/articles HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        app.admin_key,
        body.len()
    );
    let close = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let received = send_in_pieces(&app, format!("{post}{post}{close}").as_bytes(), usize::MAX);
    assert_eq!(statuses(&received), ["201", "201", "200"]);
}

/// With and without a valid key.
#[actix_web::test]
async fn an_unfinished_chunked_body_times_out_and_closes_the_connection() {
    let app = TestApp::start_with(&["--body-timeout", "1"]).await;
    let head = "POST /v1/headlines HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    let key = format!("Authorization: Bearer {}\r\n", app.admin_key);
    for (key, status) in [("", "401"), (key.as_str(), "408")] {
        for started in ["64\r\nabc", "6", "0\r\n"] {
            let request = format!("{head}{key}Transfer-Encoding: chunked\r\n\r\n{started}");
            // `send_raw` returns when the server closes the connection.
            assert_eq!(
                statuses(&app.send_raw(request.as_bytes())),
                [status],
                "{started:?}"
            );
        }
        // A client that keeps sending is disconnected too.
        let mut stream = TcpStream::connect(app.addr).unwrap();
        let request = format!("{head}{key}Transfer-Encoding: chunked\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        while stream.write_all(b"1\r\n \r\n").is_ok() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

#[actix_web::test]
async fn ambiguous_requests_that_enable_smuggling_are_rejected() {
    let app = TestApp::start().await;
    let post = "POST /v1/headlines HTTP/1.1\r\nHost: x\r\n";
    for head in [
        &format!("{post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        &format!("{post}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"),
        &format!("{post}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde"),
        &format!("{post}Content-Length: +4\r\n\r\nabcd"),
        &format!("{post}Content-Length: 4, 4\r\n\r\nabcd"),
        &format!(
            "{post}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"
        ),
        &format!("{post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        &format!("{post}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
        &format!("{post}Host: y\r\n\r\n"),
        &format!("{post} folded: y\r\n\r\n"),
        "POST /v1/headlines HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET /v1/headlines HTTP/1.1\r\n\r\n",
        "GET /v1/headlines HTTP/9.9\r\nHost: x\r\n\r\n",
        "GET /v1/head lines HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /v1/headlines HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
    ] {
        // The bytes behind it are not parsed as another request: the connection is closed.
        let received =
            app.send_raw(format!("{head}GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
        let status = received.lines().next().unwrap_or_default();
        assert!(status.ends_with("400 Bad Request"), "{head}: {received}");
        assert_eq!(received.matches("HTTP/1.").count(), 1, "{head}: {received}");
        assert!(
            received.contains("/problems/malformed"),
            "{head}: {received}"
        );
    }
}

#[actix_web::test]
async fn a_request_to_upgrade_is_answered_and_closes_the_connection() {
    let app = TestApp::start().await;
    let settings = "AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA";
    for upgrade in [
        format!(
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: {settings}"
        ),
        "Connection: Upgrade\r\nUpgrade: websocket".to_owned(),
    ] {
        let request = format!("GET /v1/headlines HTTP/1.1\r\nHost: x\r\n{upgrade}\r\n\r\n");
        let received = app.send_raw(request.as_bytes());
        assert_eq!(statuses(&received), ["200"], "{received}");
        let lower = received.to_lowercase();
        assert!(lower.contains("connection: close"), "{received}");
        assert!(received.contains("\"items\""), "{received}");
    }
}
