//! Tags of articles.

use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures_util::future::join;
use manchette::access::api_keys::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{JsonPath, TestApp, Traversal, path_of, with};

fn path(tag: &Value) -> String {
    path_of("tags", tag)
}

async fn tag(app: &TestApp, name: &str, kind: &str) -> Value {
    app.post("/v1/tags", json!({"name": name, "kind": kind}))
        .await
        .created()
}

#[actix_web::test]
async fn a_tag_has_one_shape() {
    let app = TestApp::start().await;
    let response = app.post("/v1/tags", json!({"name": "Oum Er-Rbia"})).await;
    let created = response.created();
    assert_eq!(response.header("location"), path(&created));
    assert_eq!(
        created,
        json!({
            "id": created["id"], "slug": "oum-er-rbia", "name": "Oum Er-Rbia", "names": {}, "kind": "subject",
            "created_at": created["created_at"], "updated_at": created["created_at"], "version": 1,
        })
    );
    for url in [path(&created), "/v1/tags/oum-er-rbia".into()] {
        let read = app.get(&url).await;
        assert_eq!(read.ok(), created);
        let head = app.request(Method::HEAD, &url).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("etag"), read.header("etag"));
    }
    assert_eq!(app.get("/v1/tags").await.ok()["items"], json!([created]));
}

#[actix_web::test]
async fn a_tag_can_be_patched_replaced_deleted_and_restored() {
    let app = TestApp::start().await;
    let created = tag(&app, "Rabat", "place").await;
    let url = path(&created);
    let changed = app.patch(&url, json!({"name": "Salé"})).await.ok();
    assert_eq!(
        changed,
        with(
            created,
            json!({"name": "Salé", "version": 2, "updated_at": changed["updated_at"]})
        )
    );
    app.put_unchanged(&url, &changed).await;
    let replaced = app.put("/v1/tags/rabat", json!({"name": "x"})).await.ok();
    assert_eq!(
        (&replaced["slug"], &replaced["kind"]),
        (&json!("rabat"), &json!("subject"))
    );
    let cleared = app.patch(&url, json!({"kind": "person"})).await.ok();
    assert_eq!(cleared["kind"], "person");

    assert_eq!(app.delete(&url).await.status, 204);
    app.get_as_admin(&url).await.problem(404, "not-found");
    app.delete(&url).await.problem(404, "not-found");
    assert_eq!(app.get("/v1/tags").await.ok()["items"], json!([]));
    // Another tag takes over the slug.
    assert_eq!(tag(&app, "Rabat", "place").await["slug"], "rabat");
    let restored = app.put(&url, json!({"name": "Rabat"})).await.created();
    assert_eq!(
        (&restored["slug"], &restored["version"]),
        (&json!("rabat-2"), &json!(7))
    );

    let free = format!("/v1/tags/{}", uuid::Uuid::now_v7());
    app.put(&free, json!({"name": "new"})).await.created();
    assert_eq!(
        app.put(&free, json!({"name": "new"})).await.ok()["version"],
        2
    );
    app.put("/v1/tags/nothing", json!({"name": "x"}))
        .await
        .problem(404, "not-found");
}

#[actix_web::test]
async fn a_former_slug_redirects_to_the_current_one() {
    let app = TestApp::start().await;
    let created = tag(&app, "Économie d’eau", "subject").await;
    assert_eq!(created["slug"], "economie-d-eau");
    assert_eq!(
        tag(&app, "économie d’eau", "subject").await["slug"],
        "economie-d-eau-2"
    );
    assert_eq!(tag(&app, "…", "subject").await["slug"], "tag");
    app.patch(&path(&created), json!({"slug": "eau"}))
        .await
        .ok();
    let moved = app.get("/v1/tags/economie-d-eau").await;
    moved.assert_redirects_to("/v1/tags/eau");
    let moved = app.delete("/v1/tags/economie-d-eau").await;
    moved.assert_redirects_to("/v1/tags/eau");
    assert_eq!(app.delete("/v1/tags/eau").await.status, 204);
    app.get("/v1/tags/economie-d-eau")
        .await
        .problem(404, "not-found");
    let taken = json!({"name": "x", "slug": "economie-d-eau-2"});
    let problem = app.post("/v1/tags", taken).await.problem(409, "conflict");
    assert_eq!(problem["errors"][0]["pointer"], "/slug");
}

