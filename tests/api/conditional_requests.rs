//! Conditional requests: entity tags, 304, 412.

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{JsonPath, TestApp, path_of};

#[actix_web::test]
async fn every_get_has_a_strong_etag_and_supports_if_none_match() {
    let app = TestApp::start().await;
    let article = app.article("x", json!({"slug": "x"})).await;
    let headline = app.headline("x", json!({})).await;
    let category = app.category("x", None).await;
    let one = |list: &str, id: &serde_json::Value| format!("{list}/{}", id.as_str().unwrap());
    for path in [
        "/v1/headlines".to_owned(),
        "/v1/articles?fields=title".into(),
        "/v1/categories".into(),
        "/v1/articles/x".into(),
        one("/v1/articles", &article["id"]),
        one("/v1/headlines", &headline["id"]),
        one("/v1/categories", &category["id"]),
        "/livez".into(),
        "/readyz".into(),
        "/openapi.json".into(),
        "/problems".into(),
    ] {
        let response = app.get(&path).await;
        assert_eq!(response.status, 200, "{path}");
        let tag = response.etag();
        assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
        for known in [
            tag.clone(),
            format!("W/{tag}"),
            "*".into(),
            format!("\"other\", {tag}"),
        ] {
            let unchanged = app.get(&path).header("If-None-Match", &known).await;
            assert_eq!(
                (unchanged.status, unchanged.body.len()),
                (304, 0),
                "{path} {known}"
            );
            assert_eq!(unchanged.header("etag"), tag);
            assert!(unchanged.has("cache-control") && !unchanged.has("content-type"));
        }
        assert_eq!(
            app.get(&path)
                .header("If-None-Match", "\"other\"")
                .await
                .status,
            200
        );
        assert_eq!(
            app.request(reqwest::Method::HEAD, &path)
                .await
                .header("etag"),
            tag
        );
    }
}

#[actix_web::test]
async fn an_etag_changes_only_when_the_content_changes_including_embedded_data() {
    let app = TestApp::start().await;
    let category = app.category("a", None).await;
    let article = app
        .article("x", json!({"category_id": category["id"]}))
        .await;
    let path = path_of("articles", &article);
    let first = app.get(&path).await;
    assert_eq!(first.header("etag"), app.get(&path).await.header("etag"));
    // No Last-Modified, because embedded data has dates of its own: only the ETag covers both.
    assert!(!first.has("last-modified"));
    let later = app
        .get(&path)
        .header("If-Modified-Since", "Thu, 01 Jan 2099 00:00:00 GMT");
    later.await.ok();
    let renamed = path_of("categories", &category);
    app.patch(&renamed, json!({"name": "b"})).await.ok();
    let second = app.get(&path).await;
    assert_ne!(
        second.header("etag"),
        first.header("etag"),
        "the response includes the name of the category"
    );
    assert_eq!(second.json()["version"], 1);
}

#[actix_web::test]
async fn if_match_is_checked_by_put_patch_and_delete() {
    let app = TestApp::start().await;
    let article = app.article("x", json!({"slug": "x"})).await;
    let path = path_of("articles", &article);
    let old = app.get(&path).await.etag();
    let changed = app
        .patch(&path, json!({"title": "y"}))
        .header("If-Match", &old)
        .await;
    changed.ok();
    let new = changed.etag();
    assert_eq!(
        app.get(&path).await.header("etag"),
        new,
        "a write returns the ETag of the next read"
    );

    let body = json!({"title": "z", "language": "fr"});
    for tag in [old.as_str(), "\"other\"", &format!("W/{new}")] {
        let problem = app
            .patch(&path, json!({"title": "z"}))
            .header("If-Match", tag)
            .await
            .problem(412, "precondition-failed");
        assert!(
            problem.text("/detail").contains("the current version is 2"),
            "{problem}"
        );
        app.put(&path, body.clone())
            .header("If-Match", tag)
            .await
            .problem(412, "precondition-failed");
        app.delete(&path)
            .header("If-Match", tag)
            .await
            .problem(412, "precondition-failed");
    }
    app.put(&path, body.clone())
        .header("If-None-Match", "*")
        .await
        .problem(412, "precondition-failed");
    assert_eq!(app.get(&path).await.header("etag"), new, "nothing changed");
    app.put(&path, body.clone())
        .header("If-Match", "*")
        .await
        .ok();
    let tag = app.get_as_admin(&path).await.etag();
    assert_eq!(
        app.delete(&path)
            .header("If-Match", &format!("\"other\", {tag}"))
            .await
            .status,
        204
    );
    app.put(&path, body.clone())
        .header("If-Match", "*")
        .await
        .problem(412, "precondition-failed");
    app.put(&path, body)
        .header("If-None-Match", "*")
        .await
        .created();
}

