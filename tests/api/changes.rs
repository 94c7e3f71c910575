//! `GET /v1/changes`: snapshots, what has changed since, tombstones.

use std::time::{Duration, Instant};

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use manchette::access::api_keys::Scope;
use manchette::events::position::Position;
use manchette::events::retention;
use manchette::news::changes::{Batch, head};
use manchette::news::content::visibility::Visibility;
use serde_json::{Value, json};

use crate::support::{JsonPath, TestApp, path_of};

/// The kinds of changes and the ids of a page.
fn changes(page: &Value) -> Vec<(String, String)> {
    let items = page["items"].as_array().expect("items");
    items
        .iter()
        .map(|item| (item.text("/change").to_owned(), item.text("/id").to_owned()))
        .collect()
}

fn change(kind: &str, resource: &Value) -> (String, String) {
    (kind.to_owned(), resource.text("/id").to_owned())
}

async fn since(app: &TestApp, cursor: &str) -> Value {
    app.get(&format!("/v1/changes?since={cursor}")).await.ok()
}

async fn now(app: &TestApp) -> String {
    let page = since(app, "now").await;
    assert_eq!(
        (&page["items"], &page["page"]["more"]),
        (&json!([]), &json!(false))
    );
    page.text("/page/next").to_owned()
}

#[actix_web::test]
async fn each_resource_is_there_once_in_its_newest_state() {
    let app = TestApp::start().await;
    let kept = app.headline("Reste", json!({})).await;
    let leaving = app.headline("Part", json!({})).await;
    let start = now(&app).await;
    let draft = app
        .headline("Un brouillon", json!({"status": "draft"}))
        .await;
    let new = app.headline("Une ligne", json!({})).await;
    let passing = app.headline("Passe", json!({})).await;
    app.delete(&path_of("headlines", &passing)).await;
    for title in ["Reste encore", "Reste toujours"] {
        app.patch(&path_of("headlines", &kept), json!({"title": title}))
            .await
            .ok();
    }
    app.patch(
        &path_of("headlines", &leaving),
        json!({"status": "withdrawn"}),
    )
    .await
    .ok();
    app.patch(&path_of("headlines", &draft), json!({"title": "Caché"}))
        .await
        .ok();
    let page = since(&app, &start).await;
    assert_eq!(
        changes(&page),
        [
            change("created", &new),
            change("deleted", &passing),
            change("updated", &kept),
            change("withdrawn", &leaving)
        ]
    );
    let shown = app.get(&path_of("headlines", &kept)).await.ok();
    assert_eq!(page["items"][2]["headline"], shown);
    assert_eq!(page["items"][2]["headline"].to_string(), shown.to_string());
    assert_eq!(page["items"][3].get("headline"), None);
    let next = page.text("/page/next").to_owned();
    assert_eq!(changes(&since(&app, &next).await), []);
    // From every place in between, and page by page.
    let path = format!("/v1/changes?since={start}&limit=1");
    let mut found = Vec::new();
    let mut page = app.get(&path).await.ok();
    loop {
        found.extend(changes(&page));
        if page["page"]["more"] == false {
            break;
        }
        let next = page.text("/page/next").to_owned();
        page = app
            .get(&format!("/v1/changes?since={next}&limit=1"))
            .await
            .ok();
    }
    assert_eq!(
        found,
        [
            change("created", &new),
            change("deleted", &passing),
            change("updated", &kept),
            change("withdrawn", &leaving)
        ]
    );
}

#[actix_web::test]
async fn a_snapshot_has_everything_and_ends_with_the_place_to_go_on_from() {
    let app = TestApp::start().await;
    let category = app.category("Économie", None).await;
    let author = app.author("Salma Idrissi").await;
    let tag = app.tag("Semailles").await;
    let article = app
        .article(
            "Un article",
            json!({"status": "published", "category_id": category["id"]}),
        )
        .await;
    let mut headlines = Vec::new();
    for title in ["Une", "Deux", "Trois"] {
        headlines.push(app.headline(title, json!({})).await);
    }
    app.headline("Un brouillon", json!({"status": "draft"}))
        .await;
    let mut page = app.get("/v1/changes?snapshot=true&limit=2").await.ok();
    let (mut found, mut pages) = (Vec::new(), 0);
    while page["page"]["more"] == true {
        found.extend(changes(&page));
        pages += 1;
        if pages == 2 {
            app.patch(&path_of("tags", &tag), json!({"name": "Les semailles"}))
                .await
                .ok();
        }
        let next = page.text("/page/next").to_owned();
        page = app
            .get(&format!("/v1/changes?since={next}&limit=2"))
            .await
            .ok();
    }
    found.extend(changes(&page));
    let mut expected = vec!["00000000-0000-7000-8000-000000000001".to_owned()];
    let all = [&category, &tag, &author, &article]
        .into_iter()
        .chain(&headlines);
    expected.extend(all.map(|resource| resource.text("/id").to_owned()));
    assert!(found.iter().all(|(kind, _)| kind == "created"));
    assert_eq!(
        found.into_iter().map(|(_, id)| id).collect::<Vec<_>>(),
        expected
    );
    let next = page.text("/page/next").to_owned();
    assert_eq!(
        changes(&since(&app, &next).await),
        [change("updated", &tag)]
    );
    let only = app
        .get("/v1/changes?snapshot=true&resource=article&language=fr")
        .await
        .ok();
    assert_eq!(changes(&only), [change("created", &article)]);
    assert_eq!(
        only["items"][0]["article"],
        app.get(&path_of("articles", &article)).await.ok()
    );
    let none = app
        .get("/v1/changes?snapshot=true&resource=article&language=ar")
        .await
        .ok();
    assert_eq!(changes(&none), []);
}