#[actix_web::test]
async fn tags_are_sorted_by_name_and_filtered_by_kind() {
    let app = TestApp::start().await;
    for (name, kind) in [
        ("Emma", "person"),
        ("élevage", "subject"),
        ("Édimbourg", "place"),
        ("Élodie", "person"),
        ("Edgar", "person"),
        ("ÉLODIE", "person"),
        ("ONU", "organisation"),
    ] {
        tag(&app, name, kind).await;
    }
    assert_eq!(
        app.get("/v1/tags").await.ok().texts("/items/*/name"),
        [
            "Edgar",
            "Édimbourg",
            "élevage",
            "Élodie",
            "ÉLODIE",
            "Emma",
            "ONU"
        ]
    );
    let persons = ["Edgar", "Élodie", "ÉLODIE", "Emma"];
    let page = app.get("/v1/tags?kind=person&count=true").await.ok();
    assert_eq!(page.texts("/items/*/name"), persons);
    assert_eq!(page["page"]["total"], 4);
    for (kind, names) in [
        ("organisation", ["ONU"]),
        ("place", ["Édimbourg"]),
        ("subject", ["élevage"]),
    ] {
        let page = app.get(&format!("/v1/tags?kind={kind}")).await.ok();
        assert_eq!(page.texts("/items/*/name"), names);
    }

    // In both directions, with equal names on both sides of a page boundary.
    for limit in 1..=4 {
        let list = format!("/v1/tags?kind=person&limit={limit}");
        let pages = Traversal::read(|path| app.get(path), &list).await;
        assert_eq!(pages.texts("/items/*/name"), persons, "{limit}");
    }
    let page = app.get("/v1/tags?kind=person&limit=1").await.ok();
    let next = page.text("/page/next");
    let other = app.get(&format!("/v1/tags?kind=place&cursor={next}")).await;
    assert_eq!(other.parameter_faults(), ["cursor cursor_mismatch"]);
    for (query, fault) in [
        ("kind=people", "kind invalid"),
        ("kind=Person", "kind invalid"),
        ("kind=", "kind invalid"),
        ("kind=person&kind=place", "kind duplicate_parameter"),
        ("colour=red", "colour unknown"),
    ] {
        let response = app.get(&format!("/v1/tags?{query}")).await;
        assert_eq!(response.parameter_faults(), [fault], "{query}");
    }
}

#[actix_web::test]
async fn invalid_tags_are_rejected_with_every_fault() {
    let app = TestApp::start().await;
    let created = tag(&app, "x", "place").await;
    for (body, faults) in [
        (json!({}), vec!["/name required"]),
        (json!({"name": " "}), vec!["/name blank"]),
        (json!({"name": "a".repeat(101)}), vec!["/name too_long"]),
        (
            json!({"name": "x", "kind": "people"}),
            vec!["/kind invalid_choice"],
        ),
        (json!({"name": "x", "kind": 1}), vec!["/kind wrong_type"]),
        (
            json!({"name": "x", "bio": "y", "links": []}),
            vec!["/bio unknown", "/links unknown"],
        ),
        (json!({"name": "x", "slug": "tree"}), vec!["/slug reserved"]),
    ] {
        let response = app.post("/v1/tags", body.clone()).await;
        assert_eq!(response.faults(), faults);
        assert_eq!(app.put(&path(&created), body).await.faults(), faults);
    }
    for (patch, fault) in [
        (json!({"name": null}), "/name wrong_type"),
        (json!({"kind": "people"}), "/kind invalid_choice"),
        (json!({"colour": 1}), "/colour unknown"),
    ] {
        assert_eq!(app.patch(&path(&created), patch).await.faults(), [fault]);
    }
    assert_eq!(app.get(&path(&created)).await.ok(), created);
}

#[actix_web::test]
async fn changing_tags_requires_the_write_scope() {
    let app = TestApp::start().await;
    let created = tag(&app, "x", "place").await;
    let read = app
        .new_key(&[Scope::Read, Scope::Early, Scope::Publish])
        .await;
    let write = app.new_key(&[Scope::Write]).await;
    for (method, url) in [
        (Method::POST, "/v1/tags".to_owned()),
        (Method::PUT, path(&created)),
        (Method::PATCH, path(&created)),
        (Method::DELETE, path(&created)),
    ] {
        let request = || app.request(method.clone(), &url).json(json!({"name": "y"}));
        request().await.problem(401, "unauthorized");
        let before = app.get("/v1/tags").await.ok();
        request().key(&read).await.problem(403, "forbidden");
        assert_eq!(app.get("/v1/tags").await.ok(), before);
        let response = request().key(&write).await;
        assert!(matches!(response.status, 200 | 201 | 204), "{response:?}");
    }
}

#[actix_web::test]
async fn a_tag_cannot_be_deleted_while_an_article_has_it() {
    let app = TestApp::start().await;
    let created = tag(&app, "x", "subject").await;
    let article = app
        .article(
            "x",
            json!({"tag_ids": [created["id"]], "status": "scheduled", "published_at": "2999-01-01T00:00:00Z"}),
        )
        .await;
    let problem = app.delete(&path(&created)).await.problem(409, "conflict");
    assert_eq!(problem["detail"], "still used by: 1 article");
    assert_eq!(problem["errors"][0]["code"], "has_articles");
    let id = created.text("/id");
    let by_hand = format!("UPDATE tags SET deleted_at = now() WHERE id = '{id}'");
    let mut conn = app.conn().await;
    let error = conn.batch_execute(&by_hand).await.unwrap_err();
    assert!(error.to_string().contains("still refer to it"), "{error}");

    let url = path_of("articles", &article);
    assert_eq!(app.delete(&url).await.status, 204);
    conn.batch_execute(&by_hand).await.unwrap();
    app.get(&path(&created)).await.problem(404, "not-found");
    let body = json!({"title": "x", "language": "fr", "tag_ids": [created["id"]]});
    assert_eq!(
        app.post("/v1/articles", body).await.faults(),
        ["/tag_ids/0 not_found"]
    );
}

