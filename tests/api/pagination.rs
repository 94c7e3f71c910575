//! Pagination: pages, cursors, links, counts, parameters.

use diesel_async::SimpleAsyncConnection;
use manchette::access::api_keys::Scope;
use serde_json::{Value, json};

use crate::support::pages::texts;
use crate::support::{JsonPath, TestApp, Traversal, path_of, without_id};

/// Creates twelve headlines, some with the same time and some without.
async fn create_twelve_headlines(app: &TestApp) {
    for n in 0..12 {
        let more = match n {
            0..4 => json!({"published_at": "2026-01-01T00:00:00Z"}),
            4..9 => json!({"published_at": format!("2026-01-0{n}T00:00:00.00000{n}Z")}),
            _ => json!({"status": "draft"}),
        };
        app.headline(&format!("{n:02}"), more).await;
    }
}

#[actix_web::test]
async fn pages_contain_everything_once_in_both_directions_even_with_equal_or_missing_times() {
    let app = TestApp::start().await;
    let top = app.category("Top", None).await;
    let below = app.category("Below", Some(&top)).await;
    create_twelve_headlines(&app).await;
    for (n, headline) in app
        .get_as_admin("/v1/headlines")
        .await
        .ok()
        .list("/items")
        .iter()
        .enumerate()
    {
        let path = path_of("headlines", headline);
        let category = if n % 3 == 0 { &top } else { &below };
        app.patch(&path, json!({"category_id": category["id"]}))
            .await
            .ok();
    }
    let all = [
        "11", "10", "09", "08", "07", "06", "05", "04", "03", "02", "01", "00",
    ];
    for filter in [
        "",
        "&language=fr",
        "&category=top",
        "&category=top&language=fr",
        "&pinned=false&language=fr",
    ] {
        for limit in [1, 2, 3, 5, 11, 12, 13] {
            let list = format!("/v1/headlines?limit={limit}{filter}");
            let get = |path: &str| app.get_as_admin(path);
            let pages = Traversal::read(get, &list).await;
            let expected: Vec<Vec<&str>> = all.chunks(limit).map(<[&str]>::to_vec).collect();
            assert_eq!(texts(&pages.forward, "/items/*/title"), expected, "{list}");
            assert_eq!(
                texts(&pages.backward, "/items/*/title").concat(),
                all,
                "{list}"
            );
        }
    }
    // Time bounds hold in both directions, with any other filter.
    for filter in [
        "",
        "&language=fr",
        "&category=top",
        "&category=top&language=fr",
    ] {
        let bounds =
            "published_after=2026-01-01T00:00:00Z&published_before=2026-01-07T00:00:00.000007Z";
        let list = format!("/v1/headlines?limit=2&{bounds}{filter}");
        let pages = Traversal::read(|path| app.get_as_admin(path), &list).await;
        let expected = [vec!["06", "05"], vec!["04"]];
        assert_eq!(texts(&pages.forward, "/items/*/title"), expected, "{list}");
        assert_eq!(texts(&pages.backward, "/items/*/title"), expected, "{list}");
        assert_eq!(
            app.get_as_admin(&format!("{list}&count=true")).await.ok()["page"]["total"],
            3,
            "{list}"
        );
    }
}

#[actix_web::test]
async fn content_published_while_paging_is_neither_repeated_nor_skipped() {
    let app = TestApp::start().await;
    for day in 1..=6 {
        app.headline(
            &format!("{day}"),
            json!({"published_at": format!("2026-01-0{day}T00:00:00Z")}),
        )
        .await;
    }
    let first = app.get("/v1/headlines?limit=2").await.ok();
    app.headline("new", json!({})).await;
    app.headline("old", json!({"published_at": "2026-01-03T12:00:00Z"}))
        .await;
    let next = first.text("/page/next");
    let second = app
        .get(&format!("/v1/headlines?limit=3&cursor={next}"))
        .await
        .ok();
    assert_eq!(first.texts("/items/*/title"), ["6", "5"]);
    assert_eq!(second.texts("/items/*/title"), ["4", "old", "3"]);
    let prev = second.text("/page/prev");
    let before = app
        .get(&format!("/v1/headlines?limit=10&cursor={prev}"))
        .await
        .ok();
    assert_eq!(before.texts("/items/*/title"), ["new", "6", "5"]);
    // What comes later.
    app.headline("newer", json!({})).await;
    let prev = before.text("/page/prev");
    let later = app.get(&format!("/v1/headlines?cursor={prev}")).await.ok();
    assert_eq!(later.texts("/items/*/title"), ["newer"]);
}

