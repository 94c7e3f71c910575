//! Filters, many at once: what a list holds is what somebody would pick by hand from all that there is.

use std::collections::HashMap;

use diesel_async::SimpleAsyncConnection;
use manchette::api_keys::Scope;
use serde_json::{Value, json};

use crate::support::{TestApp, items};

/// Numbers that look drawn, and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len())]
    }

    fn id(&mut self) -> String {
        let mut hex = |digits: u32| {
            (0..digits)
                .map(|_| char::from_digit(self.roll(16) as u32, 16).unwrap())
                .collect::<String>()
        };
        let parts = [hex(8), hex(4), hex(3), hex(3), hex(12)];
        let [a, b, c, d, e] = &parts;
        format!("{a}-{b}-7{c}-8{d}-{e}")
    }
}

/// The categories, and what each of them stands in.
const CATEGORIES: [(&str, Option<&str>); 6] = [
    ("culture", None),
    ("livres", Some("culture")),
    ("cinema", Some("culture")),
    ("economie", None),
    ("bourse", Some("economie")),
    ("sport", None),
];
const TAGS: [&str; 3] = ["pluie", "blé", "laine"];
const TAG_SLUGS: [&str; 3] = ["pluie", "ble", "laine"];
const AUTHORS: [&str; 2] = ["anna", "badr"];
const LANGUAGES: [&str; 3] = ["fr", "ar", "en"];
const FUTURE: &str = "2999-01-01T00:00:00Z";
const FAR_FUTURE: &str = "3999-01-01T00:00:00Z";

/// What stands in a row of either table.
#[derive(Clone)]
struct Item {
    id: String,
    title: String,
    category: Option<&'static str>,
    tags: Vec<&'static str>,
    authors: Vec<&'static str>,
    language: &'static str,
    status: &'static str,
    published_at: Option<String>,
    updated_at: String,
    deleted: bool,
    // What only headlines have.
    priority: &'static str,
    pinned: bool,
    expires_at: Option<&'static str>,
    article: Option<Box<Item>>,
}

/// One of few moments, so that many are equal; they lie on three days.
fn moment(n: usize) -> String {
    format!("2026-05-{:02}T{:02}:30:00Z", 4 + n / 8, n % 8 * 3)
}

