//! Tags: what articles are about.

use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures_util::future::join;
use manchette::access::api_keys::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{TestApp, items, with};

fn path(tag: &Value) -> String {
    format!("/v1/tags/{}", tag["id"].as_str().unwrap())
}

async fn tag(app: &TestApp, name: &str, kind: &str) -> Value {
    app.post("/v1/tags", json!({"name": name, "kind": kind}))
        .await
        .created()
}

#[actix_web::test]
async fn a_tag_has_one_shape() {
    let app = TestApp::start().await;
    let answer = app.post("/v1/tags", json!({"name": "Oum Er-Rbia"})).await;
    let created = answer.created();
    assert_eq!(answer.header("location"), path(&created));
    assert_eq!(
        created,
        json!({
            "id": created["id"], "slug": "oum-er-rbia", "name": "Oum Er-Rbia", "names": {}, "kind": "subject",
            "created_at": created["created_at"], "updated_at": created["created_at"], "version": 1,
        })
    );
    for address in [path(&created), "/v1/tags/oum-er-rbia".into()] {
        let read = app.get(&address).await;
        assert_eq!(read.ok(), created);
        let head = app.ask(Method::HEAD, &address).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("etag"), read.header("etag"));
    }
    assert_eq!(app.get("/v1/tags").await.ok()["items"], json!([created]));
}

