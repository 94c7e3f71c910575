//! Articles with large bodies: their cost to other requests, and their limits.

use std::future::IntoFuture;
use std::time::{Duration, Instant};

use manchette::cpu_tasks::CpuTasks;
use serde_json::{Value, json};

use crate::support::{JsonPath, Response, TestApp, cluster, path_of, with};

/// Longer than any test.
const FOREVER: Duration = Duration::from_secs(3600);

/// Far longer than anything takes here.
const LONG: Duration = Duration::from_secs(60);

/// A server with one worker, one database connection, and CPU-bound tasks that the test can pause.
async fn start_with_one_connection(tasks: &CpuTasks) -> TestApp {
    let settings = ["--workers", "1", "--pool-size", "1"];
    let database = cluster::new_database().await;
    TestApp::start_with_cpu_tasks(database, &settings, tasks.clone()).await
}

/// A body that is rendered as a CPU-bound task.
fn large_body() -> String {
    "<p>Il a <em>plu</em>.</p>".repeat(1_000)
}

fn path(article: &Value) -> String {
    path_of("articles", article)
}

/// Sends a request that waits for its CPU-bound task, and awaits something else meanwhile.
async fn while_waiting<T>(
    tasks: &CpuTasks,
    request: impl IntoFuture<Output = Response>,
    others: impl Future<Output = T>,
) -> (Response, T) {
    let paused = tasks.pause().await;
    let others = async {
        let started = Instant::now();
        while tasks.waiting() == 0 {
            assert!(started.elapsed() < LONG, "the task is not waiting");
            actix_web::rt::time::sleep(Duration::from_millis(5)).await;
        }
        let done = others.await;
        drop(paused);
        done
    };
    futures_util::future::join(request.into_future(), others).await
}

#[actix_web::test]
async fn no_database_connection_is_held_while_a_body_is_rendered() {
    let tasks = CpuTasks::new(1, FOREVER);
    let app = start_with_one_connection(&tasks).await;
    let new = json!({"title": "x", "language": "fr", "body_format": "html", "body": large_body()});
    let reads = async || {
        for path in ["/v1/articles", "/v1/headlines", "/v1/site"] {
            app.get(path).await.ok();
        }
    };
    let (created, ()) = while_waiting(&tasks, app.post("/v1/articles", new.clone()), reads()).await;
    let article = created.created();
    assert_eq!(article["body_html"], large_body());
    let path = path(&article);
    let (put, ()) = while_waiting(&tasks, app.put(&path, new), reads()).await;
    put.ok();
    for patch in [
        json!({"body": format!("{} ", large_body())}),
        json!({"body_format": "markdown"}),
        json!({"body": large_body(), "body_format": "html"}),
    ] {
        let (patched, ()) = while_waiting(&tasks, app.patch(&path, patch), reads()).await;
        patched.ok();
    }
    // A document that is large enough for parsing to be a task.
    let huge = json!({"title": "x", "language": "fr", "lede": "x".repeat(100_000)});
    let (refused, ()) = while_waiting(&tasks, app.post("/v1/articles", huge), reads()).await;
    assert_eq!(refused.faults(), ["/lede too_long"]);
}

#[actix_web::test]
async fn a_patch_that_keeps_the_body_does_not_render_it() {
    let tasks = CpuTasks::new(1, FOREVER);
    let app = start_with_one_connection(&tasks).await;
    let embeds = ["--embed-hosts", "player.example"];
    let embedding = TestApp::start_on(app.database.clone(), &embeds).await;
    let body = format!(
        "{}<iframe src=\"https://player.example/\"></iframe>",
        large_body()
    );
    let more = json!({"body_format": "html", "body": body});
    let article = embedding.article("x", more).await;
    assert!(article.text("/body_html").contains("<iframe"));
    let _paused = tasks.pause().await;
    for patch in [
        json!({"title": "y"}),
        json!({"title": "z", "body": body}),
        json!({"title": "z", "body_format": "html", "lede": "l"}),
    ] {
        let patched = app.patch(&path(&article), patch.clone()).await.ok();
        let read_only = json!({"version": patched["version"], "updated_at": patched["updated_at"]});
        let slug = json!({"slug": article["slug"], "lede": patched["lede"]});
        let expected = with(with(with(article.clone(), patch), slug), read_only);
        assert_eq!(patched, expected);
    }
}

#[actix_web::test]
async fn a_body_changed_during_rendering_is_rendered_again() {
    let tasks = CpuTasks::new(1, FOREVER);
    let app = start_with_one_connection(&tasks).await;
    let paused_body = json!({"body_format": "markdown", "body": large_body()});
    let paused = app.article("x", paused_body).await;
    let path = path(&paused);
    let other = async {
        let small = json!({"body": "*a* <b>b</b>", "title": "y"});
        app.patch(&path, small).await.ok()
    };
    let patch = app.patch(&path, json!({"body_format": "html"}));
    let (patched, other) = while_waiting(&tasks, patch, other).await;
    assert_eq!(other["body_html"], "<p><em>a</em> <b>b</b></p>\n");
    let patched = patched.ok();
    assert_eq!(patched["body_html"], "*a* <b>b</b>");
    assert_eq!(
        (&patched["title"], &patched["body_text"]),
        (&json!("y"), &json!("*a* b"))
    );
    // Preconditions are checked again too.
    let etag = app.get_as_admin(&path).await.etag();
    let other = async { app.patch(&path, json!({"title": "z"})).await.ok() };
    let patch = app
        .patch(&path, json!({"body": large_body()}))
        .header("If-Match", &etag);
    let (refused, _) = while_waiting(&tasks, patch, other).await;
    refused.problem(412, "precondition-failed");
}

