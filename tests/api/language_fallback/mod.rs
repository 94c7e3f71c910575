//! Lists with language fallback: each story once, in the requested language or the best available one.

mod combinations;

use manchette::access::api_keys::Scope;
use serde_json::{Value, json};

use crate::support::{JsonPath, Request, TestApp, cache_tag, path_of, with};

/// Creates an article that translates another, or none, with a title that contains its language.
async fn create_article(app: &TestApp, title: &str, of: Option<&Value>, more: Value) -> Value {
    let language = title.split(' ').next_back().unwrap();
    let of = of.map(|other| other["id"].clone());
    let own = json!({"language": language, "translation_of": of});
    app.article(title, with(own, more)).await
}

fn path(article: &Value) -> String {
    path_of("articles", article)
}

/// The titles of a list, with those of fallbacks in parentheses.
async fn titles(request: Request) -> Vec<String> {
    let page = request.await.ok();
    let shown = page.list("/items").iter().map(|item| {
        let title = item.text("/title");
        match item["is_fallback"].as_bool().unwrap() {
            true => format!("({title})"),
            false => title.to_owned(),
        }
    });
    shown.collect()
}

#[actix_web::test]
async fn every_story_is_listed_once_in_its_best_available_language() {
    let app = TestApp::start().await;
    app.patch("/v1/site", json!({"languages": ["fr", "ar", "en"]}))
        .await
        .ok();
    let one = create_article(&app, "one fr", None, json!({})).await;
    create_article(&app, "one ar", Some(&one), json!({})).await;
    let two = create_article(&app, "two es", None, json!({})).await;
    create_article(&app, "two en", Some(&two), json!({})).await;
    create_article(&app, "two ar", Some(&two), json!({})).await;
    create_article(&app, "three es", None, json!({})).await;
    let four = create_article(&app, "four it", None, json!({})).await;
    create_article(&app, "four nl", Some(&four), json!({})).await;
    create_article(&app, "five ar-MA", None, json!({})).await;
    let list = async |query: &str| titles(app.get(&format!("/v1/articles?{query}"))).await;
    let german = [
        "(five ar-MA)",
        "(four it)",
        "(three es)",
        "(two ar)",
        "(one fr)",
    ];
    for (query, expected) in [
        ("language=de", vec![]),
        ("language=de&fallback=false", vec![]),
        ("language=de&fallback=true", german.to_vec()),
        (
            "language=ar&fallback=true",
            vec!["five ar-MA", "(four it)", "(three es)", "two ar", "one ar"],
        ),
        (
            "language=ar-EG&fallback=true",
            vec![
                "(five ar-MA)",
                "(four it)",
                "(three es)",
                "two ar",
                "one ar",
            ],
        ),
        (
            "language=es&fallback=true",
            vec![
                "(five ar-MA)",
                "(four it)",
                "three es",
                "two es",
                "(one fr)",
            ],
        ),
        (
            "language=nl&fallback=true",
            vec![
                "(five ar-MA)",
                "four nl",
                "(three es)",
                "(two ar)",
                "(one fr)",
            ],
        ),
        (
            "language=EN&fallback=true",
            vec![
                "(five ar-MA)",
                "(four it)",
                "(three es)",
                "two en",
                "(one fr)",
            ],
        ),
    ] {
        assert_eq!(list(query).await, expected, "{query}");
        if query.ends_with("true") {
            // A single article falls back in the same way.
            for title in &expected {
                let title = title.trim_matches(['(', ')']);
                let slug = title.to_lowercase().replace(' ', "-");
                let language = query.split(['=', '&']).nth(1).unwrap();
                let one = app
                    .get(&format!("/v1/articles/{slug}?language={language}"))
                    .await
                    .ok();
                assert_eq!(one["title"], title, "{query}");
            }
        }
    }
    // Without fallback every article is listed; the default value may be sent alone.
    assert_eq!(list("fallback=false").await.len(), 9);
    // The order of the response depends on the site's languagess among the rest.
    app.patch("/v1/site", json!({"languages": ["en", "nl"]}))
        .await
        .ok();
    let dutch = [
        "(five ar-MA)",
        "(four nl)",
        "(three es)",
        "(two en)",
        "(one fr)",
    ];
    assert_eq!(list("language=de&fallback=true").await, dutch);
    let page = app
        .get("/v1/articles?language=de&fallback=true&count=true&limit=2")
        .await;
    assert_eq!(page.ok()["page"]["total"], 5);
    let site = app.get("/v1/site").await.ok();
    assert!(
        page.header("cache-tag").contains(&cache_tag(&site)),
        "the response depends on the site's languages"
    );
    assert!(!page.header("vary").contains("Accept-Language"));
}

