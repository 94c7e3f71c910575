//! The schema and its migrations.

use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel_async::{AsyncMigrationHarness, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::MigrationHarness;
use futures_util::future::join_all;
use manchette::cli::demo;
use manchette::db::migrations::{self, MIGRATIONS, Schema};

use crate::support::{JsonPath, cluster};

#[actix_web::test]
async fn every_migration_can_be_reverted_and_reapplied() {
    let address = cluster::new_database().await;
    let conn = address.connect_unbounded().await.unwrap();
    let mut conn = actix_web::rt::task::spawn_blocking(move || {
        let mut harness = AsyncMigrationHarness::new(conn);
        harness.revert_all_migrations(MIGRATIONS).unwrap();
        harness.into_inner()
    })
    .await
    .unwrap();
    let left = diesel::sql_query(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE '\\_\\_diesel%' \
         UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname NOT LIKE 'diesel%'",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    assert_eq!(left, 0, "objects are left");
    assert_eq!(migrations::schema(&mut conn).await.unwrap(), Schema::Behind);
    let count = MigrationSource::<Pg>::migrations(&MIGRATIONS)
        .unwrap()
        .len();
    let applied = join_all((0..10).map(|_| migrations::migrate(&address))).await;
    let applied: Vec<usize> = applied
        .into_iter()
        .map(|applied| applied.unwrap().len())
        .collect();
    assert_eq!(
        applied.iter().sum::<usize>(),
        count,
        "of ten concurrent runs, one applies each migration"
    );
    assert_eq!(
        migrations::schema(&mut conn).await.unwrap(),
        Schema::Current
    );
}

#[actix_web::test]
async fn a_newer_schema_is_recognised() {
    let address = cluster::new_database().await;
    let mut conn = address.connect_unbounded().await.unwrap();
    conn.batch_execute("INSERT INTO __diesel_schema_migrations VALUES ('29990101000000')")
        .await
        .unwrap();
    assert_eq!(
        migrations::schema(&mut conn).await.unwrap(),
        Schema::Newer("29990101000000".into())
    );
    assert!(
        migrations::migrate(&address)
            .await
            .unwrap_err()
            .to_string()
            .contains("doesn't know")
    );
    assert!(
        migrations::is_ready(&address.client().await.unwrap())
            .await
            .unwrap(),
        "running nodes keep serving"
    );
}

#[actix_web::test]
async fn sample_content_is_loaded_only_once() {
    let address = cluster::new_database().await;
    let mut conn = address.connect_unbounded().await.unwrap();
    let before = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    assert!(demo::load(&mut conn).await.unwrap());
    assert!(!demo::load(&mut conn).await.unwrap());
    let app = crate::support::TestApp::start_on(address, &[]).await;
    for (list, total) in [
        ("categories", 8),
        ("articles", 21),
        ("authors", 8),
        ("tags", 20),
    ] {
        assert_eq!(
            app.get(&format!("/v1/{list}?count=true")).await.ok()["page"]["total"],
            total,
            "{list}"
        );
    }
    // Without those that are scheduled for the next hour.
    let path = format!("/v1/headlines?count=true&published_before={before}");
    assert_eq!(app.get(&path).await.ok()["page"]["total"], 43);
    let scheduled = app
        .get_as_admin("/v1/headlines?status=scheduled")
        .await
        .ok();
    assert_eq!(scheduled.list("/items").len(), 13);
    let page = app
        .get("/v1/articles?fields=body_text,word_count,language&limit=100")
        .await
        .ok();
    for article in page.list("/items") {
        let words = article["word_count"].as_i64().unwrap();
        assert!((200..=500).contains(&words), "{article}");
    }
    app.delete("/v1/headlines/x")
        .await
        .problem(404, "not-found");
}