fn draw(dice: &mut Dice, n: usize) -> Item {
    let status = *dice.one(&[
        "published",
        "published",
        "published",
        "published",
        "published",
        "published",
        "draft",
        "scheduled",
        "withdrawn",
    ]);
    let published_at = match (status, dice.roll(12)) {
        ("draft", 0..6) => None,
        ("scheduled", _) | (_, 11) => Some(FUTURE.to_owned()),
        _ => Some(moment(dice.roll(24))),
    };
    let some = |dice: &mut Dice, of: &[&'static str], often: usize| -> Vec<&'static str> {
        let mut some: Vec<&str> = of.iter().copied().collect();
        some.retain(|_| dice.roll(often) == 0);
        some
    };
    let mut expires_at = *dice.one(&[
        None,
        None,
        None,
        Some(FAR_FUTURE),
        Some("2026-06-01T00:00:00Z"),
    ]);
    if expires_at <= published_at.as_deref() {
        expires_at = None;
    }
    Item {
        id: dice.id(),
        title: format!("{n:03}"),
        category: (dice.roll(8) > 0).then(|| dice.one(&CATEGORIES).0),
        tags: some(dice, &TAG_SLUGS, 3),
        authors: some(dice, &AUTHORS, 2),
        language: *dice.one(&LANGUAGES),
        status,
        published_at,
        updated_at: moment(dice.roll(24)),
        deleted: dice.roll(15) == 0,
        priority: *dice.one(&["normal", "normal", "breaking", "flash"]),
        pinned: dice.roll(4) == 0,
        expires_at,
        article: None,
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Sight {
    Public,
    Early,
    Admin,
}

impl Item {
    fn is_seen(&self, sight: Sight) -> bool {
        let is_out = self
            .published_at
            .as_deref()
            .is_some_and(|at| at < "2026-11");
        let has_left = self
            .expires_at
            .is_some_and(|at| at != FAR_FUTURE && sight != Sight::Admin);
        let allowed = match sight {
            Sight::Public => self.status == "published" && is_out,
            Sight::Early => matches!(self.status, "published" | "scheduled"),
            Sight::Admin => true,
        };
        !self.deleted && !has_left && allowed
    }

    /// The article that it points at, if somebody may see that.
    fn told(&self, sight: Sight) -> Option<&Item> {
        self.article
            .as_deref()
            .filter(|article| article.is_seen(sight))
    }

    fn stands_in(&self, names: &str, direct: bool) -> bool {
        self.category.is_some_and(|own| {
            let above = CATEGORIES
                .iter()
                .find(|(name, _)| *name == own)
                .and_then(|(_, above)| *above);
            names
                .split(',')
                .any(|name| own == name || (!direct && above == Some(name)))
        })
    }

    fn passes(&self, sight: Sight, filters: &[(&str, String)], is_headline: bool) -> bool {
        let direct = filters
            .iter()
            .any(|(name, value)| *name == "direct" && value == "true");
        filters.iter().all(|(name, value)| {
            let is = |it: bool| it == (value == "true");
            let at = self.published_at.as_deref();
            match *name {
                "category" => self.stands_in(value, direct),
                "direct" => true,
                "tag" if is_headline => self
                    .told(sight)
                    .is_some_and(|article| article.tags.contains(&value.as_str())),
                "tag" => self.tags.contains(&value.as_str()),
                "author" => self.authors.contains(&value.as_str()),
                "language" => self.language == value,
                "status" => self.status == value,
                "priority" => self.priority == value,
                "pinned" => is(self.pinned),
                "has_article" => is(self.told(sight).is_some()),
                "published_after" => at.is_some_and(|at| at > value.as_str()),
                "published_before" => at.is_some_and(|at| at < value.as_str()),
                "updated_after" => self.updated_at > *value,
                "date" => at.is_some_and(|at| at.starts_with(value.as_str())),
                _ => panic!("{name}"),
            }
        })
    }
}

/// What somebody would pick by hand, in order.
fn picked(
    all: &[Item],
    sight: Sight,
    filters: &[(&str, String)],
    sort: &str,
    is_headline: bool,
) -> Vec<String> {
    let mut some: Vec<&Item> = all
        .iter()
        .filter(|item| item.is_seen(sight) && item.passes(sight, filters, is_headline))
        .collect();
    some.sort_by_key(|item| {
        let at = match sort.trim_start_matches('-') {
            "updated_at" => item.updated_at.as_str(),
            // What has no time yet stands beyond all others.
            _ => item.published_at.as_deref().unwrap_or("9"),
        };
        (at, item.id.as_str())
    });
    if sort.starts_with('-') {
        some.reverse();
    }
    some.iter().map(|item| item.title.clone()).collect()
}

fn quoted(text: Option<&str>) -> String {
    text.map_or("NULL".to_owned(), |text| format!("'{text}'"))
}

/// Writes what headlines and articles have in common.
fn row(item: &Item, categories: &HashMap<&str, String>) -> String {
    format!(
        "'{}', '{}', '{}', 'ltr', '{}', {}, {}, '{}', {}",
        item.id,
        item.title,
        item.language,
        item.status,
        quoted(item.published_at.as_deref()),
        quoted(item.category.map(|name| categories[name].as_str())),
        item.updated_at,
        if item.deleted { "now()" } else { "NULL" },
    )
}

const COLUMNS: &str =
    "id, title, language, dir, status, published_at, category_id, updated_at, deleted_at";

/// Sixty articles and sixty headlines.
async fn fill(app: &TestApp) -> (Vec<Item>, Vec<Item>) {
    let id = |made: Value| made["id"].as_str().unwrap().to_owned();
    let mut categories: HashMap<&str, String> = HashMap::new();
    for (name, above) in CATEGORIES {
        let above = above.map(|above| json!({"id": categories[above]}));
        categories.insert(name, id(app.category(name, above.as_ref()).await));
    }
    let mut named: HashMap<&str, String> = HashMap::new();
    for (slug, name) in TAG_SLUGS.into_iter().zip(TAGS) {
        let tag = app.post("/v1/tags", json!({"name": name})).await.created();
        named.insert(slug, id(tag));
    }
    for name in AUTHORS {
        let author = app
            .post("/v1/authors", json!({"name": name}))
            .await
            .created();
        named.insert(name, id(author));
    }
    let mut dice = Dice(7);
    let articles: Vec<Item> = (0..60)
        .map(|n| Item {
            expires_at: None,
            ..draw(&mut dice, n)
        })
        .collect();
    let headlines: Vec<Item> = (0..60)
        .map(|n| {
            let mut headline = draw(&mut dice, n);
            headline.article = (dice.roll(3) > 0).then(|| Box::new(dice.one(&articles).clone()));
            headline
        })
        .collect();
    let mut sql = String::new();
    for article in &articles {
        sql += &format!(
            "INSERT INTO articles (slug, {COLUMNS}) VALUES ('n-{}', {});",
            article.title,
            row(article, &categories)
        );
        for (names, table, column) in [
            (&article.tags, "article_tags", "tag_id"),
            (&article.authors, "article_authors", "author_id"),
        ] {
            for (place, name) in names.iter().enumerate() {
                sql += &format!(
                    "INSERT INTO {table} (id, {column}, place) VALUES ('{}', '{}', {place});",
                    article.id, named[name]
                );
            }
        }
    }
    // An article may go to the trash only after something points at it.
    let mut pointers = String::new();
    for headline in &headlines {
        pointers += &format!(
            "INSERT INTO headlines (priority, pinned, expires_at, {COLUMNS}) VALUES ('{}', {}, {}, {});",
            headline.priority,
            headline.pinned,
            quoted(headline.expires_at),
            row(headline, &categories)
        );
        if let Some(article) = &headline.article {
            pointers += &format!(
                "UPDATE headlines SET article_id = '{}' WHERE id = '{}';",
                article.id, headline.id
            );
        }
    }
    let trigger = "ALTER TABLE headlines DISABLE TRIGGER point_at_live_article_on_update;";
    let again = "ALTER TABLE headlines ENABLE TRIGGER point_at_live_article_on_update;";
    let mut conn = app.conn().await;
    conn.batch_execute(&format!("{sql}{trigger}{pointers}{again}"))
        .await
        .unwrap();
    (articles, headlines)
}

async fn page(app: &TestApp, key: Option<&str>, address: &str) -> Value {
    let ask = app.get(address);
    let answer = match key {
        Some(key) => ask.key(key).await,
        None => ask.await,
    };
    assert_eq!(
        answer.status,
        200,
        "{address}: {}",
        String::from_utf8_lossy(&answer.body)
    );
    answer.json()
}

/// Walks a list to its end and back, and wants to meet just these, in this order, on the same pages both ways.
async fn meets(app: &TestApp, key: Option<&str>, list: &str, expected: &[String]) {
    let mut forth = Vec::new();
    let mut last = page(app, key, &format!("{list}&count=true")).await;
    assert_eq!(
        last["page"]["total"],
        expected.len(),
        "{list} counts something else"
    );
    assert_eq!(last["page"]["prev"], Value::Null, "{list}");
    loop {
        forth.push(items(&last, "title"));
        assert!(forth.len() <= expected.len() + 1, "{list} never ends");
        let Some(next) = last["page"]["next"].as_str() else {
            break;
        };
        last = page(app, key, &format!("{list}&cursor={next}")).await;
    }
    assert_eq!(forth.concat(), expected, "{list}");
    let mut back = vec![items(&last, "title")];
    while let Some(prev) = last["page"]["prev"].as_str() {
        last = page(app, key, &format!("{list}&cursor={prev}")).await;
        back.push(items(&last, "title"));
        assert!(back.len() <= forth.len(), "{list} never begins");
    }
    back.reverse();
    assert_eq!(back, forth, "{list} backwards");
}

fn address(list: &str, limit: usize, sort: &str, filters: &[(&str, String)]) -> String {
    let mut address = format!("/v1/{list}?limit={limit}&sort={sort}&fields=title");
    for (name, value) in filters {
        address += &format!("&{name}={value}");
    }
    address
}

/// Tries each filter alone, then some of them together, as three who see more and more.
async fn tries(
    app: &TestApp,
    list: &str,
    all: &[Item],
    own: &[(&'static str, &[&str])],
    seed: u64,
) {
    let moments: Vec<String> = (0..24).step_by(5).map(moment).collect();
    let moments: Vec<&str> = moments.iter().map(String::as_str).collect();
    let mut known: Vec<(&'static str, &[&str])> = vec![
        (
            "category",
            &[
                "culture",
                "livres",
                "economie",
                "sport,livres",
                "culture,sport,bourse",
                "culture,livres",
                "sport,sport",
            ],
        ),
        ("tag", &TAG_SLUGS),
        ("language", &LANGUAGES),
        ("published_after", &moments),
        ("published_before", &moments),
        ("updated_after", &moments),
        ("date", &["2026-05-04", "2026-05-06", "2026-05-09"]),
    ];
    known.extend(own);
    let early = app.new_key(&[Scope::Early]).await;
    let sights = [
        (Sight::Public, None),
        (Sight::Early, Some(early.as_str())),
        (Sight::Admin, Some(app.key.as_str())),
    ];
    let sorts = ["-published_at", "published_at", "-updated_at", "updated_at"];
    let is_headline = list == "headlines";
    let mut dice = Dice(seed);
    let (mut full, mut empty) = (0, 0);
    // Alone, each value once.
    let alone = known.iter().flat_map(|(name, values)| {
        values
            .iter()
            .map(|value| vec![(*name, (*value).to_owned())])
    });
    let mut combinations: Vec<Vec<(&str, String)>> = std::iter::once(vec![]).chain(alone).collect();
    for _ in 0..90 {
        let mut some = Vec::new();
        let wanted = 2 + dice.roll(3);
        while some.len() < wanted {
            let (name, values) = dice.one(&known);
            if some.iter().all(|(other, _)| other != name) {
                some.push((*name, (*dice.one(values)).to_owned()));
            }
        }
        if some.iter().any(|(name, _)| *name == "category") && dice.roll(2) == 0 {
            some.push(("direct", dice.one(&["true", "false"]).to_string()));
        }
        combinations.push(some);
    }
    for (n, filters) in combinations.iter().enumerate() {
        let (sight, key) = sights[(n + dice.roll(2)) % 3];
        let sort = sorts[n / 2 % 4];
        let mut filters = filters.clone();
        if sight == Sight::Admin && dice.roll(5) == 0 {
            filters.push(("status", dice.one(&["draft", "published"]).to_string()));
        }
        let expected = picked(all, sight, &filters, sort, is_headline);
        let limit = 1 + dice.roll(7);
        let limit = limit.max(expected.len() / 8).min(7);
        let address = address(list, limit, sort, &filters);
        meets(app, key, &address, &expected).await;
        if expected.is_empty() {
            empty += 1;
        } else {
            full += 1;
        }
    }
    assert!(full > empty, "{full} lists had something, {empty} nothing");
}

#[actix_web::test]
async fn articles_under_any_filters_are_those_that_one_would_pick() {
    let app = TestApp::start().await;
    let (articles, _) = fill(&app).await;
    tries(&app, "articles", &articles, &[("author", &AUTHORS)], 11).await;
}

#[actix_web::test]
async fn headlines_under_any_filters_are_those_that_one_would_pick() {
    let app = TestApp::start().await;
    let (articles, mut headlines) = fill(&app).await;
    // What an administrator's key sees of an article in the trash has a test of its own.
    let trashed: Vec<&Item> = articles.iter().filter(|article| article.deleted).collect();
    assert!(!trashed.is_empty());
    let mut conn = app.conn().await;
    conn.batch_execute(
        "UPDATE headlines SET article_id = NULL WHERE article_id IN (SELECT id FROM articles WHERE deleted_at IS NOT NULL)",
    )
    .await
    .unwrap();
    for headline in &mut headlines {
        headline.article = headline.article.take().filter(|article| !article.deleted);
    }
    let own: &[(&'static str, &[&str])] = &[
        ("priority", &["normal", "breaking", "flash"]),
        ("pinned", &["true", "false"]),
        ("has_article", &["true", "false"]),
    ];
    tries(&app, "headlines", &headlines, own, 13).await;
}

#[actix_web::test]
async fn pages_of_every_size_hold_the_same() {
    let app = TestApp::start().await;
    let (articles, headlines) = fill(&app).await;
    for (list, all, filters) in [
        (
            "articles",
            &articles,
            [("category", "culture,sport"), ("tag", "ble")],
        ),
        (
            "headlines",
            &headlines,
            [("category", "culture"), ("pinned", "false")],
        ),
    ] {
        let filters = filters.map(|(name, value)| (name, value.to_owned()));
        for (sight, key) in [
            (Sight::Public, None),
            (Sight::Admin, Some(app.key.as_str())),
        ] {
            let expected = picked(all, sight, &filters, "-published_at", list == "headlines");
            assert!(!expected.is_empty());
            for limit in 1..=7 {
                let address = address(list, limit, "-published_at", &filters);
                meets(&app, key, &address, &expected).await;
            }
        }
    }
}

#[actix_web::test]
async fn a_headline_says_nothing_of_an_article_that_is_hidden() {
    let app = TestApp::start().await;
    let tag = app
        .post("/v1/tags", json!({"name": "Secret"}))
        .await
        .created();
    for (title, article) in [
        ("of a draft", json!({"status": "draft"})),
        (
            "of a scheduled one",
            json!({"status": "scheduled", "published_at": FUTURE}),
        ),
        ("of one to come", json!({"published_at": FUTURE})),
        ("of a withdrawn one", json!({"status": "withdrawn"})),
        ("of one that is out", json!({})),
    ] {
        let mut article = article;
        article["tag_ids"] = json!([tag["id"]]);
        let article = app.article(title, article).await;
        app.headline(title, json!({"article_id": article["id"]}))
            .await;
    }
    app.headline("of none", json!({})).await;
    let early = app.new_key(&[Scope::Early]).await;
    let read = app.new_key(&[Scope::Read]).await;
    let (out, coming) = (
        vec!["of one that is out"],
        vec!["of one to come", "of a scheduled one"],
    );
    let hidden = vec!["of a withdrawn one", "of a draft"];
    let early_sees = [out.clone(), coming.clone()].concat();
    let read_sees = [
        "of one that is out",
        "of a withdrawn one",
        "of one to come",
        "of a scheduled one",
        "of a draft",
    ];
    for (key, seen) in [
        (None, &out[..]),
        (Some(&early), &early_sees),
        (Some(&read), &read_sees),
    ] {
        let key = key.map(String::as_str);
        for filter in [
            "tag=secret",
            "has_article=true",
            "tag=secret&has_article=true",
        ] {
            let list = format!("/v1/headlines?{filter}&count=true");
            let found = page(&app, key, &list).await;
            assert_eq!(items(&found, "title"), seen, "{list}");
            assert_eq!(found["page"]["total"], seen.len(), "{list}");
        }
        let without = page(&app, key, "/v1/headlines?has_article=false&count=true").await;
        let expected = 6 - seen.len();
        assert_eq!(without["items"].as_array().unwrap().len(), expected);
        assert_eq!(without["page"]["total"], expected);
        for line in without["items"].as_array().unwrap() {
            assert_eq!(
                (&line["article"], &line["article_id"]),
                (&Value::Null, &Value::Null)
            );
        }
        let none = page(&app, key, "/v1/headlines?tag=secret&has_article=false").await;
        assert_eq!(none["items"], json!([]));
    }
    assert_eq!(hidden.len() + coming.len() + out.len(), 5);
}

#[actix_web::test]
async fn an_article_in_the_trash_is_none_to_anybody() {
    let app = TestApp::start().await;
    let article = app.article("gone", json!({})).await;
    app.headline("line", json!({"article_id": article["id"]}))
        .await;
    app.delete(&format!("/v1/articles/{}", article["id"].as_str().unwrap()))
        .await;
    for key in [None, Some(app.key.as_str())] {
        for (filter, found) in [("has_article=true", 0), ("has_article=false", 1)] {
            let list = format!("/v1/headlines?{filter}&count=true");
            let page = page(&app, key, &list).await;
            assert_eq!(
                page["page"]["total"],
                found,
                "{list} {} a key",
                if key.is_some() { "with" } else { "without" }
            );
        }
    }
}

#[actix_web::test]
async fn what_a_filter_names_in_vain_is_named_back() {
    let app = TestApp::start().await;
    let category = app.category("Économie", None).await;
    app.post("/v1/tags", json!({"name": "Blé"})).await.created();
    let nobody = "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d13";
    for (list, query, named) in [
        (
            "headlines",
            "category=nulle-part",
            vec!["category nulle-part"],
        ),
        (
            "articles",
            "category=economie,nulle-part",
            vec!["category nulle-part"],
        ),
        (
            "articles",
            "category=x1,economie,x2&direct=true",
            vec!["category x1", "category x2"],
        ),
        ("headlines", "tag=seigle", vec!["tag seigle"]),
        (
            "articles",
            "tag=seigle&author=personne",
            vec!["tag seigle", "author personne"],
        ),
        (
            "articles",
            &format!("category={nobody}&tag={nobody}&author={nobody}"),
            vec![
                &format!("category {nobody}"),
                &format!("tag {nobody}"),
                &format!("author {nobody}"),
            ],
        ),
        // The name of one kind is not that of another.
        ("articles", "tag=economie", vec!["tag economie"]),
        ("articles", "category=ble", vec!["category ble"]),
        ("search", "q=x&tag=seigle", vec!["tag seigle"]),
    ] {
        for key in [None, Some(app.key.as_str())] {
            let ask = app.get(&format!("/v1/{list}?{query}"));
            let answer = match key {
                Some(key) => ask.key(key).await,
                None => ask.await,
            };
            let problem = answer.problem(400, "invalid-parameters");
            let faults = problem["errors"].as_array().unwrap();
            assert_eq!(faults.len(), named.len(), "{query}: {problem}");
            for (fault, named) in faults.iter().zip(&named) {
                let (parameter, name) = named.split_once(' ').unwrap();
                assert_eq!(fault["parameter"], parameter, "{problem}");
                assert_eq!(fault["code"], "not_found", "{problem}");
                assert!(
                    fault["detail"].as_str().unwrap().contains(name),
                    "{problem}"
                );
            }
        }
    }
    // By id it is the same as by slug; in the trash it is there no more.
    let id = category["id"].as_str().unwrap();
    app.get(&format!("/v1/articles?category={id}")).await.ok();
    app.delete(&format!("/v1/categories/{id}")).await;
    for name in ["economie", id] {
        let answer = app.get(&format!("/v1/articles?category={name}")).await;
        assert_eq!(answer.parameter_faults(), ["category not_found"]);
    }
}

#[actix_web::test]
async fn wrong_filters_are_all_named_at_once() {
    let app = TestApp::start().await;
    app.category("Sport", None).await;
    for list in ["headlines", "articles"] {
        for (query, faults) in [
            ("direct=true", &["direct needs_category"][..]),
            ("direct=false", &["direct needs_category"]),
            ("direct=yes&category=sport", &["direct invalid"]),
            ("category=", &["category invalid"]),
            ("category=sport,,sport", &["category invalid"]),
            ("category=Sport", &["category invalid"]),
            ("tag=", &["tag invalid"]),
            ("tag=a,b", &["tag invalid"]),
            ("date=2026-2-3", &["date invalid"]),
            ("date=2026-02-29", &["date invalid"]),
            ("date=2026-01-01T00:00:00Z", &["date invalid"]),
            ("date=0001-01-01", &["date invalid"]),
            ("date=9999-12-31", &["date invalid"]),
            ("date=%2B002026-01-01", &["date invalid"]),
            ("sort=title", &["sort invalid"]),
            ("sort=%2Bpublished_at", &["sort invalid"]),
            ("updated_after=yesterday", &["updated_after invalid"]),
            ("language=francais-x-", &["language invalid"]),
            (
                "date=x&sort=x&tag=%20&direct=true",
                &[
                    "date invalid",
                    "sort invalid",
                    "tag invalid",
                    "direct needs_category",
                ],
            ),
        ] {
            let answer = app.get(&format!("/v1/{list}?{query}")).await;
            assert_eq!(answer.parameter_faults(), faults, "{list}?{query}");
        }
        let many = vec!["sport"; 21].join(",");
        let answer = app.get(&format!("/v1/{list}?category={many}")).await;
        assert_eq!(answer.parameter_faults(), ["category invalid"]);
        let most = vec!["sport"; 20].join(",");
        app.get(&format!("/v1/{list}?category={most}")).await.ok();
    }
    for (list, name) in [
        ("articles", "priority=flash"),
        ("articles", "pinned=true"),
        ("articles", "has_article=true"),
        ("headlines", "author=x"),
    ] {
        let answer = app.get(&format!("/v1/{list}?{name}")).await;
        let name = name.split('=').next().unwrap();
        assert_eq!(answer.parameter_faults(), [format!("{name} unknown")]);
    }
}

#[actix_web::test]
async fn ids_come_back_in_their_order_with_the_missing_beside() {
    let app = TestApp::start().await;
    let (articles, headlines) = fill(&app).await;
    let nobody = "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d13".to_owned();
    let early = app.new_key(&[Scope::Early]).await;
    for (list, all) in [("articles", &articles), ("headlines", &headlines)] {
        let mut asked: Vec<&Item> = all.iter().step_by(2).collect();
        asked.sort_by_key(|item| &item.id[9..]);
        let mut ids: Vec<String> = asked.iter().map(|item| item.id.clone()).collect();
        ids.insert(3, nobody.clone());
        for (sight, key) in [
            (Sight::Public, None),
            (Sight::Early, Some(early.as_str())),
            (Sight::Admin, Some(app.key.as_str())),
        ] {
            for filters in [
                vec![],
                vec![("language", "fr")],
                vec![("category", "culture"), ("tag", "ble")],
                vec![("published_before", "2026-05-05T12:30:00Z")],
            ] {
                let filters: Vec<(&str, String)> = filters
                    .into_iter()
                    .map(|(name, value)| (name, value.to_owned()))
                    .collect();
                let mut address = format!("/v1/{list}?ids={}", ids.join(","));
                for (name, value) in &filters {
                    address += &format!("&{name}={value}");
                }
                let page = page(&app, key, &address).await;
                let is_there = |id: &String| {
                    all.iter().any(|item| {
                        item.id == *id
                            && item.is_seen(sight)
                            && item.passes(sight, &filters, list == "headlines")
                    })
                };
                let (there, missing): (Vec<&String>, Vec<&String>) =
                    ids.iter().partition(|id| is_there(id));
                assert_eq!(
                    items(&page, "id"),
                    as_text(&there),
                    "{address} as {sight:?}"
                );
                assert_eq!(page["page"]["missing"], json!(missing), "{address}");
                assert_eq!(
                    (&page["page"]["next"], &page["page"]["prev"]),
                    (&Value::Null, &Value::Null)
                );
            }
        }
    }
}

fn as_text(ids: &[&String]) -> Vec<String> {
    ids.iter().map(|id| (*id).clone()).collect()
}

#[actix_web::test]
async fn ids_go_with_nothing_that_pages() {
    let app = TestApp::start().await;
    let one = app.article("one", json!({})).await;
    let id = one["id"].as_str().unwrap();
    let upper = id.to_uppercase();
    let mut dice = Dice(3);
    let mut ids = |many: usize| (0..many).map(|_| dice.id()).collect::<Vec<_>>().join(",");
    let (hundred, more) = (ids(100), ids(101));
    for list in ["headlines", "articles"] {
        for (query, faults) in [
            (format!("ids={id}&limit=100"), &["limit not_with_ids"][..]),
            (format!("ids={id}&cursor=x"), &["cursor not_with_ids"]),
            (format!("ids={id}&count=false"), &["count not_with_ids"]),
            (
                format!("ids={id}&sort=-published_at"),
                &["sort not_with_ids"],
            ),
            (
                format!("sort=updated_at&count=true&cursor=x&limit=1&ids={id}"),
                &[
                    "limit not_with_ids",
                    "cursor not_with_ids",
                    "count not_with_ids",
                    "sort not_with_ids",
                ],
            ),
            ("ids=".into(), &["ids invalid"]),
            (format!("ids={id},"), &["ids invalid"]),
            (format!("ids={id}%20"), &["ids invalid"]),
            ("ids=one".into(), &["ids invalid"]),
            (format!("ids={}", id.replace('-', "")), &["ids invalid"]),
            (format!("ids={id},{id}"), &["ids invalid"]),
            (format!("ids={id},{upper}"), &["ids invalid"]),
            (format!("ids={more}"), &["ids invalid"]),
        ] {
            let answer = app.get(&format!("/v1/{list}?{query}")).await;
            assert_eq!(answer.parameter_faults(), faults, "{list}?{query}");
        }
        let page = app.get(&format!("/v1/{list}?ids={hundred}")).await.ok();
        assert_eq!(page["page"]["missing"].as_array().unwrap().len(), 100);
    }
    let page = app
        .get(&format!("/v1/articles?ids={upper}&fields=title"))
        .await
        .ok();
    assert_eq!(page["items"], json!([{"title": "one"}]));
    assert_eq!(page["page"]["missing"], json!([]));
    let page = app.get("/v1/articles").await.ok();
    assert_eq!(page["page"].get("missing"), None);
}

#[actix_web::test]
async fn a_day_has_the_hours_that_the_sites_clocks_give_it() {
    let app = TestApp::start().await;
    let mut hours = Vec::new();
    let mut sql = String::new();
    for (month, days) in [
        (2, [14, 15, 16]),
        (3, [21, 22, 23]),
        (3, [28, 29, 30]),
        (10, [24, 25, 26]),
    ] {
        for day in days {
            for hour in 0..24 {
                let at = format!("2026-{month:02}-{day:02}T{hour:02}:00:00Z");
                for table in ["headlines", "articles"] {
                    let (slug, value) = match table {
                        "articles" => (", slug", format!(", 'n-{}'", hours.len())),
                        _ => ("", String::new()),
                    };
                    sql += &format!(
                        "INSERT INTO {table} (id, title, language, dir, status, published_at{slug})
                         VALUES (gen_random_uuid(), '{at}', 'fr', 'ltr', 'published', '{at}'{value});"
                    );
                }
                hours.push(at);
            }
        }
    }
    app.conn().await.batch_execute(&sql).await.unwrap();
    for (zone, day, first, last, long) in [
        ("UTC", "2026-03-29", "2026-03-29T00", "2026-03-29T23", 24),
        (
            "Europe/Paris",
            "2026-03-28",
            "2026-03-28T00",
            "2026-03-28T22",
            23,
        ),
        (
            "Europe/Paris",
            "2026-03-29",
            "2026-03-28T23",
            "2026-03-29T21",
            23,
        ),
        (
            "Europe/Paris",
            "2026-03-30",
            "2026-03-29T22",
            "2026-03-30T21",
            24,
        ),
        (
            "Europe/Paris",
            "2026-10-25",
            "2026-10-24T22",
            "2026-10-25T22",
            25,
        ),
        (
            "Europe/Paris",
            "2026-10-26",
            "2026-10-25T23",
            "2026-10-26T22",
            24,
        ),
        (
            "Africa/Casablanca",
            "2026-02-15",
            "2026-02-14T23",
            "2026-02-15T23",
            25,
        ),
        (
            "Africa/Casablanca",
            "2026-02-16",
            "2026-02-16T00",
            "2026-02-16T23",
            24,
        ),
        (
            "Africa/Casablanca",
            "2026-03-21",
            "2026-03-21T00",
            "2026-03-21T23",
            24,
        ),
        (
            "Africa/Casablanca",
            "2026-03-22",
            "2026-03-22T00",
            "2026-03-22T22",
            23,
        ),
        (
            "Africa/Casablanca",
            "2026-03-23",
            "2026-03-22T23",
            "2026-03-23T22",
            24,
        ),
    ] {
        app.patch("/v1/site", json!({"time_zone": zone})).await.ok();
        let expected: Vec<String> = hours
            .iter()
            .filter(|at| (first..=last).contains(&&at[..13]))
            .cloned()
            .collect();
        assert_eq!(expected.len(), long, "{zone} {day}");
        for list in ["headlines", "articles"] {
            for sort in ["published_at", "updated_at&language=fr"] {
                let address = format!("/v1/{list}?date={day}&limit=100&count=true&sort={sort}");
                let page = page(&app, None, &address).await;
                let mut titles = items(&page, "title");
                titles.sort();
                assert_eq!(titles, expected, "{zone} {address}");
                assert_eq!(page["page"]["total"], long, "{zone} {address}");
            }
        }
        let list = format!("/v1/headlines?date={day}&limit=7&sort=published_at");
        meets(&app, None, &list, &expected).await;
    }
}

/// Five thousand rows of each kind; what the filters want stands in the oldest forty.
async fn five_thousand(app: &TestApp) {
    let top = app.category("Haut", None).await;
    let below = app.category("Bas", Some(&top)).await;
    let author = app
        .post("/v1/authors", json!({"name": "Anna"}))
        .await
        .created();
    let tag = app
        .post("/v1/tags", json!({"name": "Laine"}))
        .await
        .created();
    let id = |of: &Value| of["id"].as_str().unwrap().to_owned();
    let (top, below, author, tag) = (id(&top), id(&below), id(&author), id(&tag));
    let common = format!(
        "n::text, CASE WHEN n <= 40 AND n % 2 = 0 THEN 'ar' ELSE 'fr' END, 'ltr', 'published',
         '2026-01-01'::timestamptz + (n / 2) * interval '1 second', '2026-02-01'::timestamptz - (n / 3) * interval '1 second',
         CASE WHEN n % 3 = 0 THEN '{top}'::uuid WHEN n % 3 = 1 THEN '{below}'::uuid END"
    );
    let sql = format!(
        "INSERT INTO articles (id, slug, title, language, dir, status, published_at, updated_at, category_id)
            SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'n-' || n, {common} FROM generate_series(1, 5000) AS n;
         INSERT INTO article_authors (id, author_id, place) SELECT id, '{author}', 0 FROM articles WHERE title::int % 2 = 0;
         INSERT INTO article_tags (id, tag_id, place) SELECT id, '{tag}', 0 FROM articles WHERE title::int <= 40;
         INSERT INTO headlines (id, title, language, dir, status, published_at, updated_at, category_id, priority, pinned, article_id)
            SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, {common},
                CASE WHEN n <= 40 THEN 'normal' ELSE 'flash' END, n > 40,
                CASE WHEN n <= 40 OR n % 2 = 0 THEN ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid END
            FROM generate_series(1, 5000) AS n;
         ANALYZE;"
    );
    app.conn().await.batch_execute(&sql).await.unwrap();
}

#[actix_web::test]
async fn what_is_rare_and_old_is_found_behind_thousands() {
    let app = TestApp::start().await;
    five_thousand(&app).await;
    let early = app.new_key(&[Scope::Early]).await;
    let oldest = |wanted: &dyn Fn(usize) -> bool| -> Vec<String> {
        let some = (1..=40).rev().filter(|n| wanted(*n));
        some.map(|n| n.to_string()).collect()
    };
    let in_branch = |n: usize| n % 3 < 2;
    for (list, filters, expected) in [
        ("headlines", "priority=normal", oldest(&|_| true)),
        (
            "headlines",
            "pinned=false&language=fr",
            oldest(&|n| n % 2 == 1),
        ),
        ("headlines", "tag=laine", oldest(&|_| true)),
        (
            "headlines",
            "category=haut&priority=normal",
            oldest(&in_branch),
        ),
        (
            "headlines",
            "category=haut&direct=true&pinned=false",
            oldest(&|n| n % 3 == 0),
        ),
        (
            "headlines",
            "tag=laine&has_article=true&category=bas,haut&language=ar",
            oldest(&|n| in_branch(n) && n % 2 == 0),
        ),
        (
            "headlines",
            "has_article=true&pinned=false",
            oldest(&|_| true),
        ),
        (
            "articles",
            "author=anna&language=ar&category=haut",
            oldest(&|n| in_branch(n) && n % 2 == 0),
        ),
        ("articles", "author=anna&tag=laine", oldest(&|n| n % 2 == 0)),
        (
            "articles",
            "updated_after=2026-01-31T23:59:46.5Z&category=haut",
            oldest(&in_branch),
        ),
    ] {
        for (key, limit) in [
            (None, 7),
            (Some(early.as_str()), 6),
            (Some(app.key.as_str()), 20),
        ] {
            let address = format!("/v1/{list}?fields=title&limit={limit}&{filters}");
            meets(&app, key, &address, &expected).await;
            let turned: Vec<String> = expected.iter().rev().cloned().collect();
            let address = format!("{address}&sort=published_at");
            meets(&app, key, &address, &turned).await;
        }
    }
    // By the time of change, what was published first changed last.
    let after = "published_before=2026-01-01T00:00:20.5Z";
    for (list, filters) in [
        ("headlines", "language=ar"),
        ("headlines", after),
        ("articles", "tag=laine&language=ar"),
        ("articles", after),
    ] {
        let mut found: Vec<usize> = (1..=40).collect();
        found.retain(|n| filters == after || n % 2 == 0);
        if filters == after {
            found.push(41);
        }
        found.sort_by_key(|n| (std::cmp::Reverse(n / 3), *n));
        let expected: Vec<String> = found.iter().map(usize::to_string).collect();
        let address = format!("/v1/{list}?fields=title&limit=7&{filters}&sort=updated_at");
        meets(&app, None, &address, &expected).await;
    }
}

/// Headlines, from the oldest on: so many of this priority in this category; the second part may expire.
async fn in_layers(app: &TestApp, layers: &[(usize, &str, Option<&Value>, bool)]) {
    let (mut sql, mut n) = (String::new(), 0);
    for (many, priority, category, expires) in layers {
        sql += &format!(
            "INSERT INTO headlines (id, title, language, dir, status, published_at, priority, category_id, expires_at)
             SELECT gen_random_uuid(), n::text, 'fr', 'ltr', 'published', '2026-01-01'::timestamptz + n * interval '1 second',
                '{priority}', {}, {} FROM generate_series({}, {}) AS n;",
            quoted(category.map(|category| category["id"].as_str().unwrap())),
            quoted(expires.then_some(FAR_FUTURE)),
            n + 1,
            n + many,
        );
        n += many;
    }
    app.conn()
        .await
        .batch_execute(&(sql + "ANALYZE;"))
        .await
        .unwrap();
}

#[actix_web::test]
async fn one_category_of_a_branch_does_not_hide_what_is_deep_in_another() {
    let app = TestApp::start().await;
    let top = app.category("Haut", None).await;
    let below = app.category("Bas", Some(&top)).await;
    // What is wanted of `top` is newer than what is wanted of `below`, but stands behind thousands.
    in_layers(
        &app,
        &[
            (30, "normal", Some(&below), false),
            (30, "normal", Some(&top), false),
            (4000, "flash", Some(&top), false),
        ],
    )
    .await;
    let expected: Vec<String> = (1..=60).rev().map(|n| n.to_string()).collect();
    for limit in [7, 20, 50] {
        let list = format!("/v1/headlines?category=haut&priority=normal&limit={limit}");
        meets(&app, None, &list, &expected).await;
        meets(&app, Some(&app.key), &list, &expected).await;
    }
}

#[actix_web::test]
async fn lines_that_will_expire_do_not_hide_what_is_deep_among_the_others() {
    let app = TestApp::start().await;
    in_layers(
        &app,
        &[
            (30, "normal", None, true),
            (30, "normal", None, false),
            (4000, "flash", None, false),
        ],
    )
    .await;
    let expected: Vec<String> = (1..=60).rev().map(|n| n.to_string()).collect();
    for limit in [7, 20] {
        let list = format!("/v1/headlines?priority=normal&limit={limit}");
        meets(&app, None, &list, &expected).await;
    }
}
