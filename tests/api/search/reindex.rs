//! Content is indexed anew while the server runs.

use manchette::news::search_index::reindex::{self, Reindexed};
use serde_json::json;

use super::titles;
use crate::support::{JsonPath, TestApp};

#[actix_web::test]
async fn content_is_indexed_anew_without_another_change() {
    let app = TestApp::start().await;
    let article = app.article("Le phare", json!({"lede": "Une lampe."})).await;
    app.headline("Un autre phare", json!({})).await;
    let events = app.events().await;
    app.execute_sql("UPDATE articles SET search = '', search_head = ''; DELETE FROM search_words; UPDATE search_index SET version = 7")
        .await;
    assert_eq!(titles(&app, "phare", "").await, ["Un autre phare"]);
    let mut conn = app.conn().await;
    assert!(reindex::is_outdated(&mut conn).await.unwrap());
    let mut seen = Vec::new();
    let mut run = async |all| {
        let progress = |rows| seen.push(rows);
        reindex::reindex(&mut conn, all, progress).await.unwrap()
    };
    let indexed = |indexed| Reindexed { rows: 2, indexed };
    assert_eq!(run(false).await, indexed(1));
    assert_eq!(run(false).await, indexed(0));
    assert_eq!(run(true).await, indexed(2));
    assert_eq!(seen, [1, 2, 1, 2, 1, 2]);
    assert!(!reindex::is_outdated(&mut conn).await.unwrap());
    assert_eq!(
        titles(&app, "phare", "").await,
        ["Le phare", "Un autre phare"]
    );
    assert_eq!(titles(&app, "lampe", "").await, ["Le phare"]);
    let misspelt = app.get("/v1/search?q=phrae").await.ok();
    assert_eq!(misspelt["suggestion"], "phare");
    let path = format!("/v1/articles/{}", article.text("/id"));
    let now = app.get(&path).await.ok();
    assert_eq!(now["version"], article["version"]);
    assert_eq!(now["updated_at"], article["updated_at"]);
    assert_eq!(app.events().await, events);
}

#[actix_web::test]
async fn every_change_of_a_text_is_indexed() {
    let app = TestApp::start().await;
    let article = app.article("Le phare", json!({"body": "Une lampe."})).await;
    let path = format!("/v1/articles/{}", article.text("/id"));
    app.patch(&path, json!({"title": "La tour"})).await.ok();
    assert_eq!(titles(&app, "phare", "").await, [""; 0]);
    assert_eq!(titles(&app, "tour lampe", "").await, ["La tour"]);
    app.patch(&path, json!({"body": "Un feu."})).await.ok();
    assert_eq!(titles(&app, "lampe", "").await, [""; 0]);
    assert_eq!(titles(&app, "tour feux", "").await, ["La tour"]);
    app.patch(&path, json!({"language": "en"})).await.ok();
    assert_eq!(titles(&app, "feux", "").await, [""; 0]);
    let headline = app.headline("Un phare", json!({})).await;
    let path = format!("/v1/headlines/{}", headline.text("/id"));
    app.patch(&path, json!({"title": "Une tour"})).await.ok();
    assert_eq!(titles(&app, "phare", "").await, [""; 0]);
    assert_eq!(titles(&app, "tours", "&type=headline").await, ["Une tour"]);
}
