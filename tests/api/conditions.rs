//! Conditional requests: entity tags, 304, 412.

use futures_util::future::join_all;
use serde_json::json;

use crate::support::TestApp;

#[actix_web::test]
async fn every_get_has_a_strong_tag_and_answers_304() {
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
        let answer = app.get(&path).await;
        assert_eq!(answer.status, 200, "{path}");
        let tag = answer.header("etag").to_owned();
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
            app.ask(reqwest::Method::HEAD, &path).await.header("etag"),
            tag
        );
    }
}

#[actix_web::test]
async fn a_tag_changes_with_what_is_shown_and_not_before() {
    let app = TestApp::start().await;
    let category = app.category("a", None).await;
    let article = app
        .article("x", json!({"category_id": category["id"]}))
        .await;
    let path = format!("/v1/articles/{}", article["id"].as_str().unwrap());
    let first = app.get(&path).await;
    assert_eq!(first.header("etag"), app.get(&path).await.header("etag"));
    // What is embedded has a date of its own: only a tag knows of both.
    assert!(!first.has("last-modified"));
    let later = app
        .get(&path)
        .header("If-Modified-Since", "Thu, 01 Jan 2099 00:00:00 GMT");
    later.await.ok();
    let renamed = format!("/v1/categories/{}", category["id"].as_str().unwrap());
    app.patch(&renamed, json!({"name": "b"})).await.ok();
    let second = app.get(&path).await;
    assert_ne!(
        second.header("etag"),
        first.header("etag"),
        "it shows the category's name"
    );
    assert_eq!(second.json()["version"], 1);
}

#[actix_web::test]
async fn if_match_guards_every_change() {
    let app = TestApp::start().await;
    let article = app.article("x", json!({"slug": "x"})).await;
    let path = format!("/v1/articles/{}", article["id"].as_str().unwrap());
    let old = app.get(&path).await.header("etag").to_owned();
    let changed = app
        .patch(&path, json!({"title": "y"}))
        .header("If-Match", &old)
        .await;
    changed.ok();
    let new = changed.header("etag").to_owned();
    assert_eq!(
        app.get(&path).await.header("etag"),
        new,
        "a write answers with the tag that a read would"
    );

    let body = json!({"title": "z", "language": "fr"});
    for tag in [old.as_str(), "\"other\"", &format!("W/{new}")] {
        let problem = app
            .patch(&path, json!({"title": "z"}))
            .header("If-Match", tag)
            .await
            .problem(412, "precondition-failed");
        assert!(
            problem["detail"]
                .as_str()
                .unwrap()
                .contains("the current version is 2"),
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
    assert_eq!(
        app.get(&path).await.header("etag"),
        new,
        "nothing has changed"
    );
    app.put(&path, body.clone())
        .header("If-Match", "*")
        .await
        .ok();
    let tag = app.get_all(&path).await.header("etag").to_owned();
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
async fn of_twenty_changes_to_one_version_one_wins() {
    let app = TestApp::start().await;
    let headline = app.headline("x", json!({})).await;
    let path = format!("/v1/headlines/{}", headline["id"].as_str().unwrap());
    let tag = app.get(&path).await.header("etag").to_owned();
    let change = |n: i32| {
        app.patch(&path, json!({"title": n.to_string()}))
            .header("If-Match", &tag)
            .into_future()
    };
    let answers = join_all((0..20).map(change)).await;
    let won = answers.iter().filter(|answer| answer.status == 200).count();
    let lost = answers.iter().filter(|answer| answer.status == 412).count();
    assert_eq!((won, lost), (1, 19));
    assert_eq!(app.get(&path).await.ok()["version"], 2);
}

#[actix_web::test]
async fn a_refusal_says_what_is_there_now() {
    let app = TestApp::start().await;
    let article = app.article("x", json!({"slug": "x"})).await;
    let path = format!("/v1/articles/{}", article["id"].as_str().unwrap());
    let old = app.get_all(&path).await.header("etag").to_owned();
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
        let tag = app.get_all(&path).await.header("etag").to_owned();
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
async fn a_tag_holds_whichever_coding_it_came_with() {
    let app = TestApp::start().await;
    let article = app.article("x", json!({"body": "mot ".repeat(1000)})).await;
    let path = format!("/v1/articles/{}", article["id"].as_str().unwrap());
    for coding in ["gzip", "br", "zstd", "identity"] {
        let read = app.get_all(&path).header("Accept-Encoding", coding).await;
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
async fn where_it_is_compulsory_nobody_changes_what_they_have_not_seen() {
    let app = TestApp::start_with(&["--require-if-match"]).await;
    let tag = app.post("/v1/tags", json!({"name": "a"})).await;
    let (path, etag) = (
        tag.header("location").to_owned(),
        tag.header("etag").to_owned(),
    );
    let body = json!({"name": "b"});
    for unsaid in [
        app.patch(&path, body.clone()).await,
        app.put(&path, body.clone()).await,
        app.delete(&path).await,
        app.put(
            "/v1/site",
            json!({"name": "a", "languages": ["fr"], "time_zone": "UTC"}),
        )
        .await,
    ] {
        unsaid.problem(428, "precondition-required");
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
async fn of_fifty_at_once_on_two_nodes_one_wins() {
    let app = TestApp::start().await;
    let beside = TestApp::start_on(app.address.clone()).await;
    let article = app.article("x", json!({})).await;
    let path = format!("/v1/articles/{}", article["id"].as_str().unwrap());
    for version in 1..4 {
        let tag = app.get_all(&path).await.header("etag").to_owned();
        let asked = (0..50).map(|n| {
            let node = if n % 2 == 0 { &app } else { &beside };
            let change = json!({"title": format!("{version}-{n}")});
            node.ask(reqwest::Method::PATCH, &path)
                .key(&app.key)
                .header("If-Match", &tag)
                .json(change)
                .into_future()
        });
        let statuses: Vec<u16> = join_all(asked).await.iter().map(|it| it.status).collect();
        let count = |status| statuses.iter().filter(|it| **it == status).count();
        assert_eq!(count(200), 1, "{statuses:?}");
        // Who has waited too long for a connection is told to come back.
        assert_eq!(count(412) + count(503), 49, "{statuses:?}");
        assert_eq!(app.get_all(&path).await.ok()["version"], version + 1);
    }
}

#[actix_web::test]
async fn a_tag_is_of_one_resource_also_where_a_slug_changes_hands() {
    let app = TestApp::start().await;
    let first = app.article("first", json!({"slug": "handover"})).await;
    let tag = app
        .get_all("/v1/articles/handover")
        .await
        .header("etag")
        .to_owned();
    let path = format!("/v1/articles/{}", first["id"].as_str().unwrap());
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
        app.get_all("/v1/articles/handover").await.ok()["title"],
        "second"
    );
}

#[actix_web::test]
async fn what_is_no_tag_is_said_to_be_none() {
    let app = TestApp::start().await;
    let article = app.article("x", json!({})).await;
    let path = format!("/v1/articles/{}", article["id"].as_str().unwrap());
    for wrong in ["1-abc", "", ",", "\"1-abc", "w/\"1-abc\""] {
        app.delete(&path)
            .header("If-Match", wrong)
            .await
            .problem(400, "malformed");
    }
}

#[actix_web::test]
async fn a_date_guards_where_there_is_no_tag() {
    let app = TestApp::start().await;
    let article = app.article("x", json!({})).await;
    let path = format!("/v1/articles/{}", article["id"].as_str().unwrap());
    let now = article["updated_at"].as_str().unwrap();
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
    // A tag goes before it, and what is no date is as good as nothing (RFC 9110, section 13.1.4).
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
