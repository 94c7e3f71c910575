//! Categories.

use diesel_async::RunQueryDsl;
use futures_util::future::join;
use serde_json::{Value, json};

use crate::support::pages::texts;
use crate::support::{JsonPath, TestApp, follow, path_of};

fn path(category: &Value) -> String {
    path_of("categories", category)
}

#[actix_web::test]
async fn a_category_has_one_shape() {
    let app = TestApp::start().await;
    let parent = app.category("Économie", None).await;
    let body = json!({
        "name": "Agriculture", "names": {"AR": "الفلاحة", "en": "Farming"}, "description": "Les champs.\nLes eaux.",
        "parent_id": parent["id"], "position": 3, "media_topic": "medtop:20000210",
    });
    let created = app.post("/v1/categories", body).await.created();
    for path in [&created["id"], &created["slug"]] {
        assert_eq!(
            app.get(&format!("/v1/categories/{}", path.as_str().unwrap()))
                .await
                .ok(),
            created
        );
    }
    assert_eq!(app.get("/v1/categories").await.ok()["items"][1], created);
    insta::assert_json_snapshot!(created, {
        ".id" => "[id]", ".parent_id" => "[id]", ".parent.id" => "[id]", ".created_at" => "[time]", ".updated_at" => "[time]",
    });
}

#[actix_web::test]
async fn categories_are_listed_in_depth_first_tree_order() {
    let app = TestApp::start().await;
    let b = app.category("b", None).await;
    let a = app.category("a", None).await;
    let b2 = app.category("b2", Some(&b)).await;
    app.category("b1", Some(&b)).await;
    app.category("b21", Some(&b2)).await;
    app.patch(&path(&a), json!({"position": 0})).await.ok();
    app.patch(&path(&b), json!({"position": 1})).await.ok();
    app.patch(&path(&b2), json!({"position": 5})).await.ok();
    assert_eq!(
        app.get("/v1/categories").await.ok().texts("/items/*/slug"),
        ["a", "b", "b1", "b2", "b21"]
    );
    assert_eq!(
        app.get("/v1/categories?category=b2&count=true")
            .await
            .ok()
            .texts("/items/*/slug"),
        ["b2", "b21"]
    );

    let pages = follow(|path| app.get(path), "/v1/categories?limit=2", "next", None).await;
    let expected = [vec!["a", "b"], vec!["b1", "b2"], vec!["b21"]];
    assert_eq!(texts(&pages, "/items/*/slug"), expected);

    // A branch moves with its descendants.
    app.patch(&path(&b2), json!({"parent_id": a["id"]}))
        .await
        .ok();
    assert_eq!(
        app.get("/v1/categories").await.ok().texts("/items/*/slug"),
        ["a", "b2", "b21", "b", "b1"]
    );
    app.patch(&path(&b2), json!({"parent_id": null})).await.ok();
    assert_eq!(
        app.get("/v1/categories").await.ok().texts("/items/*/slug"),
        ["a", "b", "b1", "b2", "b21"]
    );
}

#[actix_web::test]
async fn cycles_and_more_than_five_levels_are_rejected() {
    let app = TestApp::start().await;
    let mut chain = vec![app.category("1", None).await];
    for level in 2..=5 {
        chain.push(app.category(&level.to_string(), chain.last()).await);
    }
    let sixth = json!({"name": "6", "parent_id": chain[4]["id"]});
    assert_eq!(
        app.post("/v1/categories", sixth).await.faults(),
        ["/parent_id too_deep"]
    );
    let below = |id: &Value| json!({"parent_id": id});
    assert_eq!(
        app.patch(&path(&chain[0]), below(&chain[3]["id"]))
            .await
            .faults(),
        ["/parent_id cycle"]
    );
    assert_eq!(
        app.patch(&path(&chain[0]), below(&chain[0]["id"]))
            .await
            .faults(),
        ["/parent_id cycle"]
    );
    let other = app.category("other", None).await;
    assert_eq!(
        app.patch(&path(&chain[0]), below(&other["id"]))
            .await
            .faults(),
        ["/parent_id too_deep"]
    );
    let missing = json!({"name": "x", "parent_id": uuid::Uuid::now_v7()});
    assert_eq!(
        app.post("/v1/categories", missing).await.faults(),
        ["/parent_id not_found"]
    );
}

