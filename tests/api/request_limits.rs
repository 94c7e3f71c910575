//! Limits on URLs, headers, JSON nesting and arrays.

use reqwest::Method;
use serde_json::json;

use crate::support::{JsonPath, TestApp};

#[actix_web::test]
async fn the_length_of_the_url_is_limited() {
    let app = TestApp::start().await;
    let long = |bytes: usize| format!("/v1/headlines?limit={}", "1".repeat(bytes - 20));
    app.get(&long(8192))
        .await
        .problem(400, "invalid-parameters");
    app.get(&long(8193)).await.problem(414, "uri-too-long");
    let path = format!("/v1/articles/{}", "x".repeat(60_000));
    app.get(&path).await.problem(414, "uri-too-long");
}

#[actix_web::test]
async fn the_size_of_the_request_head_is_limited() {
    let app = TestApp::start().await;
    let with_lines = |count: usize| {
        let mut head = "GET /v1/headlines HTTP/1.1\r\nHost: x\r\nConnection: close\r\n".to_owned();
        for n in 2..count {
            head.push_str(&format!("X-{n}: y\r\n"));
        }
        app.send_raw(format!("{head}\r\n").as_bytes())
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
    assert!(app.send_raw(huge.as_bytes()).starts_with("HTTP/1.1 431"));
}

#[actix_web::test]
async fn json_nesting_and_array_lengths_are_limited() {
    let app = TestApp::start().await;
    let post = |body: String| {
        let request = app.request_as_admin(Method::POST, "/v1/articles");
        request.body("application/json", body)
    };
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth - 1), "]".repeat(depth - 1));
        format!("{{\"title\": {open}{close}}}")
    };
    post(nested(32)).await.problem(422, "invalid");
    for depth in [33, 100, 1000, 400_000] {
        let problem = post(nested(depth)).await.problem(400, "malformed");
        let detail = problem.text("/detail");
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
