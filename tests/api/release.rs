//! Content goes out, and expires, at its time: reads obey the moment, and a task writes a version and an event for it.

use std::time::{Duration, Instant};

use chrono::{SecondsFormat, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use manchette::news::articles::Article;
use manchette::news::headlines::Headline;
use manchette::news::release::write_due;
use manchette::schema::events;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{JsonPath, TestApp, path_of};

/// How long to wait for what must happen, however slow the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

/// A time in a few seconds, and a number of milliseconds.
fn soon(milliseconds: i64) -> String {
    // Long enough to be written before, on a slow machine.
    let time = Utc::now() + TimeDelta::seconds(3) + TimeDelta::milliseconds(milliseconds);
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Writes what is due, as the server does all the time.
async fn write_all_due(app: &TestApp) -> usize {
    let mut conn = app.conn().await;
    write_due::<Article>(&mut conn).await.unwrap() + write_due::<Headline>(&mut conn).await.unwrap()
}

/// The events of a resource: its version, and what it did to the public.
async fn effects(app: &TestApp, resource: &Value) -> Vec<(i32, Option<String>)> {
    let id: Uuid = resource.text("/id").parse().unwrap();
    events::table
        .filter(events::resource_id.eq(id))
        .order(events::id)
        .select((events::version, events::effect))
        .load(&mut app.conn().await)
        .await
        .unwrap()
}

fn effect(version: i32, effect: &str) -> (i32, Option<String>) {
    (version, Some(effect.to_owned()))
}

/// Waits until the database's clock has passed all times of the content.
async fn wait_until_all_is_due(app: &TestApp) {
    let started = Instant::now();
    let ahead = "SELECT FROM (SELECT published_at AS at FROM headlines UNION ALL SELECT expires_at FROM headlines \
                 UNION ALL SELECT published_at FROM articles UNION ALL SELECT expires_at FROM articles) AS moments \
                 WHERE at > now()";
    while app.row_count(ahead).await > 0 {
        assert!(started.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[actix_web::test]
async fn what_comes_due_is_written_once_as_a_version_and_an_event() {
    let app = TestApp::start().await;
    let scheduled = json!({"status": "scheduled", "published_at": soon(700)});
    let headline = app.headline("Vient", scheduled.clone()).await;
    let article = app.article("Vient aussi", scheduled).await;
    let leaving = app.headline("Part", json!({"expires_at": soon(700)})).await;
    let ending = app
        .article(
            "Finit",
            json!({"status": "published", "expires_at": soon(700)}),
        )
        .await;
    let draft = app.headline("Brouillon", json!({"status": "draft"})).await;
    assert_eq!(effects(&app, &headline).await, [(1, None)]);
    assert_eq!(effects(&app, &leaving).await, [effect(1, "published")]);
    wait_until_all_is_due(&app).await;

    // Two nodes at once.
    let node = app.another_node().await;
    let (here, there) = tokio::join!(write_all_due(&app), write_all_due(&node));
    assert_eq!(here + there, 4);
    assert_eq!(write_all_due(&app).await, 0);

    for (list, out) in [("headlines", &headline), ("articles", &article)] {
        assert_eq!(
            effects(&app, out).await,
            [(1, None), effect(2, "published")]
        );
        let now = app.get(&path_of(list, out)).await.ok();
        assert_eq!(
            (&now["version"], &now["status"]),
            (&json!(2), &json!("published"))
        );
        assert_eq!(now["published_at"], out["published_at"]);
        assert!(now.text("/updated_at") > out.text("/updated_at"));
        let since = format!("/v1/{list}?updated_after={}", out.text("/updated_at"));
        assert_eq!(
            app.get(&since).await.ok().texts("/items/*/id"),
            [out.text("/id")]
        );
    }
    for (list, over) in [("headlines", &leaving), ("articles", &ending)] {
        assert_eq!(
            effects(&app, over).await,
            [effect(1, "published"), effect(2, "expired")]
        );
        let gone = app.get(&path_of(list, over)).await.problem(410, "gone");
        assert_eq!(gone["reason"], "expired");
        assert_eq!(
            app.get_as_admin(&path_of(list, over)).await.ok()["version"],
            2
        );
    }
    assert_eq!(effects(&app, &draft).await, [(1, None)]);
    // Nobody made these changes.
    let by_nobody = "SELECT FROM audit WHERE version = 2";
    assert_eq!(app.row_count(by_nobody).await, 0);
}

#[actix_web::test]
async fn reads_obey_the_moment_before_it_is_written() {
    let app = TestApp::start().await;
    let category = app.category("Sport", None).await;
    let within = |more: Value| {
        let mut document = json!({"category_id": category["id"], "status": "published"});
        document
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        document
    };
    let author = app.author("Salma").await;
    let tag = app.tag("Pluie").await;
    let article = within(
        json!({"expires_at": soon(600), "author_ids": [author["id"]], "tag_ids": [tag["id"]]}),
    );
    let article = app.article("Finit", article).await;
    let linking = app
        .headline("Pointe", within(json!({"article_id": article["id"]})))
        .await;
    let headline = app
        .headline("Part", within(json!({"expires_at": soon(600)})))
        .await;
    let linking_path = path_of("headlines", &linking);
    assert_eq!(
        app.get(&linking_path).await.ok()["article"]["id"],
        article["id"]
    );
    wait_until_all_is_due(&app).await;
    for written in [false, true] {
        if written {
            assert_eq!(write_all_due(&app).await, 2);
        }
        for list in [
            "/v1/articles",
            "/v1/articles?category=sport",
            "/v1/articles?author=salma",
            "/v1/articles?tag=pluie",
            "/v1/articles?language=fr",
            "/v1/articles?sort=-updated_at",
            "/v1/articles?author=salma&tag=pluie&language=fr",
            "/v1/search?q=finit",
            "/v1/headlines?tag=pluie",
            "/v1/headlines?has_article=true",
        ] {
            assert_eq!(
                app.get(list).await.ok()["items"],
                json!([]),
                "{list} {written}"
            );
        }
        let ticker = app.get("/v1/headlines?category=sport").await.ok();
        assert_eq!(ticker.texts("/items/*/id"), [linking.text("/id")]);
        assert_eq!(app.get(&linking_path).await.ok()["article"], Value::Null);
        for (kind, over) in [("articles", &article), ("headlines", &headline)] {
            let gone = app.get(&path_of(kind, over)).await.problem(410, "gone");
            assert_eq!(gone["reason"], "expired");
        }
        let counted = app.get("/v1/categories?count=true").await.ok();
        assert_eq!(counted["items"][0]["article_count"], 0, "{written}");
    }
}

#[actix_web::test]
async fn events_say_what_a_write_did_to_the_public() {
    let app = TestApp::start().await;
    let headline = app.headline("Un", json!({"status": "draft"})).await;
    let path = path_of("headlines", &headline);
    let change = async |patch: Value| {
        app.patch(&path, patch).await.ok();
    };
    change(json!({"title": "Deux"})).await;
    change(json!({"status": "published"})).await;
    change(json!({"title": "Trois"})).await;
    change(json!({"status": "withdrawn"})).await;
    change(json!({"status": "published"})).await;
    change(json!({"published_at": "2999-01-01T00:00:00Z"})).await;
    change(json!({"published_at": "2026-01-01T00:00:00Z"})).await;
    change(json!({"expires_at": "2026-01-02T00:00:00Z"})).await;
    app.patch(&format!("{path}?clear=expires_at"), json!({}))
        .await
        .ok();
    assert_eq!(app.delete(&path).await.status, 204);
    let category = app.category("Sport", None).await;
    let expected = [
        "",
        "",
        "published",
        "updated",
        "withdrawn",
        "published",
        "withdrawn",
        "published",
        "expired",
        "published",
        "deleted",
    ];
    let found = effects(&app, &headline).await;
    let found: Vec<String> = found
        .into_iter()
        .map(|(_, effect)| effect.unwrap_or_default())
        .collect();
    assert_eq!(found, expected);
    assert_eq!(effects(&app, &category).await, [effect(1, "published")]);
}

#[actix_web::test]
async fn what_came_and_went_before_it_was_written_has_expired() {
    let app = TestApp::start().await;
    let brief = json!({"status": "scheduled", "published_at": soon(200), "expires_at": soon(400)});
    let headline = app.headline("Bref", brief).await;
    wait_until_all_is_due(&app).await;
    assert_eq!(write_all_due(&app).await, 1);
    // Reads obey the moments: somebody may have seen it.
    assert_eq!(
        effects(&app, &headline).await,
        [(1, None), effect(2, "expired")]
    );
    assert_eq!(write_all_due(&app).await, 0);
}

#[actix_web::test]
async fn what_a_write_has_locked_is_left_to_it() {
    let app = TestApp::start().await;
    let scheduled = json!({"status": "scheduled", "published_at": soon(200)});
    let headline = app.headline("Vient", scheduled).await;
    wait_until_all_is_due(&app).await;
    let mut conn = app.conn().await;
    let lock = "BEGIN; SELECT FROM headlines FOR UPDATE";
    diesel_async::SimpleAsyncConnection::batch_execute(&mut conn, lock)
        .await
        .unwrap();
    assert_eq!(write_all_due(&app).await, 0);
    drop(conn);
    let started = Instant::now();
    while write_all_due(&app).await == 0 {
        assert!(started.elapsed() < PATIENCE);
    }
    assert_eq!(
        effects(&app, &headline).await,
        [(1, None), effect(2, "published")]
    );
}

#[actix_web::test]
async fn headlines_get_a_version_when_their_article_appears_or_disappears() {
    let app = TestApp::start().await;
    let article = app.article("Article", json!({"status": "draft"})).await;
    let link = json!({"article_id": article["id"]});
    let headline = app.headline("Ligne", link.clone()).await;
    let (line, piece) = (
        path_of("headlines", &headline),
        path_of("articles", &article),
    );
    assert_eq!(app.get(&line).await.ok()["article"], Value::Null);
    let change = async |patch: Value| {
        app.patch(&piece, patch).await.ok();
        let line = app.get(&line).await.ok();
        (line["version"].clone(), line["article"].is_null())
    };
    assert_eq!(change(json!({"title": "Titre"})).await, (json!(1), true));
    assert_eq!(
        change(json!({"status": "published"})).await,
        (json!(2), false)
    );
    assert_eq!(change(json!({"title": "Autre"})).await, (json!(2), false));
    assert_eq!(
        change(json!({"status": "withdrawn"})).await,
        (json!(3), true)
    );
    let expiring = json!({"status": "published", "expires_at": soon(500)});
    assert_eq!(change(expiring).await, (json!(4), false));
    wait_until_all_is_due(&app).await;
    assert_eq!(write_all_due(&app).await, 1);
    assert_eq!(change(json!({"title": "Encore"})).await, (json!(5), true));
    app.patch(&format!("{piece}?clear=expires_at"), json!({}))
        .await
        .ok();
    assert_eq!(app.delete(&piece).await.status, 204);
    assert_eq!(app.get(&line).await.ok()["version"], 7);
    let expected: Vec<_> = (1..=7)
        .map(|version| effect(version, if version == 1 { "published" } else { "updated" }))
        .collect();
    assert_eq!(effects(&app, &headline).await, expected);
    // Whoever changed the article changed them; nobody did when it expired.
    let by_somebody = "SELECT FROM audit WHERE resource = 'headline'";
    assert_eq!(app.row_count(by_somebody).await, 6);
}