#[actix_web::test]
async fn what_is_gone_is_told_wherever_a_page_or_a_snapshot_ends() {
    let app = TestApp::start().await;
    let first = app.headline("Part", json!({})).await;
    let start = now(&app).await;
    for change in [json!({"status": "withdrawn"}), json!({"title": "Parti"})] {
        app.patch(&path_of("headlines", &first), change).await.ok();
    }
    let page = app
        .get(&format!("/v1/changes?since={start}&limit=1"))
        .await
        .ok();
    assert_eq!(changes(&page), [change("withdrawn", &first)]);
    // Published and gone since the snapshot began, which has it on a page.
    let mut page = app.get("/v1/changes?snapshot=true&limit=1").await.ok();
    let passing = app.headline("Passe", json!({})).await;
    let mut found = Vec::new();
    while page["page"]["more"] == true {
        let next = page.text("/page/next").to_owned();
        page = app
            .get(&format!("/v1/changes?since={next}&limit=1"))
            .await
            .ok();
        found.extend(changes(&page));
    }
    assert_eq!(found, [change("created", &passing)]);
    app.delete(&path_of("headlines", &passing)).await;
    let next = page.text("/page/next").to_owned();
    assert_eq!(
        changes(&since(&app, &next).await),
        [change("deleted", &passing)]
    );
}

#[actix_web::test]
async fn filters_tell_what_leaves() {
    let app = TestApp::start().await;
    let economy = app.category("Économie", None).await;
    let sport = app.category("Sport", None).await;
    let moving = app
        .headline("Change", json!({"category_id": economy["id"]}))
        .await;
    let other = app
        .headline("Ailleurs", json!({"category_id": sport["id"]}))
        .await;
    let start = now(&app).await;
    app.patch(
        &path_of("headlines", &moving),
        json!({"category_id": sport["id"]}),
    )
    .await
    .ok();
    app.patch(
        &path_of("headlines", &other),
        json!({"title": "Toujours ailleurs"}),
    )
    .await
    .ok();
    let page = app
        .get(&format!("/v1/changes?since={start}&category=economie"))
        .await
        .ok();
    assert_eq!(changes(&page), [change("left", &moving)]);
    let page = app
        .get(&format!("/v1/changes?since={start}&category=sport"))
        .await
        .ok();
    assert_eq!(
        changes(&page),
        [change("updated", &moving), change("updated", &other)]
    );
    let page = app
        .get(&format!("/v1/changes?since={start}&resource=article"))
        .await
        .ok();
    assert_eq!(changes(&page), []);
}

#[actix_web::test]
async fn a_headline_changes_with_its_article() {
    let app = TestApp::start().await;
    let article = app
        .article("Un article", json!({"status": "published"}))
        .await;
    let headline = app
        .headline("Une ligne", json!({"article_id": article["id"]}))
        .await;
    let start = now(&app).await;
    app.patch(
        &path_of("articles", &article),
        json!({"status": "withdrawn"}),
    )
    .await
    .ok();
    let page = since(&app, &start).await;
    assert_eq!(
        changes(&page),
        [change("withdrawn", &article), change("updated", &headline)]
    );
    assert_eq!(page["items"][1]["headline"]["article"], Value::Null);
}

