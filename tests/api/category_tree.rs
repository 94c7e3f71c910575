//! Categories as a nested tree with article counts.

use diesel_async::SimpleAsyncConnection;
use manchette::news::categories::counts;
use serde_json::{Value, json};

use crate::support::{JsonPath, TestApp, path_of, with};

fn path(category: &Value) -> String {
    path_of("categories", category)
}

#[actix_web::test]
async fn the_tree_is_nested_and_counts_published_articles_including_descendants() {
    let app = TestApp::start().await;
    let top = app.category("top", None).await;
    let left = app.category("left", Some(&top)).await;
    let right = app.category("right", Some(&top)).await;
    let leaf = app.category("leaf", Some(&left)).await;
    app.category("other", None).await;
    for (category, more) in [
        (&top, json!({})),
        (&left, json!({})),
        (&left, json!({"language": "ar"})),
        (&leaf, json!({})),
        // None of these is published.
        (&leaf, json!({"status": "draft"})),
        (
            &leaf,
            json!({"status": "withdrawn", "published_at": "2026-01-01T00:00:00Z"}),
        ),
        (
            &right,
            json!({"status": "scheduled", "published_at": "2999-01-01T00:00:00Z"}),
        ),
        (&right, json!({"published_at": "2999-01-01T00:00:00Z"})),
    ] {
        app.article("x", with(json!({"category_id": category["id"]}), more))
            .await;
    }
    let leaf_article = app.get("/v1/articles?category=leaf").await.ok()["items"][0]
        .text("/id")
        .to_owned();
    let deleted = app.article("x", json!({"category_id": top["id"]})).await;
    app.delete(&path_of("articles", &deleted)).await;
    app.headline("x", json!({"category_id": top["id"]})).await;

    fn counted(nodes: &Value) -> Value {
        nodes
            .as_array()
            .unwrap()
            .iter()
            .map(|node| {
                assert_eq!(node["article_count_is_exact"], true);
                json!([
                    node["slug"],
                    node["article_count"],
                    counted(&node["children"])
                ])
            })
            .collect()
    }
    let expected = json!([
        ["top", 4, [["left", 3, [["leaf", 1, []]]], ["right", 0, []]]],
        ["other", 0, []],
    ]);
    for request in [
        app.get("/v1/categories?tree=true&count=true"),
        app.get_as_admin("/v1/categories?tree=true&count=true"),
    ] {
        let tree = request.await.ok();
        assert_eq!(counted(&tree["items"]), expected);
        assert_eq!(tree["page"]["total"], 5);
        assert_eq!(
            (&tree["page"]["next"], &tree["page"]["prev"]),
            (&Value::Null, &Value::Null)
        );
    }
    let branch = app
        .get("/v1/categories?tree=true&count=true&category=left")
        .await
        .ok();
    assert_eq!(
        counted(&branch["items"]),
        json!([["left", 3, [["leaf", 1, []]]]])
    );
    assert_eq!(branch["page"]["total"], 2);
    let list = app.get("/v1/categories?count=true").await.ok();
    let counts: Vec<&Value> = list
        .list("/items")
        .iter()
        .map(|category| &category["article_count"])
        .collect();
    assert_eq!(counts, [4, 3, 1, 0, 0]);

    // The same once changes are added up, after further changes, and after those.
    counts::sum_changes(&mut app.conn().await).await.unwrap();
    assert_eq!(app.row_count("SELECT FROM article_count_changes").await, 0);
    for (status, top) in [
        ("withdrawn", 3),
        ("published", 4),
        ("draft", 3),
        ("published", 4),
    ] {
        let path = format!("/v1/articles/{leaf_article}");
        app.patch(&path, json!({"status": status})).await.ok();
        let tree = app.get("/v1/categories?tree=true&count=true").await.ok();
        assert_eq!(tree["items"][0]["article_count"], top, "{status}");
        if status == "draft" {
            counts::sum_changes(&mut app.conn().await).await.unwrap();
        }
    }

    // Counts are returned only on request.
    let tree = app.get("/v1/categories?tree=true").await.ok();
    assert!(tree["items"][0].get("article_count").is_none());
    assert!(tree["page"].get("total").is_none());
    // The articles of a branch move with it.
    app.patch(&path(&left), json!({"parent_id": right["id"]}))
        .await
        .ok();
    let tree = app.get("/v1/categories?tree=true&count=true").await.ok();
    assert_eq!(
        counted(&tree["items"])[0],
        json!(["top", 4, [["right", 3, [["left", 3, [["leaf", 1, []]]]]]]])
    );
    // A category with a count can be sent back.
    let read = list["items"][3].clone();
    assert_eq!(read["slug"], "right");
    app.put(&path(&right), read).await.ok();
}

#[actix_web::test]
async fn tree_responses_are_not_paginated() {
    let app = TestApp::start().await;
    for n in 0..25 {
        app.category(&format!("c{n:02}"), None).await;
    }
    let tree = app.get("/v1/categories?tree=true").await.ok();
    assert_eq!(tree.list("/items").len(), 25);
    for (query, faults) in [
        ("limit=5", vec!["limit incompatible_with_tree"]),
        ("cursor=x", vec!["cursor incompatible_with_tree"]),
        (
            "fields=name&limit=5&cursor=x",
            vec![
                "limit incompatible_with_tree",
                "cursor incompatible_with_tree",
            ],
        ),
        ("category=nothing", vec!["category not_found"]),
        ("tree=true", vec!["tree duplicate_parameter"]),
    ] {
        let response = app.get(&format!("/v1/categories?tree=true&{query}")).await;
        assert_eq!(response.parameter_faults(), faults);
    }
    let response = app.get("/v1/categories?tree=yes").await;
    assert_eq!(response.parameter_faults(), ["tree invalid"]);
    let list = app.get("/v1/categories?tree=false&limit=5").await.ok();
    assert_eq!(list.list("/items").len(), 5);
    assert!(list["items"][0].get("children").is_none());
}

#[actix_web::test]
async fn the_number_of_categories_is_limited_to_a_thousand() {
    let app = TestApp::start().await;
    let first = app.category("first", None).await;
    let path = path_of("categories", &first);
    let mut conn = app.conn().await;
    conn.batch_execute(
        "INSERT INTO categories (id, slug, name, tree_key) \
         SELECT gen_random_uuid(), 'c' || n, 'c', '' FROM generate_series(1, 999) AS n",
    )
    .await
    .unwrap();
    let site = app.get("/v1/site").await.ok();
    assert_eq!(site.list("/categories").len(), 1000);
    let new = || app.post("/v1/categories", json!({"name": "x"}));
    new().await.problem(409, "conflict");
    app.patch(&path, json!({"name": "y"})).await.ok();
    assert_eq!(app.delete(&path).await.status, 204);
    new().await.created();
    app.put(&path, json!({"name": "z"}))
        .await
        .problem(409, "conflict");
}
