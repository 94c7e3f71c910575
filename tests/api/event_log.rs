//! The follower of the log of changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures_util::future::{join_all, join3};
use manchette::events::follow::{Event, Follower, Subscriber};
use manchette::events::retention;
use manchette::schema::events;
use serde_json::json;
use uuid::Uuid;

use crate::support::{JsonPath, TestApp};

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Recorder {
    events: Mutex<Vec<Event>>,
    restarts: Mutex<usize>,
    moments: Mutex<Vec<DateTime<Utc>>>,
}

impl Subscriber for Recorder {
    fn restart(&self) {
        *self.restarts.lock().unwrap() += 1;
    }

    fn apply(&self, events: &[Event]) {
        self.events.lock().unwrap().extend_from_slice(events);
    }

    fn set_moments(&self, moments: &[DateTime<Utc>], _: DateTime<Utc>) {
        self.moments.lock().unwrap().extend_from_slice(moments);
    }
}

impl Recorder {
    fn ids(&self) -> Vec<i64> {
        self.events
            .lock()
            .unwrap()
            .iter()
            .map(|event| event.id)
            .collect()
    }
}

async fn follow(app: &TestApp) -> (Arc<Recorder>, Follower) {
    let recorder = Arc::new(Recorder::default());
    let follower = Follower::start(&app.database, vec![recorder.clone()]);
    let started = Instant::now();
    while !follower.state().is_current() {
        assert!(started.elapsed() < PATIENCE);
        actix_web::rt::time::sleep(Duration::from_millis(10)).await;
    }
    (recorder, follower)
}

async fn until(recorder: &Recorder, count: usize) {
    let started = Instant::now();
    while recorder.events.lock().unwrap().len() < count {
        assert!(started.elapsed() < PATIENCE, "{:?}", recorder.ids());
        actix_web::rt::time::sleep(Duration::from_millis(10)).await;
    }
}

const EVENT: &str = "INSERT INTO events (resource, resource_id, version, action) VALUES ('tag', gen_random_uuid(), 1, 'created')";

#[actix_web::test]
async fn an_event_is_read_once_it_is_committed_whatever_else_is_open() {
    let app = TestApp::start().await;
    let (recorder, follower) = follow(&app).await;
    // The older transaction has the lower numbers, and is committed last.
    let mut older = app.conn().await;
    older
        .batch_execute(&format!("BEGIN; {EVENT}"))
        .await
        .unwrap();
    app.headline("Titre", json!({})).await;
    assert!(follower.state().catch_up().await);
    assert_eq!(recorder.ids().len(), 1);
    older.batch_execute("COMMIT").await.unwrap();
    assert!(follower.state().catch_up().await);
    let ids = recorder.ids();
    assert_eq!(ids.len(), 2);
    assert!(ids[0] > ids[1], "{ids:?}");
    // What is rolled back is never read.
    app.execute_sql(&format!("BEGIN; {EVENT}; ROLLBACK")).await;
    assert!(follower.state().catch_up().await);
    assert_eq!(recorder.ids(), ids);
}

#[actix_web::test]
async fn more_events_than_are_read_at_once_are_each_read_once() {
    let app = TestApp::start().await;
    let (recorder, follower) = follow(&app).await;
    app.execute_sql(
        "INSERT INTO events (resource, resource_id, version, action) \
         SELECT 'tag', gen_random_uuid(), 1, 'created' FROM generate_series(1, 12000)",
    )
    .await;
    let started = Instant::now();
    while !follower.state().catch_up().await {
        assert!(started.elapsed() < PATIENCE);
    }
    let ids = recorder.ids();
    assert_eq!(ids.len(), 12_000);
    assert!(ids.is_sorted());
}

