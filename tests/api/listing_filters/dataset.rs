//! Articles and headlines whose fields follow from their number, and the same filters applied in memory.

use serde_json::{Value, json};

use crate::support::{JsonPath, TestApp};

/// The number of articles, and of headlines.
pub const ROWS: usize = 90;

/// The minute after which scheduled rows are published.
const FUTURE: usize = 1000;

pub struct Row {
    pub n: usize,
    pub headline: bool,
}

impl Row {
    pub fn title(&self) -> String {
        format!("{:03}", self.n)
    }
    fn category(&self) -> Option<&'static str> {
        [Some("top"), Some("below"), Some("other"), None][self.n % 4]
    }
    fn language(&self) -> &'static str {
        ["fr", "ar", "en"][self.n / 2 % 3]
    }
    fn status(&self) -> &'static str {
        [
            "published",
            "published",
            "published",
            "draft",
            "published",
            "scheduled",
            "published",
        ][self.n % 7]
    }
    fn article(&self) -> Option<Self> {
        (self.headline && self.n % 3 != 1).then_some(Self {
            n: self.n,
            headline: false,
        })
    }
    fn has_tag(&self, tag: &str) -> bool {
        match tag {
            "red" => self.n.is_multiple_of(2),
            "blue" => self.n % 5 == 1,
            _ => unreachable!(),
        }
    }
    fn has_author(&self) -> bool {
        self.n.is_multiple_of(3)
    }
    fn priority(&self) -> &'static str {
        ["normal", "normal", "flash", "breaking"][self.n / 3 % 4]
    }
    fn source(&self) -> Option<&'static str> {
        [Some("AFP"), None, Some("Agence Oued")][self.n / 5 % 3]
    }
    /// Whether the row is scheduled for the future.
    fn is_in_future(&self) -> bool {
        self.n % 14 == 12
    }
    /// Minutes from the start: groups of three share one. Future rows come long after.
    pub fn published_minute(&self) -> usize {
        self.n / 3 + if self.is_in_future() { FUTURE } else { 0 }
    }
    /// The order of updates differs from that of publication.
    pub fn updated_minute(&self) -> usize {
        self.n * 37 % ROWS
    }
    pub fn is_visible_to(&self, caller: &str) -> bool {
        match caller {
            "admin" => true,
            "early" => self.status() != "draft",
            _ => self.status() != "draft" && !self.is_in_future(),
        }
    }
    fn timestamp(minutes: usize) -> String {
        let (year, minutes) = match minutes.checked_sub(FUTURE) {
            Some(minutes) => (2999, minutes),
            None => (2026, minutes),
        };
        format!("{year}-01-01T{:02}:{:02}:00Z", minutes / 60, minutes % 60)
    }

    /// Whether a caller gets this row under the filter.
    pub fn matches(&self, caller: &str, filter: &str) -> bool {
        let (name, value) = filter.split_once('=').unwrap_or((filter, ""));
        let linked = self
            .article()
            .filter(|article| article.is_visible_to(caller));
        let is = |it: bool| it == (value == "true");
        match (name, value) {
            ("", _) => true,
            ("category", "top") => matches!(self.category(), Some("top" | "below")),
            ("category", "below,other") => matches!(self.category(), Some("below" | "other")),
            ("category", "top&direct=true") => self.category() == Some("top"),
            ("language", _) => self.language() == value,
            ("tag", tag) if self.headline => linked.is_some_and(|article| article.has_tag(tag)),
            ("tag", tag) => self.has_tag(tag),
            ("author", _) => self.has_author(),
            ("priority", _) => self.priority() == value,
            ("pinned", _) => is(self.n % 11 == 4),
            ("has_article", _) => is(linked.is_some()),
            ("published_after", _) => Self::timestamp(self.published_minute()).as_str() > value,
            ("published_before", _) => Self::timestamp(self.published_minute()).as_str() < value,
            ("updated_before", _) => Self::timestamp(self.updated_minute()).as_str() < value,
            ("source", _) => self.source() == Some(value),
            ("updated_after", _) => Self::timestamp(self.updated_minute()).as_str() > value,
            _ => panic!("{filter}"),
        }
    }
}

/// Creates the articles and headlines; headline `n` may link article `n`.
pub async fn create_content(app: &TestApp) {
    let top = app.category("Top", None).await;
    let below = app.category("Below", Some(&top)).await;
    let other = app.category("Other", None).await;
    let author = app.author("Anna").await;
    let [red, blue] = ["Red", "Blue"].map(|name| app.post("/v1/tags", json!({"name": name})));
    let (red, blue) = (red.await.created(), blue.await.created());
    let id = |category: Option<&str>| match category {
        Some("top") => top["id"].clone(),
        Some("below") => below["id"].clone(),
        Some("other") => other["id"].clone(),
        _ => Value::Null,
    };
    let mut changes = String::new();
    for n in 0..ROWS {
        let row = Row { n, headline: false };
        let mut common = json!({
            "title": row.title(), "language": row.language(), "status": row.status(),
            "published_at": Row::timestamp(row.published_minute()), "category_id": id(row.category()),
            "source": row.source(),
        });
        let tags: Vec<&Value> = [("red", &red), ("blue", &blue)]
            .into_iter()
            .filter(|(tag, _)| row.has_tag(tag))
            .map(|(_, tag)| &tag["id"])
            .collect();
        let mut article = common.clone();
        article["tag_ids"] = json!(tags);
        article["author_ids"] = if row.has_author() {
            json!([author["id"]])
        } else {
            json!([])
        };
        let article = app.post("/v1/articles", article).await.created();
        let row_of_headline = Row { n, headline: true };
        common["priority"] = row_of_headline.priority().into();
        common["pinned"] = (n % 11 == 4).into();
        common["article_id"] = row_of_headline
            .article()
            .map_or(Value::Null, |_| article["id"].clone());
        let headline = app.post("/v1/headlines", common).await.created();
        for (table, one) in [("articles", &article), ("headlines", &headline)] {
            changes.push_str(&format!(
                "UPDATE {table} SET updated_at = '{}' WHERE id = '{}';",
                Row::timestamp(row.updated_minute()),
                one.text("/id")
            ));
        }
    }
    app.execute_sql(&changes).await;
}