#[actix_web::test]
async fn a_request_waits_for_the_next_change() {
    let app = TestApp::start().await;
    let start = now(&app).await;
    let path = format!("/v1/changes?since={start}&wait=30");
    let waiting = async { app.get(&path).await.ok() };
    let writing = async {
        actix_web::rt::time::sleep(Duration::from_millis(300)).await;
        app.headline("Un brouillon", json!({"status": "draft"}))
            .await;
        app.headline("Une ligne", json!({})).await
    };
    let begun = Instant::now();
    let (page, headline) = futures_util::future::join(waiting, writing).await;
    assert_eq!(changes(&page), [change("created", &headline)]);
    assert!(begun.elapsed() < Duration::from_secs(29));
    // Without a change it ends by itself.
    let next = page.text("/page/next");
    let page = app
        .get(&format!("/v1/changes?since={next}&wait=1"))
        .await
        .ok();
    assert_eq!(
        (&page["items"], &page["page"]["more"]),
        (&json!([]), &json!(false))
    );
}

#[actix_web::test]
async fn callers_get_the_changes_that_they_may_see() {
    let app = TestApp::start().await;
    let early = app.new_key(&[Scope::Early]).await;
    let start = now(&app).await;
    let path = format!("/v1/changes?since={start}");
    let later = json!({"status": "scheduled", "published_at": "2999-01-01T00:00:00Z"});
    let scheduled = app.headline("Vient", later).await;
    let draft = app
        .headline("Un brouillon", json!({"status": "draft"}))
        .await;
    assert_eq!(changes(&app.get(&path).await.ok()), []);
    assert_eq!(
        changes(&app.get(&path).key(&early).await.ok()),
        [change("created", &scheduled)]
    );
    assert_eq!(
        changes(&app.get_as_admin(&path).await.ok()),
        [change("created", &scheduled), change("created", &draft)]
    );
    let page = app.get(&path).key(&early).await.ok();
    let path = format!("/v1/changes?since={}", page.text("/page/next"));
    app.patch(
        &path_of("headlines", &scheduled),
        json!({"status": "draft"}),
    )
    .await
    .ok();
    assert_eq!(
        changes(&app.get(&path).key(&early).await.ok()),
        [change("withdrawn", &scheduled)]
    );
    assert_eq!(changes(&app.get(&path).await.ok()), []);
}

#[actix_web::test]
async fn cursors_that_cannot_be_used_say_how_to_begin_again() {
    let app = TestApp::start().await;
    for (query, fault) in [
        ("snapshot=false", "since required"),
        ("since=now&snapshot=true", "snapshot invalid"),
        ("since=2026-11-27T20:00:00Z", "since invalid"),
        ("since=AAAA", "since invalid"),
        ("since=now&wait=31", "wait invalid"),
        ("since=now&limit=0", "limit invalid"),
        ("since=now&resource=keys", "resource invalid"),
        ("since=now&category=nulle-part", "category not_found"),
    ] {
        let refused = app.get(&format!("/v1/changes?{query}")).await;
        assert_eq!(refused.parameter_faults(), [fault], "{query}");
    }
    let start = now(&app).await;
    let path = format!("/v1/changes?since={start}");
    app.headline("Une ligne", json!({})).await;
    app.execute_sql("UPDATE events SET at = at - interval '40 days'")
        .await;
    retention::clear(&app.database, 30).await.unwrap();
    let gone = app.get(&path).await.problem(410, "cursor-expired");
    assert!(gone.text("/detail").contains("snapshot=true"));
    // The log of another database, and the future.
    let start = now(&app).await;
    app.execute_sql("UPDATE change_log SET id = gen_random_uuid()")
        .await;
    app.get(&format!("/v1/changes?since={start}"))
        .await
        .problem(410, "cursor-expired");
}

#[actix_web::test]
async fn what_is_published_while_a_transaction_begins_is_left_to_the_next_one() {
    let app = TestApp::start().await;
    let mut conn = app.conn().await;
    let position = head(&mut conn).await.unwrap().position();
    // `now()` is that of `BEGIN`, the snapshot that of the first statement.
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
    conn.batch_execute(begin).await.unwrap();
    let headline = app.headline("Une", json!({})).await;
    let batch = read_as_public(&mut conn, &position).await;
    assert!(batch.changes[0].is_empty() && batch.more && batch.next == position);
    conn.batch_execute("COMMIT").await.unwrap();

    conn.batch_execute(begin).await.unwrap();
    let batch = read_as_public(&mut conn, &position).await;
    let told = batch.changes[0].first().unwrap();
    assert_eq!(told.id.to_string(), headline.text("/id"));
    assert!(told.document.is_some() && !batch.more);
}

async fn read_as_public(conn: &mut AsyncPgConnection, position: &Position) -> Batch {
    let until = head(conn).await.unwrap().now;
    Batch::read(conn, position, &until, 10, &[Visibility::Public])
        .await
        .unwrap()
}
