//! Answers kept in memory: when they are served, what drops them, and what a node serves that has lost its database.

use std::future::IntoFuture;
use std::time::{Duration, Instant};

use chrono::{SecondsFormat, TimeDelta, Utc};
use diesel_async::SimpleAsyncConnection;
use futures_util::future::{join, join_all};
use manchette::db::ConnectOptions;
use serde_json::{Value, json};

use crate::support::database_proxy::DatabaseProxy;
use crate::support::{JsonPath, Response, TestApp};

const HIT: &str = "manchette; hit";
const STORED: &str = "manchette; fwd=uri-miss; stored";
const BYPASSED: &str = "manchette; fwd=bypass";
const STALE: &str = "manchette; hit; fwd=stale";

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

async fn start() -> TestApp {
    start_on(TestApp::start().await.database.clone(), &[]).await
}

/// A node that keeps answers, once it does.
async fn start_on(database: ConnectOptions, settings: &[&str]) -> TestApp {
    let app = TestApp::start_on(database, &[&["--cache-size", "16"], settings].concat()).await;
    wait_for(&app, "/v1/site", HIT).await;
    app
}

/// Repeats a request until the cache does this with it.
async fn wait_for(app: &TestApp, path: &str, status: &str) -> Response {
    let started = Instant::now();
    loop {
        let response = app.get(path).await;
        if response.has("cache-status") && response.header("cache-status") == status {
            return response;
        }
        assert!(started.elapsed() < PATIENCE, "{path}: {}", response.text());
        actix_web::rt::time::sleep(Duration::from_millis(20)).await;
    }
}

fn ids(list: &Value) -> Vec<String> {
    list.texts("/items/*/id")
}

async fn status_of(app: &TestApp, path: &str) -> String {
    app.get(path).await.header("cache-status").to_owned()
}

#[actix_web::test]
async fn an_answer_is_kept_for_every_coding_method_and_condition() {
    let app = start().await;
    for n in 0..20 {
        app.headline(&format!("Titre numéro {n}"), json!({})).await;
    }
    let path = "/v1/headlines?limit=10";
    let first = app.get(path).await;
    assert_eq!(first.header("cache-status"), STORED);
    let second = app.get(path).await;
    assert_eq!(second.header("cache-status"), HIT);
    assert_eq!(second.json(), first.json());
    for name in [
        "etag",
        "cache-control",
        "vary",
        "link",
        "cache-tag",
        "content-type",
    ] {
        assert_eq!(second.header(name), first.header(name), "{name}");
    }
    assert_ne!(second.header("x-request-id"), first.header("x-request-id"));
    for coding in ["gzip", "br", "zstd"] {
        for _ in 0..2 {
            let response = app.get(path).header("Accept-Encoding", coding).await;
            assert_eq!(response.header("cache-status"), HIT);
            assert_eq!(response.header("content-encoding"), coding);
            assert_ne!(response.etag(), first.etag());
            let known = app.get(path).header("Accept-Encoding", coding);
            let known = known.header("If-None-Match", &response.etag()).await;
            assert_eq!(known.status, 304);
            assert_eq!(known.header("cache-status"), HIT);
        }
    }
    let head = app.request(reqwest::Method::HEAD, path).await;
    assert_eq!((head.status, head.text().as_str()), (200, ""));
    assert_eq!(head.header("cache-status"), HIT);
}

