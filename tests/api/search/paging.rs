//! Pages of search results.

use serde_json::Value;

use crate::support::{JsonPath, TestApp};

#[actix_web::test]
async fn pages_contain_every_match_in_both_directions() {
    let app = TestApp::start().await;
    for table in ["headlines", "articles"] {
        let (column, value) = if table == "articles" {
            (", slug", ", 's-' || n")
        } else {
            ("", "")
        };
        app.execute(&format!(
                "INSERT INTO {table} (id, title, language, dir, status, published_at{column})
                 SELECT gen_random_uuid(), 'mot {table} ' || n || repeat(' mot', n % 4), 'fr', 'ltr', 'published',
                    '2026-01-01'::timestamptz + (n / 3) * interval '1 minute'{value} FROM generate_series(1, 260) AS n"
            )).await;
    }
    for analysed in [false, true] {
        if analysed {
            app.execute("ANALYZE").await;
        }
        for sort in ["relevance", "-published_at"] {
            let list = format!(
                "/v1/search?q=mot&limit=70&fields=article.title,headline.title&sort={sort}"
            );
            let title = |hit: &Value| {
                hit["article"]["title"]
                    .as_str()
                    .or(hit["headline"]["title"].as_str())
                    .unwrap()
                    .to_owned()
            };
            let read = async |cursor: Option<&str>| {
                let more = cursor
                    .map(|cursor| format!("&cursor={cursor}"))
                    .unwrap_or_default();
                let page = app.get(&format!("{list}{more}")).await.ok();
                let titles: Vec<String> = page.list("/items").iter().map(title).collect();
                (titles, page["page"].clone())
            };
            let (mut forth, mut page) = read(None).await;
            assert_eq!(page["prev"], Value::Null);
            while let Some(next) = page["next"].as_str() {
                let (titles, following) = read(Some(next)).await;
                assert!(!titles.is_empty());
                forth.extend(titles);
                page = following;
            }
            let mut sorted = forth.clone();
            sorted.sort();
            sorted.dedup();
            assert_eq!((forth.len(), sorted.len()), (520, 520), "{sort}");
            let mut pages: Vec<Vec<String>> = Vec::new();
            while let Some(prev) = page["prev"].as_str() {
                let (titles, before) = read(Some(prev)).await;
                pages.push(titles);
                page = before;
            }
            pages.reverse();
            let back = pages.concat();
            assert_eq!(back, forth[..back.len()], "{sort}");
            assert!(back.len() >= 450, "{}", back.len());
        }
    }
}

#[actix_web::test]
async fn content_published_while_paging_does_not_shift_results() {
    let app = TestApp::start().await;
    let insert = async |name: &str, many: u32, at: &str| {
        app.execute(&format!(
                "INSERT INTO headlines (id, title, language, dir, status, published_at)
                 SELECT gen_random_uuid(), '{name} {at} ' || n || repeat(' mot', 1 + n % 4), 'fr', 'ltr', 'published',
                    '{at}'::timestamptz + n * interval '1 minute' FROM generate_series(1, {many}) AS n"
            )).await;
    };
    insert("vieux", 205, "2026-01-01").await;
    for (month, sort) in [(2, "relevance"), (3, "-published_at")] {
        let list = format!("/v1/search?q=mot&limit=90&fields=headline.title&sort={sort}");
        let before = app.get(&list).await.ok();
        let expected: Vec<String> = {
            let mut all = everything(&app, &list, before.clone()).await;
            all.sort();
            all
        };
        let mut seen = everything_while(&app, &list, before, async |page| {
            let at = format!("2026-{month:02}-{page:02}");
            insert("neuf", 3, &at).await;
        })
        .await;
        seen.sort();
        assert_eq!(seen, expected, "{sort}");
    }
}

/// The titles on all pages from this one on.
async fn everything(app: &TestApp, list: &str, first: Value) -> Vec<String> {
    everything_while(app, list, first, async |_| {}).await
}

async fn everything_while(
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
