//! Language fallback combined with every filter, sort order and caller, compared with a model in memory.

use std::collections::BTreeSet;

use manchette::access::api_keys::Scope;
use serde_json::{Value, json};

use super::create_article;
use crate::support::{Request, TestApp, Traversal};

/// An article in the model of the test.
struct KnownArticle {
    story: usize,
    title: String,
    language: &'static str,
    status: &'static str,
    is_original: bool,
    minute: i64,
    category: usize,
    has_author: bool,
    has_tag: bool,
}

/// The language tags and prefixes in order of preference.
fn preferences(requests: &str, site: &[&str]) -> Vec<String> {
    let of = |tag: &str| -> Vec<String> {
        let base = tag.split('-').next().unwrap().to_owned();
        let mut preferences = vec![tag.to_owned()];
        preferences.extend((base != tag).then_some(base));
        preferences.push(format!("{tag}-"));
        preferences
    };
    std::iter::once(&requests)
        .chain(site)
        .flat_map(|tag| of(tag))
        .collect()
}

fn rank(language: &str, preferences: &[String]) -> usize {
    let fits = |step: &String| match step.ends_with('-') {
        true => language.starts_with(step.as_str()),
        false => language == step,
    };
    preferences
        .iter()
        .position(fits)
        .unwrap_or(preferences.len())
}

/// Creates stories with random languages, statuses and fields.
async fn create_stories(app: &TestApp, names: &[Value; 4]) -> Vec<KnownArticle> {
    let [left, right, author, tag] = names;
    let sections = [left, right];
    let languages = ["fr", "ar", "en", "es", "ar-MA", "de"];
    let mut known: Vec<KnownArticle> = Vec::new();
    let mut chance = 20_261_125_u64;
    let mut roll = |sides: u64| {
        chance = chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (chance >> 33) % sides
    };
    for story in 0..24 {
        let mut original: Option<Value> = None;
        let first = roll(6) as usize;
        for k in 0..=roll(4) as usize {
            let language = languages[(first + k * 5) % 6];
            let status =
                ["published", "published", "published", "draft", "scheduled"][roll(5) as usize];
            let (category, has_author, has_tag) = (roll(2) as usize, roll(3) == 0, roll(3) == 0);
            let minute = roll(100_000) as i64;
            let title = format!("{story} {language}");
            let at = chrono::DateTime::from_timestamp(1_700_000_000 + minute * 60, 0).unwrap();
            let more = json!({
                "status": status, "published_at": at.to_rfc3339(), "category_id": sections[category]["id"],
                "author_ids": if has_author { json!([author["id"]]) } else { json!([]) },
                "tag_ids": if has_tag { json!([tag["id"]]) } else { json!([]) },
            });
            let is_original = original.is_none();
            let created = create_article(app, &title, original.as_ref(), more).await;
            original.get_or_insert(created);
            known.push(KnownArticle {
                story,
                title,
                language,
                status,
                is_original,
                minute,
                category,
                has_author,
                has_tag,
            });
        }
    }
    known
}

/// The expected titles, newest first.
fn expected(
    known: &[KnownArticle],
    preferences: &[String],
    is_visible: impl Fn(&KnownArticle) -> bool,
    matches: impl Fn(&KnownArticle) -> bool,
) -> Vec<String> {
    let stories: BTreeSet<usize> = known.iter().map(|one| one.story).collect();
    let mut chosen: Vec<&KnownArticle> = stories
        .iter()
        .filter_map(|story| {
            let create_article = known
                .iter()
                .filter(|one| one.story == *story && is_visible(one));
            create_article.min_by_key(|one| {
                (
                    rank(one.language, preferences),
                    !one.is_original,
                    one.language,
                )
            })
        })
        .filter(|one| matches(one))
        .collect();
    chosen.sort_by_key(|one| std::cmp::Reverse(one.minute));
    chosen.iter().map(|one| one.title.clone()).collect()
}

/// The titles of a list, read in pages of seven in both directions.
async fn titles(get: &dyn Fn(&str) -> Request, query: &str) -> Vec<String> {
    let list = format!("/v1/articles?{query}&limit=7");
    Traversal::read(get, &list).await.texts("/items/*/title")
}

#[actix_web::test]
async fn fallback_works_with_every_filter_sort_order_and_page() {
    let app = TestApp::start().await;
    let left = app.category("left", None).await;
    let right = app.category("right", None).await;
    let author = app.author("a").await;
    let tag = app.tag("t").await;
    let known = create_stories(&app, &[left, right, author, tag]).await;
    let site = ["en", "fr", "ar"];
    app.patch("/v1/site", json!({"languages": site})).await.ok();
    let early = app.new_key(&[Scope::Early]).await;
    type Test = fn(&KnownArticle) -> bool;
    type Caller<'a> = (&'a str, &'a dyn Fn(&str) -> Request, Test);
    let callers: [Caller<'_>; 3] = [
        // The scheduled articles are due, so the public sees them.
        ("public", &|path| app.get(path), |one| one.status != "draft"),
        ("early", &|path| app.get(path).key(&early), |one| {
            one.status != "draft"
        }),
        ("all", &|path| app.get_as_admin(path), |_| true),
    ];
    let filters: [(&str, Test); 7] = [
        ("", |_| true),
        ("&category=left", |one| one.category == 0),
        ("&category=left,right", |_| true),
        ("&author=a", |one| one.has_author),
        ("&tag=t", |one| one.has_tag),
        ("&tag=t&author=a&category=right", |one| {
            one.has_tag && one.has_author && one.category == 1
        }),
        ("&published_after=2024-01-01T00:00:00Z", |one| {
            1_700_000_000 + one.minute * 60 > 1_704_067_200
        }),
    ];
    for language in ["ar", "ar-MA", "es", "it"] {
        let preferences = preferences(language, &site);
        for (caller, get, is_visible) in &callers {
            for (filter, matches) in &filters {
                let query = format!("language={language}&fallback=true{filter}");
                let expected = expected(&known, &preferences, is_visible, matches);
                assert_eq!(titles(*get, &query).await, expected, "{caller} {query}");
                let count = get(&format!("/v1/articles?{query}&count=true&fields=id"));
                let total = &count.await.ok()["page"]["total"];
                assert_eq!(*total, expected.len(), "{caller} {query}");
                let mut ascending = titles(*get, &format!("{query}&sort=published_at")).await;
                ascending.reverse();
                assert_eq!(ascending, expected, "{caller} {query}");
                let mut by_update = titles(*get, &format!("{query}&sort=-updated_at")).await;
                by_update.sort();
                let mut sorted = expected.clone();
                sorted.sort();
                assert_eq!(by_update, sorted, "{caller} {query}");
            }
        }
    }
}
