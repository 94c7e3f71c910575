//! Authors: who signs, and the bylines of articles.

use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures_util::future::{join, join_all};
use manchette::access::api_keys::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{TestApp, items, with};

fn path(author: &Value) -> String {
    format!("/v1/authors/{}", author["id"].as_str().unwrap())
}

fn article_path(article: &Value) -> String {
    format!("/v1/articles/{}", article["id"].as_str().unwrap())
}

async fn author(app: &TestApp, name: &str) -> Value {
    app.post("/v1/authors", json!({"name": name}))
        .await
        .created()
}

async fn tag(app: &TestApp, name: &str) -> Value {
    app.post("/v1/tags", json!({"name": name})).await.created()
}

/// Authors in short, as an article shows them.
fn short(authors: &[&Value]) -> Value {
    authors
        .iter()
        .map(|author| json!({"id": author["id"], "slug": author["slug"], "name": author["name"], "image_url": author["image_url"]}))
        .collect()
}

fn ids(authors: &[&Value]) -> Value {
    authors.iter().map(|author| author["id"].clone()).collect()
}

/// Names page by page, following one rel from a page on.
async fn walk(app: &TestApp, list: &str, rel: &str, mut page: Value) -> Vec<Vec<String>> {
    let mut pages = vec![items(&page, "id")];
    while let Some(cursor) = page["page"][rel].as_str() {
        page = app.get(&format!("{list}&cursor={cursor}")).await.ok();
        pages.push(items(&page, "id"));
        assert!(pages.len() < 100, "it never ends");
    }
    pages
}

#[actix_web::test]
async fn an_author_has_one_shape() {
    let app = TestApp::start().await;
    let body = json!({
        "name": "Salma Idrissi Kadiri", "names": {"ar": "سلمى"}, "bio": "Les champs.\nLes eaux.", "image_url": "https://i.example/salma.jpg",
        "links": [{"name": "Mastodon", "url": "https://social.example/@salma"}, {"name": "Site", "url": "http://salma.example"}],
    });
    let answer = app.post("/v1/authors", body.clone()).await;
    let created = answer.created();
    assert_eq!(answer.header("location"), path(&created));
    let server_side = json!({
        "id": created["id"], "slug": "salma-idrissi-kadiri", "version": 1,
        "created_at": created["created_at"], "updated_at": created["created_at"],
    });
    assert_eq!(created, with(body, server_side));
    for address in [path(&created), "/v1/authors/salma-idrissi-kadiri".into()] {
        let read = app.get(&address).await;
        assert_eq!(read.ok(), created);
        assert!(read.has("etag") && !read.has("last-modified"));
        let head = app.ask(Method::HEAD, &address).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("etag"), read.header("etag"));
    }
    assert_eq!(app.get("/v1/authors").await.ok()["items"], json!([created]));
    let least = author(&app, "Zineb").await;
    assert_eq!(
        (
            &least["bio"],
            &least["image_url"],
            &least["links"],
            &least["names"]
        ),
        (&Value::Null, &Value::Null, &json!([]), &json!({}))
    );
}

#[actix_web::test]
async fn an_author_is_changed_replaced_deleted_and_brought_back() {
    let app = TestApp::start().await;
    let body =
        json!({"name": "Anir", "bio": "b", "links": [{"name": "x", "url": "https://x.example"}]});
    let created = app.post("/v1/authors", body).await.created();
    let address = path(&created);
    let changed = app
        .patch(&address, json!({"name": "Anir Tafoughi", "bio": null}))
        .await
        .ok();
    let expected = json!({"name": "Anir Tafoughi", "bio": null, "version": 2, "updated_at": changed["updated_at"]});
    assert_eq!(changed, with(created.clone(), expected));
    assert_eq!(
        app.patch(&address, json!({"bio": null})).await.ok()["version"],
        2,
        "a patch that changes nothing is no change"
    );
    let same = app.put(&address, changed.clone()).await.ok();
    assert_eq!(
        same,
        with(
            changed,
            json!({"version": 3, "updated_at": same["updated_at"]})
        )
    );
    let replaced = app.put("/v1/authors/anir", json!({"name": "A"})).await.ok();
    assert_eq!(
        (&replaced["slug"], &replaced["links"]),
        (&json!("anir"), &json!([]))
    );

    assert_eq!(app.delete(&address).await.status, 204);
    app.get_all(&address).await.problem(404, "not-found");
    app.get("/v1/authors/anir").await.problem(404, "not-found");
    app.delete(&address).await.problem(404, "not-found");
    app.patch(&address, json!({"name": "x"}))
        .await
        .problem(404, "not-found");
    assert_eq!(app.get("/v1/authors").await.ok()["items"], json!([]));
    let back = app.put(&address, json!({"name": "B"})).await.created();
    assert_eq!(
        (&back["slug"], &back["version"]),
        (&json!("anir"), &json!(6))
    );
}

