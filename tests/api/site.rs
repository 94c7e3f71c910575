//! The site: its name, URL, languages, time zone and category tree.

use diesel_async::SimpleAsyncConnection;
use futures_util::future::join_all;
use manchette::access::api_keys::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{JsonPath, TestApp, path_of, with};

const SITE: &str = "/v1/site";

fn new_site() -> Value {
    json!({"name": "Le Rivage", "languages": ["fr", "ar"], "time_zone": "Africa/Casablanca"})
}

#[actix_web::test]
async fn the_site_exists_from_the_start() {
    let app = TestApp::start().await;
    let response = app.get(SITE).await;
    let site = response.ok();
    assert_eq!(
        site,
        json!({
            "id": "00000000-0000-7000-8000-000000000001", "name": "Manchette", "url": null, "languages": ["fr"], "time_zone": "UTC",
            "links": [], "categories": [], "created_at": site["created_at"], "updated_at": site["created_at"], "version": 1,
        })
    );
    let head = app.request(Method::HEAD, SITE).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("etag"), response.header("etag"));
    for method in [Method::DELETE, Method::POST] {
        let refused = app.request_as_admin(method, SITE).json(new_site()).await;
        refused.problem(405, "method-not-allowed");
        assert_eq!(refused.header("allow"), "GET, HEAD, OPTIONS, PATCH, PUT");
    }
    assert_eq!(
        app.get("/v1/site?colour=red").await.parameter_faults(),
        ["colour unknown"]
    );
}

#[actix_web::test]
async fn put_replaces_and_patch_changes_the_site_raising_its_version() {
    let app = TestApp::start().await;
    let first = app.get(SITE).await.ok();
    let links = json!([{"name": "Mastodon", "url": "https://social.example/@lerivage"}]);
    let put = app
        .put(SITE, with(new_site(), json!({"links": links})))
        .await
        .ok();
    let expected = with(
        with(first, new_site()),
        json!({"links": links, "version": 2, "updated_at": put["updated_at"]}),
    );
    assert_eq!(put, expected);
    assert_eq!(app.get(SITE).await.ok(), put);
    app.put_unchanged(SITE, &put).await;
    let patched = app.patch(SITE, json!({"name": "L’Estran"})).await.ok();
    assert_eq!(
        (&patched["name"], &patched["links"], &patched["version"]),
        (&json!("L’Estran"), &links, &json!(4))
    );
    let nothing = app.patch(SITE, json!({"name": "L’Estran"})).await.ok();
    assert_eq!(nothing["version"], 4, "nothing changed");
    let cleared = app.patch(SITE, json!({"links": null})).await.ok();
    assert_eq!(cleared["links"], json!([]));
    let replaced = app.put(SITE, new_site()).await.ok();
    assert_eq!(
        (&replaced["links"], &replaced["version"]),
        (&json!([]), &json!(6))
    );
}

#[actix_web::test]
async fn changing_the_site_requires_write_and_publish() {
    let app = TestApp::start().await;
    let before = app.get(SITE).await.ok();
    for (method, body) in [
        (Method::PUT, new_site()),
        (Method::PATCH, json!({"name": "Le Rivage"})),
        // A patch that changes nothing requires the same.
        (Method::PATCH, json!({})),
        (Method::PATCH, json!({"name": before["name"]})),
    ] {
        let request = || app.request(method.clone(), SITE).json(body.clone());
        request().await.problem(401, "unauthorized");
        for (scopes, lacks) in [
            (vec![Scope::Read, Scope::Early], "write"),
            (vec![Scope::Publish], "write"),
            (vec![Scope::Write], "publish"),
        ] {
            let refused = request().key(&app.new_key(&scopes).await).await;
            assert!(
                refused
                    .header("www-authenticate")
                    .contains(&format!("scope=\"{lacks}\""))
            );
            refused.problem(403, "forbidden");
        }
        assert_eq!(app.get(SITE).await.ok(), before);
    }
    let both = app.new_key(&[Scope::Write, Scope::Publish]).await;
    let response = app
        .request(Method::PUT, SITE)
        .key(&both)
        .json(new_site())
        .await;
    assert_eq!(response.ok()["name"], "Le Rivage");
}

