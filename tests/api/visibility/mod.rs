//! Visibility: no parameter, URL, count, ETag, status or header reveals hidden content or its
//! existence to the public.

mod private_columns;

use manchette::access::api_keys::{ApiKey, Scope};
use manchette::http::cache_tags::CacheTag;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{JsonPath, Response, TestApp, path_of, with};

/// A word that occurs only in hidden content, and one that does not occur at all.
const CANARY: &str = "zyxwvcanari";

const ABSENT: &str = "zyxwvnullepart";

/// Creates published content, and content in every hidden state with the word in each of its texts. Returns the
/// hidden content.
async fn create_hidden_content(app: &TestApp) -> Vec<Value> {
    let category = app.category("Section", None).await;
    let tag = app.tag("Sujet").await;
    let author = app.author("Anna").await;
    let public = app
        .article("Un mot public", json!({"slug": "public", "category_id": category["id"], "tag_ids": [tag["id"]], "author_ids": [author["id"]], "status": "published"}))
        .await;
    app.headline(
        "Un mot public",
        json!({"article_id": public["id"], "category_id": category["id"]}),
    )
    .await;
    let word = |text: &str| format!("{CANARY} {text}");
    let url = format!("https://{CANARY}.example/");
    let text = json!({
        "title": word("mot"), "short_title": word("court"), "kicker": word("sur"), "lede": word("chapô"), "body": word("mot corps"),
        "dateline": word("Rabat"), "source": word("agence"), "canonical_url": url,
        "image": {"url": url, "alt": word("image"), "caption": word("légende"), "credit": word("qui"), "width": 10, "height": 10},
        "category_id": category["id"], "tag_ids": [tag["id"]], "author_ids": [author["id"]],
    });
    let later = "2999-01-01T00:00:00Z";
    let mut hidden = Vec::new();
    for (n, (language, state)) in [
        ("ar", json!({"status": "draft"})),
        ("en", json!({"status": "scheduled", "published_at": later})),
        ("de", json!({"status": "published", "published_at": later})),
        ("es", json!({"status": "draft"})),
        ("it", json!({"status": "withdrawn"})),
    ]
    .into_iter()
    .enumerate()
    {
        let own = json!({"slug": format!("{CANARY}-{n}"), "language": language, "translation_of": public["id"]});
        let article = with(with(text.clone(), own), state.clone());
        let article = app.post("/v1/articles", article).await.created();
        let linked = json!({"title": word("mot"), "language": "fr", "source": word("agence"), "url": url, "category_id": category["id"], "article_id": article["id"]});
        let linked = app
            .post("/v1/headlines", with(linked, state))
            .await
            .created();
        if language == "es" {
            for (list, gone) in [("articles", &article), ("headlines", &linked)] {
                let path = path_of(list, gone);
                assert_eq!(app.delete(&path).await.status, 204);
            }
        }
        hidden.extend([article, linked]);
    }
    // A headline that links a hidden article, and an expired headline.
    app.headline("Une ligne", json!({"article_id": hidden[0]["id"]}))
        .await;
    let left =
        json!({"published_at": "2026-01-01T00:00:00Z", "expires_at": "2026-01-02T00:00:00Z"});
    hidden.push(app.headline(&word("mot"), left).await);
    ApiKey::create(&mut app.conn().await, CANARY, &[Scope::Read])
        .await
        .unwrap();
    hidden
}

/// A response as text, without the word and without what differs between any two responses.
fn comparable_text(response: &Response, word: &str) -> String {
    let mut headers: Vec<String> = response
        .headers
        .iter()
        .filter(|(name, _)| {
            // The compressed length and the ETag depend on the word itself.
            ![
                "content-length",
                "date",
                "etag",
                "ratelimit",
                "retry-after",
                "x-request-id",
            ]
            .contains(&name.as_str())
        })
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    let mut text = format!("{}\n{}\n", response.status, headers.join("\n"));
    text.push_str(&response.text());
    // A list of ids has the tags of all of them.
    if let Ok(id) = word.parse() {
        text = text.replace(&CacheTag::of_id(id).to_string(), "");
    }
    if let Some(id) = response.headers.get("x-request-id") {
        text = text.replace(id.to_str().unwrap(), "");
    }
    text.replace(word, "WORD")
}