/// A plain request is answered before it is routed; one with a `Content-Length` passes the middleware.
#[actix_web::test]
async fn a_kept_answer_is_the_same_before_and_behind_the_middleware() {
    let database = TestApp::start().await.database.clone();
    let app = start_on(
        database,
        &["--rate-reads-without-key", "1000/60", "--hsts", "60"],
    )
    .await;
    for n in 0..30 {
        app.headline(&format!("Titre numéro {n}"), json!({})).await;
    }
    let own = ["date", "x-request-id", "ratelimit"];
    for (coding, known) in [
        ("identity", false),
        ("gzip", false),
        ("gzip", true),
        ("zstd", false),
    ] {
        let request = || app.get("/v1/headlines").header("Accept-Encoding", coding);
        let tag = request().await.etag();
        let tag = if known { tag } else { "\"other\"".to_owned() };
        let request = || request().header("If-None-Match", &tag);
        request().await;
        let [before, behind] = [
            request().await,
            request().header("Content-Length", "0").await,
        ];
        assert_eq!(before.header("cache-status"), HIT);
        assert_eq!(before.status, if known { 304 } else { 200 });
        assert_eq!(before.status, behind.status);
        assert_eq!(before.text(), behind.text());
        assert_eq!(before.has("x-request-id"), behind.has("x-request-id"));
        let headers = |response: &Response| {
            let mut headers = response.headers.clone();
            for name in own {
                headers.remove(name);
            }
            headers
        };
        assert_eq!(headers(&before), headers(&behind), "{coding} {known}");
        assert!(before.has("strict-transport-security") && before.has("ratelimit"));
    }
}

#[actix_web::test]
async fn requests_for_kept_answers_are_limited_and_counted() {
    let database = TestApp::start().await.database.clone();
    let app = start_on(database, &["--rate-reads-without-key", "200/600"]).await;
    let mut left = Vec::new();
    loop {
        let response = app.get("/v1/site").await;
        if response.status == 429 {
            response.problem(429, "too-many-requests");
            break;
        }
        let limit = response.header("ratelimit");
        let remaining = limit.split_once("r=").unwrap().1.split(';').next().unwrap();
        left.push(remaining.parse::<u32>().unwrap());
        assert!(left.len() <= 400);
    }
    assert_eq!(left.last(), Some(&0));
    assert!(left.is_sorted_by(|one, next| one > next), "{left:?}");
    let request = app.get("/v1/headlines").header("X-Request-Id", "mine");
    assert_eq!(request.await.header("x-request-id"), "mine");
}

#[actix_web::test]
async fn a_write_drops_what_it_changed_and_nothing_else() {
    let app = start().await;
    let economy = app.category("Économie", None).await;
    let farming = app.category("Agriculture", Some(&economy)).await;
    let sport = app.category("Sport", None).await;
    let author = app.author("Anir").await;
    let tag = app.tag("Larache").await;
    let field = |value: &Value| value["id"].clone();
    let article = json!({"category_id": field(&farming), "author_ids": [field(&author)], "tag_ids": [field(&tag)]});
    let article = app.article("Semailles", article).await;
    let headline = app
        .headline("Pluies", json!({"category_id": field(&farming)}))
        .await;
    let one = format!("/v1/articles/{}", article.text("/id").to_owned());
    let paths = [
        "/v1/headlines",
        "/v1/headlines?category=economie",
        "/v1/headlines?category=sport",
        "/v1/headlines?language=ar",
        "/v1/articles",
        "/v1/articles?category=economie",
        "/v1/articles?category=sport",
        "/v1/articles?author=anir",
        "/v1/articles?tag=larache",
        "/v1/search?q=semailles",
        "/v1/categories",
        one.as_str(),
    ];
    // The paths whose answers a write drops.
    let dropped = async |app: &TestApp| {
        let mut dropped = Vec::new();
        for path in paths {
            if status_of(app, path).await != HIT {
                dropped.push(path);
            }
        }
        dropped
    };
    assert_eq!(dropped(&app).await, paths);
    assert_eq!(dropped(&app).await, [""; 0]);

    app.headline("Match", json!({"category_id": field(&sport)}))
        .await;
    assert_eq!(
        dropped(&app).await,
        [
            "/v1/headlines",
            "/v1/headlines?category=sport",
            "/v1/search?q=semailles"
        ]
    );
    app.headline(
        "Note",
        json!({"status": "draft", "category_id": field(&sport)}),
    )
    .await;
    assert_eq!(dropped(&app).await, [""; 0]);

    let path = format!("/v1/headlines/{}", headline.text("/id").to_owned());
    app.patch(&path, json!({"category_id": field(&sport)}))
        .await
        .ok();
    assert_eq!(
        dropped(&app).await,
        [
            "/v1/headlines",
            "/v1/headlines?category=economie",
            "/v1/headlines?category=sport",
            "/v1/search?q=semailles"
        ]
    );
    app.patch(&one, json!({"lede": "Enfin."})).await.ok();
    assert_eq!(
        dropped(&app).await,
        [
            "/v1/articles",
            "/v1/articles?category=economie",
            "/v1/articles?author=anir",
            "/v1/articles?tag=larache",
            "/v1/search?q=semailles",
            one.as_str()
        ]
    );
    app.patch("/v1/tags/larache", json!({"name": "Larache (ville)"}))
        .await
        .ok();
    assert_eq!(
        dropped(&app).await,
        [
            "/v1/articles",
            "/v1/articles?category=economie",
            "/v1/articles?author=anir",
            "/v1/articles?tag=larache",
            "/v1/search?q=semailles",
            one.as_str()
        ]
    );
    app.patch("/v1/site", json!({"name": "Le Rivage"}))
        .await
        .ok();
    assert_eq!(dropped(&app).await, paths);
}

