//! Bylines: the authors and tags of an article.

use diesel_async::SimpleAsyncConnection;
use futures_util::future::join;
use serde_json::{Value, json};

use crate::support::{JsonPath, TestApp, path_of, with, without_id};

fn path(author: &Value) -> String {
    path_of("authors", author)
}

fn article_path(article: &Value) -> String {
    path_of("articles", article)
}

/// Summaries of authors, as embedded in articles.
fn summaries(authors: &[&Value]) -> Value {
    authors
        .iter()
        .map(|author| json!({"id": author["id"], "slug": author["slug"], "name": author["name"], "image_url": author["image_url"]}))
        .collect()
}

fn ids(authors: &[&Value]) -> Value {
    authors.iter().map(|author| author["id"].clone()).collect()
}

#[actix_web::test]
async fn an_author_cannot_be_deleted_while_an_article_names_them() {
    let app = TestApp::start().await;
    let salma = app.author("Salma").await;
    let other = app.author("Other").await;
    let first = app
        .article("x", json!({"author_ids": ids(&[&other, &salma])}))
        .await;
    let draft = app
        .article(
            "y",
            json!({"author_ids": ids(&[&salma]), "status": "draft"}),
        )
        .await;

    let problem = app.delete(&path(&salma)).await.problem(409, "conflict");
    assert_eq!(problem["detail"], "still used by: 2 articles");
    assert_eq!(problem["errors"][0]["code"], "has_articles");
    let mut conn = app.conn().await;
    let by_hand = format!(
        "UPDATE authors SET deleted_at = now() WHERE id = '{}'",
        salma.text("/id")
    );
    let error = conn.batch_execute(&by_hand).await.unwrap_err();
    assert!(error.to_string().contains("still refer to it"), "{error}");

    app.patch(&article_path(&first), json!({"author_ids": ids(&[&other])}))
        .await
        .ok();
    let problem = app.delete(&path(&salma)).await.problem(409, "conflict");
    assert_eq!(problem["detail"], "still used by: 1 article");
    // A deleted article names nobody.
    assert_eq!(app.delete(&article_path(&draft)).await.status, 204);
    assert_eq!(app.delete(&path(&salma)).await.status, 204);
    app.get(&path(&salma)).await.problem(404, "not-found");
    assert_eq!(
        app.get(&article_path(&first)).await.ok()["authors"],
        summaries(&[&other])
    );
}

#[actix_web::test]
async fn a_deleted_article_is_restored_only_without_its_deleted_authors_and_tags() {
    let app = TestApp::start().await;
    let salma = app.author("Salma").await;
    let semailles = app.tag("Semailles").await;
    for named in [
        json!({"author_ids": ids(&[&salma])}),
        json!({"tag_ids": ids(&[&semailles])}),
    ] {
        let article = app.article("x", named.clone()).await;
        assert_eq!(app.delete(&article_path(&article)).await.status, 204);
        let body = json!({"title": "x", "language": "fr", "status": "published"});
        let restore = |more: Value| app.put(&article_path(&article), with(body.clone(), more));
        let (list, one) = match named.get("author_ids") {
            Some(_) => ("author_ids", path(&salma)),
            None => ("tag_ids", path_of("tags", &semailles)),
        };
        assert_eq!(app.delete(&one).await.status, 204);

        let faults = restore(named.clone()).await.faults();
        assert_eq!(faults.len(), 1);
        assert!(faults[0].ends_with(" not_found"), "{faults:?}");
        app.get_as_admin(&article_path(&article))
            .await
            .problem(404, "not-found");
        let id = article.text("/id");
        let mut conn = app.conn().await;
        let error = conn
            .batch_execute(&format!(
                "UPDATE articles SET deleted_at = NULL WHERE id = '{id}'"
            ))
            .await
            .unwrap_err();
        assert!(error.to_string().contains("is deleted"), "{error}");

        let restored = restore(json!({})).await.created();
        assert_eq!(restored[list], json!([]));
    }
}