#[actix_web::test]
async fn an_event_has_its_tags_and_moments() {
    let app = TestApp::start().await;
    let (recorder, follower) = follow(&app).await;
    let headline = json!({"expires_at": "2999-01-01T00:00:00Z"});
    app.headline("Titre", headline).await;
    app.execute_sql(EVENT).await;
    assert!(follower.state().catch_up().await);
    let events = recorder.events.lock().unwrap();
    assert!(events[0].tags.as_ref().is_some_and(|tags| tags.len() == 3));
    assert_eq!(
        events[0].moments.last().unwrap().to_rfc3339(),
        "2999-01-01T00:00:00+00:00"
    );
    assert_eq!((&events[1].tags, events[1].moments.len()), (&None, 0));
    let (earliest, latest) = follower.state().database_clock();
    assert!(earliest <= latest && (Utc::now() - earliest).num_minutes().abs() < 1);
}

/// Sixteen writers on two nodes, transactions that stay open, and a follower whose connection is cut.
#[actix_web::test]
async fn every_event_is_read_once_in_the_order_of_versions() {
    const WRITERS: usize = 16;
    const WRITES: usize = 12;
    let app = TestApp::start().await;
    let other = app.another_node().await;
    let (recorder, follower) = follow(&app).await;
    let mut ids = Vec::new();
    for n in 0..4 {
        ids.push(
            app.headline(&format!("Titre {n}"), json!({}))
                .await
                .text("/id")
                .to_owned(),
        );
    }
    let write = async |writer: usize| {
        let node = if writer.is_multiple_of(2) {
            &app
        } else {
            &other
        };
        for n in 0..WRITES {
            let path = format!("/v1/headlines/{}", ids[(writer + n) % ids.len()]);
            let title = json!({"title": format!("{writer} {n}")});
            node.request(reqwest::Method::PATCH, &path)
                .key(&app.admin_key)
                .json(title)
                .await
                .ok();
        }
    };
    let hold = async |n: u64| {
        let mut conn = app.conn().await;
        for _ in 0..5 {
            conn.batch_execute(&format!("BEGIN; {EVENT}"))
                .await
                .unwrap();
            actix_web::rt::time::sleep(Duration::from_millis(n * 17 % 90)).await;
            let end = if n.is_multiple_of(3) {
                "ROLLBACK"
            } else {
                "COMMIT"
            };
            conn.batch_execute(end).await.unwrap();
        }
    };
    let cut = async || {
        for _ in 0..5 {
            actix_web::rt::time::sleep(Duration::from_millis(60)).await;
            app.execute_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE datname = current_database() AND query LIKE '%pg_current_snapshot%' AND pid <> pg_backend_pid()",
            )
            .await;
        }
    };
    join3(
        join_all((0..WRITERS).map(write)),
        join_all((1..7).map(hold)),
        cut(),
    )
    .await;

    let committed: Vec<i64> = events::table
        .order(events::id)
        .select(events::id)
        .load(&mut app.conn().await)
        .await
        .unwrap();
    until(&recorder, committed.len()).await;
    let started = Instant::now();
    while !follower.state().catch_up().await {
        assert!(started.elapsed() < PATIENCE);
    }
    let mut read = recorder.ids();
    read.sort_unstable();
    assert_eq!(read, committed);
    assert_eq!(*recorder.restarts.lock().unwrap(), 1);
    let mut versions: HashMap<Uuid, i32> = HashMap::new();
    for event in recorder.events.lock().unwrap().iter() {
        let version = versions.entry(event.resource_id).or_default();
        assert_eq!(event.version, *version + 1, "{event:?}");
        *version = event.version;
    }
}

#[actix_web::test]
async fn old_events_are_removed() {
    let app = TestApp::start().await;
    app.headline("Titre", json!({})).await;
    app.execute_sql(
        "INSERT INTO events (at, resource, resource_id, version, action) \
         SELECT now() - interval '31 days', 'tag', gen_random_uuid(), 1, 'created' FROM generate_series(1, 10)",
    )
    .await;
    let count = async || app.row_count("SELECT FROM events").await;
    retention::clear(&app.database, 40).await.unwrap();
    assert_eq!(count().await, 11);
    retention::clear(&app.database, 30).await.unwrap();
    assert_eq!(count().await, 1);
}
