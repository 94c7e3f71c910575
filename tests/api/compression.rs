//! Few bytes: codings, what caches may keep, what other origins may read.

use std::io::Read;

use manchette::api_keys::Scope;
use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, TestApp};

fn decoded(answer: &Answer) -> Vec<u8> {
    let mut out = Vec::new();
    match answer.header("content-encoding") {
        "gzip" => flate2::read::GzDecoder::new(answer.body.as_slice())
            .read_to_end(&mut out)
            .map(|_| ()),
        "br" => brotli::BrotliDecompress(&mut answer.body.as_slice(), &mut out),
        "zstd" => zstd::stream::copy_decode(answer.body.as_slice(), &mut out),
        other => panic!("{other}"),
    }
    .unwrap();
    out
}

async fn twenty(app: &TestApp) {
    for n in 0..20 {
        app.headline(&format!("Titre numéro {n}"), json!({})).await;
    }
}

#[actix_web::test]
async fn each_coding_says_the_same_and_has_a_tag_of_its_own() {
    let app = TestApp::start().await;
    twenty(&app).await;
    let plain = app.get("/v1/headlines").await;
    assert!(!plain.has("content-encoding") && plain.body.len() > 5000);
    let mut tags = vec![plain.header("etag").to_owned()];
    for coding in ["gzip", "br", "zstd"] {
        let get = || app.get("/v1/headlines").header("Accept-Encoding", coding);
        let coded = get().await;
        assert_eq!(coded.header("content-encoding"), coding);
        assert_eq!(decoded(&coded), plain.body);
        assert!(coded.body.len() * 4 < plain.body.len(), "{coding}");
        assert!(coded.header("vary").contains("Accept-Encoding"));
        let tag = coded.header("etag").to_owned();
        let known = get().header("If-None-Match", &tag).await;
        assert_eq!((known.status, known.body.len()), (304, 0));
        assert_eq!(known.header("etag"), tag);
        // The bytes of one coding are not those of another.
        let other = get().header("If-None-Match", &tags[0]).await;
        assert_eq!(other.status, 200);
        let head = app
            .ask(Method::HEAD, "/v1/headlines")
            .header("Accept-Encoding", coding)
            .await;
        assert_eq!(head.header("etag"), tag);
        assert_eq!(head.header("content-length"), coded.body.len().to_string());
        tags.push(tag);
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 4);
}