#[actix_web::test]
async fn two_concurrent_moves_never_create_a_cycle() {
    let app = TestApp::start().await;
    for round in 0..10 {
        let a = app.category(&format!("a{round}"), None).await;
        let b = app.category(&format!("b{round}"), None).await;
        let (one, other) = join(
            app.patch(&path(&a), json!({"parent_id": b["id"]}))
                .into_future(),
            app.patch(&path(&b), json!({"parent_id": a["id"]}))
                .into_future(),
        )
        .await;
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422], "{one:?} {other:?}");
    }
}

#[actix_web::test]
async fn database_constraints_reject_cycles_and_control_characters() {
    let app = TestApp::start().await;
    let a = app.category("a", None).await;
    app.category("b", Some(&a)).await;
    let mut conn = app.conn().await;
    let error = diesel::sql_query("UPDATE categories SET parent_id = (SELECT id FROM categories WHERE slug = 'b') WHERE slug = 'a'")
        .execute(&mut conn)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("descendant of itself"),
        "{error}"
    );
    let error = diesel::sql_query("UPDATE categories SET name = E'\\u0001' WHERE slug = 'a'")
        .execute(&mut conn)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("check constraint"), "{error}");
}

#[actix_web::test]
async fn a_category_with_content_cannot_be_deleted() {
    let app = TestApp::start().await;
    let category = app.category("a", None).await;
    let child = app.category("b", Some(&category)).await;
    let headline = app
        .headline("x", json!({"category_id": category["id"]}))
        .await;
    let draft = app
        .article(
            "y",
            json!({"category_id": category["id"], "status": "draft"}),
        )
        .await;

    let problem = app.delete(&path(&category)).await.problem(409, "conflict");
    assert_eq!(
        problem["detail"],
        "the category still contains: 1 category, 1 article, 1 headline"
    );
    let codes: Vec<&Value> = problem
        .list("/errors")
        .iter()
        .map(|fault| &fault["code"])
        .collect();
    assert_eq!(codes, ["has_categories", "has_articles", "has_headlines"]);

    for (resource, one) in [
        ("categories", &child),
        ("headlines", &headline),
        ("articles", &draft),
    ] {
        let path = path_of(resource, one);
        assert_eq!(app.delete(&path).await.status, 204);
    }
    assert_eq!(app.delete(&path(&category)).await.status, 204);
    app.get(&path(&category)).await.problem(404, "not-found");
    app.delete(&path(&category)).await.problem(404, "not-found");
    let body = json!({"title": "x", "language": "fr", "category_id": category["id"]});
    assert_eq!(
        app.post("/v1/headlines", body).await.faults(),
        ["/category_id not_found"]
    );
}

#[actix_web::test]
async fn concurrent_creation_and_deletion_leave_no_content_in_a_deleted_category() {
    let app = TestApp::start().await;
    for round in 0..10 {
        let category = app.category(&format!("c{round}"), None).await;
        let body = json!({"title": "x", "language": "fr", "category_id": category["id"]});
        let (deleted, created) = join(
            app.delete(&path(&category)).into_future(),
            app.post("/v1/headlines", body).into_future(),
        )
        .await;
        let outcome = (deleted.status, created.status);
        assert!(matches!(outcome, (204, 422) | (409, 201)), "{outcome:?}");
    }
    let dangling = "SELECT 1 FROM headlines h JOIN categories c ON c.id = h.category_id WHERE h.deleted_at IS NULL AND c.deleted_at IS NOT NULL";
    assert_eq!(app.row_count(dangling).await, 0);
}