#[actix_web::test]
async fn of_twenty_concurrent_patches_to_one_version_one_succeeds() {
    let app = TestApp::start().await;
    let headline = app.headline("x", json!({})).await;
    let path = path_of("headlines", &headline);
    let tag = app.get(&path).await.etag();
    let change = |n: i32| {
        app.patch(&path, json!({"title": n.to_string()}))
            .header("If-Match", &tag)
            .into_future()
    };
    let responses = join_all((0..20).map(change)).await;
    let succeeded = responses
        .iter()
        .filter(|response| response.status == 200)
        .count();
    let failed = responses
        .iter()
        .filter(|response| response.status == 412)
        .count();
    assert_eq!((succeeded, failed), (1, 19));
    assert_eq!(app.get(&path).await.ok()["version"], 2);
}

#[actix_web::test]
async fn a_failed_precondition_reports_the_current_version_and_etag() {
    let app = TestApp::start().await;
    let article = app.article("x", json!({"slug": "x"})).await;
    let path = path_of("articles", &article);
    let old = app.get_as_admin(&path).await.etag();
    app.patch(&path, json!({"title": "y"})).await.ok();
    let body = json!({"title": "z", "language": "fr"});
    for refused in [
        app.patch(&path, json!({"title": "z"}))
            .header("If-Match", &old)
            .await,
        app.put(&path, body.clone()).header("If-Match", &old).await,
        app.put(&path, body.clone())
            .header("If-None-Match", "*")
            .await,
        app.delete(&path).header("If-Match", &old).await,
    ] {
        let problem = refused.problem(412, "precondition-failed");
        let tag = app.get_as_admin(&path).await.etag();
        assert_eq!(problem["current"], json!({"version": 2, "etag": tag}));
        assert_eq!(refused.header("etag"), tag);
    }
    app.delete(&path).await;
    let nothing = app.put(&path, body).header("If-Match", &old).await;
    assert!(
        nothing
            .problem(412, "precondition-failed")
            .get("current")
            .is_none()
    );
}

#[actix_web::test]
async fn if_match_accepts_the_etag_of_every_content_coding() {
    let app = TestApp::start().await;
    let article = app.article("x", json!({"body": "mot ".repeat(1000)})).await;
    let path = path_of("articles", &article);
    for coding in ["gzip", "br", "zstd", "identity"] {
        let read = app
            .get_as_admin(&path)
            .header("Accept-Encoding", coding)
            .await;
        let tag = read.header("etag");
        let written = app
            .patch(&path, json!({"title": coding}))
            .header("If-Match", tag)
            .await;
        assert_eq!(written.status, 200, "{tag}");
        app.patch(&path, json!({"title": "z"}))
            .header("If-Match", tag)
            .await
            .problem(412, "precondition-failed");
    }
}

#[actix_web::test]
async fn with_require_if_match_every_change_needs_a_precondition() {
    let app = TestApp::start_with(&["--require-if-match"]).await;
    let tag = app.post("/v1/tags", json!({"name": "a"})).await;
    let (path, etag) = (tag.header("location").to_owned(), tag.etag());
    let body = json!({"name": "b"});
    for response in [
        app.patch(&path, body.clone()).await,
        app.put(&path, body.clone()).await,
        app.delete(&path).await,
        app.put(
            "/v1/site",
            json!({"name": "a", "languages": ["fr"], "time_zone": "UTC"}),
        )
        .await,
    ] {
        response.problem(428, "precondition-required");
    }
    app.put(&path, body.clone())
        .header("If-None-Match", "*")
        .await
        .problem(412, "precondition-failed");
    app.patch(&path, body.clone())
        .header("If-Match", &etag)
        .await
        .ok();
    app.put(&path, body.clone())
        .header("If-Match", "*")
        .await
        .ok();
    let new = "/v1/tags/01890000-0000-7000-8000-000000000001";
    app.put(new, body).await.created();
    assert_eq!(app.delete(new).header("If-Match", "*").await.status, 204);
}

