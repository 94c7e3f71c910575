//! Search, completion and related articles.

mod completion;
mod matching;
mod paging;
mod reindex;
mod related;
mod results;
mod rules;

use serde_json::Value;

use crate::support::{JsonPath, TestApp};

fn escaped(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// The titles of the hits of a search, sorted.
async fn titles(app: &TestApp, query: &str, more: &str) -> Vec<String> {
    let page = app
        .get(&format!("/v1/search?limit=100&q={}{more}", escaped(query)))
        .await
        .ok();
    let mut titles: Vec<String> = hits(&page);
    titles.sort();
    titles
}

fn hits(page: &Value) -> Vec<String> {
    let items = page.list("/items").iter();
    let title = |hit: &Value| hit[hit.text("/type")].text("/title").to_owned();
    items.map(title).collect()
}

/// Checks that each query finds exactly these titles, in any order.
async fn assert_finds(app: &TestApp, cases: &[(&str, &[&str])]) {
    let mut wrong = Vec::new();
    for (query, expected) in cases {
        let found = titles(app, query, "").await;
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        if found != expected {
            wrong.push(format!("{query} finds {found:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