#[actix_web::test]
async fn what_becomes_public_later_appears_where_it_was_hidden() {
    let app = start().await;
    let article = app.article("Semailles", json!({"status": "draft"})).await;
    let (article, other) = (
        article.text("/id").to_owned(),
        app.article("Sowing", json!({"language": "en"})).await,
    );
    let linked = json!({"article_id": article});
    let headline = app.headline("Pluies", linked).await.text("/id").to_owned();
    app.patch(
        &format!("/v1/articles/{article}"),
        json!({"translation_of": other["id"]}),
    )
    .await
    .ok();
    let (list, one) = (
        "/v1/headlines?limit=1".to_owned(),
        format!("/v1/headlines/{headline}"),
    );
    let translated = format!("/v1/articles/{}", other.text("/id").to_owned());
    for path in [&list, &one, &translated] {
        app.get(path).await.ok();
        assert_eq!(status_of(&app, path).await, HIT);
    }
    let tags = app.get(&one).await.header("cache-tag").to_owned();
    app.patch(
        &format!("/v1/articles/{article}"),
        json!({"status": "published"}),
    )
    .await
    .ok();
    assert_eq!(app.get(&one).await.ok().text("/article/id"), article);
    assert_eq!(
        app.get(&list).await.ok().text("/items/0/article/id"),
        article
    );
    assert_eq!(
        app.get(&translated).await.ok().text("/translations/0/id"),
        article
    );
    // No header has told of it before.
    assert_ne!(app.get(&one).await.header("cache-tag"), tags);
    app.patch(
        &format!("/v1/articles/{article}"),
        json!({"status": "withdrawn"}),
    )
    .await
    .ok();
    assert_eq!(app.get(&one).await.ok()["article"], Value::Null);
    assert_eq!(app.get(&translated).await.ok()["translations"], json!([]));
}

#[actix_web::test]
async fn scheduled_content_goes_out_and_headlines_expire_in_time() {
    let app = start().await;
    let soon = |seconds| {
        let time = Utc::now() + TimeDelta::seconds(seconds);
        time.to_rfc3339_opts(SecondsFormat::Millis, true)
    };
    let leaving = app
        .headline("Part", json!({"expires_at": soon(2)}))
        .await
        .text("/id")
        .to_owned();
    let coming = json!({"status": "scheduled", "published_at": soon(1)});
    let coming = app.headline("Vient", coming).await.text("/id").to_owned();
    let started = Instant::now();
    loop {
        // Without the cache, then with it: nothing may be missing that was there, nor be there that was gone.
        let fresh = app
            .get_as_admin("/v1/headlines?status=published")
            .await
            .ok();
        let kept = app.get("/v1/headlines").await.ok();
        let (fresh, kept) = (ids(&fresh), ids(&kept));
        assert!(kept.contains(&coming) || !fresh.contains(&coming), "late");
        // A key sees expired headlines too: the database's clock decides.
        let expired = "SELECT FROM headlines WHERE expires_at <= now()";
        let is_expired = app.row_count(expired).await > 0;
        if is_expired {
            let kept = ids(&app.get("/v1/headlines").await.ok());
            assert!(!kept.contains(&leaving), "late");
            assert!(kept.contains(&coming));
            break;
        }
        assert!(started.elapsed() < PATIENCE);
    }
}

