//! Articles: their shape, bodies, replacing and patching.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{JsonPath, TestApp, path_of, with, without_id};

fn path(article: &Value) -> String {
    path_of("articles", article)
}

#[actix_web::test]
async fn an_article_has_one_shape_and_lists_omit_its_body() {
    let app = TestApp::start().await;
    let category = app.category("Économie", None).await;
    let more = json!({
        "short_title": "Court", "kicker": "Surtitre", "lede": "Un chapô.", "body": "Un **corps**.\n\n<script>x</script>Deux.",
        "category_id": category["id"], "dateline": "Meknès", "published_at": "2026-01-01T08:00:00.123456Z",
        "image": {"url": "https://i.example/a.jpg", "alt": "Des oliviers", "width": 1600},
        "canonical_url": "https://a.example/1", "source": "Agence",
    });
    let created = app.article("L’été à Meknès", more).await;
    assert_eq!(app.get(&path(&created)).await.ok(), created);
    assert_eq!(app.get("/v1/articles/l-ete-a-meknes").await.ok(), created);
    insta::assert_json_snapshot!(created, {
        ".id" => "[id]", ".category_id" => "[id]", ".category.id" => "[id]", ".created_at" => "[time]", ".updated_at" => "[time]",
    });

    let mut listed = app.get("/v1/articles").await.ok()["items"][0].clone();
    for body in ["body", "body_html", "body_text"] {
        assert!(listed.get(body).is_none());
        listed[body] = created[body].clone();
    }
    assert_eq!(listed, created);
    let requests = app.get("/v1/articles?fields=title,body_text").await.ok();
    assert_eq!(
        without_id(&requests["items"][0]),
        json!({"title": "L’été à Meknès", "body_text": "Un corps.\nDeux."})
    );
}

#[actix_web::test]
async fn an_article_has_a_kind_which_lists_and_searches_filter_by() {
    let app = TestApp::start().await;
    let plain = app.article("Semailles", json!({})).await;
    assert_eq!(plain["kind"], "news");
    let opinion = app
        .article("Semailles, un avis", json!({"kind": "opinion"}))
        .await;
    assert_eq!(app.get(&path(&opinion)).await.ok()["kind"], "opinion");
    app.headline("Semailles", json!({})).await;

    for (kind, titles) in [
        ("news", &["Semailles"][..]),
        ("opinion", &["Semailles, un avis"]),
        ("interview", &[]),
    ] {
        let page = app.get(&format!("/v1/articles?kind={kind}")).await.ok();
        assert_eq!(page.texts("/items/*/title"), titles, "{kind}");
        let page = app.get(&format!("/v1/search?q=semailles&kind={kind}"));
        let found = page.await.ok();
        assert_eq!(found.texts("/items/*/article/title"), titles, "{kind}");
    }
    let refused = app.get("/v1/articles?kind=rumour").await;
    assert_eq!(refused.parameter_faults(), ["kind invalid"]);
    let refused = app
        .post(
            "/v1/articles",
            json!({"title": "x", "language": "fr", "kind": "rumour"}),
        )
        .await;
    assert_eq!(refused.faults(), ["/kind invalid_choice"]);

    let patched = app
        .patch(&path(&opinion), json!({"kind": "analysis"}))
        .await
        .ok();
    assert_eq!(
        (&patched["kind"], &patched["version"]),
        (&json!("analysis"), &json!(2))
    );
    let listed = app.get("/v1/articles?kind=analysis&count=true").await.ok();
    assert_eq!(listed["page"]["total"], 1);
}

