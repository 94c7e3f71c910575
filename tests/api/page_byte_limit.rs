//! Pages with article bodies end after 4 MiB, and no item is lost.

use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};

use crate::support::{JsonPath, TestApp, Traversal, follow};

/// The articles, newest first: large ones have a body of 1.6 MB, the others of a few bytes.
const ARTICLES: [(&str, bool); 8] = [
    ("a", true),
    ("b", false),
    ("c", true),
    ("d", true),
    ("e", false),
    ("f", false),
    ("g", true),
    ("h", false),
];

/// Their pages, newest first and oldest first.
const FORWARD: [&str; 2] = ["abc", "defgh"];

const ASCENDING: [&str; 2] = ["hgfed", "cba"];

async fn create_articles(app: &TestApp) {
    let category = app.category("Top", None).await;
    let mut conn = app.conn().await;
    for (n, (name, is_large)) in ARTICLES.iter().enumerate() {
        let length = if *is_large { 400_000 } else { 10 };
        let at = format!("'2026-01-01'::timestamptz - interval '{n} hours'");
        conn.batch_execute(&format!(
            "INSERT INTO articles (id, slug, title, language, dir, status, published_at, first_published_at, updated_at, category_id, body)
             VALUES (gen_random_uuid(), 's-{name}', 'mot {name}', 'fr', 'ltr', 'published', {at}, {at}, {at}, '{}',
                repeat(U&'\\+010900', {length}))",
            category.text("/id")
        ))
        .await
        .unwrap();
    }
    app.reindex().await;
}

/// One letter for each item of a page: the last one of the title of its article, `-` for a headline.
fn letters(page: &Value) -> String {
    let letter = |item: &Value| {
        let title = item.pointer("/article/title").unwrap_or(&item["title"]);
        title.as_str().unwrap_or("-").chars().next_back().unwrap()
    };
    page.list("/items").iter().map(letter).collect()
}

/// The same for each page.
fn letters_by_page(pages: &[Value]) -> Vec<String> {
    pages.iter().map(letters).collect()
}

#[actix_web::test]
async fn pages_end_at_the_byte_limit_and_contain_everything_once_in_both_directions() {
    let app = TestApp::start().await;
    create_articles(&app).await;
    for (query, expected) in [
        ("", FORWARD),
        ("&sort=published_at", ASCENDING),
        ("&sort=-updated_at", FORWARD),
        ("&sort=updated_at&language=fr", ASCENDING),
        ("&category=top&count=true", FORWARD),
        ("&category=top&language=fr&status=published", FORWARD),
        // This one fetches all matches and sorts them.
        ("&sort=-updated_at&category=top", FORWARD),
    ] {
        let list = format!("/v1/articles?limit=100&fields=title,body{query}");
        let pages = Traversal::read(|path| app.get_as_admin(path), &list).await;
        assert_eq!(letters_by_page(&pages.forward), expected, "{list}");
        let total = query.contains("count").then_some(8);
        assert_eq!(pages.last()["page"]["total"].as_i64(), total);
        let backward = letters_by_page(&pages.backward).concat();
        assert_eq!(backward, expected.concat(), "{list}");
    }
    // Read backwards, a page ends at the byte limit too, counted from its end.
    let list = "/v1/articles?limit=1&fields=title,body";
    let pages = follow(|path| app.get_as_admin(path), list, "next", None).await;
    let single = ["a", "b", "c", "d", "e", "f", "g", "h"];
    assert_eq!(letters_by_page(&pages), single);
    let cursor = pages[7].text("/page/prev");
    let list = "/v1/articles?limit=100&fields=title,body";
    let pages = follow(|path| app.get_as_admin(path), list, "prev", Some(cursor)).await;
    assert_eq!(letters_by_page(&pages), ["defg", "abc"]);
    // Without bodies, all of them fit on one page.
    let page = app
        .get_as_admin("/v1/articles?limit=100&fields=title")
        .await;
    assert_eq!(letters(&page.ok()), "abcdefgh");
    assert_eq!(page.ok()["page"]["next"], Value::Null);
}