#[actix_web::test]
async fn nothing_that_a_key_sees_is_kept() {
    let app = start().await;
    app.headline("Brouillon", json!({"status": "draft"})).await;
    let with_key = app.get_as_admin("/v1/headlines").await;
    assert_eq!(with_key.ok()["items"].as_array().unwrap().len(), 1);
    assert!(!with_key.has("cache-status"));
    let without = app.get("/v1/headlines").await;
    assert_eq!(without.header("cache-status"), STORED);
    assert_eq!(without.ok()["items"], json!([]));
    app.get_as_admin("/v1/headlines").await.ok();
    assert_eq!(app.get("/v1/headlines").await.ok()["items"], json!([]));
    // Neither are problems.
    for _ in 0..2 {
        assert!(!app.get("/v1/articles/nothing").await.has("cache-status"));
    }
}

#[actix_web::test]
async fn answers_that_depend_on_accept_language_are_kept_for_each() {
    let app = start().await;
    let names = json!({"name": "Économie", "names": {"ar": "اقتصاد"}});
    app.post("/v1/categories", names).await.created();
    let name = async |language: &str| {
        let response = app
            .get("/v1/categories")
            .header("Accept-Language", language)
            .await;
        (
            response.ok().text("/items/0/name").to_owned(),
            response.header("cache-status").to_owned(),
        )
    };
    for _ in 0..2 {
        for (language, expected) in [
            ("fr", "Économie"),
            ("ar", "اقتصاد"),
            ("ar;q=0.5, fr", "Économie"),
        ] {
            assert_eq!(name(language).await.0, expected, "{language}");
            assert_eq!(name(language).await.1, HIT, "{language}");
        }
    }
}

#[actix_web::test]
async fn concurrent_requests_for_one_answer_ask_the_database_once() {
    let database = TestApp::start().await.database.clone();
    let app = start_on(database, &["--read-lock-timeout-ms", "60000"]).await;
    app.headline("Titre", json!({})).await;
    let mut lock = app.conn().await;
    lock.batch_execute("BEGIN; LOCK TABLE headlines")
        .await
        .unwrap();
    let requests = (0..16).map(|_| app.get("/v1/headlines").into_future());
    let (responses, ()) = join(join_all(requests), async {
        actix_web::rt::time::sleep(Duration::from_millis(200)).await;
        lock.batch_execute("COMMIT").await.unwrap();
    })
    .await;
    let stored = responses
        .iter()
        .filter(|response| response.header("cache-status") == STORED);
    assert_eq!(stored.count(), 1);
    assert!(
        responses
            .iter()
            .all(|response| response.json() == responses[0].json())
    );
}

#[actix_web::test]
async fn a_read_that_began_before_a_write_is_not_kept_after_it() {
    let app = start().await;
    let headline = app.headline("Avant", json!({})).await;
    let path = format!("/v1/headlines/{}", headline.text("/id").to_owned());
    let title = async || {
        app.get("/v1/headlines")
            .await
            .ok()
            .text("/items/0/title")
            .to_owned()
    };
    for n in 0..50 {
        let new = format!("Titre {n}");
        // The list is dropped, then read and written at once.
        app.patch(&path, json!({"source": new})).await.ok();
        let (read, written) = join(
            title(),
            app.patch(&path, json!({"title": new})).into_future(),
        )
        .await;
        written.ok();
        assert_eq!(title().await, new, "read {read} meanwhile");
    }
}