#[actix_web::test]
async fn the_site_url_is_an_origin_with_an_optional_path() {
    let app = TestApp::start().await;
    let patch = |url: &str| app.patch(SITE, json!({"url": url}));
    for url in [
        "https://rivage.example",
        "http://rivage.example:8080/",
        "https://rivage.example/fr/",
    ] {
        assert_eq!(patch(url).await.ok()["url"], url);
    }
    for url in [
        "rivage.example",
        "//rivage.example/",
        "ftp://rivage.example/",
        "https://rivage.example/?a",
        "https://rivage.example/#a",
        "https://rivage.example/?",
        "https://u:p@rivage.example/",
        "https://rivage.example/é",
    ] {
        assert_eq!(patch(url).await.faults(), ["/url invalid_url"], "{url}");
    }
    let long = format!("https://rivage.example/{}", "x".repeat(500));
    assert_eq!(patch(&long).await.faults(), ["/url too_long"]);
    let put = app.put(SITE, new_site()).await.ok();
    assert_eq!(put["url"], Value::Null);
    let mut conn = app.conn().await;
    for url in ["https://a.example/?b", "javascript:a", &long] {
        let update = format!("UPDATE site SET url = '{url}'");
        let refused = conn.batch_execute(&update).await.unwrap_err().to_string();
        assert!(refused.contains("site_url_check"), "{refused}");
    }
}