#[actix_web::test]
async fn the_first_page_leads_to_what_is_published_later() {
    let app = TestApp::start().await;
    assert_eq!(
        app.get("/v1/headlines").await.ok()["page"]["prev"],
        Value::Null
    );
    app.headline("a", json!({})).await;
    let first = app.get("/v1/headlines").await.ok();
    let ask = async |page: &Value| {
        let prev = page.text("/page/prev");
        app.get(&format!("/v1/headlines?limit=1&cursor={prev}"))
            .await
            .ok()
    };
    let nothing = ask(&first).await;
    assert_eq!(nothing["items"], json!([]));
    for title in ["b", "c"] {
        app.headline(title, json!({})).await;
    }
    let next = ask(&nothing).await;
    assert_eq!(next.texts("/items/*/title"), ["b"]);
    let last = ask(&next).await;
    assert_eq!(last.texts("/items/*/title"), ["c"]);
    assert_eq!(ask(&last).await["items"], json!([]));
}

#[actix_web::test]
async fn an_empty_page_still_links_back() {
    let app = TestApp::start().await;
    let a = app
        .headline("a", json!({"published_at": "2026-01-02T00:00:00Z"}))
        .await;
    let b = app
        .headline("b", json!({"published_at": "2026-01-01T00:00:00Z"}))
        .await;
    let delete = |headline: &Value| app.delete(&path_of("headlines", headline));
    let first = app.get("/v1/headlines?limit=1").await.ok();
    let next = first.text("/page/next");
    let second = app
        .get(&format!("/v1/headlines?limit=1&cursor={next}"))
        .await
        .ok();
    let prev = second.text("/page/prev");

    delete(&a).await;
    let nothing = app
        .get(&format!("/v1/headlines?limit=1&cursor={prev}"))
        .await
        .ok();
    assert_eq!(
        (&nothing["items"], nothing.text("/page/prev")),
        (&json!([]), prev)
    );
    let back = nothing.text("/page/next");
    assert_eq!(
        app.get(&format!("/v1/headlines?cursor={back}"))
            .await
            .ok()
            .texts("/items/*/title"),
        ["b"]
    );

    delete(&b).await;
    app.headline("c", json!({"published_at": "2026-01-03T00:00:00Z"}))
        .await;
    let nothing = app
        .get(&format!("/v1/headlines?limit=1&cursor={next}"))
        .await
        .ok();
    assert_eq!(
        (&nothing["items"], &nothing["page"]["next"]),
        (&json!([]), &Value::Null)
    );
    let back = nothing.text("/page/prev");
    assert_eq!(
        app.get(&format!("/v1/headlines?cursor={back}"))
            .await
            .ok()
            .texts("/items/*/title"),
        ["c"]
    );
}

#[actix_web::test]
async fn link_headers_match_the_cursors_and_keep_the_filters() {
    let app = TestApp::start().await;
    create_twelve_headlines(&app).await;
    let first = app
        .get("/v1/headlines?limit=2&language=fr&fields=title")
        .await;
    let next = first.ok().text("/page/next").to_owned();
    let path = format!("/v1/headlines?limit=2&language=fr&fields=title&cursor={next}");
    let prev = first.ok().text("/page/prev").to_owned();
    let before = path.replace(&next, &prev);
    assert_eq!(
        first.header("link"),
        format!("<{path}>; rel=\"next\", <{before}>; rel=\"prev\"")
    );
    let second = app.get(&path).await;
    assert!(
        second.header("link").contains("rel=\"next\"")
            && second.header("link").contains("rel=\"prev\"")
    );
    assert_eq!(without_id(&second.ok()["items"][0]), json!({"title": "06"}));
    assert!(
        !app.get("/v1/headlines?language=ar&source=Personne")
            .await
            .has("link"),
        "an empty list needs no links"
    );
}

#[actix_web::test]
async fn a_cursor_is_valid_only_for_its_list_and_filters() {
    let app = TestApp::start().await;
    create_twelve_headlines(&app).await;
    let page = app.get("/v1/headlines?limit=2&language=fr").await.ok();
    let cursor = page.text("/page/next");
    for (list, code) in [
        (
            "/v1/headlines?language=fr&limit=9&fields=id&count=true",
            None,
        ),
        ("/v1/headlines?limit=2", Some("cursor_mismatch")),
        ("/v1/headlines?language=ar", Some("cursor_mismatch")),
        (
            "/v1/headlines?language=fr&pinned=false",
            Some("cursor_mismatch"),
        ),
        ("/v1/articles?language=fr", Some("cursor_mismatch")),
        ("/v1/categories?limit=2", Some("invalid")),
    ] {
        let response = app.get(&format!("{list}&cursor={cursor}")).await;
        match code {
            None => drop(response.ok()),
            Some(code) => assert_eq!(
                response.parameter_faults(),
                [format!("cursor {code}")],
                "{list}"
            ),
        }
    }
    for wrong in [
        "",
        "x",
        "%20",
        "AAAA",
        &cursor[..cursor.len() - 2],
        &format!("{cursor}AA"),
        &"A".repeat(5000),
    ] {
        let response = app
            .get(&format!("/v1/headlines?language=fr&cursor={wrong}"))
            .await;
        assert_eq!(response.parameter_faults().len(), 1, "{wrong}");
    }
}

