//! Authors.

use futures_util::future::join_all;
use manchette::access::api_keys::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::pages::texts;
use crate::support::{JsonPath, TestApp, Traversal, follow, path_of, with, without_id};

fn path(author: &Value) -> String {
    path_of("authors", author)
}

#[actix_web::test]
async fn an_author_has_one_shape() {
    let app = TestApp::start().await;
    let body = json!({
        "name": "Salma Idrissi Kadiri", "names": {"ar": "سلمى"}, "bio": "Les champs.\nLes eaux.", "image_url": "https://i.example/salma.jpg",
        "links": [{"name": "Mastodon", "url": "https://social.example/@salma"}, {"name": "Site", "url": "http://salma.example"}],
    });
    let response = app.post("/v1/authors", body.clone()).await;
    let created = response.created();
    assert_eq!(response.header("location"), path(&created));
    let server_side = json!({
        "id": created["id"], "slug": "salma-idrissi-kadiri", "version": 1,
        "created_at": created["created_at"], "updated_at": created["created_at"],
    });
    assert_eq!(created, with(body, server_side));
    for url in [path(&created), "/v1/authors/salma-idrissi-kadiri".into()] {
        let read = app.get(&url).await;
        assert_eq!(read.ok(), created);
        assert!(read.has("etag") && !read.has("last-modified"));
        let head = app.request(Method::HEAD, &url).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("etag"), read.header("etag"));
    }
    assert_eq!(app.get("/v1/authors").await.ok()["items"], json!([created]));
    let minimal = app.author("Zineb").await;
    assert_eq!(
        (
            &minimal["bio"],
            &minimal["image_url"],
            &minimal["links"],
            &minimal["names"]
        ),
        (&Value::Null, &Value::Null, &json!([]), &json!({}))
    );
}

#[actix_web::test]
async fn an_author_can_be_patched_replaced_deleted_and_restored() {
    let app = TestApp::start().await;
    let body =
        json!({"name": "Anir", "bio": "b", "links": [{"name": "x", "url": "https://x.example"}]});
    let created = app.post("/v1/authors", body).await.created();
    let url = path(&created);
    let changed = app
        .patch(&url, json!({"name": "Anir Tafoughi", "bio": null}))
        .await
        .ok();
    let expected = json!({"name": "Anir Tafoughi", "bio": null, "version": 2, "updated_at": changed["updated_at"]});
    assert_eq!(changed, with(created.clone(), expected));
    assert_eq!(
        app.patch(&url, json!({"bio": null})).await.ok()["version"],
        2,
        "a patch that changes nothing is no change"
    );
    app.put_unchanged(&url, &changed).await;
    let replaced = app.put("/v1/authors/anir", json!({"name": "A"})).await.ok();
    assert_eq!(
        (&replaced["slug"], &replaced["links"]),
        (&json!("anir"), &json!([]))
    );

    assert_eq!(app.delete(&url).await.status, 204);
    app.get_as_admin(&url).await.problem(404, "not-found");
    app.get("/v1/authors/anir").await.problem(404, "not-found");
    app.delete(&url).await.problem(404, "not-found");
    app.patch(&url, json!({"name": "x"}))
        .await
        .problem(404, "not-found");
    assert_eq!(app.get("/v1/authors").await.ok()["items"], json!([]));
    let restored = app.put(&url, json!({"name": "B"})).await.created();
    assert_eq!(
        (&restored["slug"], &restored["version"]),
        (&json!("anir"), &json!(6))
    );
}

#[actix_web::test]
async fn of_many_concurrent_puts_to_an_unused_id_one_creates_the_author() {
    let app = TestApp::start().await;
    let path = format!("/v1/authors/{}", uuid::Uuid::now_v7());
    let put = || app.put(&path, json!({"name": "A"})).into_future();
    let mut statuses: Vec<u16> = join_all((0..10).map(|_| put()))
        .await
        .iter()
        .map(|response| response.status)
        .collect();
    statuses.sort_unstable();
    assert_eq!((statuses[0], statuses[8], statuses[9]), (200, 200, 201));
    assert_eq!(app.get(&path).await.ok()["version"], 10);
    app.put("/v1/authors/nobody", json!({"name": "x"}))
        .await
        .problem(404, "not-found");
}