#[actix_web::test]
async fn of_fifty_concurrent_patches_on_two_nodes_one_succeeds() {
    let app = TestApp::start().await;
    let other = app.another_node().await;
    let article = app.article("x", json!({})).await;
    let path = path_of("articles", &article);
    for version in 1..4 {
        let tag = app.get_as_admin(&path).await.etag();
        let requests = (0..50).map(|n| {
            let node = if n % 2 == 0 { &app } else { &other };
            let change = json!({"title": format!("{version}-{n}")});
            node.request(reqwest::Method::PATCH, &path)
                .key(&app.admin_key)
                .header("If-Match", &tag)
                .json(change)
                .into_future()
        });
        let statuses: Vec<u16> = join_all(requests)
            .await
            .iter()
            .map(|response| response.status)
            .collect();
        let count = |status| {
            statuses
                .iter()
                .filter(|response| **response == status)
                .count()
        };
        assert_eq!(count(200), 1, "{statuses:?}");
        // A request that waits too long for a connection gets 503.
        assert_eq!(count(412) + count(503), 49, "{statuses:?}");
        assert_eq!(app.get_as_admin(&path).await.ok()["version"], version + 1);
    }
}

#[actix_web::test]
async fn an_etag_does_not_match_another_resource_that_took_over_the_slug() {
    let app = TestApp::start().await;
    let first = app.article("first", json!({"slug": "handover"})).await;
    let tag = app.get_as_admin("/v1/articles/handover").await.etag();
    let path = path_of("articles", &first);
    app.patch(&path, json!({"slug": "elsewhere"})).await.ok();
    app.article("second", json!({"slug": "handover"})).await;
    let body = json!({"title": "corrected", "language": "fr", "slug": "handover"});
    for refused in [
        app.put("/v1/articles/handover", body)
            .header("If-Match", &tag)
            .await,
        app.patch("/v1/articles/handover", json!({"title": "corrected"}))
            .header("If-Match", &tag)
            .await,
        app.delete("/v1/articles/handover")
            .header("If-Match", &tag)
            .await,
    ] {
        refused.problem(412, "precondition-failed");
    }
    assert_eq!(
        app.get_as_admin("/v1/articles/handover").await.ok()["title"],
        "second"
    );
}

#[actix_web::test]
async fn a_malformed_etag_in_if_match_is_rejected() {
    let app = TestApp::start().await;
    let article = app.article("x", json!({})).await;
    let path = path_of("articles", &article);
    for wrong in ["1-abc", "", ",", "\"1-abc", "w/\"1-abc\""] {
        app.delete(&path)
            .header("If-Match", wrong)
            .await
            .problem(400, "malformed");
    }
}

#[actix_web::test]
async fn if_unmodified_since_is_honoured_without_if_match() {
    let app = TestApp::start().await;
    let article = app.article("x", json!({})).await;
    let path = path_of("articles", &article);
    let now = article.text("/updated_at");
    let now = now.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let now = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let before = "Mon, 01 Jan 2024 00:00:00 GMT";
    for refused in [
        app.patch(&path, json!({"title": "y"}))
            .header("If-Unmodified-Since", before)
            .await,
        app.delete(&path)
            .header("If-Unmodified-Since", before)
            .await,
    ] {
        refused.problem(412, "precondition-failed");
    }
    app.patch(&path, json!({"title": "y"}))
        .header("If-Unmodified-Since", &now)
        .await
        .ok();
    // If-Match has precedence, and an invalid date is ignored (RFC 9110, section 13.1.4).
    app.patch(&path, json!({"title": "z"}))
        .header("If-Match", "*")
        .header("If-Unmodified-Since", before)
        .await
        .ok();
    app.patch(&path, json!({"title": "a"}))
        .header("If-Unmodified-Since", "yesterday")
        .await
        .ok();
}
