//! List filters, alone and in pairs, compared with the same filters applied in memory.

mod dataset;

use diesel_async::SimpleAsyncConnection;
use manchette::access::api_keys::Scope;
use serde_json::json;

use self::dataset::{ROWS, Row, create_content};
use crate::support::{JsonPath, TestApp, Traversal};

#[actix_web::test]
async fn every_pair_of_filters_returns_the_expected_items_in_every_sort_order() {
    let app = TestApp::start().await;
    create_content(&app).await;
    let (early, admin) = (app.new_key(&[Scope::Early]).await, app.admin_key.clone());
    let shared = [
        "",
        "category=top",
        "category=below,other",
        "category=top&direct=true",
        "language=ar",
        "tag=red",
        "tag=blue",
        "published_after=2026-01-01T00:07:00Z",
        "published_before=2026-01-01T00:20:00Z",
        "updated_after=2026-01-01T00:50:00Z",
        "updated_before=2026-01-01T01:10:00Z",
        "source=Agence Oued",
    ];
    let of_articles = ["author=anna"];
    let of_headlines = [
        "priority=flash",
        "priority=normal",
        "pinned=true",
        "pinned=false",
        "has_article=true",
        "has_article=false",
    ];
    let mut pair = 0;
    for (list, specific, headline) in [
        ("articles", &of_articles[..], false),
        ("headlines", &of_headlines[..], true),
    ] {
        let filters: Vec<&str> = shared.iter().chain(specific).copied().collect();
        for (index, first) in filters.iter().enumerate() {
            for second in &filters[index..] {
                let name = |filter: &str| filter.split('=').next().unwrap_or_default().to_owned();
                if name(first) == name(second) && first != second {
                    continue;
                }
                pair += 1;
                let (caller, key) = [
                    ("public", None),
                    ("early", Some(early.as_str())),
                    ("admin", Some(admin.as_str())),
                ][pair % 3];
                let sort =
                    ["-published_at", "published_at", "-updated_at", "updated_at"][pair / 3 % 4];
                let mut rows: Vec<Row> = (0..ROWS).map(|n| Row { n, headline }).collect();
                rows.retain(|row| {
                    row.is_visible_to(caller)
                        && row.matches(caller, first)
                        && row.matches(caller, second)
                });
                // IDs rise with `n`.
                rows.sort_by_key(|row| {
                    if sort.ends_with("updated_at") {
                        (row.updated_minute(), row.n)
                    } else {
                        (row.published_minute(), row.n)
                    }
                });
                if sort.starts_with('-') {
                    rows.reverse();
                }
                let expected: Vec<String> = rows.iter().map(Row::title).collect();
                let limit = [1, 7, 20, 100][pair % 4].max(expected.len() / 20);
                let both = if first == second {
                    String::new()
                } else {
                    format!("&{second}")
                };
                let url = format!("/v1/{list}?limit={limit}&sort={sort}&{first}{both}")
                    .replace("&&", "&");
                let url = url.trim_end_matches('&');
                let get = |path: &str| app.get(path).key_if_any(key);
                let pages = Traversal::read(get, url).await;
                assert_eq!(pages.texts("/items/*/title"), expected, "{url} as {caller}");
                let count = get(&format!("{url}&count=true"));
                assert_eq!(
                    count.await.ok()["page"]["total"],
                    expected.len(),
                    "{url} as {caller}"
                );
            }
        }
    }
    assert!(pair > 190, "{pair}");
    for (filter, fault) in [
        ("source=", "source invalid"),
        ("source=a%0Ab", "source invalid"),
        ("updated_before=now", "updated_before invalid"),
    ] {
        let response = app.get(&format!("/v1/headlines?{filter}")).await;
        assert_eq!(response.parameter_faults(), [fault], "{filter}");
    }
    // Sources are compared exactly.
    for (source, total) in [
        ("AFP", true),
        ("afp", false),
        ("AFP%20", false),
        ("Reuters", false),
    ] {
        let page = app.get(&format!("/v1/articles?count=true&source={source}"));
        assert_eq!(page.await.ok()["page"]["total"] != 0, total, "{source}");
    }
}