#[actix_web::test]
async fn a_patch_clears_null_fields_and_keeps_absent_ones() {
    let app = TestApp::start().await;
    let image = json!({"url": "https://i.example/a.jpg", "alt": "a", "credit": "b"});
    let article = app
        .article("x", json!({"lede": "l", "kicker": "k", "image": image}))
        .await;
    let patched = app
        .patch(
            &path(&article),
            json!({"kicker": null, "title": "y", "image": {"alt": null, "width": 5}}),
        )
        .await
        .ok();
    let expected = with(
        article.clone(),
        json!({
            "kicker": null, "title": "y", "version": 2, "updated_at": patched["updated_at"],
            "image": {"url": "https://i.example/a.jpg", "alt": null, "caption": null, "credit": "b", "width": 5, "height": null},
        }),
    );
    assert_eq!(patched, expected);
    assert_eq!(
        app.patch(&path(&article), json!({"image": null}))
            .await
            .ok()["image"],
        Value::Null
    );
    for (patch, fault) in [
        (json!({"title": null}), "/title wrong_type"),
        (json!({"status": null}), "/status wrong_type"),
        (json!({"status": "gone"}), "/status invalid_choice"),
        (json!({"colour": 1}), "/colour unknown"),
        (json!([]), " wrong_type"),
    ] {
        assert_eq!(app.patch(&path(&article), patch).await.faults(), [fault]);
    }
    let nothing = app.patch(&path(&article), json!({})).await.ok();
    assert_eq!(
        nothing["version"], 3,
        "a patch that changes nothing is no change"
    );
}

#[actix_web::test]
async fn put_accepts_what_get_returned_and_resets_omitted_fields_to_defaults() {
    let app = TestApp::start().await;
    let article = app
        .article("x", json!({"lede": "l", "slug": "mine", "source": "s"}))
        .await;
    app.put_unchanged(&path(&article), &article).await;
    let replaced = app
        .put("/v1/articles/mine", json!({"title": "y", "language": "en"}))
        .await
        .ok();
    assert_eq!(replaced["slug"], "mine");
    assert_eq!(
        (&replaced["lede"], &replaced["source"], &replaced["status"]),
        (&Value::Null, &Value::Null, &json!("draft"))
    );
    assert_eq!(
        replaced["first_published_at"], article["first_published_at"],
        "the article was published before"
    );
    let extra = app
        .put(
            &path(&article),
            with(article.clone(), json!({"colour": "red"})),
        )
        .await;
    assert_eq!(extra.faults(), ["/colour unknown"]);
}

#[actix_web::test]
async fn put_creates_an_article_under_an_unused_id_and_restores_a_deleted_one() {
    let app = TestApp::start().await;
    let id = uuid::Uuid::now_v7();
    let path = format!("/v1/articles/{id}");
    let body = json!({"title": "x", "language": "fr", "status": "published"});
    let created = app.put(&path, body.clone()).await;
    assert_eq!(created.header("location"), path);
    assert_eq!(created.created()["id"], json!(id));
    assert_eq!(app.put(&path, body.clone()).await.ok()["version"], 2);
    assert_eq!(app.delete(&path).await.status, 204);
    app.get_as_admin(&path).await.problem(404, "not-found");
    app.patch(&path, json!({"title": "y"}))
        .await
        .problem(404, "not-found");
    assert_eq!(
        app.get_as_admin("/v1/articles")
            .await
            .ok()
            .texts("/items/*/id"),
        Vec::<String>::new()
    );
    assert_eq!(app.put(&path, body.clone()).await.created()["version"], 4);
    app.put("/v1/articles/no-such-slug", body.clone())
        .await
        .problem(404, "not-found");
    app.put("/v1/articles/00000000-0000-0000-0000-000000000000", body)
        .await
        .problem(404, "not-found");
}