#[derive(diesel::QueryableByName)]
struct Refused {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

#[actix_web::test]
async fn the_time_zone_must_be_in_the_iana_database() {
    use diesel_async::RunQueryDsl;
    let app = TestApp::start().await;
    let zone = |name: &str| app.patch(SITE, json!({"time_zone": name}));
    for (given, normalised) in [
        ("africa/casablanca", "Africa/Casablanca"),
        (
            "AMERICA/ARGENTINA/BUENOS_AIRES",
            "America/Argentina/Buenos_Aires",
        ),
        ("utc", "UTC"),
        ("Asia/Kolkata", "Asia/Kolkata"),
        ("Etc/GMT+5", "Etc/GMT+5"),
        ("America/Port-au-Prince", "America/Port-au-Prince"),
        ("GMT", "GMT"),
        ("gmt+0", "GMT+0"),
        ("est", "EST"),
        ("EST5EDT", "EST5EDT"),
        ("CET", "CET"),
        ("Etc/utc", "Etc/UTC"),
        ("etc/gmt", "Etc/GMT"),
        ("zulu", "Zulu"),
        ("w-su", "W-SU"),
        ("US/Eastern", "US/Eastern"),
    ] {
        let site = zone(given).await.ok();
        assert_eq!(site["time_zone"], normalised);
    }
    let before = app.get(SITE).await.ok();
    for wrong in [
        "",
        "Mars/Olympus",
        "Africa",
        "Europe",
        "+01:00",
        "UTC+1",
        "CET-1CEST",
        "CEST",
        "PST",
        "Z",
        "EST5",
        "EST5EDT4",
        "EST5EDT,M3.2.0,M11.1.0",
        "<-03>3",
        ":UTC",
        "localtime",
        "posixrules",
        "Factory",
        "factory",
        "Etc/Unknown",
        "../etc/passwd",
        "posix/Europe/Paris",
        "Europe/Paris ",
        "\u{e9}",
        "a\u{1}",
    ] {
        let response = zone(wrong).await;
        assert_eq!(
            response.faults(),
            ["/time_zone invalid_time_zone"],
            "{wrong:?}"
        );
        let put = app
            .put(SITE, with(new_site(), json!({"time_zone": wrong})))
            .await;
        assert_eq!(put.faults(), ["/time_zone invalid_time_zone"], "{wrong:?}");
    }
    assert_eq!(
        zone(&"a".repeat(65)).await.faults(),
        ["/time_zone too_long"]
    );
    assert_eq!(app.get(SITE).await.ok(), before);

    // The database accepts every time zone that the server knows.
    let every = jiff::tz::db().available();
    let every: Vec<String> = every.map(|name| name.to_string()).collect();
    assert!(every.len() > 500 && every.iter().any(|name| name == "Navajo"));
    let refused: Vec<Refused> =
        diesel::sql_query("SELECT name FROM unnest($1) AS name WHERE NOT is_time_zone(name)")
            .bind::<diesel::sql_types::Array<diesel::sql_types::Text>, _>(every)
            .load(&mut app.conn().await)
            .await
            .unwrap();
    let refused: Vec<String> = refused.into_iter().map(|zone| zone.name).collect();
    assert_eq!(refused, ["Factory"]);
}

#[actix_web::test]
async fn site_languages_are_normalised_and_unique() {
    let app = TestApp::start().await;
    let languages = |tags: Value| app.patch(SITE, json!({"languages": tags}));
    let normalised = languages(json!(["FR", "ar-ma", "zgh-tfng-MA"])).await.ok();
    assert_eq!(
        normalised["languages"],
        json!(["fr", "ar-MA", "zgh-Tfng-MA"])
    );
    let many: Vec<String> = (0..51)
        .map(|n| format!("{}{}", 'a', char::from(b'a' + n % 26)))
        .collect();
    for (tags, faults) in [
        (json!([]), vec!["/languages too_few"]),
        (json!(["fr", "fr"]), vec!["/languages duplicate_item"]),
        (
            json!(["fr", "ar", "FR"]),
            vec!["/languages/2 duplicate_item"],
        ),
        (
            json!(["fr", "français"]),
            vec!["/languages/1 invalid_language"],
        ),
        (json!(["und"]), vec!["/languages/0 invalid_language"]),
        (json!(["fr", 1]), vec!["/languages/1 wrong_type"]),
        (json!("fr"), vec!["/languages wrong_type"]),
        (json!(null), vec!["/languages wrong_type"]),
        (
            json!(many),
            vec!["/languages duplicate_item", "/languages too_many"],
        ),
    ] {
        assert_eq!(languages(tags.clone()).await.faults(), faults, "{tags}");
    }
    assert_eq!(app.get(SITE).await.ok(), normalised);
}

#[actix_web::test]
async fn every_fault_of_the_site_is_reported_at_once() {
    let app = TestApp::start().await;
    let wrong = json!({"name": "", "languages": [], "colour": 1, "links": [{"name": "x", "url": "ftp://x.example"}]});
    assert_eq!(
        app.put(SITE, wrong).await.faults(),
        [
            "/colour unknown",
            "/languages too_few",
            "/links/0/url invalid_url",
            "/name blank",
            "/time_zone required",
        ]
    );
    let link = json!({"name": "x", "url": "https://x.example"});
    for (links, fault) in [
        (json!(vec![link.clone(); 21]), "/links too_many"),
        (
            json!([with(link.clone(), json!({"rel": "me"}))]),
            "/links/0/rel unknown",
        ),
        (json!([{"name": "x"}]), "/links/0/url required"),
    ] {
        let patched = app.patch(SITE, json!({"links": links})).await;
        assert_eq!(patched.faults(), [fault]);
    }
    let most = app.patch(SITE, json!({"links": vec![link; 20]})).await.ok();
    assert_eq!(most.list("/links").len(), 20);
    assert_eq!(
        app.patch(SITE, json!({"name": null})).await.faults(),
        ["/name wrong_type"]
    );
}

#[actix_web::test]
async fn the_site_includes_the_category_tree() {
    let app = TestApp::start().await;
    let b = app.category("b", None).await;
    let a = app.category("a", None).await;
    let b1 = app.category("b1", Some(&b)).await;
    let b2 = app.category("b2", Some(&b)).await;
    let b11 = app.category("b11", Some(&b1)).await;
    for (category, position) in [(&b, 1), (&b1, 9), (&b2, 2)] {
        let path = path_of("categories", category);
        app.patch(&path, json!({"position": position})).await.ok();
    }
    let response = app.get(SITE).await;
    let tree = &response.ok()["categories"];
    let slugs = |nodes: &Value| json!({"items": nodes}).texts("/items/*/slug");
    assert_eq!(slugs(tree), ["a", "b"]);
    assert_eq!(slugs(&tree[1]["children"]), ["b2", "b1"]);
    assert_eq!(slugs(&tree[1]["children"][1]["children"]), ["b11"]);
    let leaf = &tree[1]["children"][1]["children"][0];
    let parent = json!({"id": b1["id"], "slug": "b1", "name": "b1"});
    assert_eq!(leaf, &with(b11, json!({"children": [], "parent": parent})));
    assert_eq!(tree[0], with(a.clone(), json!({"children": []})));

    // A changed category changes the response but not the version of the site.
    let path = path_of("categories", &a);
    assert_eq!(app.delete(&path).await.status, 204);
    let after = app.get(SITE).await;
    assert_ne!(after.header("etag"), response.header("etag"));
    assert_eq!(after.ok()["version"], 1);
    assert_eq!(slugs(&after.ok()["categories"]), ["b"]);
    // What was read can be sent back; the tree in it is ignored.
    let put = app
        .put(SITE, with(after.ok(), json!({"categories": []})))
        .await
        .ok();
    assert_eq!(put["categories"], after.ok()["categories"]);
}

#[actix_web::test]
async fn if_match_protects_the_site_from_lost_updates() {
    let app = TestApp::start().await;
    let old = app.get(SITE).await.etag();
    let changed = app
        .patch(SITE, json!({"name": "x"}))
        .header("If-Match", &old)
        .await;
    changed.ok();
    let new_tag = changed.header("etag");
    assert_eq!(app.get(SITE).await.header("etag"), new_tag);
    for known in [new_tag, "*"] {
        let unchanged = app.get(SITE).header("If-None-Match", known).await;
        assert_eq!((unchanged.status, unchanged.body.len()), (304, 0));
    }
    for tag in [old.as_str(), "\"other\"", &format!("W/{new_tag}")] {
        app.patch(SITE, json!({"name": "y"}))
            .header("If-Match", tag)
            .await
            .problem(412, "precondition-failed");
        app.put(SITE, new_site())
            .header("If-Match", tag)
            .await
            .problem(412, "precondition-failed");
    }
    app.put(SITE, new_site())
        .header("If-None-Match", "*")
        .await
        .problem(412, "precondition-failed");
    app.put(SITE, new_site())
        .header("If-Match", new_tag)
        .await
        .ok();
}

#[actix_web::test]
async fn of_ten_concurrent_changes_to_one_version_one_succeeds() {
    let app = TestApp::start().await;
    let tag = app.get(SITE).await.etag();
    let change = |n: i32| {
        app.patch(SITE, json!({"name": format!("n{n}")}))
            .header("If-Match", &tag)
            .into_future()
    };
    let mut statuses: Vec<u16> = join_all((0..10).map(change))
        .await
        .iter()
        .map(|response| response.status)
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200);
    assert_eq!(statuses[1..], [412; 9]);
    assert_eq!(app.get(SITE).await.ok()["version"], 2);
}