#[actix_web::test]
async fn a_put_with_a_free_id_creates_and_of_many_at_once_one_does() {
    let app = TestApp::start().await;
    let address = format!("/v1/authors/{}", uuid::Uuid::now_v7());
    let put = || app.put(&address, json!({"name": "A"})).into_future();
    let mut statuses: Vec<u16> = join_all((0..10).map(|_| put()))
        .await
        .iter()
        .map(|answer| answer.status)
        .collect();
    statuses.sort_unstable();
    assert_eq!((statuses[0], statuses[8], statuses[9]), (200, 200, 201));
    assert_eq!(app.get(&address).await.ok()["version"], 10);
    app.put("/v1/authors/nobody", json!({"name": "x"}))
        .await
        .problem(404, "not-found");
}

#[actix_web::test]
async fn a_slug_is_made_of_the_name_numbered_and_redirected() {
    let app = TestApp::start().await;
    let first = author(&app, "Élodie d’Œuvre").await;
    let second = author(&app, "Elodie D’oeuvre").await;
    let arabic = author(&app, "سلمى الإدريسي").await;
    assert_eq!(first["slug"], "elodie-d-oeuvre");
    assert_eq!(second["slug"], "elodie-d-oeuvre-2");
    assert_eq!(arabic["slug"], "سلمى-الإدريسي");
    assert_eq!(author(&app, "!!!").await["slug"], "author");
    assert_eq!(author(&app, "Live").await["slug"], "live-2");
    let new = |slug: &str| app.post("/v1/authors", json!({"name": "x", "slug": slug}));
    let problem = new("elodie-d-oeuvre").await.problem(409, "conflict");
    assert_eq!(problem["errors"][0]["pointer"], "/slug");
    assert_eq!(new("search").await.faults(), ["/slug reserved"]);
    assert_eq!(new("A b").await.faults(), ["/slug invalid_slug"]);

    let renamed = app
        .patch(&path(&first), json!({"name": "Élodie Martin"}))
        .await
        .ok();
    assert_eq!(renamed["slug"], "elodie-d-oeuvre", "an address stays");
    app.patch(&path(&first), json!({"slug": "elodie-martin"}))
        .await
        .ok();
    for method in [Method::GET, Method::HEAD] {
        let moved = app.ask(method, "/v1/authors/elodie-d-oeuvre").await;
        assert_eq!(
            (moved.status, moved.header("location")),
            (308, "/v1/authors/elodie-martin")
        );
    }
    let moved = app
        .patch("/v1/authors/elodie-d-oeuvre", json!({"name": "x"}))
        .await;
    moved.problem(308, "moved");
    assert_eq!(moved.header("location"), "/v1/authors/elodie-martin");
    // A tag of that name is something else.
    app.get("/v1/tags/elodie-d-oeuvre")
        .await
        .problem(404, "not-found");
}

#[actix_web::test]
async fn the_list_goes_by_name_without_accents_and_case() {
    let app = TestApp::start().await;
    for name in [
        "Zoé", "emma", "Élodie", "Edgar", "ÉMILE", "Œdipe", "Oscar", "سلمى", "O’Hara",
    ] {
        author(&app, name).await;
    }
    let page = app.get("/v1/authors?count=true").await.ok();
    assert_eq!(
        items(&page, "name"),
        [
            "Edgar", "Élodie", "ÉMILE", "emma", "O’Hara", "Œdipe", "Oscar", "Zoé", "سلمى"
        ]
    );
    assert_eq!(
        (&page["page"]["total"], &page["page"]["total_is_exact"]),
        (&json!(9), &json!(true))
    );
    let few = app.get("/v1/authors?limit=1&fields=name,slug").await.ok();
    assert_eq!(few["items"], json!([{"name": "Edgar", "slug": "edgar"}]));
    assert!(few["page"].get("total").is_none());
}