#[actix_web::test]
async fn first_published_at_does_not_change_after_publication() {
    let app = TestApp::start().await;
    let article = app
        .article("x", json!({"published_at": "2026-01-01T00:00:00Z"}))
        .await;
    assert_eq!(article["first_published_at"], "2026-01-01T00:00:00.000000Z");
    let again = app
        .patch(
            &path(&article),
            json!({"published_at": "2026-02-01T00:00:00Z"}),
        )
        .await
        .ok();
    assert_eq!(again["first_published_at"], "2026-01-01T00:00:00.000000Z");
    let ahead = app
        .article("y", json!({"published_at": "2999-01-01T00:00:00Z"}))
        .await;
    let sooner = app
        .patch(
            &path(&ahead),
            json!({"published_at": "2998-01-01T00:00:00Z"}),
        )
        .await
        .ok();
    assert_eq!(
        sooner["first_published_at"], "2998-01-01T00:00:00.000000Z",
        "the article was not published yet"
    );
}

#[actix_web::test]
async fn bodies_are_rendered_to_safe_html_and_plain_text() {
    let app = TestApp::start().await;
    let words = "mot ".repeat(401);
    let article = app.article("x", json!({"body": words})).await;
    assert_eq!(
        (&article["word_count"], &article["reading_minutes"]),
        (&json!(401), &json!(3))
    );
    let html = json!({"body_format": "html", "body": "<p dir=\"rtl\" lang=\"ar\">نص</p><img src=\"x\" onerror=\"alert(1)\"><a href=\"javascript:a()\">b</a>"});
    let article = app.patch(&path(&article), html).await.ok();
    assert_eq!(
        article["body_html"],
        "<p dir=\"rtl\" lang=\"ar\">نص</p><a rel=\"noopener noreferrer\">b</a>"
    );
    assert_eq!(article["body_text"], "نص\nb");
}

#[actix_web::test]
async fn one_id_can_be_used_in_several_resources() {
    let app = TestApp::start().await;
    let id = uuid::Uuid::now_v7();
    let body = json!({"title": "x", "language": "fr"});
    app.put(&format!("/v1/articles/{id}"), body.clone())
        .await
        .created();
    app.put(&format!("/v1/headlines/{id}"), body)
        .await
        .created();
    app.put(&format!("/v1/categories/{id}"), json!({"name": "x"}))
        .await
        .created();
    let upper = id.to_string().to_uppercase();
    assert_eq!(
        app.get_as_admin(&format!("/v1/headlines/{upper}"))
            .await
            .ok()["id"],
        json!(id)
    );
}

#[actix_web::test]
async fn of_twenty_concurrent_puts_to_an_unused_id_one_creates_and_the_rest_replace() {
    let app = TestApp::start().await;
    let path = format!("/v1/headlines/{}", uuid::Uuid::now_v7());
    let put = |n: i32| {
        app.put(&path, json!({"title": n.to_string(), "language": "fr"}))
            .into_future()
    };
    let mut statuses: Vec<u16> = join_all((0..20).map(put))
        .await
        .iter()
        .map(|response| response.status)
        .collect();
    statuses.sort_unstable();
    assert_eq!((statuses[0], statuses[18], statuses[19]), (200, 200, 201));
    assert_eq!(app.get_as_admin(&path).await.ok()["version"], 20);
}

#[actix_web::test]
async fn a_body_that_is_too_complex_to_render_is_rejected() {
    let app = TestApp::start().await;
    for (body, format) in [
        (">".repeat(5_000), "markdown"),
        ("<div>".repeat(5_000), "html"),
        ("&".repeat(50_000), "markdown"),
    ] {
        let body = json!({"title": "x", "language": "fr", "body": body, "body_format": format});
        assert_eq!(
            app.post("/v1/articles", body).await.faults(),
            ["/body too_complex"]
        );
    }
}

#[actix_web::test]
async fn duplicate_ids_are_detected_regardless_of_case() {
    let app = TestApp::start().await;
    let author = app.post("/v1/authors", json!({"name": "A"})).await;
    let id = author.created().text("/id").to_owned();
    let twice = [id.clone(), id.to_uppercase()];
    let body = json!({"title": "x", "language": "fr", "author_ids": twice});
    let refused = app.post("/v1/articles", body).await;
    assert_eq!(refused.faults(), ["/author_ids/1 duplicate_item"]);
}