#[actix_web::test]
async fn the_category_filter_includes_descendants_and_accepts_former_slugs() {
    let app = TestApp::start().await;
    let top = app.category("top", None).await;
    let below = app.category("below", Some(&top)).await;
    let other = app.category("other", None).await;
    for (title, category, day) in [
        ("a", &top, 1),
        ("b", &below, 2),
        ("c", &other, 3),
        ("d", &top, 4),
    ] {
        let at = format!("2026-01-0{day}T00:00:00Z");
        app.headline(
            title,
            json!({"category_id": category["id"], "published_at": at}),
        )
        .await;
        app.article(
            title,
            json!({"category_id": category["id"], "published_at": at}),
        )
        .await;
    }
    app.patch(&path(&below), json!({"slug": "beneath"}))
        .await
        .ok();
    for list in ["headlines", "articles"] {
        let titles = |category: &str| {
            let path = format!("/v1/{list}?category={category}&count=true");
            let app = &app;
            async move {
                let page = app.get(&path).await.ok();
                assert_eq!(page["page"]["total"], page.list("/items").len());
                page.texts("/items/*/title")
            }
        };
        assert_eq!(titles("top").await, ["d", "b", "a"]);
        assert_eq!(titles(top.text("/id")).await, ["d", "b", "a"]);
        assert_eq!(titles("beneath").await, ["b"]);
        assert_eq!(titles("below").await, ["b"]);
        let nothing = app.get(&format!("/v1/{list}?category=nothing")).await;
        assert_eq!(nothing.parameter_faults(), ["category not_found"]);
    }
    let empty = app.category("empty", None).await;
    let page = app
        .get(&format!("/v1/articles?category={}", empty.text("/id")))
        .await
        .ok();
    assert_eq!(page["items"], json!([]));
}

#[actix_web::test]
async fn every_category_change_is_one_event() {
    let app = TestApp::start().await;
    let category = app.category("a", None).await;
    app.patch(&path(&category), json!({"name": "b"})).await.ok();
    app.patch(&path(&category), json!({"parent_id": category["id"]}))
        .await
        .faults();
    app.delete(&path(&category)).await;
    app.put(&path(&category), json!({"name": "c"}))
        .await
        .created();
    let expected = [
        "category 1 created",
        "category 2 updated",
        "category 3 deleted",
        "category 4 restored",
    ];
    assert_eq!(app.events().await, expected);
}

#[actix_web::test]
async fn concurrent_changes_within_a_branch_all_succeed() {
    let app = TestApp::start().await;
    let mut chain = vec![app.category("1", None).await];
    for level in 2..=4 {
        chain.push(app.category(&level.to_string(), chain.last()).await);
    }
    let changes = (0..24).map(|n| {
        app.patch(&path(&chain[n % 4]), json!({"position": n + 1}))
            .into_future()
    });
    for response in futures_util::future::join_all(changes).await {
        assert_eq!(response.status, 200, "{response:?}");
    }
}

#[actix_web::test]
async fn localized_names_have_unique_languages_and_a_maximum_count() {
    let app = TestApp::start().await;
    let twice = json!({"name": "x", "names": {"FR": "a", "fr": "b"}});
    assert_eq!(
        app.post("/v1/categories", twice).await.faults(),
        ["/names/fr duplicate_item"]
    );
    let names: serde_json::Map<String, Value> =
        (0..51).map(|n| (format!("fr-x-{n}"), json!("x"))).collect();
    let many = json!({"name": "x", "names": names});
    assert!(
        app.post("/v1/categories", many)
            .await
            .faults()
            .contains(&"/names too_many".to_owned())
    );
}

#[actix_web::test]
async fn a_patch_removes_one_localized_name_or_all() {
    let app = TestApp::start().await;
    let names = json!({"fr": "Mer bleue", "ar": "بحر", "en": "Sea"});
    let category = app
        .post("/v1/categories", json!({"name": "Mer", "names": names}))
        .await
        .created();
    let path = path_of("categories", &category);
    let one = app.patch(&path, json!({"names": {"en": null}})).await.ok();
    assert_eq!(one["names"], json!({"fr": "Mer bleue", "ar": "بحر"}));
    // In the first language of the site the original name is used everywhere.
    app.headline("x", json!({"category_id": category["id"]}))
        .await;
    let french = app.get(&format!("{path}?language=fr")).await.ok();
    let chain = app.get("/v1/headlines?language=fr").await.ok();
    assert_eq!(french["name"], "Mer");
    assert_eq!(chain["items"][0]["category"]["name"], "Mer");
    let cleared = app.patch(&path, json!({"names": null})).await.ok();
    assert_eq!(cleared["names"], json!({}));
}