#[actix_web::test]
async fn a_byline_keeps_its_order_and_embeds_author_and_tag_summaries() {
    let app = TestApp::start().await;
    let (a, b, c) = (
        app.author("a").await,
        app.author("b").await,
        app.author("c").await,
    );
    let (t, u) = (app.tag("t").await, app.tag("u").await);
    let article = app
        .article(
            "x",
            json!({"author_ids": ids(&[&c, &a, &b]), "tag_ids": ids(&[&u, &t]), "body": "y"}),
        )
        .await;
    let tags = |tags: &[&Value]| -> Value {
        tags.iter()
            .map(|tag| json!({"id": tag["id"], "slug": tag["slug"], "name": tag["name"], "kind": tag["kind"]}))
            .collect()
    };
    assert_eq!(article["author_ids"], ids(&[&c, &a, &b]));
    assert_eq!(article["authors"], summaries(&[&c, &a, &b]));
    assert_eq!(article["tag_ids"], ids(&[&u, &t]));
    assert_eq!(article["tags"], tags(&[&u, &t]));
    let url = article_path(&article);
    assert_eq!(app.get(&url).await.ok(), article);
    let listed = app
        .get("/v1/articles?fields=authors,author_ids,tags,tag_ids")
        .await
        .ok();
    assert_eq!(
        without_id(&listed["items"][0]),
        json!({
            "authors": article["authors"], "author_ids": article["author_ids"],
            "tags": article["tags"], "tag_ids": article["tag_ids"],
        })
    );

    // What was read can be sent back.
    app.put_unchanged(&url, &article).await;
    // A patch replaces the whole list and keeps the other.
    let patched = app
        .patch(&url, json!({"author_ids": ids(&[&b, &c])}))
        .await
        .ok();
    assert_eq!(patched["authors"], summaries(&[&b, &c]));
    assert_eq!(patched["tags"], tags(&[&u, &t]));
    let reordered = app
        .patch(&url, json!({"author_ids": ids(&[&c, &b]), "tag_ids": []}))
        .await
        .ok();
    assert_eq!(reordered["author_ids"], ids(&[&c, &b]));
    assert_eq!(reordered["tags"], json!([]));
    let cleared = app.patch(&url, json!({"author_ids": null})).await.ok();
    assert_eq!(
        (&cleared["author_ids"], &cleared["authors"]),
        (&json!([]), &json!([]))
    );

    // A changed name changes in the byline.
    app.patch(&url, json!({"author_ids": ids(&[&a])}))
        .await
        .ok();
    let before = app.get(&url).await.etag();
    let picture = "https://i.example/amina.jpg";
    app.patch(
        &path(&a),
        json!({"name": "Amina", "slug": "amina", "image_url": picture}),
    )
    .await
    .ok();
    let after = app.get(&url).await;
    assert_eq!(
        after.ok()["authors"][0],
        json!({"id": a["id"], "slug": "amina", "name": "Amina", "image_url": picture})
    );
    assert_ne!(after.header("etag"), before);
    let left_out = app
        .put(&url, json!({"title": "x", "language": "fr"}))
        .await
        .ok();
    assert_eq!(left_out["author_ids"], json!([]));
}

#[actix_web::test]
async fn author_and_tag_ids_must_exist_and_be_unique() {
    let app = TestApp::start().await;
    let salma = app.author("Salma").await;
    let semailles = app.tag("Semailles").await;
    let missing = json!(uuid::Uuid::now_v7());
    let deleted = app.author("Gone").await;
    app.delete(&path(&deleted)).await;
    let article = app.article("x", json!({})).await;
    for (list, existing, most) in [
        ("author_ids", &salma["id"], 20),
        ("tag_ids", &semailles["id"], 50),
    ] {
        let too_many: Vec<uuid::Uuid> = (0..=most).map(|_| uuid::Uuid::now_v7()).collect();
        for (ids, code) in [
            (json!([existing, missing]), "/1 not_found"),
            (json!([missing, existing]), "/0 not_found"),
            (json!([existing, deleted["id"]]), "/1 not_found"),
            (json!([existing, existing]), " duplicate_item"),
            (json!(too_many), " too_many"),
            (json!([existing, "salma"]), "/1 invalid_id"),
            (json!([1]), "/0 wrong_type"),
            (json!(existing), " wrong_type"),
        ] {
            let fault = format!("/{list}{code}");
            let body = json!({"title": "y", "language": "fr", list: ids});
            let created = app.post("/v1/articles", body.clone()).await;
            assert_eq!(created.faults(), [fault.as_str()], "{ids}");
            let put = app.put(&article_path(&article), body).await;
            assert_eq!(put.faults(), [fault.as_str()], "{ids}");
            let patched = app.patch(&article_path(&article), json!({list: ids})).await;
            assert_eq!(patched.faults(), [fault.as_str()], "{ids}");
        }
    }
    assert_eq!(app.get(&article_path(&article)).await.ok(), article);
}

#[actix_web::test]
async fn an_article_accepts_the_maximum_number_of_authors_and_tags() {
    let app = TestApp::start().await;
    let mut authors = Vec::new();
    for n in 0..20 {
        authors.push(app.author(&format!("a{n}")).await["id"].clone());
    }
    let mut tags = Vec::new();
    for n in 0..50 {
        tags.push(app.tag(&format!("t{n}")).await["id"].clone());
    }
    authors.reverse();
    let article = app
        .article("x", json!({"author_ids": authors, "tag_ids": tags}))
        .await;
    assert_eq!(article["author_ids"], json!(authors));
    assert_eq!(article["tag_ids"], json!(tags));
}

#[actix_web::test]
async fn concurrent_byline_and_author_deletion_leave_no_dangling_reference() {
    let app = TestApp::start().await;
    for round in 0..10 {
        let salma = app.author(&format!("a{round}")).await;
        let body = json!({"title": "x", "language": "fr", "author_ids": ids(&[&salma])});
        let (deleted, created) = join(
            app.delete(&path(&salma)).into_future(),
            app.post("/v1/articles", body).into_future(),
        )
        .await;
        let outcome = (deleted.status, created.status);
        assert!(matches!(outcome, (204, 422) | (409, 201)), "{outcome:?}");
    }
    let dangling = "SELECT 1 FROM article_authors n JOIN authors a ON a.id = n.author_id \
         WHERE n.deleted_at IS NULL AND a.deleted_at IS NOT NULL";
    assert_eq!(app.row_count(dangling).await, 0);
}
