//! Reading lists page by page.

use serde_json::{Value, json};

use super::{JsonPath, Request};

/// No list of a test has more pages.
const MAX_PAGES: usize = 200;

/// Reads pages by following `next` or `prev`, from a cursor on or from the beginning of the list.
pub async fn follow(
    get: impl Fn(&str) -> Request,
    list: &str,
    direction: &str,
    from: Option<&str>,
) -> Vec<Value> {
    let separator = if list.contains('?') { '&' } else { '?' };
    let mut pages: Vec<Value> = Vec::new();
    let mut cursor = from.map(str::to_owned);
    loop {
        let path = match &cursor {
            Some(cursor) => format!("{list}{separator}cursor={cursor}"),
            None => list.to_owned(),
        };
        let page = get(&path).await.ok();
        cursor = page["page"][direction].as_str().map(str::to_owned);
        // Before the first page there is an empty one, which leads to what comes later.
        if direction == "prev" && page["items"] == json!([]) {
            return pages;
        }
        pages.push(page);
        assert!(pages.len() < MAX_PAGES, "{list} does not end");
        if cursor.is_none() {
            return pages;
        }
    }
}

/// A list that was read from its first page to its last and back again.
pub struct Traversal {
    /// The pages as they were read by `next`.
    pub forward: Vec<Value>,
    /// The last page and those that `prev` led to, in the order of the list.
    pub backward: Vec<Value>,
}

impl Traversal {
    pub async fn read(get: impl Fn(&str) -> Request, list: &str) -> Self {
        let forward = follow(&get, list, "next", None).await;
        let last = forward[forward.len() - 1].clone();
        let mut backward = vec![last.clone()];
        if let Some(cursor) = last["page"]["prev"].as_str() {
            backward.extend(follow(&get, list, "prev", Some(cursor)).await);
        }
        backward.reverse();
        Self { forward, backward }
    }

    pub fn last(&self) -> &Value {
        &self.forward[self.forward.len() - 1]
    }

    /// Checks that both directions give the same, and returns the texts at this path of every page.
    #[track_caller]
    pub fn texts(&self, path: &str) -> Vec<String> {
        let forward = texts(&self.forward, path).concat();
        let backward = texts(&self.backward, path).concat();
        assert_eq!(backward, forward, "backward and forward");
        forward
    }
}

/// The texts at a path, page by page.
pub fn texts(pages: &[Value], path: &str) -> Vec<Vec<String>> {
    pages.iter().map(|page| page.texts(path)).collect()
}