#[actix_web::test]
async fn pages_hold_everything_once_forth_and_back_also_where_names_are_equal() {
    let app = TestApp::start().await;
    for name in [
        "b", "Amal", "amal", "Âmal", "c", "AMAL", "!!!", "???", "Amal", "d",
    ] {
        author(&app, name).await;
    }
    let all = items(&app.get("/v1/authors").await.ok(), "id");
    assert_eq!(all.len(), 10);
    for limit in [1, 2, 3, 4, 9, 10, 11] {
        let list = format!("/v1/authors?limit={limit}");
        let first = app.get(&list).await.ok();
        assert_eq!(first["page"]["prev"], Value::Null);
        let forth = walk(&app, &list, "next", first.clone()).await;
        let expected: Vec<Vec<String>> = all.chunks(limit).map(<[String]>::to_vec).collect();
        assert_eq!(forth, expected, "{list}");

        let mut last = first;
        while let Some(next) = last["page"]["next"].as_str() {
            last = app.get(&format!("{list}&cursor={next}")).await.ok();
        }
        let mut back = walk(&app, &list, "prev", last).await;
        back.reverse();
        assert_eq!(back.concat(), all, "{list}");
    }
    let page = app.get("/v1/authors?limit=2").await;
    let next = page.ok()["page"]["next"].as_str().unwrap().to_owned();
    assert!(page.header("link").contains("rel=\"next\""));
    // A place in one list is none in another.
    let other = app.get(&format!("/v1/tags?limit=2&cursor={next}")).await;
    assert_eq!(other.parameter_faults(), ["cursor cursor_mismatch"]);
}

#[actix_web::test]
async fn what_comes_and_goes_meanwhile_neither_repeats_nor_skips_the_others() {
    let app = TestApp::start().await;
    for name in ["a", "b", "c", "d"] {
        author(&app, name).await;
    }
    let page = app.get("/v1/authors?limit=2").await.ok();
    let next = page["page"]["next"].as_str().unwrap();
    author(&app, "aa").await;
    author(&app, "cc").await;
    assert_eq!(app.delete("/v1/authors/b").await.status, 204);
    let rest = app.get(&format!("/v1/authors?cursor={next}")).await.ok();
    assert_eq!(items(&rest, "name"), ["c", "cc", "d"]);
}

#[actix_web::test]
async fn a_name_as_long_as_they_get_has_its_place_in_a_list() {
    let app = TestApp::start().await;
    for letter in ["œ", "ﷺ", "\u{1f4f0}", "ß", "ع"] {
        author(&app, &letter.repeat(100)).await;
        author(&app, &letter.repeat(99)).await;
    }
    let first = app.get("/v1/authors?limit=1").await.ok();
    let pages = walk(&app, "/v1/authors?limit=1", "next", first).await;
    let mut seen = pages.concat();
    assert_eq!(seen.len(), 10);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 10);
}

#[actix_web::test]
async fn a_parameter_that_the_list_does_not_take_is_refused() {
    let app = TestApp::start().await;
    for (query, fault) in [
        ("kind=person", "kind unknown"),
        ("limit=0", "limit invalid"),
        ("limit=101", "limit invalid"),
        ("count=1", "count invalid"),
        ("count=true&count=true", "count duplicate_parameter"),
        ("fields=colour", "fields invalid"),
        ("cursor=x", "cursor invalid"),
        ("language=fran%C3%A7ais", "language invalid"),
    ] {
        let answer = app.get(&format!("/v1/authors?{query}")).await;
        assert_eq!(answer.parameter_faults(), [fault]);
    }
    author(&app, "a").await;
    let one = app.get("/v1/authors/a?kind=person").await;
    assert_eq!(one.parameter_faults(), ["kind unknown"]);
}