#[actix_web::test]
async fn rare_old_rows_are_found_beyond_the_scan_budget() {
    let app = TestApp::start().await;
    let old = app.category("Old", None).await;
    let mut conn = app.conn().await;
    conn.batch_execute(&format!(
        "INSERT INTO headlines (id, title, language, dir, status, published_at, priority, category_id)
         SELECT gen_random_uuid(), n::text, CASE WHEN n < 30 THEN 'de' ELSE 'fr' END, 'ltr', 'published',
            '2026-01-01'::timestamptz + n * interval '1 second', CASE WHEN n % 2 = 0 THEN 'normal' ELSE 'breaking' END,
            CASE WHEN n < 60 THEN '{}'::uuid END
         FROM generate_series(1, 5000) AS n; ANALYZE headlines;",
        old.text("/id")
    ))
    .await
    .unwrap();
    let expected: Vec<String> = (1..30)
        .rev()
        .filter(|n| n % 2 == 0)
        .map(|n| n.to_string())
        .collect();
    for filter in [
        "language=de&priority=normal",
        "category=old&language=de&priority=normal&pinned=false",
    ] {
        let url = format!("/v1/headlines?limit=4&{filter}");
        let pages = Traversal::read(|path| app.get(path), &url).await;
        assert_eq!(pages.texts("/items/*/title"), expected, "{filter}");
    }
}

#[actix_web::test]
async fn merged_index_scans_lose_no_rows_when_one_of_them_ends() {
    let app = TestApp::start().await;
    let above = app.category("Above", None).await;
    let below = app.category("Below", Some(&above)).await;
    let early = app.new_key(&[Scope::Early]).await;
    let mut conn = app.conn().await;
    // The matching rows, oldest first, are found by one index scan, then by another, then beyond the scan budget.
    let rows = |first: usize, last: usize, what: &str| {
        format!(
            "INSERT INTO headlines (id, title, language, dir, published_at, status, priority, category_id, expires_at)
             SELECT gen_random_uuid(), n, 'fr', 'ltr', '2026-01-01'::timestamptz + n * interval '1 second', {what}
             FROM generate_series({first}, {last}) AS n;"
        )
    };
    let [above, below] = [&above, &below].map(|category| category.text("/id"));
    let sql = [
        rows(
            1,
            30,
            &format!("'published', 'normal', '{below}'::uuid, '2100-01-01'::timestamptz"),
        ),
        rows(
            31,
            60,
            &format!("'scheduled', 'normal', '{below}'::uuid, NULL"),
        ),
        rows(
            61,
            90,
            &format!("'published', 'normal', '{above}'::uuid, NULL"),
        ),
        rows(
            100,
            4200,
            &format!("'published', 'flash', '{above}'::uuid, NULL"),
        ),
        rows(
            4300,
            4330,
            &format!("'published', 'normal', '{below}'::uuid, '2100-01-01'::timestamptz"),
        ),
        rows(
            4331,
            4360,
            &format!("'scheduled', 'normal', '{above}'::uuid, NULL"),
        ),
        rows(
            4361,
            4390,
            &format!("'published', 'normal', '{above}'::uuid, NULL"),
        ),
        "ANALYZE headlines;".to_owned(),
    ];
    conn.batch_execute(&sql.concat()).await.unwrap();
    let all: Vec<usize> = (1..=90).chain(4300..=4390).collect();
    // The scheduled headlines among them are due.
    for key in [None, Some(early.as_str())] {
        let mut expected: Vec<String> = all.iter().map(ToString::to_string).collect();
        for sort in ["published_at", "-published_at"] {
            for filter in ["", "&category=above", "&category=above&language=fr"] {
                let url = format!("/v1/headlines?priority=normal{filter}&sort={sort}&limit=7");
                let get = |path: &str| app.get(path).key_if_any(key);
                let pages = Traversal::read(get, &url).await;
                assert_eq!(pages.texts("/items/*/title"), expected, "{url}");
            }
            expected.reverse();
        }
    }
}