#[actix_web::test]
async fn slugs_are_derived_from_names_numbered_and_redirected_when_they_change() {
    let app = TestApp::start().await;
    let first = app.author("Élodie d’Œuvre").await;
    let second = app.author("Elodie D’oeuvre").await;
    let arabic = app.author("سلمى الإدريسي").await;
    assert_eq!(first["slug"], "elodie-d-oeuvre");
    assert_eq!(second["slug"], "elodie-d-oeuvre-2");
    assert_eq!(arabic["slug"], "سلمى-الإدريسي");
    assert_eq!(app.author("!!!").await["slug"], "author");
    assert_eq!(app.author("Live").await["slug"], "live-2");
    let new = |slug: &str| app.post("/v1/authors", json!({"name": "x", "slug": slug}));
    let problem = new("elodie-d-oeuvre").await.problem(409, "conflict");
    assert_eq!(problem["errors"][0]["pointer"], "/slug");
    assert_eq!(new("search").await.faults(), ["/slug reserved"]);
    assert_eq!(new("A b").await.faults(), ["/slug invalid_slug"]);

    let renamed = app
        .patch(&path(&first), json!({"name": "Élodie Martin"}))
        .await
        .ok();
    assert_eq!(
        renamed["slug"], "elodie-d-oeuvre",
        "the slug does not change"
    );
    app.patch(&path(&first), json!({"slug": "elodie-martin"}))
        .await
        .ok();
    for method in [Method::GET, Method::HEAD] {
        let moved = app.request(method, "/v1/authors/elodie-d-oeuvre").await;
        moved.assert_redirects_to("/v1/authors/elodie-martin");
    }
    let moved = app
        .patch("/v1/authors/elodie-d-oeuvre", json!({"name": "x"}))
        .await;
    moved.assert_redirects_to("/v1/authors/elodie-martin");
    // Tags do not share the former slugs of authors.
    app.get("/v1/tags/elodie-d-oeuvre")
        .await
        .problem(404, "not-found");
}

#[actix_web::test]
async fn authors_are_sorted_by_name_ignoring_accents_and_case() {
    let app = TestApp::start().await;
    for name in [
        "Zoé", "emma", "Élodie", "Edgar", "ÉMILE", "Œdipe", "Oscar", "سلمى", "O’Hara",
    ] {
        app.author(name).await;
    }
    let page = app.get("/v1/authors?count=true").await.ok();
    assert_eq!(
        page.texts("/items/*/name"),
        [
            "Edgar", "Élodie", "ÉMILE", "emma", "O’Hara", "Œdipe", "Oscar", "Zoé", "سلمى"
        ]
    );
    assert_eq!(
        (&page["page"]["total"], &page["page"]["total_is_exact"]),
        (&json!(9), &json!(true))
    );
    let selected = app.get("/v1/authors?limit=1&fields=name,slug").await.ok();
    assert_eq!(
        without_id(&selected["items"]),
        json!([{"name": "Edgar", "slug": "edgar"}])
    );
    assert!(selected["page"].get("total").is_none());
}

#[actix_web::test]
async fn pages_contain_every_author_once_in_both_directions_even_with_equal_names() {
    let app = TestApp::start().await;
    for name in [
        "b", "Amal", "amal", "Âmal", "c", "AMAL", "!!!", "???", "Amal", "d",
    ] {
        app.author(name).await;
    }
    let all = app.get("/v1/authors").await.ok().texts("/items/*/id");
    assert_eq!(all.len(), 10);
    for limit in [1, 2, 3, 4, 9, 10, 11] {
        let list = format!("/v1/authors?limit={limit}");
        let pages = Traversal::read(|path| app.get(path), &list).await;
        let expected: Vec<Vec<String>> = all.chunks(limit).map(<[String]>::to_vec).collect();
        assert_eq!(texts(&pages.forward, "/items/*/id"), expected, "{list}");
        assert_eq!(
            texts(&pages.backward, "/items/*/id").concat(),
            all,
            "{list}"
        );
    }
    let page = app.get("/v1/authors?limit=2").await;
    let next = page.ok().text("/page/next").to_owned();
    assert!(page.header("link").contains("rel=\"next\""));
    // A cursor belongs to one list.
    let other = app.get(&format!("/v1/tags?limit=2&cursor={next}")).await;
    assert_eq!(other.parameter_faults(), ["cursor cursor_mismatch"]);
}

