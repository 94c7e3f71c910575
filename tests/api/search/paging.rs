//! Pages of search results.

use serde_json::Value;

use super::hits;
use crate::support::{JsonPath, TestApp, Traversal};

#[actix_web::test]
async fn pages_contain_every_match_in_both_directions() {
    let app = TestApp::start().await;
    for table in ["headlines", "articles"] {
        let (column, value) = if table == "articles" {
            (", slug", ", 's-' || n")
        } else {
            ("", "")
        };
        app.execute_sql(&format!(
                "INSERT INTO {table} (id, title, language, dir, status, published_at{column})
                 SELECT gen_random_uuid(), 'mot {table} ' || n || repeat(' mot', n % 4), 'fr', 'ltr', 'published',
                    '2026-01-01'::timestamptz + (n / 3) * interval '1 minute'{value} FROM generate_series(1, 260) AS n"
            )).await;
    }
    app.reindex().await;
    for analysed in [false, true] {
        if analysed {
            app.execute_sql("ANALYZE").await;
        }
        for sort in ["relevance", "-published_at"] {
            let list = format!(
                "/v1/search?q=mot&limit=70&fields=type,article.title,headline.title&sort={sort}"
            );
            let pages = Traversal::read(|path| app.get(path), &list).await;
            assert_eq!(pages.forward[0]["page"]["prev"], Value::Null);
            assert!(
                pages
                    .forward
                    .iter()
                    .all(|page| !page.list("/items").is_empty())
            );
            let titles = |pages: &[Value]| -> Vec<String> { pages.iter().flat_map(hits).collect() };
            let forward = titles(&pages.forward);
            let mut sorted = forward.clone();
            sorted.sort();
            sorted.dedup();
            assert_eq!((forward.len(), sorted.len()), (520, 520), "{sort}");
            assert_eq!(titles(&pages.backward), forward, "{sort}");
        }
    }
}

#[actix_web::test]
async fn content_published_while_paging_does_not_shift_results() {
    let app = TestApp::start().await;
    let insert = async |name: &str, count: u32, at: &str| {
        app.execute_sql(&format!(
                "INSERT INTO headlines (id, title, language, dir, status, published_at)
                 SELECT gen_random_uuid(), '{name} {at} ' || n || repeat(' mot', 1 + n % 4), 'fr', 'ltr', 'published',
                    '{at}'::timestamptz + n * interval '1 minute' FROM generate_series(1, {count}) AS n"
            )).await;
        app.reindex().await;
    };
    insert("vieux", 205, "2026-01-01").await;
    for (month, sort) in [(2, "relevance"), (3, "-published_at")] {
        let list = format!("/v1/search?q=mot&limit=90&fields=headline.title&sort={sort}");
        let before = app.get(&list).await.ok();
        let expected: Vec<String> = {
            let mut all = all_titles(&app, &list, before.clone()).await;
            all.sort();
            all
        };
        let mut titles = all_titles_while(&app, &list, before, async |page| {
            let at = format!("2026-{month:02}-{page:02}");
            insert("neuf", 3, &at).await;
        })
        .await;
        titles.sort();
        assert_eq!(titles, expected, "{sort}");
    }
}

/// The titles of this page and all that follow.
async fn all_titles(app: &TestApp, list: &str, first: Value) -> Vec<String> {
    all_titles_while(app, list, first, async |_| {}).await
}

async fn all_titles_while(
    app: &TestApp,
    list: &str,
    first: Value,
    between: impl AsyncFn(usize),
) -> Vec<String> {
    let mut titles = Vec::new();
    let mut page = first;
    for n in 1.. {
        let items = page.list("/items").iter();
        titles.extend(items.map(|hit| hit.text("/headline/title").to_owned()));
        let Some(next) = page["page"]["next"].as_str() else {
            break;
        };
        between(n).await;
        page = app.get(&format!("{list}&cursor={next}")).await.ok();
    }
    titles
}

/// Of a common word, only a span of time is read, which grows where it has too few matches.
#[actix_web::test]
async fn a_common_word_is_paged_through_in_spans_of_time() {
    let app = TestApp::start().await;
    // Most are old; the newest days have few, and one has no time yet.
    app.execute_sql(
        "INSERT INTO headlines (id, title, language, dir, status, published_at)
         SELECT gen_random_uuid(), 'mot ' || n, 'fr', 'ltr', CASE WHEN n = 1500 THEN 'draft' ELSE 'published' END,
            CASE WHEN n < 1200 THEN '2020-01-01'::timestamptz + n * interval '1 hour'
                WHEN n < 1500 THEN '2021-01-01'::timestamptz + (n - 1200) * interval '1 day' END
         FROM generate_series(1, 1500) AS n",
    )
    .await;
    app.reindex().await;
    app.execute_sql("ANALYZE").await;
    for sort in ["relevance", "-published_at"] {
        let list = format!("/v1/search?q=mot&limit=100&fields=headline.title&sort={sort}");
        for (all, key) in [(1499, None), (1500, Some(app.admin_key.as_str()))] {
            let pages = Traversal::read(|path| app.get(path).key_if_any(key), &list).await;
            let titles = |pages: &[Value]| -> Vec<String> { pages.iter().flat_map(hits).collect() };
            let forward = titles(&pages.forward);
            let mut sorted = forward.clone();
            sorted.sort();
            sorted.dedup();
            assert_eq!((forward.len(), sorted.len()), (all, all), "{sort}");
            assert_eq!(titles(&pages.backward), forward, "{sort}");
        }
    }
}