#[actix_web::test]
async fn the_caller_chooses_the_coding_and_small_answers_have_none() {
    let app = TestApp::start().await;
    twenty(&app).await;
    for (header, coding) in [
        ("gzip, deflate, br, zstd", Some("br")),
        ("gzip;q=1.0, br;q=0.2", Some("gzip")),
        ("br;q=0, gzip;q=0, zstd", Some("zstd")),
        ("identity", None),
        ("deflate", None),
        ("gzip;q=0", None),
        ("*", None),
        ("nonsense;;q", None),
    ] {
        let answer = app
            .get("/v1/headlines")
            .header("Accept-Encoding", header)
            .await;
        assert_eq!(answer.status, 200, "{header}");
        let given = answer.headers.get("content-encoding");
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
    // No part of an answer can be asked for.
    let part = app.get("/v1/headlines").header("Range", "bytes=0-9").await;
    assert_eq!(part.status, 200);
    assert!(!part.has("content-range"));
}

#[actix_web::test]
async fn the_tag_that_any_coding_gave_guards_a_change() {
    let app = TestApp::start().await;
    let lede = "mot ".repeat(400);
    let article = app.article("x", json!({"lede": lede})).await;
    let path = format!("/v1/articles/{}", article["id"].as_str().unwrap());
    let read = app.get(&path).header("Accept-Encoding", "br").await;
    assert_eq!(read.header("content-encoding"), "br");
    let tag = read.header("etag").to_owned();
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

#[actix_web::test]
async fn caches_are_told_what_they_may_keep_and_what_it_is_made_of() {
    let app = TestApp::start_with(&[
        "--cache-lists",
        "public, max-age=1",
        "--cache-items",
        "public, max-age=2",
        "--cache-search",
        "public, max-age=3",
        "--cache-pages",
        "public, max-age=4",
        "--cache-with-key",
        "private, no-cache",
    ])
    .await;
    let category = app.category("Économie", None).await;
    let author = app
        .post("/v1/authors", json!({"name": "A"}))
        .await
        .created();
    let article = app
        .article(
            "titre",
            json!({"slug": "x", "category_id": category["id"], "author_ids": [author["id"]]}),
        )
        .await;
    for (path, seconds) in [
        ("/v1/headlines", 1),
        ("/v1/categories?tree=true", 1),
        ("/v1/articles/x", 2),
        ("/v1/site", 2),
        ("/v1/search?q=titre", 3),
        ("/v1/suggest?q=t", 3),
        ("/v1/articles/x/related", 3),
        ("/openapi.json", 4),
        ("/docs/", 4),
        ("/problems", 4),
    ] {
        let policy = format!("public, max-age={seconds}");
        let answer = app.get(path).await;
        assert_eq!(answer.header("cache-control"), policy, "{path}");
        assert!(answer.header("vary").contains("Authorization"), "{path}");
        let tag = answer.header("etag").to_owned();
        let known = app.get(path).header("If-None-Match", &tag).await;
        assert_eq!(
            (known.status, known.header("cache-control")),
            (304, policy.as_str()),
            "{path}"
        );
        assert!(!known.has("surrogate-key"));
        let with_key = app.get_all(path).await;
        assert_eq!(
            with_key.header("cache-control"),
            "private, no-cache",
            "{path}"
        );
        assert!(
            !with_key.has("surrogate-key") && !with_key.has("cache-tag"),
            "{path}"
        );
    }
    for path in [
        "/livez",
        "/readyz",
        "/v1/nothing",
        "/v1/articles/nothing",
        "/v1/articles?limit=0",
    ] {
        assert_eq!(
            app.get(path).await.header("cache-control"),
            "no-store",
            "{path}"
        );
    }
    let names = |answer: &Answer| -> Vec<String> {
        let header = answer.header("surrogate-key");
        assert_eq!(header.replace(' ', ","), answer.header("cache-tag"));
        header.split(' ').map(str::to_owned).collect()
    };
    let named =
        |kind: &str, one: &serde_json::Value| format!("{kind}-{}", one["id"].as_str().unwrap());
    let all = [
        named("article", &article),
        named("author", &author),
        named("category", &category),
    ];
    assert_eq!(names(&app.get("/v1/articles/x").await), all);
    let mut listed = names(&app.get("/v1/articles").await);
    assert_eq!(listed.remove(0), "article");
    assert_eq!(listed, all);
    let only = app.get("/v1/articles?fields=title").await;
    assert_eq!(
        names(&only),
        ["article".to_owned(), named("article", &article)]
    );
    assert_eq!(names(&app.get("/v1/tags").await), ["tag"]);
}

#[actix_web::test]
async fn other_origins_are_let_in_only_where_a_setting_names_them() {
    let closed = TestApp::start().await;
    let own = closed
        .get("/v1/headlines")
        .header("Origin", "https://a.example")
        .await;
    assert!(own.status == 200 && !own.has("access-control-allow-origin"));

    let app =
        TestApp::start_with(&["--cors-origins", "https://a.example,http://localhost:3000"]).await;
    let preflight = |origin: &'static str, method: &'static str, headers: &'static str| {
        app.ask(Method::OPTIONS, "/v1/headlines")
            .header("Origin", origin)
            .header("Access-Control-Request-Method", method)
            .header("Access-Control-Request-Headers", headers)
    };
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        let answer = preflight(
            "https://a.example",
            method,
            "accept, accept-language, authorization, content-encoding, content-type, idempotency-key, if-match, \
             if-none-match, if-unmodified-since, x-request-id",
        )
        .await;
        assert!((200..=204).contains(&answer.status), "{answer:?}");
        assert_eq!(
            answer.header("access-control-allow-origin"),
            "https://a.example"
        );
        assert!(
            answer
                .header("access-control-allow-methods")
                .contains(method)
        );
        assert!(
            answer
                .header("access-control-max-age")
                .parse::<u32>()
                .unwrap()
                > 0
        );
        assert!(answer.header("vary").contains("Origin"));
    }
    for (origin, method, headers, why) in [
        ("https://b.example", "GET", "authorization", "Origin"),
        ("https://a.example", "TRACE", "authorization", "method"),
        ("https://a.example", "GET", "x-other", "headers"),
        (
            "https://a.example",
            "GET",
            "é",
            "Access-Control-Request-Headers",
        ),
    ] {
        let refused = preflight(origin, method, headers);
        let refused = refused.header("X-Request-Id", "asked-first").await;
        let problem = refused.problem(400, "cross-origin");
        assert_eq!(problem["request_id"], "asked-first");
        assert_eq!(problem["instance"], "/v1/headlines");
        assert!(
            problem["detail"].as_str().unwrap().contains(why),
            "{problem}"
        );
        assert_eq!(refused.header("cache-control"), "no-store");
        assert!(
            refused
                .header("vary")
                .starts_with("Origin, Access-Control-Request-Method")
        );
        assert!(!refused.has("access-control-allow-origin"));
    }
    for path in [
        "/v1/headlines",
        "/v1/articles/nothing",
        "/v1/articles?limit=0",
    ] {
        let answer = app
            .get(path)
            .header("Origin", "http://localhost:3000")
            .await;
        assert_eq!(
            answer.header("access-control-allow-origin"),
            "http://localhost:3000",
            "{path}"
        );
        let exposed = answer
            .header("access-control-expose-headers")
            .to_lowercase();
        for name in [
            "etag",
            "link",
            "location",
            "x-request-id",
            "ratelimit",
            "retry-after",
        ] {
            assert!(
                exposed.split(',').any(|one| one.trim() == name),
                "{name} {exposed}"
            );
        }
        assert!(!exposed.contains("last-modified"), "{exposed}");
        let vary = answer.header("vary");
        assert!(
            vary.contains("Origin") && vary.contains("Accept-Encoding"),
            "{vary}"
        );
        assert!(!answer.has("access-control-allow-credentials"));
        let stranger = app.get(path).header("Origin", "https://b.example").await;
        assert!(!stranger.has("access-control-allow-origin"), "{path}");
    }
    let open = TestApp::start_with(&["--cors-origins", "*"]).await;
    let anybody = open
        .get("/v1/headlines")
        .header("Origin", "https://b.example")
        .await;
    assert_eq!(anybody.header("access-control-allow-origin"), "*");
    let reader = open.new_key(&[Scope::Read]).await;
    assert_eq!(open.get("/v1/headlines").key(&reader).await.status, 200);
}