#[actix_web::test]
async fn unknown_filter_values_and_incompatible_filters_are_rejected() {
    let app = TestApp::start().await;
    app.category("Economie", None).await;
    for (query, faults) in [
        (
            "category=economie,nothing,neither",
            &["category not_found", "category not_found"][..],
        ),
        ("tag=nothing", &["tag not_found"]),
        (
            "author=nothing&tag=neither",
            &["tag not_found", "author not_found"],
        ),
        ("direct=true", &["direct needs_category"]),
        ("ids=x", &["ids invalid"]),
        (
            "ids=0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d13&limit=3&sort=updated_at",
            &["limit incompatible_with_ids", "sort incompatible_with_ids"],
        ),
        (
            "date=2026-02-30&sort=title",
            &["date invalid", "sort invalid"],
        ),
        ("category=economie,", &["category invalid"]),
    ] {
        let response = app.get(&format!("/v1/articles?{query}")).await;
        assert_eq!(response.parameter_faults(), faults, "{query}");
    }
    let unknown = app.get("/v1/headlines?author=x").await;
    assert_eq!(unknown.parameter_faults(), ["author unknown"]);
    let many = ["0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d13"; 2].join(",");
    assert_eq!(
        app.get(&format!("/v1/articles?ids={many}"))
            .await
            .parameter_faults(),
        ["ids invalid"]
    );
}

#[actix_web::test]
async fn ids_are_returned_in_request_order_with_missing_ones_reported() {
    let app = TestApp::start().await;
    let mut ids = Vec::new();
    for n in 0..4 {
        let more = if n == 2 {
            json!({"status": "draft"})
        } else {
            json!({})
        };
        ids.push(
            app.headline(&n.to_string(), more)
                .await
                .text("/id")
                .to_owned(),
        );
    }
    let nobody = "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d13".to_owned();
    let requests = [&ids[3], &nobody, &ids[0], &ids[2], &ids[1]]
        .map(String::as_str)
        .join(",");
    let page = app.get(&format!("/v1/headlines?ids={requests}")).await.ok();
    assert_eq!(page.texts("/items/*/title"), ["3", "0", "1"]);
    assert_eq!(page["page"]["missing"], json!([nobody, ids[2]]));
    let all = app
        .get_as_admin(&format!("/v1/headlines?ids={requests}&language=fr"))
        .await
        .ok();
    assert_eq!(all.texts("/items/*/title"), ["3", "0", "2", "1"]);
    let none = app
        .get(&format!("/v1/headlines?ids={requests}&language=ar"))
        .await
        .ok();
    assert_eq!(none.list("/page/missing").len(), 5);
}

#[actix_web::test]
async fn the_date_filter_uses_the_sites_time_zone_across_clock_changes() {
    let app = TestApp::start().await;
    for (zone, day, inside, outside) in [
        (
            "Europe/Paris",
            "2026-03-29",
            ["2026-03-28T23:00:00Z", "2026-03-29T21:59:59.999999Z"],
            ["2026-03-28T22:59:59.999999Z", "2026-03-29T22:00:00Z"],
        ),
        (
            "Europe/Paris",
            "2026-10-25",
            ["2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z"],
            ["2026-10-24T21:59:59Z", "2026-10-25T23:00:00Z"],
        ),
        (
            "Africa/Casablanca",
            "2026-02-15",
            ["2026-02-14T23:00:00Z", "2026-02-15T23:59:59Z"],
            ["2026-02-14T22:59:59Z", "2026-02-16T00:00:00Z"],
        ),
        (
            "Africa/Casablanca",
            "2026-03-22",
            ["2026-03-22T00:00:00Z", "2026-03-22T22:59:59Z"],
            ["2026-03-21T23:59:59Z", "2026-03-22T23:00:00Z"],
        ),
    ] {
        app.patch("/v1/site", json!({"time_zone": zone})).await.ok();
        for (moments, title) in [(inside, "inside"), (outside, "outside")] {
            for at in moments {
                app.headline(
                    &format!("{zone} {day} {title}"),
                    json!({"published_at": at}),
                )
                .await;
            }
        }
        let page = app
            .get(&format!("/v1/headlines?date={day}&count=true"))
            .await
            .ok();
        let specific: Vec<String> = page
            .texts("/items/*/title")
            .into_iter()
            .filter(|title| title.starts_with(&format!("{zone} {day}")))
            .collect();
        assert_eq!(specific, vec![format!("{zone} {day} inside"); 2]);
    }
}