#[actix_web::test]
async fn rendering_that_would_wait_too_long_is_refused_with_503() {
    let tasks = CpuTasks::new(1, Duration::from_millis(20));
    let app = start_with_one_connection(&tasks).await;
    let _paused = tasks.pause().await;
    let new = |body: String| {
        app.post(
            "/v1/articles",
            json!({"title": "x", "language": "fr", "body": body}),
        )
    };
    let refused = new(large_body()).await;
    let problem = refused.problem(503, "unavailable");
    assert_eq!(refused.header("retry-after"), "1");
    assert!(problem.text("/detail").contains("large bodies"));
    // Small bodies do not wait.
    new("a".repeat(8 << 10)).await.created();
}

/// The longest bodies: by characters, by bytes, and by rendered size.
fn longest_bodies() -> Vec<(&'static str, String, &'static str)> {
    let filled = |text: &str, most: usize| -> String {
        let length = text.chars().count();
        text.repeat(most / length)
    };
    vec![
        ("latin", filled("Il a plu. ", 400_000), "markdown"),
        ("arabic", filled("هطل المطر. ", 500_000), "markdown"),
        ("4 bytes", filled("𐤀𐤁 ", 500_000), "html"),
        ("quotes", filled("\"\\\n", 500_000), "html"),
        (
            "markup",
            filled(
                "*هطل* [المطر](https://a.example/x), **أخيرا**.\n\n",
                300_000,
            ),
            "markdown",
        ),
    ]
}

#[actix_web::test]
async fn bodies_of_maximum_length_are_accepted_and_round_trip() {
    let app = TestApp::start().await;
    for (name, body, format) in longest_bodies() {
        let new = json!({"title": name, "language": "ar", "body": body, "body_format": format});
        let created = app.post("/v1/articles", new).await.created();
        assert_eq!(created["body"], body, "{name}");
        let read = app.get_as_admin(&path(&created)).await;
        let put = app.request_as_admin(reqwest::Method::PUT, &path(&created));
        let put = put.body("application/json", read.body.clone()).await.ok();
        let same = json!({"version": 1, "updated_at": created["updated_at"], "created_at": created["created_at"]});
        assert!(with(put, same) == created, "{name} changed on its way");
        // As sent by clients that escape everything but ASCII.
        let ascii = app.request_as_admin(reqwest::Method::PUT, &path(&created));
        let escaped = ascii_only(&read.body);
        ascii.body("application/json", escaped).await.ok();
    }
}

/// JSON with everything but ASCII escaped.
fn ascii_only(json: &[u8]) -> String {
    let mut ascii = String::new();
    for c in std::str::from_utf8(json).unwrap().chars() {
        if c.is_ascii() {
            ascii.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                ascii.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    ascii
}

#[actix_web::test]
async fn request_bodies_are_limited_and_articles_have_a_higher_limit() {
    let app = TestApp::start().await;
    let padded = |bytes: usize| format!("{{\"x\": \"{}\"}}", "x".repeat(bytes - 9));
    let post = |path: &str, bytes: usize| {
        let request = app.request_as_admin(reqwest::Method::POST, path);
        request.body("application/json", padded(bytes))
    };
    for (path, most) in [
        ("/v1/headlines", 1 << 20),
        ("/v1/tags", 1 << 20),
        ("/v1/articles", 16 << 20),
    ] {
        post(path, most).await.problem(422, "invalid");
        let problem = post(path, most + 1).await.problem(413, "too-large");
        let detail = problem.text("/detail");
        assert!(detail.contains(&most.to_string()), "{detail}");
    }
}

#[actix_web::test]
async fn rendered_html_over_the_size_limit_is_rejected() {
    let app = TestApp::start().await;
    // Each of these footnote references renders to long links.
    let notes = format!("{}\n\n[^a]: b\n", "[^a]".repeat(60_000));
    let new = json!({"title": "x", "language": "fr", "body": notes});
    let refused = app.post("/v1/articles", new).await;
    assert_eq!(refused.faults(), ["/body too_complex"]);
    let detail = &refused.problem(422, "invalid")["errors"][0]["detail"];
    assert_eq!(detail, "more than 4 MiB of HTML");
    // A short relative URL becomes long with the site's URL.
    let url = format!("https://site.example/{}/", "x".repeat(470));
    app.patch("/v1/site", json!({"url": url})).await.ok();
    let links = "<q cite=a>b</q>".repeat(20_000);
    let new = json!({"title": "x", "language": "fr", "body": links, "body_format": "html"});
    let refused = app.post("/v1/articles", new).await;
    assert_eq!(refused.faults(), ["/body too_complex"]);
}
