//! Streams of server-sent events.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use actix_web::rt::time::sleep;
use manchette::access::api_keys::Scope;
use manchette::events::retention;
use manchette::news::headlines::Headline;
use manchette::news::release::write_due;
use reqwest::Method;
use serde_json::{Value, json};
use socket2::SockRef;

use crate::support::database_proxy::DatabaseProxy;
use crate::support::event_stream::ServerEvent;
use crate::support::{EventStream, JsonPath, TestApp, path_of, read_to_close, with};

const HEADLINES: &str = "/v1/headlines/stream";

/// The name and the id of each event.
fn told(events: &[ServerEvent]) -> Vec<(&str, String)> {
    let told = events.iter();
    told.map(|event| (event.name.as_str(), event.data.text("/id").to_owned()))
        .collect()
}

fn event<'a>(name: &'a str, resource: &Value) -> (&'a str, String) {
    (name, resource.text("/id").to_owned())
}

async fn withdraw(app: &TestApp, list: &str, resource: &Value) {
    app.patch(&path_of(list, resource), json!({"status": "withdrawn"}))
        .await
        .ok();
}

#[actix_web::test]
async fn a_stream_has_what_get_shows_and_tombstones() {
    let app = TestApp::start().await;
    let mut stream = EventStream::open_now(app.get(HEADLINES)).await;
    app.headline("Un brouillon", json!({"status": "draft"}))
        .await;
    let headline = app.headline("Une ligne", json!({})).await;
    let published = stream.next().await.unwrap();
    let shown = app.get(&path_of("headlines", &headline)).await.ok();
    assert_eq!(published.name, "published");
    assert_eq!(published.data, with(json!({"resource": "headline"}), shown));
    assert!(
        published
            .data
            .to_string()
            .starts_with(r#"{"resource":"headline","id""#)
    );

    app.patch(&path_of("headlines", &headline), json!({"title": "Deux"}))
        .await
        .ok();
    let updated = stream.next().await.unwrap();
    assert_eq!(
        (updated.name.as_str(), &updated.data["title"]),
        ("updated", &json!("Deux"))
    );
    withdraw(&app, "headlines", &headline).await;
    let withdrawn = stream.next().await.unwrap();
    assert_eq!(withdrawn.name, "withdrawn");
    let at = withdrawn.data["at"].clone();
    assert_eq!(
        withdrawn.data,
        json!({"resource": "headline", "id": headline["id"], "reason": "withdrawn", "at": at})
    );
    // What was withdrawn changes unseen; what is deleted is another headline.
    app.patch(&path_of("headlines", &headline), json!({"title": "Trois"}))
        .await
        .ok();
    let other = app.headline("Une autre", json!({})).await;
    assert_eq!(told(&stream.take(1).await), [event("published", &other)]);
    app.delete(&path_of("headlines", &other)).await;
    assert_eq!(told(&stream.take(1).await), [event("deleted", &other)]);
}

#[actix_web::test]
async fn a_stream_goes_on_at_another_node_without_loss_and_repeats() {
    let app = TestApp::start().await;
    let node = app.another_node().await;
    let mut stream = EventStream::open_now(app.get(HEADLINES)).await;
    let first = app.headline("Une", json!({})).await;
    let second = app.headline("Deux", json!({})).await;
    let begun = stream.next().await.unwrap();
    assert_eq!(
        told(std::slice::from_ref(&begun)),
        [event("published", &first)]
    );
    drop(stream);
    let third = app.headline("Trois", json!({})).await;
    app.delete(&path_of("headlines", &third)).await;
    let id = begun.id.unwrap();
    let mut resumed = EventStream::open(node.get(HEADLINES).header("Last-Event-ID", &id)).await;
    // The third came and went: somebody may have it from a list.
    let missed = [event("published", &second), event("deleted", &third)];
    assert_eq!(told(&resumed.take(2).await), missed);
    let fourth = node.headline("Quatre", json!({})).await;
    assert_eq!(told(&resumed.take(1).await), [event("published", &fourth)]);
    let since = format!("{HEADLINES}?since={id}");
    let mut again = EventStream::open(app.get(&since)).await;
    assert_eq!(
        told(&again.take(3).await),
        [&missed[..], &[event("published", &fourth)]].concat()
    );
}

#[actix_web::test]
async fn a_stream_begins_with_the_newest() {
    let app = TestApp::start().await;
    let mut headlines = Vec::new();
    for title in ["Une", "Deux", "Trois"] {
        headlines.push(app.headline(title, json!({})).await);
    }
    let path = format!("{HEADLINES}?snapshot=2");
    let mut stream = EventStream::open(app.get(&path)).await;
    let events = stream.take(2).await;
    assert_eq!(
        told(&events),
        [
            event("published", &headlines[1]),
            event("published", &headlines[2])
        ]
    );
    assert_eq!(
        (events[0].id.is_some(), events[1].id.is_some()),
        (false, true)
    );
    let next = app.headline("Quatre", json!({})).await;
    assert_eq!(told(&stream.take(1).await), [event("published", &next)]);
    let all = app
        .article("Un article", json!({"status": "published"}))
        .await;
    let path = "/v1/stream?snapshot=3&resource=article,headline";
    let mut stream = EventStream::open(app.get(path)).await;
    let events = stream.take(3).await;
    let kinds: Vec<&str> = events
        .iter()
        .map(|event| event.data.text("/resource"))
        .collect();
    assert_eq!(kinds, ["headline", "headline", "article"]);
    assert_eq!(events[2].data["body_html"], all["body_html"]);
}

#[actix_web::test]
async fn what_leaves_the_filter_is_told() {
    let app = TestApp::start().await;
    let economy = app.category("Économie", None).await;
    let farming = app.category("Agriculture", Some(&economy)).await;
    let sport = app.category("Sport", None).await;
    let tag = app.tag("Semailles").await;
    let of = |category: &Value| json!({"category_id": category["id"]});
    let article = app
        .article(
            "Un article",
            json!({"status": "published", "tag_ids": [tag["id"]]}),
        )
        .await;
    let streams = [
        format!("{HEADLINES}?category={}", economy.text("/slug")),
        format!("{HEADLINES}?language=fr"),
        format!("{HEADLINES}?priority=flash"),
        format!("{HEADLINES}?tag={}", tag.text("/slug")),
    ];
    let mut open = Vec::new();
    for path in &streams {
        open.push(EventStream::open_now(app.get(path)).await);
    }
    let start = with(
        of(&farming),
        json!({"priority": "flash", "article_id": article["id"]}),
    );
    let headline = app.headline("Une ligne", start).await;
    for stream in &mut open {
        assert_eq!(told(&stream.take(1).await), [event("published", &headline)]);
    }
    let changes = [
        of(&sport),
        json!({"language": "ar"}),
        json!({"priority": "normal"}),
        json!({"article_id": null}),
    ];
    for change in changes {
        app.patch(&path_of("headlines", &headline), change)
            .await
            .ok();
    }
    for (number, stream) in open.iter_mut().enumerate() {
        let left = loop {
            let event = stream.next().await.unwrap();
            if event.name != "updated" {
                break event;
            }
        };
        assert_eq!(
            (left.name.as_str(), left.data.text("/reason")),
            ("left", "left"),
            "{number}"
        );
    }
    // What has left is not told of again.
    withdraw(&app, "headlines", &headline).await;
    let flash =
        json!({"priority": "flash", "article_id": article["id"], "category_id": economy["id"]});
    let next = app.headline("La suivante", flash).await;
    for stream in &mut open {
        assert_eq!(told(&stream.take(1).await), [event("published", &next)]);
    }
}

#[actix_web::test]
async fn a_stream_of_everything_has_all_kinds() {
    let app = TestApp::start().await;
    let mut stream = EventStream::open_now(app.get("/v1/stream")).await;
    let mut only = EventStream::open_now(app.get("/v1/stream?resource=tag,site")).await;
    let category = app.category("Économie", None).await;
    let author = app.author("Salma Idrissi").await;
    let tag = app.tag("Semailles").await;
    let article = app
        .article("Un article", json!({"status": "published"}))
        .await;
    let headline = app
        .headline("Une ligne", json!({"article_id": article["id"]}))
        .await;
    app.patch("/v1/site", json!({"name": "La Rive"})).await.ok();
    let events = stream.take(6).await;
    let kinds: Vec<&str> = events
        .iter()
        .map(|event| event.data.text("/resource"))
        .collect();
    assert_eq!(
        kinds,
        ["category", "author", "tag", "article", "headline", "site"]
    );
    for (event, path) in events.iter().zip([
        path_of("categories", &category),
        path_of("authors", &author),
        path_of("tags", &tag),
        path_of("articles", &article),
        path_of("headlines", &headline),
        "/v1/site".to_owned(),
    ]) {
        let shown = app.get(&path).await.ok();
        let resource = json!({"resource": event.data["resource"]});
        assert_eq!(event.data, with(resource, shown), "{path}");
    }
    let kinds: Vec<String> = only
        .take(2)
        .await
        .iter()
        .map(|event| event.data.text("/resource").to_owned())
        .collect();
    assert_eq!(kinds, ["tag", "site"]);
    // The headline shows the article no longer: it has a version of its own.
    withdraw(&app, "articles", &article).await;
    let events = stream.take(2).await;
    assert_eq!(
        told(&events),
        [event("withdrawn", &article), event("updated", &headline)]
    );
    assert_eq!(events[1].data["article"], Value::Null);
}

#[actix_web::test]
async fn a_key_shows_more_until_it_is_revoked() {
    let app = TestApp::start().await;
    let early = app.new_key(&[Scope::Early]).await;
    let desk = app.new_key(&[Scope::Read]).await;
    let mut partner = EventStream::open_now(app.get(HEADLINES).key(&early)).await;
    let mut public = EventStream::open_now(app.get(HEADLINES)).await;
    let mut newsroom = EventStream::open_now(app.get(HEADLINES).key(&desk)).await;
    let draft = app
        .headline("Un brouillon", json!({"status": "draft"}))
        .await;
    let later = json!({"status": "scheduled", "published_at": "2999-01-01T00:00:00Z"});
    let scheduled = app.headline("Vient", later).await;
    app.patch(
        &path_of("headlines", &scheduled),
        json!({"status": "draft"}),
    )
    .await
    .ok();
    let shown = app.headline("Pour tous", json!({})).await;
    assert_eq!(told(&public.take(1).await), [event("published", &shown)]);
    // Its time could be in the past, and it was seen by partners: it is taken back from them.
    let to_partner: Vec<(String, String)> = {
        let mut events = Vec::new();
        loop {
            let event = partner.next().await.unwrap();
            let is_last = event.data["id"] == shown["id"];
            events.push((event.name.clone(), event.data.text("/id").to_owned()));
            if is_last {
                break events;
            }
        }
    };
    let scheduled_id = scheduled.text("/id").to_owned();
    assert!(!to_partner.iter().any(|(_, id)| *id == draft.text("/id")));
    let of_scheduled: Vec<&str> = to_partner
        .iter()
        .filter(|(_, id)| *id == scheduled_id)
        .map(|(name, _)| name.as_str())
        .collect();
    // Both changes, or the last if they were read together.
    assert!(
        [vec!["published", "withdrawn"], vec!["withdrawn"]].contains(&of_scheduled),
        "{of_scheduled:?}"
    );
    assert_eq!(told(&newsroom.take(1).await), [event("published", &draft)]);

    let keys = app.get_as_admin("/v1/keys?limit=100").await.ok();
    let prefix = &desk[..12];
    let key = keys["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key.text("/prefix") == prefix)
        .unwrap();
    app.delete(&path_of("keys", key)).await;
    while newsroom.next().await.is_some() {}
    // The others go on.
    let last = app.headline("La dernière", json!({})).await;
    assert_eq!(told(&public.take(1).await), [event("published", &last)]);
    assert_eq!(told(&partner.take(1).await), [event("published", &last)]);
}

#[actix_web::test]
async fn what_comes_due_is_told_once() {
    let app = TestApp::start().await;
    let mut stream = EventStream::open_now(app.get(HEADLINES)).await;
    let soon = chrono::Utc::now() + chrono::TimeDelta::seconds(3);
    let soon = soon.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let coming = app
        .headline(
            "Vient",
            json!({"status": "scheduled", "published_at": soon}),
        )
        .await;
    let leaving = app.headline("Part", json!({"expires_at": soon})).await;
    assert_eq!(told(&stream.take(1).await), [event("published", &leaving)]);
    let mut conn = app.conn().await;
    let mut written = 0;
    while written < 2 {
        written += write_due::<Headline>(&mut conn).await.unwrap();
    }
    let events = stream.take(2).await;
    let mut events = told(&events);
    events.sort_unstable();
    assert_eq!(
        events,
        [event("expired", &leaving), event("published", &coming)]
    );
}

#[actix_web::test]
async fn a_place_that_cannot_be_read_is_reset() {
    let app = TestApp::start().await;
    let mut stream = EventStream::open_now(app.get(HEADLINES)).await;
    let old = std::mem::take(&mut stream.last_id);
    app.get(&format!("{HEADLINES}?since=2026-11-27T20:00:00Z"))
        .await
        .problem(400, "invalid-parameters");
    app.headline("Une ligne", json!({})).await;
    stream.take(1).await;
    app.execute_sql("UPDATE events SET at = at - interval '40 days'")
        .await;
    retention::clear(&app.database, 30).await.unwrap();
    for id in ["nonsense", old.as_str()] {
        let mut stream = EventStream::open(app.get(HEADLINES).header("Last-Event-ID", id)).await;
        let reset = stream.next().await.unwrap();
        assert_eq!(reset.name, "reset");
        assert_eq!(reset.data["changes"], "/v1/changes?snapshot=true");
        let next = app.headline("La suivante", json!({})).await;
        assert_eq!(
            told(&stream.take(1).await),
            [event("published", &next)],
            "{id}"
        );
    }
    // A place in the log of another database.
    let elsewhere = TestApp::start().await;
    elsewhere
        .execute_sql("UPDATE change_log SET id = gen_random_uuid()")
        .await;
    let other = EventStream::open_now(elsewhere.get(HEADLINES)).await;
    let mut stream =
        EventStream::open(app.get(HEADLINES).header("Last-Event-ID", &other.last_id)).await;
    assert_eq!(stream.next().await.unwrap().name, "reset");
}

#[actix_web::test]
async fn streams_are_limited_by_address_and_key() {
    let app =
        TestApp::start_with_words("--max-streams-per-address 1 --max-streams-per-key 1").await;
    let key = app.new_key(&[Scope::Read]).await;
    let stream = EventStream::open_now(app.get(HEADLINES)).await;
    let refused = app.get(HEADLINES).await;
    refused.problem(429, "too-many-requests");
    assert_eq!(refused.header("retry-after"), "30");
    let of_key = EventStream::open_now(app.get("/v1/stream").key(&key)).await;
    app.get(HEADLINES)
        .key(&key)
        .await
        .problem(429, "too-many-requests");
    drop((stream, of_key));
}

#[actix_web::test]
async fn who_reads_nothing_is_disconnected_sooner_than_from_other_responses() {
    let app =
        TestApp::start_with(&["--write-timeout", "600", "--max-streams-per-address", "1"]).await;
    let mut reader = TcpStream::connect(app.addr).unwrap();
    SockRef::from(&reader).set_recv_buffer_size(4096).unwrap();
    reader
        .write_all(b"GET /v1/stream HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    let mut bytes = [0; 64];
    reader.read_exact(&mut bytes).unwrap();
    let body = "<p>".to_owned() + &"mot ".repeat(50_000) + "</p>";
    for n in 0..4 {
        let title = format!("Article {n}");
        app.article(&title, json!({"body": body})).await;
    }
    let begun = Instant::now();
    while app.request(Method::HEAD, HEADLINES).await.status == 429 {
        assert!(begun.elapsed() < Duration::from_secs(300));
        sleep(Duration::from_millis(100)).await;
    }
    let received = read_to_close(reader);
    assert!(received.len() < 4 * body.len(), "{}", received.len());
}

#[actix_web::test]
async fn parameters_of_streams_are_checked() {
    let app = TestApp::start().await;
    for (query, faults) in [
        ("category=nulle-part", vec!["category not_found"]),
        ("tag=aucun", vec!["tag not_found"]),
        ("snapshot=0", vec!["snapshot invalid"]),
        ("snapshot=101", vec!["snapshot invalid"]),
        (
            "priority=urgent&language=x",
            vec!["priority invalid", "language invalid"],
        ),
        ("since=%C3%A9", vec!["since invalid"]),
        ("resource=headline", vec!["resource unknown"]),
    ] {
        let refused = app.get(&format!("{HEADLINES}?{query}")).await;
        assert_eq!(refused.parameter_faults(), faults, "{query}");
    }
    let refused = app.get("/v1/stream?resource=headline,key").await;
    assert_eq!(refused.parameter_faults(), ["resource invalid"]);
    app.get(HEADLINES)
        .key("mnc_wrong")
        .await
        .problem(401, "unauthorized");
    app.post(HEADLINES, json!({}))
        .await
        .problem(405, "method-not-allowed");
    let head = app.request(Method::HEAD, HEADLINES).await;
    assert_eq!(
        (head.status, head.header("content-type")),
        (200, "text/event-stream")
    );
}

#[actix_web::test]
async fn a_browser_connects_again_while_the_database_is_away() {
    let (proxy, database) = DatabaseProxy::to_new_database().await;
    let app = TestApp::start_on(database, &["--database-silence-ms", "1000"]).await;
    let mut stream = EventStream::open_now(app.get(HEADLINES)).await;
    let first = app.headline("Une", json!({})).await;
    let id = stream.next().await.unwrap().id.unwrap();
    proxy.disconnect();
    while app.get("/v1/headlines").await.status != 503 {}
    app.get(HEADLINES).await.problem(503, "unavailable");
    let again = || app.get(HEADLINES).header("Last-Event-ID", &id);
    let mut told_to_wait = EventStream::open(again()).await;
    assert_eq!(told_to_wait.next().await, None);
    proxy.resume();
    while app.get("/v1/headlines").await.status != 200 {}
    // Both the stream that was open and one that connects again go on.
    let mut resumed = EventStream::open(again()).await;
    let second = app.headline("Deux", json!({})).await;
    for stream in [&mut stream, &mut resumed] {
        assert_eq!(told(&stream.take(1).await), [event("published", &second)]);
    }
    assert_ne!(first["id"], second["id"]);
}