#[actix_web::test]
async fn hidden_translations_neither_represent_nor_suppress_a_story() {
    let app = TestApp::start().await;
    let one = create_article(&app, "one fr", None, json!({})).await;
    let ar = create_article(&app, "one ar", Some(&one), json!({"status": "draft"})).await;
    let later = json!({"status": "scheduled", "published_at": "2999-01-01T00:00:00Z"});
    create_article(&app, "one en", Some(&one), later).await;
    let hidden = create_article(&app, "two fr", None, json!({"status": "draft"})).await;
    create_article(&app, "two it", Some(&hidden), json!({})).await;
    create_article(&app, "two es", Some(&hidden), json!({})).await;
    let early = app.new_key(&[Scope::Early]).await;
    let list = |query: &str| format!("/v1/articles?{query}&fallback=true");
    assert_eq!(
        titles(app.get(&list("language=ar"))).await,
        ["(two es)", "(one fr)"]
    );
    assert_eq!(
        titles(app.get(&list("language=en"))).await,
        ["(two es)", "(one fr)"]
    );
    assert_eq!(
        titles(app.get(&list("language=en")).key(&early)).await,
        ["one en", "(two es)"]
    );
    assert_eq!(
        titles(app.get_as_admin(&list("language=ar"))).await,
        ["(two fr)", "one ar"]
    );
    // With a status filter, articles of that status represent the story.
    assert_eq!(
        titles(app.get_as_admin(&list("language=ar&status=published"))).await,
        ["(two es)", "(one fr)"]
    );
    assert_eq!(
        titles(app.get_as_admin(&list("language=ar&status=draft"))).await,
        ["(two fr)", "one ar"]
    );
    assert_eq!(
        titles(app.get_as_admin(&list("language=it&status=scheduled"))).await,
        ["(one en)"]
    );
    // Publication and deletion take effect immediately.
    app.patch(&path(&ar), json!({"status": "published"}))
        .await
        .ok();
    assert_eq!(
        titles(app.get(&list("language=ar"))).await,
        ["one ar", "(two es)"]
    );
    app.delete(&path(&ar)).await;
    assert_eq!(
        titles(app.get(&list("language=ar"))).await,
        ["(two es)", "(one fr)"]
    );
}

#[actix_web::test]
async fn ids_resolve_to_the_best_translation_of_their_story() {
    let app = TestApp::start().await;
    let one = create_article(&app, "one fr", None, json!({})).await;
    let one_ar = create_article(&app, "one ar", Some(&one), json!({})).await;
    let two = create_article(&app, "two fr", None, json!({})).await;
    let draft = create_article(&app, "three fr", None, json!({"status": "draft"})).await;
    let three = create_article(&app, "three ar", Some(&draft), json!({})).await;
    let nobody = json!(uuid::Uuid::now_v7());
    let request = async |ids: &[&Value], query: &str| {
        let ids: Vec<&str> = ids.iter().map(|id| id.as_str().unwrap()).collect();
        let list = format!(
            "/v1/articles?ids={}&fallback=true&language={query}",
            ids.join(",")
        );
        let page = app.get(&list).await.ok();
        (
            titles(app.get(&list)).await,
            page["page"]["missing"].clone(),
        )
    };
    let [a, b, c] = [&one["id"], &one_ar["id"], &two["id"]];
    for (ids, query, found, missing) in [
        (vec![c, a], "ar", vec!["(two fr)", "one ar"], json!([])),
        (vec![b, c], "fr", vec!["one fr", "two fr"], json!([])),
        (vec![a, b], "de", vec!["(one fr)"], json!([])),
        (vec![&nobody, b], "fr", vec!["one fr"], json!([nobody])),
        // A draft does not lead the public to its translations.
        (
            vec![&draft["id"], &three["id"]],
            "fr",
            vec!["(three ar)"],
            json!([draft["id"]]),
        ),
        (
            vec![a],
            "ar&published_before=2000-01-01T00:00:00Z",
            vec![],
            json!([a]),
        ),
    ] {
        let expected: Vec<String> = found.into_iter().map(str::to_owned).collect();
        assert_eq!(request(&ids, query).await, (expected, missing), "{query}");
    }
}