#[actix_web::test]
async fn public_responses_never_contain_hidden_text_or_ids() {
    let app = TestApp::start().await;
    let hidden = create_hidden_content(&app).await;
    let listed = ["articles", "headlines"];
    let mut paths: Vec<String> = vec![
        "/v1/site".into(),
        "/v1/authors/anna".into(),
        "/v1/tags/sujet".into(),
        "/v1/categories/section".into(),
        "/v1/articles/public".into(),
        "/v1/articles/public/related".into(),
        "/v1/categories?tree=true&count=true".into(),
        "/openapi.json".into(),
        "/problems".into(),
        "/docs/".into(),
        "/livez".into(),
        "/readyz".into(),
    ];
    for language in ["ar", "en", "de", "es", "it"] {
        paths.push(format!("/v1/articles/public?language={language}"));
        paths.push(format!("/v1/articles/public/related?language={language}"));
    }
    for list in listed {
        for query in [
            "count=true",
            "tag=sujet&count=true",
            "category=section&count=true",
            "sort=updated_at",
            "sort=-updated_at&count=true",
            "language=ar&count=true",
            "published_after=2990-01-01T00:00:00Z&count=true",
            "updated_after=2020-01-01T00:00:00Z&count=true",
            "date=2999-01-01&count=true",
            "limit=1",
            "sort=published_at&limit=1",
        ] {
            paths.push(format!("/v1/{list}?{query}"));
        }
        let ids: Vec<&str> = hidden.iter().map(|value| value.text("/id")).collect();
        paths.push(format!("/v1/{list}?ids={}", ids.join(",")));
        paths.extend(ids.iter().map(|id| format!("/v1/{list}/{id}")));
    }
    paths.push("/v1/articles?author=anna&count=true&fields=id,title,body,body_text,translations,translation_of".into());
    paths.push("/v1/headlines?has_article=true&count=true".into());
    for q in [
        "mot",
        "corps",
        "agence",
        "l%C3%A9gende",
        "-public",
        "mot%20-public",
        "%22mot%20corps%22",
        "chapo",
        "zyxwv",
    ] {
        paths.push(format!("/v1/search?q={q}&count=true"));
        paths.push(format!("/v1/suggest?q={q}"));
    }
    for path in &paths {
        for key in [None, Some("mnc_wrong")] {
            let request = app.get(path);
            let response = request.key_if_any(key).await;
            let all = format!("{:?} {}", response.headers, response.text());
            assert!(!all.to_lowercase().contains(CANARY), "{path}: {all}");
            assert!(
                response.status < 500 && response.status != 403,
                "{path}: {all}"
            );
            if path.starts_with("/v1/") && key.is_none() {
                let ids = hidden.iter().map(|value| value.text("/id"));
                for id in ids.filter(|id| !path.contains(id)) {
                    assert!(!all.contains(id), "{path}: {all}");
                }
            }
        }
    }
    // Of each kind one is visible, and a second headline without its article.
    for (list, total) in [
        ("articles", 1),
        ("headlines", 2),
        ("articles?category=section", 1),
        ("headlines?tag=sujet", 1),
        ("headlines?has_article=true", 1),
    ] {
        let start = if list.contains('?') { '&' } else { '?' };
        let page = app.get(&format!("/v1/{list}{start}count=true")).await.ok();
        assert_eq!(page["page"]["total"], total, "{list}");
    }
    let tree = app.get("/v1/categories?count=true").await.ok();
    assert_eq!(tree["items"][0]["article_count"], 1);
    let mut hits = app.get("/v1/search?q=mot&count=true").await.ok();
    assert_eq!(hits["page"]["total"], 2);
    hits = app
        .get_as_admin(&format!("/v1/search?q={CANARY}&count=true"))
        .await
        .ok();
    assert!(
        hits["page"]["total"].as_i64().unwrap() >= 8,
        "the admin key finds the word: {hits}"
    );
}