#[actix_web::test]
async fn another_node_follows_within_a_second() {
    let app = start().await;
    let other = start_on(app.database.clone(), &[]).await;
    let headline = app.headline("Avant", json!({})).await;
    let path = format!("/v1/headlines/{}", headline.text("/id").to_owned());
    for n in 0..5 {
        wait_for(&other, "/v1/headlines", HIT).await;
        let new = format!("Titre {n}");
        app.patch(&path, json!({"title": new})).await.ok();
        let started = Instant::now();
        while other.get("/v1/headlines").await.ok().text("/items/0/title") != new {
            assert!(started.elapsed() < PATIENCE);
        }
    }
    // A connection that listens is lost, with the change that it would have told of.
    for n in 5..8 {
        wait_for(&other, "/v1/headlines", HIT).await;
        app.execute_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND query LIKE '%pg_current_snapshot%' AND pid <> pg_backend_pid()",
        )
        .await;
        let new = format!("Titre {n}");
        app.patch(&path, json!({"title": new})).await.ok();
        assert_eq!(
            app.get("/v1/headlines").await.ok().text("/items/0/title"),
            new
        );
        let started = Instant::now();
        while other.get("/v1/headlines").await.ok().text("/items/0/title") != new {
            assert!(started.elapsed() < PATIENCE);
        }
    }
}

#[actix_web::test]
async fn without_its_database_a_node_serves_what_is_kept_for_a_while() {
    let (proxy, database) = DatabaseProxy::to_new_database().await;
    let app = start_on(
        database,
        &["--database-silence-ms", "500", "--max-stale", "86400"],
    )
    .await;
    app.headline("Titre", json!({})).await;
    wait_for(&app, "/v1/headlines", HIT).await;
    proxy.disconnect();
    let stale = wait_for(&app, "/v1/headlines", STALE).await;
    assert_eq!(stale.ok().text("/items/0/title"), "Titre");
    app.get("/v1/articles").await.problem(503, "unavailable");
    app.get_as_admin("/v1/headlines")
        .await
        .problem(503, "unavailable");
    proxy.resume();
    let started = Instant::now();
    let next = json!({"title": "Suite", "language": "fr", "status": "published"});
    while app.post("/v1/headlines", next.clone()).await.status != 201 {
        assert!(started.elapsed() < PATIENCE);
    }
    let first = app.get("/v1/headlines").await.ok();
    assert_eq!(first.text("/items/0/title"), "Suite");
    wait_for(&app, "/v1/headlines", HIT).await;
}

#[actix_web::test]
async fn nothing_stale_is_served_where_the_setting_forbids_it() {
    let (proxy, database) = DatabaseProxy::to_new_database().await;
    let app = start_on(
        database,
        &["--database-silence-ms", "500", "--max-stale", "0"],
    )
    .await;
    wait_for(&app, "/v1/headlines", HIT).await;
    proxy.disconnect();
    let started = Instant::now();
    while app.get("/v1/headlines").await.status != 503 {
        assert!(started.elapsed() < PATIENCE);
    }
    app.get("/v1/headlines").await.problem(503, "unavailable");
}

#[actix_web::test]
async fn without_memory_nothing_is_kept() {
    let app = TestApp::start_with(&["--cache-size", "0"]).await;
    for _ in 0..2 {
        assert_eq!(status_of(&app, "/v1/headlines").await, BYPASSED);
    }
}

/// Whatever else a list is filtered by, it depends on the tree that its categories are in.
#[actix_web::test]
async fn a_category_that_moves_drops_every_list_of_a_category() {
    let app = start().await;
    let economy = app.category("Économie", None).await;
    let farming = app.category("Agriculture", None).await;
    let article = json!({"category_id": farming["id"]});
    let article = app.article("Semailles", article).await;
    let id = article.text("/id");
    for query in [
        "",
        "&language=fr",
        "&language=fr&fallback=true",
        &format!("&ids={id}"),
    ] {
        let path = format!("/v1/articles?category=economie{query}");
        let found = async || ids(&app.get(&path).await.ok()).len();
        assert_eq!(found().await, 0, "{query}");
        let parent = json!({"parent_id": economy["id"]});
        app.patch("/v1/categories/agriculture", parent).await.ok();
        assert_eq!(found().await, 1, "{query}");
        let parent = json!({"parent_id": null});
        app.patch("/v1/categories/agriculture", parent).await.ok();
        assert_eq!(found().await, 0, "{query}");
    }
}