#[actix_web::test]
async fn counts_are_exact_up_to_ten_thousand_and_marked_inexact_beyond() {
    let app = TestApp::start().await;
    let mut conn = app.conn().await;
    let fill = |from: u32, to: u32| {
        format!(
            "INSERT INTO headlines (id, title, language, dir, status, published_at) SELECT gen_random_uuid(), 'x', 'fr', 'ltr', \
             'published', '2026-01-01'::timestamptz + n * interval '1 second' FROM generate_series({from}, {to}) n"
        )
    };
    conn.batch_execute(&fill(1, 10_000)).await.unwrap();
    let page = app.get("/v1/headlines?count=true&limit=1").await.ok()["page"].clone();
    assert_eq!(
        (&page["total"], &page["total_is_exact"]),
        (&json!(10_000), &json!(true))
    );
    conn.batch_execute(&fill(10_001, 10_001)).await.unwrap();
    let page = app.get("/v1/headlines?count=true&limit=1").await.ok()["page"].clone();
    assert_eq!(
        (&page["total"], &page["total_is_exact"]),
        (&json!(10_000), &json!(false))
    );
    assert_eq!(
        app.get("/v1/headlines?count=true&language=ar").await.ok()["page"]["total"],
        0
    );
    assert!(
        app.get("/v1/headlines").await.ok()["page"]
            .get("total")
            .is_none()
    );
}

#[actix_web::test]
async fn every_invalid_parameter_is_reported_at_once() {
    let app = TestApp::start().await;
    let all = "/v1/headlines?limit=0&colour=red&language=f&status=gone&pinned=1&priority=x&published_after=2026-01-01&category=%20&fields=id,body&count=yes";
    let mut faults = app.get(all).await.parameter_faults();
    faults.sort_unstable();
    let expected: Vec<String> = [
        "category",
        "colour",
        "count",
        "fields",
        "language",
        "limit",
        "pinned",
        "priority",
        "published_after",
        "status",
    ]
    .map(|name| {
        format!(
            "{name} {}",
            if name == "colour" {
                "unknown"
            } else {
                "invalid"
            }
        )
    })
    .to_vec();
    assert_eq!(faults, expected);
    for limit in [
        "101",
        "-1",
        "1.0",
        "+1",
        "1e1",
        "",
        "٣",
        "99999999999999999999",
    ] {
        assert_eq!(
            app.get(&format!("/v1/articles?limit={limit}"))
                .await
                .parameter_faults(),
            ["limit invalid"],
            "{limit}"
        );
    }
    let twice = app.get("/v1/articles?limit=1&limit=2").await;
    assert_eq!(twice.parameter_faults(), ["limit duplicate_parameter"]);
    for path in [
        "/v1/headlines/0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11?x=1",
        "/livez?x=1",
        "/openapi.json?x",
    ] {
        assert_eq!(
            app.get(path).await.parameter_faults(),
            ["x unknown"],
            "{path}"
        );
    }
}

#[actix_web::test]
async fn the_status_filter_requires_permission_to_see_that_status() {
    let app = TestApp::start().await;
    create_twelve_headlines(&app).await;
    app.headline(
        "later",
        json!({"status": "scheduled", "published_at": "2999-01-01T00:00:00Z"}),
    )
    .await;
    app.get("/v1/headlines?status=draft")
        .await
        .problem(401, "unauthorized");
    app.get("/v1/articles?status=published")
        .await
        .problem(401, "unauthorized");
    let early = app.new_key(&[Scope::Early]).await;
    app.get("/v1/headlines?status=draft")
        .key(&early)
        .await
        .problem(403, "forbidden");
    let page = app
        .get("/v1/headlines?status=scheduled")
        .key(&early)
        .await
        .ok();
    assert_eq!(page.texts("/items/*/title"), ["later"]);
    let read = app.new_key(&[Scope::Read]).await;
    let page = app
        .get("/v1/headlines?status=draft&count=true")
        .key(&read)
        .await
        .ok();
    assert_eq!(
        (page.texts("/items/*/title"), &page["page"]["total"]),
        (vec!["11".into(), "10".into(), "09".into()], &json!(3))
    );
    let page = app
        .get("/v1/headlines?status=draft&published_after=2000-01-01T00:00:00Z")
        .key(&read)
        .await
        .ok();
    assert_eq!(
        page["items"],
        json!([]),
        "content without a time is not published after any"
    );
}
