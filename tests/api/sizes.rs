//! What is too large, too deep, too slow or too many.

use std::io::{Read, Write};
use std::net::TcpStream;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::TestApp;

#[actix_web::test]
async fn an_address_has_an_end() {
    let app = TestApp::start().await;
    let long = |bytes: usize| format!("/v1/headlines?limit={}", "1".repeat(bytes - 20));
    app.get(&long(8192))
        .await
        .problem(400, "invalid-parameters");
    app.get(&long(8193)).await.problem(414, "address-too-long");
    let path = format!("/v1/articles/{}", "x".repeat(60_000));
    app.get(&path).await.problem(414, "address-too-long");
}

#[actix_web::test]
async fn a_head_has_an_end() {
    let app = TestApp::start().await;
    let with_lines = |count: usize| {
        let mut head = "GET /v1/headlines HTTP/1.1\r\nHost: x\r\nConnection: close\r\n".to_owned();
        for n in 2..count {
            head.push_str(&format!("X-{n}: y\r\n"));
        }
        app.raw(format!("{head}\r\n").as_bytes())
    };
    assert!(with_lines(64).starts_with("HTTP/1.1 200"));
    let over = with_lines(65);
    assert!(
        over.starts_with("HTTP/1.1 431") && over.contains("/problems/headers-too-large"),
        "{over}"
    );
    let far_over = with_lines(200);
    assert!(
        far_over.starts_with("HTTP/1.1 431") && far_over.contains("/problems/headers-too-large"),
        "{far_over}"
    );
    let big = |bytes: usize| app.get("/livez").header("X-Big", &"x".repeat(bytes));
    big(15_000).await.ok();
    big(17_000).await.problem(431, "headers-too-large");
    let huge = format!(
        "GET /livez HTTP/1.1\r\nHost: x\r\nX-Big: {}",
        "x".repeat(131_072)
    );
    assert!(app.raw(huge.as_bytes()).starts_with("HTTP/1.1 431"));
}

#[actix_web::test]
async fn a_request_that_two_readers_could_read_differently_is_refused() {
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
        // Nothing of what follows is taken for another request: the connection ends.
        let answer = app.raw(format!("{head}GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
        let status = answer.lines().next().unwrap_or_default();
        assert!(status.ends_with("400 Bad Request"), "{head}: {answer}");
        assert_eq!(answer.matches("HTTP/1.").count(), 1, "{head}: {answer}");
        assert!(answer.contains("/problems/malformed"), "{head}: {answer}");
    }
}

#[actix_web::test]
async fn json_has_a_bottom_and_lists_an_end() {
    let app = TestApp::start().await;
    let post = |body: String| {
        let ask = app.ask(Method::POST, "/v1/articles").key(&app.key);
        ask.body("application/json", body)
    };
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth - 1), "]".repeat(depth - 1));
        format!("{{\"title\": {open}{close}}}")
    };
    post(nested(32)).await.problem(422, "invalid");
    for depth in [33, 100, 1000, 400_000] {
        let problem = post(nested(depth)).await.problem(400, "malformed");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("nested deeper than 32"), "{detail}");
    }
    let objects = format!("{}1{}", "{\"a\":".repeat(5000), "}".repeat(5000));
    post(objects).await.problem(400, "malformed");

    let ids: Vec<String> = (0..10_000)
        .map(|_| uuid::Uuid::now_v7().to_string())
        .collect();
    let long = json!({"title": "x", "language": "fr", "tag_ids": ids, "author_ids": ids});
    assert_eq!(
        app.post("/v1/articles", long).await.faults(),
        ["/author_ids too_many", "/tag_ids too_many"]
    );
}

#[test]
fn every_list_in_the_contract_has_an_end() {
    fn walk(schema: &Value, place: &str) {
        let kind = &schema["type"];
        if kind == "array"
            || kind
                .as_array()
                .is_some_and(|all| all.contains(&json!("array")))
        {
            assert!(schema["maxItems"].is_number(), "{place}");
        }
        match schema {
            Value::Object(fields) => {
                for (name, inner) in fields.iter().filter(|(name, _)| *name != "example") {
                    walk(inner, &format!("{place}/{name}"));
                }
            }
            Value::Array(items) => items.iter().for_each(|inner| walk(inner, place)),
            _ => {}
        }
    }
    walk(manchette::server::contract::contract(), "");
}

/// What comes back until the server closes the connection.
fn rest(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[actix_web::test]
async fn who_sends_too_slowly_is_told_and_let_go() {
    let app = TestApp::start_with(&["--header-timeout", "1", "--body-timeout", "1"]).await;
    let send = |bytes: &str| {
        let mut stream = TcpStream::connect(app.at).unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        stream
    };
    let head = rest(send("GET /v1/headlines HTTP/1.1\r\nHost: x\r\nX-Slow: "));
    assert!(
        head.starts_with("HTTP/1.1 408") && head.contains("/problems/too-slow"),
        "{head}"
    );
    // Also where it is not the first one on its connection; who asks nothing at all is told nothing.
    let second = rest(send(
        "GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /livez HTTP/1.1\r\nHost",
    ));
    let statuses: Vec<&str> = second.matches("HTTP/1.1 ").collect();
    assert!(
        statuses.len() == 2 && second.contains("HTTP/1.1 408") && second.contains("the head did"),
        "{second}"
    );
    assert_eq!(rest(send("")), "");
    let post = format!(
        "POST /v1/headlines HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{\"title\": ",
        app.key
    );
    let body = rest(send(&post));
    assert!(
        body.starts_with("HTTP/1.1 408") && body.contains("/problems/too-slow"),
        "{body}"
    );
    assert!(body.contains("within 1 seconds"), "{body}");
}

#[actix_web::test]
async fn one_address_has_so_many_connections() {
    let app = TestApp::start_with(&["--max-connections-per-address", "3"]).await;
    let ask = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let mut open: Vec<TcpStream> = Vec::new();
    // The client that made the test's key has none: keys are made in the database.
    for _ in 0..3 {
        let mut stream = TcpStream::connect(app.at).unwrap();
        stream
            .write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
        // Its answer proves that it was counted.
        assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
        open.push(stream);
    }
    let refused = rest(TcpStream::connect(app.at).unwrap());
    assert!(
        refused.starts_with("HTTP/1.1 429") && refused.contains("/problems/too-many-requests"),
        "{refused}"
    );
    drop(open.pop());
    while !app.raw(ask.as_bytes()).starts_with("HTTP/1.1 200") {
        actix_web::rt::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}