#[actix_web::test]
async fn fallback_requires_a_language_and_applies_only_to_articles() {
    let app = TestApp::start().await;
    for (query, faults) in [
        ("articles?fallback=true", vec!["fallback needs_language"]),
        (
            "articles?fallback=yes&language=fr",
            vec!["fallback invalid"],
        ),
        (
            "articles?fallback=true&fallback=true&language=fr",
            vec!["fallback duplicate_parameter"],
        ),
        (
            "articles?fallback=true&language=x",
            vec!["language invalid", "fallback needs_language"],
        ),
        (
            "headlines?fallback=true&language=fr",
            vec!["fallback unknown"],
        ),
        ("search?q=x&fallback=false", vec!["fallback unknown"]),
    ] {
        let response = app.get(&format!("/v1/{query}")).await;
        assert_eq!(response.parameter_faults(), faults, "{query}");
    }
    app.get("/v1/articles?fallback=false").await.ok();
    for n in 0..3 {
        create_article(&app, &format!("{n} fr"), None, json!({})).await;
    }
    let page = app
        .get("/v1/articles?fallback=true&language=ar&limit=1")
        .await
        .ok();
    let next = page.text("/page/next");
    let other = format!("/v1/articles?language=ar&limit=1&cursor={next}");
    assert_eq!(
        app.get(&other).await.parameter_faults(),
        ["cursor cursor_mismatch"]
    );
}

#[actix_web::test]
async fn stories_are_found_beyond_any_number_of_unpreferred_translations() {
    let app = TestApp::start().await;
    app.category("c", None).await;
    // Each story, and much later a translation in a language that nobody prefers.
    app.execute_sql(
            "SET session_replication_role = replica;
             INSERT INTO articles (id, slug, title, language, dir, status, published_at, category_id, translation_of)
             SELECT md5(k || n)::uuid, k || n, 'story ' || n, k, 'ltr', 'published',
                '2020-01-01'::timestamptz + late + n * interval '1 minute', (SELECT id FROM categories),
                CASE k WHEN 'it' THEN md5('fr' || n)::uuid END
             FROM generate_series(1, 2500) AS n, (VALUES ('fr', interval '0'), ('it', interval '1 year')) AS version (k, late)",
        ).await;
    for (query, first, last, total) in [
        ("", "(story 2500)", "(story 2401)", 2500),
        ("&category=c", "(story 2500)", "(story 2401)", 2500),
        ("&sort=published_at", "(story 1)", "(story 100)", 2500),
        ("&sort=-updated_at", "", "", 2500),
        (
            "&published_before=2020-01-01T00:03:00Z",
            "(story 2)",
            "(story 1)",
            2,
        ),
    ] {
        let list = format!("/v1/articles?language=ar&fallback=true&limit=100{query}");
        let found = titles(app.get(&list)).await;
        assert_eq!(found.len(), total.min(100), "{query}");
        if !first.is_empty() {
            let ends = (found[0].as_str(), found[found.len() - 1].as_str());
            assert_eq!(ends, (first, last), "{query}");
        }
        let counted = app.get(&format!("{list}&count=true")).await.ok();
        assert_eq!(counted["page"]["total"], total, "{query}");
    }
}