#[actix_web::test]
async fn a_tag_is_changed_replaced_deleted_and_brought_back() {
    let app = TestApp::start().await;
    let created = tag(&app, "Rabat", "place").await;
    let address = path(&created);
    let changed = app.patch(&address, json!({"name": "Salé"})).await.ok();
    assert_eq!(
        changed,
        with(
            created,
            json!({"name": "Salé", "version": 2, "updated_at": changed["updated_at"]})
        )
    );
    let same = app.put(&address, changed.clone()).await.ok();
    assert_eq!(
        same,
        with(
            changed,
            json!({"version": 3, "updated_at": same["updated_at"]})
        )
    );
    let replaced = app.put("/v1/tags/rabat", json!({"name": "x"})).await.ok();
    assert_eq!(
        (&replaced["slug"], &replaced["kind"]),
        (&json!("rabat"), &json!("subject"))
    );
    let cleared = app.patch(&address, json!({"kind": "person"})).await.ok();
    assert_eq!(cleared["kind"], "person");

    assert_eq!(app.delete(&address).await.status, 204);
    app.get_all(&address).await.problem(404, "not-found");
    app.delete(&address).await.problem(404, "not-found");
    assert_eq!(app.get("/v1/tags").await.ok()["items"], json!([]));
    // Somebody else took its slug meanwhile.
    assert_eq!(tag(&app, "Rabat", "place").await["slug"], "rabat");
    let back = app.put(&address, json!({"name": "Rabat"})).await.created();
    assert_eq!(
        (&back["slug"], &back["version"]),
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
async fn a_slug_that_was_given_up_leads_on() {
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
    moved.problem(308, "moved");
    assert_eq!(moved.header("location"), "/v1/tags/eau");
    let moved = app.delete("/v1/tags/economie-d-eau").await;
    assert_eq!(
        (moved.status, moved.header("location")),
        (308, "/v1/tags/eau")
    );
    assert_eq!(app.delete("/v1/tags/eau").await.status, 204);
    app.get("/v1/tags/economie-d-eau")
        .await
        .problem(404, "not-found");
    let taken = json!({"name": "x", "slug": "economie-d-eau-2"});
    let problem = app.post("/v1/tags", taken).await.problem(409, "conflict");
    assert_eq!(problem["errors"][0]["pointer"], "/slug");
}

#[actix_web::test]
async fn the_list_goes_by_name_and_by_kind() {
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
        items(&app.get("/v1/tags").await.ok(), "name"),
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
    assert_eq!(items(&page, "name"), persons);
    assert_eq!(page["page"]["total"], 4);
    for (kind, names) in [
        ("organisation", ["ONU"]),
        ("place", ["Édimbourg"]),
        ("subject", ["élevage"]),
    ] {
        let page = app.get(&format!("/v1/tags?kind={kind}")).await.ok();
        assert_eq!(items(&page, "name"), names);
    }

    // Page by page, there and back, with equal names on either side of a border.
    for limit in 1..=4 {
        let list = format!("/v1/tags?kind=person&limit={limit}");
        let mut page = app.get(&list).await.ok();
        let mut forth = vec![items(&page, "name")];
        while let Some(next) = page["page"]["next"].as_str() {
            page = app.get(&format!("{list}&cursor={next}")).await.ok();
            forth.push(items(&page, "name"));
        }
        assert_eq!(forth.concat(), persons, "{limit}");
        let mut back = vec![items(&page, "name")];
        while let Some(prev) = page["page"]["prev"].as_str() {
            page = app.get(&format!("{list}&cursor={prev}")).await.ok();
            back.insert(0, items(&page, "name"));
        }
        assert_eq!(back.concat(), persons, "{limit}");
    }
    let page = app.get("/v1/tags?kind=person&limit=1").await.ok();
    let next = page["page"]["next"].as_str().unwrap();
    let other = app.get(&format!("/v1/tags?kind=place&cursor={next}")).await;
    assert_eq!(other.parameter_faults(), ["cursor cursor_mismatch"]);
    for (query, fault) in [
        ("kind=people", "kind invalid"),
        ("kind=Person", "kind invalid"),
        ("kind=", "kind invalid"),
        ("kind=person&kind=place", "kind duplicate_parameter"),
        ("colour=red", "colour unknown"),
    ] {
        let answer = app.get(&format!("/v1/tags?{query}")).await;
        assert_eq!(answer.parameter_faults(), [fault], "{query}");
    }
}

#[actix_web::test]
async fn what_breaks_a_rule_is_refused() {
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
        let answer = app.post("/v1/tags", body.clone()).await;
        assert_eq!(answer.faults(), faults);
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
async fn only_a_key_that_may_write_changes_tags() {
    let app = TestApp::start().await;
    let created = tag(&app, "x", "place").await;
    let read = app
        .new_key(&[Scope::Read, Scope::Early, Scope::Publish])
        .await;
    let write = app.new_key(&[Scope::Write]).await;
    for (method, address) in [
        (Method::POST, "/v1/tags".to_owned()),
        (Method::PUT, path(&created)),
        (Method::PATCH, path(&created)),
        (Method::DELETE, path(&created)),
    ] {
        let ask = || app.ask(method.clone(), &address).json(json!({"name": "y"}));
        ask().await.problem(401, "unauthorized");
        let before = app.get("/v1/tags").await.ok();
        ask().key(&read).await.problem(403, "forbidden");
        assert_eq!(app.get("/v1/tags").await.ok(), before);
        let answer = ask().key(&write).await;
        assert!(matches!(answer.status, 200 | 201 | 204), "{answer:?}");
    }
}

#[actix_web::test]
async fn a_tag_stays_while_an_article_has_it() {
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
    let id = created["id"].as_str().unwrap();
    let by_hand = format!("UPDATE tags SET deleted_at = now() WHERE id = '{id}'");
    let mut conn = app.conn().await;
    let error = conn.batch_execute(&by_hand).await.unwrap_err();
    assert!(error.to_string().contains("still refer to it"), "{error}");

    let address = format!("/v1/articles/{}", article["id"].as_str().unwrap());
    assert_eq!(app.delete(&address).await.status, 204);
    conn.batch_execute(&by_hand).await.unwrap();
    app.get(&path(&created)).await.problem(404, "not-found");
    let body = json!({"title": "x", "language": "fr", "tag_ids": [created["id"]]});
    assert_eq!(
        app.post("/v1/articles", body).await.faults(),
        ["/tag_ids/0 not_found"]
    );
}

#[actix_web::test]
async fn a_label_and_a_deletion_at_once_leave_no_article_with_a_deleted_tag() {
    let app = TestApp::start().await;
    for round in 0..10 {
        let created = tag(&app, &format!("t{round}"), "subject").await;
        let article = app.article("x", json!({})).await;
        let address = format!("/v1/articles/{}", article["id"].as_str().unwrap());
        let (deleted, changed) = join(
            app.delete(&path(&created)).into_future(),
            app.patch(&address, json!({"tag_ids": [created["id"]]}))
                .into_future(),
        )
        .await;
        let outcome = (deleted.status, changed.status);
        assert!(matches!(outcome, (204, 422) | (409, 200)), "{outcome:?}");
    }
    let mut conn = app.conn().await;
    let stray = diesel::sql_query(
        "SELECT 1 FROM article_tags n JOIN tags t ON t.id = n.tag_id \
         WHERE n.deleted_at IS NULL AND t.deleted_at IS NOT NULL",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    assert_eq!(stray, 0);
}

#[actix_web::test]
async fn headlines_are_listed_by_tag_whichever_way_either_changes() {
    let app = TestApp::start().await;
    let mut tags = Vec::new();
    for name in ["One", "Two"] {
        let tag = app.post("/v1/tags", json!({"name": name})).await.created();
        tags.push(tag["id"].clone());
    }
    let article = app.article("told", json!({"tag_ids": [tags[0]]})).await;
    let other = app.article("other", json!({})).await;
    let article_path = format!("/v1/articles/{}", article["id"].as_str().unwrap());
    let line = app
        .post(
            "/v1/headlines",
            json!({"title": "Line", "language": "fr", "status": "published", "article_id": article["id"]}),
        )
        .await
        .created();
    let line_path = format!("/v1/headlines/{}", line["id"].as_str().unwrap());
    let category = app.category("Section", None).await;
    // What changes, and whether each of the tags has the line then.
    let steps: [(&str, Value, [bool; 2]); 10] = [
        (&line_path, json!({"priority": "flash"}), [true, false]),
        (
            &line_path,
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
            &line_path,
            json!({"article_id": other["id"]}),
            [false, false],
        ),
        (
            &line_path,
            json!({"article_id": article["id"]}),
            [false, true],
        ),
        (&article_path, json!({"status": "draft"}), [false, false]),
        (&article_path, json!({"status": "published"}), [false, true]),
        (
            &line_path,
            json!({"expires_at": "2100-01-01T00:00:00Z"}),
            [false, true],
        ),
        (&line_path, json!({"article_id": null}), [false, false]),
    ];
    let mut conn = app.conn().await;
    for (path, change, has) in steps {
        app.patch(path, change.clone()).await.ok();
        for (slug, has) in ["one", "two"].into_iter().zip(has) {
            let list = app.get(&format!("/v1/headlines?tag={slug}")).await.ok();
            assert_eq!(
                items(&list, "title").len(),
                usize::from(has),
                "{change}, {slug}"
            );
        }
        let copies = "SELECT headline_tags.* FROM headline_tags";
        let owed = "SELECT line.id, tag_id, article_id, line.status, line.language, priority, pinned, line.category_id, \
             line.listed_at, expires_at, line.updated_at, line.deleted_at \
             FROM headlines AS line JOIN article_tags ON article_tags.id = article_id";
        for (some, others) in [(copies, owed), (owed, copies)] {
            let query = diesel::sql_query(format!("{some} EXCEPT {others}"));
            assert_eq!(query.execute(&mut conn).await.unwrap(), 0, "{change}");
        }
    }
}

#[actix_web::test]
async fn headlines_pointed_and_articles_tagged_at_once_are_listed_by_tag() {
    let app = TestApp::start().await;
    let tag = app.post("/v1/tags", json!({"name": "One"})).await.created();
    for n in 0..10 {
        let article = app.article(&format!("told-{n}"), json!({})).await;
        let path = format!("/v1/articles/{}", article["id"].as_str().unwrap());
        let line = json!({"title": "Line", "language": "fr", "status": "published", "article_id": article["id"]});
        let (tagged, pointed) = join(
            app.patch(&path, json!({"tag_ids": [tag["id"]]}))
                .into_future(),
            app.post("/v1/headlines", line).into_future(),
        )
        .await;
        assert_eq!((tagged.status, pointed.status), (200, 201));
    }
    let list = app.get("/v1/headlines?tag=one").await.ok();
    assert_eq!(items(&list, "title").len(), 10);
}