#[actix_web::test]
async fn what_breaks_a_rule_is_refused() {
    let app = TestApp::start().await;
    let link = |url: &str| json!({"name": "x", "links": [{"name": "y", "url": url}]});
    let many = vec![json!({"name": "y", "url": "https://y.example"}); 21];
    let named = |name: &str| json!({"name": name});
    for (body, faults) in [
        (json!({}), vec!["/name required"]),
        (named(""), vec!["/name blank"]),
        (named("\u{200b} "), vec!["/name blank"]),
        (named("a\nb"), vec!["/name control_character"]),
        (named(&"a".repeat(101)), vec!["/name too_long"]),
        (json!({"name": 1}), vec!["/name wrong_type"]),
        (json!({"name": "x", "colour": 1}), vec!["/colour unknown"]),
        (
            json!({"name": "x", "bio": "a".repeat(2001)}),
            vec!["/bio too_long"],
        ),
        (
            json!({"name": "x", "image_url": "salma.jpg"}),
            vec!["/image_url invalid_url"],
        ),
        (link("ftp://y.example"), vec!["/links/0/url invalid_url"]),
        (
            link("javascript:alert(1)"),
            vec!["/links/0/url invalid_url"],
        ),
        (
            link("https://u:p@y.example"),
            vec!["/links/0/url invalid_url"],
        ),
        (json!({"name": "x", "links": many}), vec!["/links too_many"]),
        (
            json!({"name": "x", "links": [{"url": "https://y.example", "rel": "me"}, "z"]}),
            vec![
                "/links/0/name required",
                "/links/0/rel unknown",
                "/links/1 wrong_type",
            ],
        ),
    ] {
        assert_eq!(app.post("/v1/authors", body).await.faults(), faults);
    }
    let created = author(&app, "x").await;
    for (patch, fault) in [
        (json!({"name": null}), "/name wrong_type"),
        (json!({"links": [{"name": "y"}]}), "/links/0/url required"),
        (json!({"colour": 1}), "/colour unknown"),
    ] {
        assert_eq!(app.patch(&path(&created), patch).await.faults(), [fault]);
    }
    assert_eq!(app.get(&path(&created)).await.ok(), created);
}

#[actix_web::test]
async fn only_a_key_that_may_write_changes_authors() {
    let app = TestApp::start().await;
    let created = author(&app, "x").await;
    let read = app
        .new_key(&[Scope::Read, Scope::Early, Scope::Publish])
        .await;
    let write = app.new_key(&[Scope::Write]).await;
    for (method, address) in [
        (Method::POST, "/v1/authors".to_owned()),
        (Method::PUT, path(&created)),
        (Method::PATCH, path(&created)),
        (Method::DELETE, path(&created)),
    ] {
        let ask = || {
            app.ask(method.clone(), &address)
                .json(json!({"name": "other"}))
        };
        ask().await.problem(401, "unauthorized");
        let refused = ask().key(&read).await;
        assert!(
            refused
                .header("www-authenticate")
                .contains("scope=\"write\"")
        );
        refused.problem(403, "forbidden");
        assert_eq!(app.get(&path(&created)).await.ok(), created);
    }
    for method in [Method::PUT, Method::PATCH] {
        let ask = app.ask(method, &path(&created)).key(&write);
        ask.json(json!({"name": "y"})).await.ok();
    }
    let gone = app.ask(Method::DELETE, &path(&created)).key(&write).await;
    assert_eq!(gone.status, 204);
    app.ask(Method::PUT, "/v1/authors")
        .await
        .problem(405, "method-not-allowed");
}

#[actix_web::test]
async fn if_match_guards_an_author() {
    let app = TestApp::start().await;
    let created = author(&app, "x").await;
    let address = path(&created);
    let old = app.get(&address).await.header("etag").to_owned();
    let changed = app.patch(&address, json!({"name": "y"})).await;
    assert_eq!(
        changed.header("etag"),
        app.get(&address).await.header("etag")
    );
    for ask in [
        app.patch(&address, json!({"name": "z"})),
        app.put(&address, json!({"name": "z"})),
        app.delete(&address),
    ] {
        ask.header("If-Match", &old)
            .await
            .problem(412, "precondition-failed");
    }
    let new = changed.header("etag");
    assert_eq!(
        app.delete(&address).header("If-Match", new).await.status,
        204
    );
}