#[actix_web::test]
async fn hidden_content_is_indistinguishable_from_missing_content() {
    let app = TestApp::start().await;
    let hidden = create_hidden_content(&app).await;
    let mut compared = 0;
    let mut pairs: Vec<(String, String)> = Vec::new();
    for path in [
        "/v1/articles/W-0",
        "/v1/articles/W-1?language=en",
        "/v1/articles/W-2/related",
        "/v1/articles/W-3",
        "/v1/articles/W-0/",
        "/v1/search?q=W",
        "/v1/search?q=W%20mot",
        "/v1/search?q=%22W%20mot%22",
        "/v1/search?q=-W",
        "/v1/search?q=W&count=true",
        "/v1/search?q=zyxwvX",
        "/v1/suggest?q=W",
        "/v1/suggest?q=W%20m",
        "/v1/articles?category=W",
        "/v1/articles?tag=W",
        "/v1/articles?author=W",
        "/v1/categories/W",
        "/v1/tags/W",
    ] {
        pairs.push((path.replace('W', CANARY), path.replace('W', ABSENT)));
    }
    let missing = "01890000-0000-7000-8000-00000000000f";
    for (n, it) in hidden.iter().enumerate() {
        let id = it.text("/id");
        let list = if it.get("slug").is_some() {
            "articles"
        } else {
            "headlines"
        };
        // Content that was published and withdrawn answers 410.
        if it["status"] == "withdrawn" && it["first_published_at"].is_string() {
            continue;
        }
        for path in [
            format!("/v1/{list}/ID"),
            format!("/v1/{list}?ids=ID"),
            format!("/v1/{list}/ID?language=fr"),
        ] {
            pairs.push((path.replace("ID", id), path.replace("ID", missing)));
        }
        if n % 2 == 0 {
            pairs.push((
                format!("/v1/articles/{id}/related"),
                format!("/v1/articles/{missing}/related"),
            ));
        }
    }
    for (there, not_there) in &pairs {
        for method in [
            Method::GET,
            Method::HEAD,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
            Method::OPTIONS,
            Method::POST,
        ] {
            for header in [
                "",
                "If-None-Match: *",
                "If-Match: *",
                "If-None-Match: \"1-x\"",
                "Range: bytes=0-",
                "If-Modified-Since: Mon, 23 Nov 2099 14:00:00 GMT",
                "Accept-Encoding: br",
            ] {
                let reads = [Method::GET, Method::HEAD].contains(&method);
                if !reads && !header.is_empty() && !header.starts_with("If-Match") {
                    continue;
                }
                let request = |path: &str| {
                    let request = app.request(method.clone(), path);
                    match header.split_once(": ") {
                        Some((name, value)) => request.header(name, value),
                        None => request,
                    }
                };
                let one = request(there).await;
                let other = request(not_there).await;
                let id = hidden
                    .iter()
                    .map(|it| it.text("/id"))
                    .find(|id| there.contains(id));
                let (one, other) = match id {
                    Some(id) => (comparable_text(&one, id), comparable_text(&other, missing)),
                    None => (
                        comparable_text(&one, CANARY),
                        comparable_text(&other, ABSENT),
                    ),
                };
                assert_eq!(one, other, "{method} {there} {header}");
                compared += 1;
            }
        }
    }
    assert!(compared > 800, "{compared}");
}

/// The hidden word has the stem of a word that is public.
#[actix_web::test]
async fn spelling_suggestions_do_not_reveal_hidden_words() {
    let app = TestApp::start().await;
    app.article("Le tourbillon", json!({})).await;
    let later = "2999-01-01T00:00:00Z";
    for more in [
        json!({"status": "scheduled", "published_at": later}),
        json!({"status": "published", "published_at": later}),
        json!({"status": "withdrawn"}),
        json!({"status": "draft"}),
    ] {
        let more = with(more, json!({"body": "les tourbillonnements de demain"}));
        app.article("x", more).await;
    }
    let queries_sent = "/v1/search?q=tourbillonnemens";
    assert_eq!(app.get(queries_sent).await.ok()["suggestion"], json!(null));
    let all = app.get_as_admin(queries_sent).await.ok();
    assert_eq!(all["suggestion"], "tourbillonnements");
    app.article("Des tourbillonnements", json!({})).await;
    let public = app.get(queries_sent).await.ok();
    assert_eq!(public["suggestion"], "tourbillonnements");
}