#[actix_web::test]
async fn database_constraints_reject_an_invalid_site() {
    let app = TestApp::start().await;
    let mut conn = app.conn().await;
    for change in [
        "UPDATE site SET time_zone = 'Mars/Olympus'",
        "UPDATE site SET time_zone = '+01:00'",
        "UPDATE site SET time_zone = 'CEST'",
        "UPDATE site SET time_zone = 'Factory'",
        "UPDATE site SET time_zone = 'africa/casablanca'",
        "UPDATE site SET languages = '{}'",
        "UPDATE site SET languages = '{fr,fr}'",
        "UPDATE site SET languages = '{fr,NULL}'",
        "UPDATE site SET languages = '{Français}'",
        "UPDATE site SET name = ' '",
        "UPDATE site SET links = '[{\"name\": \"x\", \"url\": \"ftp://x.example\"}]'",
        "UPDATE site SET links = '{}'",
        "UPDATE site SET deleted_at = now()",
        "UPDATE site SET version = 0",
        "INSERT INTO site (id, name, languages, time_zone) VALUES (gen_random_uuid(), 'x', '{fr}', 'UTC')",
    ] {
        let error = conn.batch_execute(change).await.unwrap_err();
        assert!(
            error.to_string().contains("check constraint"),
            "{change}: {error}"
        );
    }
    for change in [
        "UPDATE site SET time_zone = 'Africa/Casablanca'",
        "UPDATE site SET languages = '{fr,ar-MA}'",
    ] {
        conn.batch_execute(change).await.unwrap();
    }
}

#[actix_web::test]
async fn every_site_change_is_one_event() {
    let app = TestApp::start().await;
    app.put(SITE, new_site()).await.ok();
    app.patch(SITE, json!({"time_zone": "Mars/Olympus"}))
        .await
        .faults();
    app.patch(SITE, json!({"name": "x"})).await.ok();
    let expected = ["site 2 updated", "site 3 updated"];
    assert_eq!(app.events().await, expected);
}