#[actix_web::test]
async fn an_author_stays_while_an_article_names_it() {
    let app = TestApp::start().await;
    let salma = author(&app, "Salma").await;
    let other = author(&app, "Other").await;
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
        salma["id"].as_str().unwrap()
    );
    let error = conn.batch_execute(&by_hand).await.unwrap_err();
    assert!(error.to_string().contains("still refer to it"), "{error}");

    app.patch(&article_path(&first), json!({"author_ids": ids(&[&other])}))
        .await
        .ok();
    let problem = app.delete(&path(&salma)).await.problem(409, "conflict");
    assert_eq!(problem["detail"], "still used by: 1 article");
    // What is in the trash names nobody.
    assert_eq!(app.delete(&article_path(&draft)).await.status, 204);
    assert_eq!(app.delete(&path(&salma)).await.status, 204);
    app.get(&path(&salma)).await.problem(404, "not-found");
    assert_eq!(
        app.get(&article_path(&first)).await.ok()["authors"],
        short(&[&other])
    );
}

#[actix_web::test]
async fn an_article_whose_author_is_gone_comes_back_only_without_it() {
    let app = TestApp::start().await;
    let salma = author(&app, "Salma").await;
    let semailles = tag(&app, "Semailles").await;
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
            None => (
                "tag_ids",
                format!("/v1/tags/{}", semailles["id"].as_str().unwrap()),
            ),
        };
        assert_eq!(app.delete(&one).await.status, 204);

        let faults = restore(named.clone()).await.faults();
        assert_eq!(faults.len(), 1);
        assert!(faults[0].ends_with(" not_found"), "{faults:?}");
        app.get_all(&article_path(&article))
            .await
            .problem(404, "not-found");
        let id = article["id"].as_str().unwrap();
        let mut conn = app.conn().await;
        let error = conn
            .batch_execute(&format!(
                "UPDATE articles SET deleted_at = NULL WHERE id = '{id}'"
            ))
            .await
            .unwrap_err();
        assert!(error.to_string().contains("is deleted"), "{error}");

        let back = restore(json!({})).await.created();
        assert_eq!(back[list], json!([]));
    }
}

#[actix_web::test]
async fn a_byline_keeps_its_order_and_shows_everybody_in_short() {
    let app = TestApp::start().await;
    let (a, b, c) = (
        author(&app, "a").await,
        author(&app, "b").await,
        author(&app, "c").await,
    );
    let (t, u) = (tag(&app, "t").await, tag(&app, "u").await);
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
    assert_eq!(article["authors"], short(&[&c, &a, &b]));
    assert_eq!(article["tag_ids"], ids(&[&u, &t]));
    assert_eq!(article["tags"], tags(&[&u, &t]));
    let address = article_path(&article);
    assert_eq!(app.get(&address).await.ok(), article);
    let listed = app
        .get("/v1/articles?fields=authors,author_ids,tags,tag_ids")
        .await
        .ok();
    assert_eq!(
        listed["items"][0],
        json!({
            "authors": article["authors"], "author_ids": article["author_ids"],
            "tags": article["tags"], "tag_ids": article["tag_ids"],
        })
    );

    // What was read can be sent back.
    let same = app.put(&address, article.clone()).await.ok();
    assert_eq!(
        same,
        with(
            article,
            json!({"version": 2, "updated_at": same["updated_at"]})
        )
    );
    // A patch replaces the whole list, and leaves the other as it is.
    let patched = app
        .patch(&address, json!({"author_ids": ids(&[&b, &c])}))
        .await
        .ok();
    assert_eq!(patched["authors"], short(&[&b, &c]));
    assert_eq!(patched["tags"], tags(&[&u, &t]));
    let turned = app
        .patch(
            &address,
            json!({"author_ids": ids(&[&c, &b]), "tag_ids": []}),
        )
        .await
        .ok();
    assert_eq!(turned["author_ids"], ids(&[&c, &b]));
    assert_eq!(turned["tags"], json!([]));
    let cleared = app.patch(&address, json!({"author_ids": null})).await.ok();
    assert_eq!(
        (&cleared["author_ids"], &cleared["authors"]),
        (&json!([]), &json!([]))
    );

    // A name that changes, changes in the byline.
    app.patch(&address, json!({"author_ids": ids(&[&a])}))
        .await
        .ok();
    let before = app.get(&address).await.header("etag").to_owned();
    let picture = "https://i.example/amina.jpg";
    app.patch(
        &path(&a),
        json!({"name": "Amina", "slug": "amina", "image_url": picture}),
    )
    .await
    .ok();
    let after = app.get(&address).await;
    assert_eq!(
        after.ok()["authors"][0],
        json!({"id": a["id"], "slug": "amina", "name": "Amina", "image_url": picture})
    );
    assert_ne!(after.header("etag"), before);
    let left_out = app
        .put(&address, json!({"title": "x", "language": "fr"}))
        .await
        .ok();
    assert_eq!(left_out["author_ids"], json!([]));
}

