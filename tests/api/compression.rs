//! Content codings.

use std::io::Read;

use reqwest::Method;
use serde_json::json;

use crate::support::{Response, TestApp, path_of};

fn decoded(response: &Response) -> Vec<u8> {
    let mut out = Vec::new();
    match response.header("content-encoding") {
        "gzip" => flate2::read::GzDecoder::new(response.body.as_slice())
            .read_to_end(&mut out)
            .map(|_| ()),
        "br" => brotli::BrotliDecompress(&mut response.body.as_slice(), &mut out),
        "zstd" => zstd::stream::copy_decode(response.body.as_slice(), &mut out),
        other => panic!("{other}"),
    }
    .unwrap();
    out
}

async fn create_twenty_headlines(app: &TestApp) {
    for n in 0..20 {
        app.headline(&format!("Titre numéro {n}"), json!({})).await;
    }
}

#[actix_web::test]
async fn every_content_coding_has_the_same_content_and_its_own_etag() {
    let app = TestApp::start().await;
    create_twenty_headlines(&app).await;
    let plain = app.get("/v1/headlines").await;
    assert!(!plain.has("content-encoding") && plain.body.len() > 5000);
    let mut tags = vec![plain.etag()];
    for coding in ["gzip", "br", "zstd"] {
        let get = || app.get("/v1/headlines").header("Accept-Encoding", coding);
        let compressed = get().await;
        assert_eq!(compressed.header("content-encoding"), coding);
        assert_eq!(decoded(&compressed), plain.body);
        assert!(compressed.body.len() * 4 < plain.body.len(), "{coding}");
        assert!(compressed.header("vary").contains("Accept-Encoding"));
        let tag = compressed.etag();
        let known = get().header("If-None-Match", &tag).await;
        assert_eq!((known.status, known.body.len()), (304, 0));
        assert_eq!(known.header("etag"), tag);
        // An ETag does not match another coding.
        let other = get().header("If-None-Match", &tags[0]).await;
        assert_eq!(other.status, 200);
        let head = app
            .request(Method::HEAD, "/v1/headlines")
            .header("Accept-Encoding", coding)
            .await;
        assert_eq!(head.header("etag"), tag);
        assert_eq!(
            head.header("content-length"),
            compressed.body.len().to_string()
        );
        tags.push(tag);
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 4);
}

#[actix_web::test]
async fn accept_encoding_selects_the_coding_and_small_responses_are_not_compressed() {
    let app = TestApp::start().await;
    create_twenty_headlines(&app).await;
    for (header, coding) in [
        ("gzip, deflate, br, zstd", Some("zstd")),
        ("gzip, deflate, br", Some("br")),
        ("gzip;q=1.0, br;q=0.2", Some("gzip")),
        ("br;q=0, gzip;q=0, zstd", Some("zstd")),
        ("identity", None),
        ("deflate", None),
        ("gzip;q=0", None),
        ("*", None),
        ("nonsense;;q", None),
    ] {
        let response = app
            .get("/v1/headlines")
            .header("Accept-Encoding", header)
            .await;
        assert_eq!(response.status, 200, "{header}");
        let given = response.headers.get("content-encoding");
        assert_eq!(
            given.map(|value| value.to_str().unwrap()),
            coding,
            "{header}"
        );
    }
    let small = app.get("/livez").header("Accept-Encoding", "gzip").await;
    assert!(!small.has("content-encoding"));
    let contract = app
        .get("/openapi.json")
        .header("Accept-Encoding", "br")
        .await;
    assert_eq!(contract.header("content-encoding"), "br");
    let problem = app
        .get("/v1/headlines?limit=0&fields=x&sort=y&status=z&language=1&tag=%20&category=%20")
        .header("Accept-Encoding", "gzip")
        .await;
    assert_eq!(
        (problem.status, problem.header("content-encoding")),
        (400, "gzip")
    );
    // Range requests are not supported.
    let part = app.get("/v1/headlines").header("Range", "bytes=0-9").await;
    assert_eq!(part.status, 200);
    assert!(!part.has("content-range"));
}

#[actix_web::test]
async fn the_etag_of_a_compressed_response_works_in_if_match() {
    let app = TestApp::start().await;
    let lede = "mot ".repeat(400);
    let article = app.article("x", json!({"lede": lede})).await;
    let path = path_of("articles", &article);
    let read = app.get(&path).header("Accept-Encoding", "br").await;
    assert_eq!(read.header("content-encoding"), "br");
    let tag = read.etag();
    let changed = app
        .patch(&path, json!({"title": "y"}))
        .header("If-Match", &tag)
        .await;
    assert_eq!(changed.status, 200);
    app.patch(&path, json!({"title": "z"}))
        .header("If-Match", &tag)
        .await
        .problem(412, "precondition-failed");
}