#[actix_web::test]
async fn concurrent_changes_neither_repeat_nor_skip_authors_between_pages() {
    let app = TestApp::start().await;
    for name in ["a", "b", "c", "d"] {
        app.author(name).await;
    }
    let page = app.get("/v1/authors?limit=2").await.ok();
    let next = page.text("/page/next");
    app.author("aa").await;
    app.author("cc").await;
    assert_eq!(app.delete("/v1/authors/b").await.status, 204);
    let second_page = app.get(&format!("/v1/authors?cursor={next}")).await.ok();
    assert_eq!(second_page.texts("/items/*/name"), ["c", "cc", "d"]);
}

#[actix_web::test]
async fn names_of_maximum_length_are_listed_once_each() {
    let app = TestApp::start().await;
    for letter in ["œ", "ﷺ", "\u{1f4f0}", "ß", "ع"] {
        app.author(&letter.repeat(100)).await;
        app.author(&letter.repeat(99)).await;
    }
    let pages = follow(|path| app.get(path), "/v1/authors?limit=1", "next", None).await;
    let mut ids = texts(&pages, "/items/*/id").concat();
    assert_eq!(ids.len(), 10);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 10);
}

#[actix_web::test]
async fn unknown_and_invalid_list_parameters_are_rejected() {
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
        let response = app.get(&format!("/v1/authors?{query}")).await;
        assert_eq!(response.parameter_faults(), [fault]);
    }
    app.author("a").await;
    let one = app.get("/v1/authors/a?kind=person").await;
    assert_eq!(one.parameter_faults(), ["kind unknown"]);
}

#[actix_web::test]
async fn invalid_authors_are_rejected_with_every_fault() {
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
    let created = app.author("x").await;
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
async fn changing_authors_requires_the_write_scope() {
    let app = TestApp::start().await;
    let created = app.author("x").await;
    let read = app
        .new_key(&[Scope::Read, Scope::Early, Scope::Publish])
        .await;
    let write = app.new_key(&[Scope::Write]).await;
    for (method, url) in [
        (Method::POST, "/v1/authors".to_owned()),
        (Method::PUT, path(&created)),
        (Method::PATCH, path(&created)),
        (Method::DELETE, path(&created)),
    ] {
        let request = || {
            app.request(method.clone(), &url)
                .json(json!({"name": "other"}))
        };
        request().await.problem(401, "unauthorized");
        let refused = request().key(&read).await;
        assert!(
            refused
                .header("www-authenticate")
                .contains("scope=\"write\"")
        );
        refused.problem(403, "forbidden");
        assert_eq!(app.get(&path(&created)).await.ok(), created);
    }
    for method in [Method::PUT, Method::PATCH] {
        let request = app.request(method, &path(&created)).key(&write);
        request.json(json!({"name": "y"})).await.ok();
    }
    let response = app
        .request(Method::DELETE, &path(&created))
        .key(&write)
        .await;
    assert_eq!(response.status, 204);
    app.request(Method::PUT, "/v1/authors")
        .await
        .problem(405, "method-not-allowed");
}

#[actix_web::test]
async fn if_match_protects_an_author_from_lost_updates() {
    let app = TestApp::start().await;
    let created = app.author("x").await;
    let url = path(&created);
    let old = app.get(&url).await.etag();
    let changed = app.patch(&url, json!({"name": "y"})).await;
    assert_eq!(changed.header("etag"), app.get(&url).await.header("etag"));
    for request in [
        app.patch(&url, json!({"name": "z"})),
        app.put(&url, json!({"name": "z"})),
        app.delete(&url),
    ] {
        request
            .header("If-Match", &old)
            .await
            .problem(412, "precondition-failed");
    }
    let new = changed.header("etag");
    assert_eq!(app.delete(&url).header("If-Match", new).await.status, 204);
}

#[actix_web::test]
async fn every_author_change_is_one_event() {
    let app = TestApp::start().await;
    let created = app.author("a").await;
    app.patch(&path(&created), json!({"name": "b"})).await.ok();
    app.delete(&path(&created)).await;
    app.put(&path(&created), json!({"name": "c"}))
        .await
        .created();
    let expected = [
        "author 1 created",
        "author 2 updated",
        "author 3 deleted",
        "author 4 restored",
    ];
    assert_eq!(app.events().await, expected);
}