#[actix_web::test]
async fn concurrent_tagging_and_deletion_leave_no_article_with_a_deleted_tag() {
    let app = TestApp::start().await;
    for round in 0..10 {
        let created = tag(&app, &format!("t{round}"), "subject").await;
        let article = app.article("x", json!({})).await;
        let url = path_of("articles", &article);
        let (deleted, changed) = join(
            app.delete(&path(&created)).into_future(),
            app.patch(&url, json!({"tag_ids": [created["id"]]}))
                .into_future(),
        )
        .await;
        let outcome = (deleted.status, changed.status);
        assert!(matches!(outcome, (204, 422) | (409, 200)), "{outcome:?}");
    }
    let dangling = "SELECT 1 FROM article_tags n JOIN tags t ON t.id = n.tag_id \
         WHERE n.deleted_at IS NULL AND t.deleted_at IS NOT NULL";
    assert_eq!(app.row_count(dangling).await, 0);
}

#[actix_web::test]
async fn the_tag_filter_of_headlines_follows_changes_of_headlines_and_articles() {
    let app = TestApp::start().await;
    let mut tags = Vec::new();
    for name in ["One", "Two"] {
        let tag = app.tag(name).await;
        tags.push(tag["id"].clone());
    }
    let article = app.article("tagged", json!({"tag_ids": [tags[0]]})).await;
    let other = app.article("other", json!({})).await;
    let article_path = path_of("articles", &article);
    let headline = app
        .post(
            "/v1/headlines",
            json!({"title": "Line", "language": "fr", "status": "published", "article_id": article["id"]}),
        )
        .await
        .created();
    let headline_path = path_of("headlines", &headline);
    let category = app.category("Section", None).await;
    // Each step: the change, and whether each tag lists the headline afterwards.
    let steps: [(&str, Value, [bool; 2]); 10] = [
        (&headline_path, json!({"priority": "flash"}), [true, false]),
        (
            &headline_path,
            json!({"pinned": true, "language": "ar", "category_id": category["id"]}),
            [true, false],
        ),
        (
            &article_path,
            json!({"tag_ids": [tags[1], tags[0]]}),
            [true, true],
        ),
        (&article_path, json!({"tag_ids": [tags[1]]}), [false, true]),
        (
            &headline_path,
            json!({"article_id": other["id"]}),
            [false, false],
        ),
        (
            &headline_path,
            json!({"article_id": article["id"]}),
            [false, true],
        ),
        (&article_path, json!({"status": "draft"}), [false, false]),
        (&article_path, json!({"status": "published"}), [false, true]),
        (
            &headline_path,
            json!({"expires_at": "2100-01-01T00:00:00Z"}),
            [false, true],
        ),
        (&headline_path, json!({"article_id": null}), [false, false]),
    ];
    let mut conn = app.conn().await;
    for (path, change, has) in steps {
        app.patch(path, change.clone()).await.ok();
        for (slug, has) in ["one", "two"].into_iter().zip(has) {
            let list = app.get(&format!("/v1/headlines?tag={slug}")).await.ok();
            assert_eq!(
                list.texts("/items/*/title").len(),
                usize::from(has),
                "{change}, {slug}"
            );
        }
        let actual = "SELECT headline_tags.* FROM headline_tags";
        let expected = "SELECT h.id, tag_id, article_id, h.status, h.language, priority, pinned, h.category_id, \
             h.listed_at, h.expires_at, h.release, h.updated_at, h.deleted_at \
             FROM headlines AS h JOIN article_tags ON article_tags.id = article_id";
        for (some, others) in [(actual, expected), (expected, actual)] {
            let query = diesel::sql_query(format!("{some} EXCEPT {others}"));
            assert_eq!(query.execute(&mut conn).await.unwrap(), 0, "{change}");
        }
    }
}

#[actix_web::test]
async fn headlines_linked_and_articles_tagged_concurrently_are_listed_by_tag() {
    let app = TestApp::start().await;
    let tag = app.tag("One").await;
    for n in 0..10 {
        let article = app.article(&format!("tagged-{n}"), json!({})).await;
        let path = path_of("articles", &article);
        let headline = json!({"title": "Line", "language": "fr", "status": "published", "article_id": article["id"]});
        let (tagged, pointed) = join(
            app.patch(&path, json!({"tag_ids": [tag["id"]]}))
                .into_future(),
            app.post("/v1/headlines", headline).into_future(),
        )
        .await;
        assert_eq!((tagged.status, pointed.status), (200, 201));
    }
    let list = app.get("/v1/headlines?tag=one").await.ok();
    assert_eq!(list.texts("/items/*/title").len(), 10);
}