#[actix_web::test]
async fn an_article_names_only_who_is_there_and_each_once() {
    let app = TestApp::start().await;
    let salma = author(&app, "Salma").await;
    let semailles = tag(&app, "Semailles").await;
    let nobody = json!(uuid::Uuid::now_v7());
    let gone = author(&app, "Gone").await;
    app.delete(&path(&gone)).await;
    let article = app.article("x", json!({})).await;
    for (list, there, most) in [
        ("author_ids", &salma["id"], 20),
        ("tag_ids", &semailles["id"], 50),
    ] {
        let too_many: Vec<uuid::Uuid> = (0..=most).map(|_| uuid::Uuid::now_v7()).collect();
        for (ids, code) in [
            (json!([there, nobody]), "/1 not_found"),
            (json!([nobody, there]), "/0 not_found"),
            (json!([there, gone["id"]]), "/1 not_found"),
            (json!([there, there]), " duplicate_item"),
            (json!(too_many), " too_many"),
            (json!([there, "salma"]), "/1 invalid_id"),
            (json!([1]), "/0 wrong_type"),
            (json!(there), " wrong_type"),
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
async fn as_many_as_may_sign_can() {
    let app = TestApp::start().await;
    let mut authors = Vec::new();
    for n in 0..20 {
        authors.push(author(&app, &format!("a{n}")).await["id"].clone());
    }
    let mut tags = Vec::new();
    for n in 0..50 {
        tags.push(tag(&app, &format!("t{n}")).await["id"].clone());
    }
    authors.reverse();
    let article = app
        .article("x", json!({"author_ids": authors, "tag_ids": tags}))
        .await;
    assert_eq!(article["author_ids"], json!(authors));
    assert_eq!(article["tag_ids"], json!(tags));
}

#[actix_web::test]
async fn a_byline_and_a_deletion_at_once_leave_no_article_without_its_author() {
    let app = TestApp::start().await;
    for round in 0..10 {
        let salma = author(&app, &format!("a{round}")).await;
        let body = json!({"title": "x", "language": "fr", "author_ids": ids(&[&salma])});
        let (deleted, created) = join(
            app.delete(&path(&salma)).into_future(),
            app.post("/v1/articles", body).into_future(),
        )
        .await;
        let outcome = (deleted.status, created.status);
        assert!(matches!(outcome, (204, 422) | (409, 201)), "{outcome:?}");
    }
    let mut conn = app.conn().await;
    let stray = diesel::sql_query(
        "SELECT 1 FROM article_authors n JOIN authors a ON a.id = n.author_id \
         WHERE n.deleted_at IS NULL AND a.deleted_at IS NOT NULL",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    assert_eq!(stray, 0);
}

#[actix_web::test]
async fn every_change_is_one_row_in_the_log() {
    use manchette::schema::events::dsl::*;
    let app = TestApp::start().await;
    let created = author(&app, "a").await;
    app.patch(&path(&created), json!({"name": "b"})).await.ok();
    app.delete(&path(&created)).await;
    app.put(&path(&created), json!({"name": "c"}))
        .await
        .created();
    let mut conn = app.conn().await;
    let log: Vec<(String, i32, String)> = events
        .order(id)
        .select((resource, version, action))
        .load(&mut conn)
        .await
        .unwrap();
    let row = |number, what: &str| ("author".to_owned(), number, what.to_owned());
    assert_eq!(
        log,
        [
            row(1, "created"),
            row(2, "updated"),
            row(3, "deleted"),
            row(4, "restored")
        ]
    );
}
