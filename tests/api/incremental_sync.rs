//! Incremental synchronisation by `updated_after`: versions rise in time, and polling as documented misses nothing.

use std::collections::BTreeMap;
use std::future::IntoFuture;

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use serde_json::{Value, json};

use crate::support::{JsonPath, TestApp, follow, path_of};

/// Changes a headline as another node would, in a transaction that stays open.
async fn change_in_open_transaction(conn: &mut AsyncPgConnection, headline: &Value) {
    let id = headline.text("/id");
    let version = headline["version"].as_i64().unwrap() + 1;
    conn.batch_execute(&format!(
        "UPDATE headlines SET version = version + 1, updated_at = clock_timestamp() WHERE id = '{id}'; \
         INSERT INTO events (resource, resource_id, version, action) VALUES ('headline', '{id}', {version}, 'updated')"
    ))
    .await
    .expect("the headline is changed");
}

/// Waits until a session of this database waits for a lock.
async fn wait_for_blocked_session(conn: &mut AsyncPgConnection) {
    let waits = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while diesel::sql_query(waits).execute(conn).await.unwrap() == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

fn updated_at(item: &Value) -> DateTime<Utc> {
    item.text("/updated_at").parse().unwrap()
}

#[actix_web::test]
async fn updated_at_rises_with_the_version_even_if_the_transaction_began_earlier() {
    let app = TestApp::start_with(&[
        "--lock-timeout-ms",
        "60000",
        "--statement-timeout-ms",
        "60000",
    ])
    .await;
    let headline = app.headline("x", json!({})).await;
    let path = path_of("headlines", &headline);
    let (mut first, mut observer) = (app.conn().await, app.conn().await);
    first.batch_execute("BEGIN").await.unwrap();
    let id = headline.text("/id");
    first
        .batch_execute(&format!(
            "SELECT FROM headlines WHERE id = '{id}' FOR NO KEY UPDATE"
        ))
        .await
        .unwrap();
    let second = actix_web::rt::spawn(app.patch(&path, json!({"title": "y"})).into_future());
    wait_for_blocked_session(&mut observer).await;
    change_in_open_transaction(&mut first, &headline).await;
    let snapshot =
        format!("CREATE TABLE noted AS SELECT * FROM headlines WHERE id = '{id}'; COMMIT");
    first.batch_execute(&snapshot).await.unwrap();
    assert_eq!(second.await.unwrap().ok()["version"], 3);
    let has_risen = "SELECT 1 FROM headlines JOIN noted USING (id) WHERE headlines.updated_at > noted.updated_at";
    assert_eq!(
        diesel::sql_query(has_risen)
            .execute(&mut observer)
            .await
            .unwrap(),
        1
    );
}

#[actix_web::test]
async fn updated_at_rises_with_the_version_even_if_the_clock_is_set_back() {
    let app = TestApp::start().await;
    let mut conn = app.conn().await;
    for (list, body) in [
        ("categories", json!({"name": "x"})),
        ("headlines", json!({"title": "x", "language": "fr"})),
        ("articles", json!({"title": "x", "language": "fr"})),
        ("authors", json!({"name": "x"})),
        ("tags", json!({"name": "x"})),
    ] {
        let made = app.post(&format!("/v1/{list}"), body).await.created();
        let id = made.text("/id");
        // As if the clock had been set back by an hour since.
        conn.batch_execute(&format!(
            "ALTER TABLE {list} DISABLE TRIGGER USER; \
             UPDATE {list} SET updated_at = now() + interval '1 hour' WHERE id = '{id}'; \
             ALTER TABLE {list} ENABLE TRIGGER USER"
        ))
        .await
        .unwrap();
        let path = format!("/v1/{list}/{id}");
        let before = app.get_as_admin(&path).await.ok();
        let field = if list.ends_with("lines") || list == "articles" {
            "title"
        } else {
            "name"
        };
        let after = app.patch(&path, json!({field: "y"})).await.ok();
        assert!(updated_at(&after) > updated_at(&before), "{before} {after}");
    }
}

/// Polls as documented: everything since some time before the latest known change.
async fn poll(app: &TestApp, known: &mut BTreeMap<String, (i64, DateTime<Utc>)>) {
    let since = known.values().map(|(_, updated_at)| *updated_at).max();
    let after = since.map_or(String::new(), |updated_at| {
        let overlap = (updated_at - TimeDelta::seconds(15)).format("%Y-%m-%dT%H:%M:%S%.6fZ");
        format!("&updated_after={overlap}")
    });
    let list = format!("/v1/headlines?sort=updated_at&limit=2{after}");
    for page in follow(|path| app.get(path), &list, "next", None).await {
        for item in page.list("/items") {
            let version = item["version"].as_i64().unwrap();
            known.insert(item.text("/id").to_owned(), (version, updated_at(item)));
        }
    }
}

#[actix_web::test]
async fn polling_with_an_overlap_does_not_miss_a_late_commit() {
    let app = TestApp::start().await;
    let slow = app.headline("slow", json!({})).await;
    let mut known = BTreeMap::new();
    let mut elsewhere = app.conn().await;
    elsewhere.batch_execute("BEGIN").await.unwrap();
    change_in_open_transaction(&mut elsewhere, &slow).await;
    for n in 0..5 {
        app.headline(&format!("quick {n}"), json!({})).await;
        poll(&app, &mut known).await;
    }
    let id = slow.text("/id");
    assert_eq!(known[id].0, 1);
    elsewhere.batch_execute("COMMIT").await.unwrap();
    poll(&app, &mut known).await;
    assert_eq!(known[id].0, 2);
    assert_eq!(known.len(), 6);
}

#[actix_web::test]
async fn a_write_longer_than_the_polling_overlap_is_rolled_back() {
    let app = TestApp::start().await;
    let headline = app.headline("x", json!({})).await;
    let mut conn = app.conn().await;
    conn.batch_execute("CREATE OR REPLACE FUNCTION max_transaction_duration() RETURNS interval LANGUAGE sql IMMUTABLE RETURN interval '0'")
        .await
        .unwrap();
    let path = path_of("headlines", &headline);
    let refused = app.patch(&path, json!({"title": "y"})).await;
    refused.problem(503, "unavailable");
    assert_eq!(app.get(&path).await.ok()["version"], 1);
}