#[actix_web::test]
async fn a_page_contains_at_least_one_item_even_over_the_byte_limit() {
    let app = TestApp::start().await;
    let body = "𐤀".repeat(450_000);
    for name in ["b", "a"] {
        let more = json!({"body": body, "body_format": "html", "language": "en"});
        app.article(name, more).await;
    }
    let list = "/v1/articles?fields=title,body,body_html,body_text";
    let pages = follow(|path| app.get_as_admin(path), list, "next", None).await;
    assert_eq!(letters_by_page(&pages), ["a", "b"]);
    assert_eq!(pages[1].text("/items/0/body_text"), body);
    let page = app
        .get_as_admin("/v1/articles?fields=title,body_text")
        .await;
    assert_eq!(letters(&page.ok()), "ab");
    assert_eq!(page.ok()["page"]["next"], Value::Null);
}

#[actix_web::test]
async fn search_pages_with_bodies_contain_every_hit_once() {
    let app = TestApp::start().await;
    create_articles(&app).await;
    for name in ["x", "y"] {
        app.headline(
            &format!("mot {name}"),
            json!({"published_at": "2025-12-31T21:30:00Z"}),
        )
        .await;
    }
    for (sort, fields) in [
        ("-published_at", "article.title,article.body"),
        ("relevance", "article,headline"),
        ("relevance", "type,article.body,article.title"),
    ] {
        let fields = fields.replace("article,", "article.title,article.body,");
        for limit in [100, 3] {
            let list = format!("/v1/search?q=mot&sort={sort}&fields={fields}&limit={limit}");
            let pages = Traversal::read(|path| app.get_as_admin(path), &list).await;
            let forward = letters_by_page(&pages.forward).concat();
            let mut sorted: Vec<char> = forward.chars().collect();
            sorted.sort_unstable();
            assert_eq!(sorted.iter().collect::<String>(), "--abcdefgh", "{list}");
            assert!(pages.forward.len() > 1, "{list}");
            let backward = letters_by_page(&pages.backward).concat();
            assert_eq!(backward, forward, "{list}");
        }
    }
}

#[actix_web::test]
async fn pages_of_requested_ids_continue_after_the_byte_limit() {
    let app = TestApp::start().await;
    create_articles(&app).await;
    let all = app.get("/v1/articles?limit=100&fields=id").await.ok();
    let mut ids = all.texts("/items/*/id");
    ids.reverse();
    let missing = [(); 2].map(|()| uuid::Uuid::now_v7().to_string());
    ids.insert(2, missing[0].clone());
    ids.push(missing[1].clone());
    let list = format!(
        "/v1/articles?ids={}&fields=title,body&language=fr",
        ids.join(",")
    );
    let pages = Traversal::read(|path| app.get_as_admin(path), &list).await;
    assert_eq!(letters_by_page(&pages.forward), ASCENDING);
    assert_eq!(pages.last()["page"]["missing"], json!([missing[1]]));
    let first = app.get(&list).await;
    assert_eq!(first.ok()["page"]["missing"], json!([missing[0]]));
    assert_eq!(first.ok()["page"]["prev"], Value::Null);
    let next = first.ok().text("/page/next").to_owned();
    assert!(first.header("link").contains("rel=\"next\""));
    assert_eq!(letters_by_page(&pages.backward), ASCENDING);
    assert_eq!(pages.backward[0]["page"]["missing"], json!([missing[0]]));
    // A cursor belongs to its IDs.
    let others = format!("/v1/articles?ids={}&cursor={next}", ids[0]);
    let refused = app.get(&others).await;
    assert_eq!(refused.parameter_faults(), ["cursor cursor_mismatch"]);
    let page = app
        .get(&format!("/v1/articles?ids={}&fields=title", ids.join(",")))
        .await;
    assert_eq!(letters(&page.ok()), "hgfedcba");
    assert_eq!(page.ok()["page"]["next"], Value::Null);
}
