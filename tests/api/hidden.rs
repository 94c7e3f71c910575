//! What is not published tells nothing: no parameter, spelling, count, tag, status or header shows the public that it is
//! there, or what is in it.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use manchette::access::api_keys::{ApiKey, Scope};
use manchette::http::schema::{Field, FieldNames};
use manchette::news::articles::Article;
use manchette::news::authors::Author;
use manchette::news::categories::Category;
use manchette::news::headlines::Headline;
use manchette::news::search::SearchHit;
use manchette::news::tags::Tag;
use manchette::server::contract::contract;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, TestApp, with};

/// A word that stands in nothing that is published, and another that stands in nothing at all.
const CANARY: &str = "zyxwvcanari";
const NOWHERE: &str = "zyxwvnullepart";

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Every column of the database, and what Postgres adds to each row.
async fn columns(app: &TestApp) -> BTreeSet<String> {
    let sql = "SELECT DISTINCT column_name::text AS name FROM information_schema.columns WHERE table_schema = 'public'";
    let rows: Vec<Column> = diesel::sql_query(sql)
        .load(&mut app.conn().await)
        .await
        .unwrap();
    let own = ["ctid", "xmin", "xmax", "cmin", "tableoid", "rowid", "oid"].map(str::to_owned);
    rows.into_iter().map(|row| row.name).chain(own).collect()
}

/// The lists that anybody may read, and the fields that they show.
fn lists() -> Vec<(&'static str, BTreeSet<String>)> {
    let names = |fields: &[Field]| fields.iter().map(|field| field.name.clone()).collect();
    fields_of_lists()
        .map(|(path, fields)| (path, names(fields)))
        .into()
}

fn fields_of_lists() -> [(&'static str, &'static [Field]); 6] {
    [
        ("/v1/articles", FieldNames::of::<Article>()),
        ("/v1/headlines", FieldNames::of::<Headline>()),
        ("/v1/categories", FieldNames::of::<Category>()),
        ("/v1/authors", FieldNames::of::<Author>()),
        ("/v1/tags", FieldNames::of::<Tag>()),
        ("/v1/search?q=mot", FieldNames::of::<SearchHit>()),
    ]
}

/// The names of the parameters that a list takes.
fn parameters(path: &str) -> BTreeSet<String> {
    let path = path.split('?').next().unwrap();
    let parameters = &contract()["paths"][path]["get"]["parameters"];
    let names = parameters.as_array().unwrap().iter();
    let names = names.filter(|it| it["in"] == "query");
    names
        .map(|it| it["name"].as_str().unwrap().to_owned())
        .collect()
}

#[actix_web::test]
async fn no_private_column_is_a_parameter_of_any_kind() {
    let app = TestApp::start().await;
    let columns = columns(&app).await;
    assert!(columns.len() > 60 && columns.contains("deleted_at") && columns.contains("hash"));
    let mut asked = 0;
    for (path, shown) in lists() {
        let taken = parameters(path);
        let start = if path.contains('?') { '&' } else { '?' };
        for column in columns.iter().filter(|column| !shown.contains(*column)) {
            let mut queries = vec![
                format!("fields={column}"),
                format!("fields=id,{column}"),
                format!("sort={column}"),
                format!("sort=-{column}"),
                format!("sort=published_at,{column}"),
                format!("{column}[eq]=1"),
                format!("filter[{column}]=1"),
                format!("filter[{column}][_starts_with]=1"),
                format!("where[{column}]=1"),
                format!("order={column}.desc"),
                format!("select={column}"),
                format!("group={column}"),
                format!("{column}.is=null"),
                format!("{}=1", column.to_uppercase()),
                format!("%20{column}=1"),
                format!("{column}%00=1"),
            ];
            for holder in [
                "category",
                "article",
                "authors",
                "tags",
                "image",
                "headline",
                "translations",
            ] {
                queries.push(format!("fields={holder}.{column}"));
                queries.push(format!("{holder}.{column}=1"));
            }
            if !taken.contains(column) {
                queries.push(format!("{column}=1"));
            }
            // A search is sorted by times that stand one level down in what it finds.
            let sorts = ["published_at", "updated_at"].contains(&column.as_str());
            queries.retain(|query| {
                !(sorts
                    && taken.contains("sort")
                    && query.starts_with("sort=")
                    && !query.contains(','))
            });
            for query in queries {
                if let Some(field) = query.strip_prefix("fields=").filter(|it| it.contains('.'))
                    && app
                        .get(&format!("{path}{start}fields={field}"))
                        .await
                        .status
                        == 200
                {
                    // What stands beside an id is shown in short, and may be chosen from.
                    let (outer, inner) = field.split_once('.').unwrap();
                    let lists = fields_of_lists();
                    let (_, known) = lists.iter().find(|(it, _)| *it == path).unwrap();
                    let known = known.iter().find(|it| it.name == outer).unwrap();
                    assert!(known.inner.iter().any(|it| it == inner), "{path} {query}");
                    continue;
                }
                let answer = app.get(&format!("{path}{start}{query}")).await;
                assert_eq!(answer.status, 400, "{path}{start}{query}: {answer:?}");
                asked += 1;
            }
        }
    }
    assert!(asked > 5000, "{asked}");
}

/// Content in every state but the one that the public sees, with the word wherever there is text, beside some that is
/// published.
async fn hide(app: &TestApp) -> Vec<Value> {
    let category = app.category("Section", None).await;
    let tag = app
        .post("/v1/tags", json!({"name": "Sujet"}))
        .await
        .created();
    let author = app
        .post("/v1/authors", json!({"name": "Anna"}))
        .await
        .created();
    let seen = app
        .article("Un mot public", json!({"slug": "public", "category_id": category["id"], "tag_ids": [tag["id"]], "author_ids": [author["id"]], "status": "published"}))
        .await;
    app.headline(
        "Un mot public",
        json!({"article_id": seen["id"], "category_id": category["id"]}),
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
        let own = json!({"slug": format!("{CANARY}-{n}"), "language": language, "translation_of": seen["id"]});
        let article = with(with(text.clone(), own), state.clone());
        let article = app.post("/v1/articles", article).await.created();
        let line = json!({"title": word("mot"), "language": "fr", "source": word("agence"), "url": url, "category_id": category["id"], "article_id": article["id"]});
        let line = app.post("/v1/headlines", with(line, state)).await.created();
        if language == "es" {
            for (list, gone) in [("articles", &article), ("headlines", &line)] {
                let path = format!("/v1/{list}/{}", gone["id"].as_str().unwrap());
                assert_eq!(app.delete(&path).await.status, 204);
            }
        }
        hidden.extend([article, line]);
    }
    // A line that points at what the public may not see, and one that has left the ticker.
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

/// Everything that an answer says, but for what differs in any two answers.
fn said(answer: &Answer, word: &str) -> String {
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| {
            // The compressed length depends on the letters alone, as the tag does.
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
    let mut text = format!("{}\n{}\n", answer.status, headers.join("\n"));
    text.push_str(&String::from_utf8_lossy(&answer.body));
    if let Some(id) = answer.headers.get("x-request-id") {
        text = text.replace(id.to_str().unwrap(), "");
    }
    text.replace(word, "WORD")
}

#[actix_web::test]
async fn a_word_that_stands_in_hidden_content_is_in_no_public_byte() {
    let app = TestApp::start().await;
    let hidden = hide(&app).await;
    let listed = ["articles", "headlines"];
    let mut addresses: Vec<String> = vec![
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
        addresses.push(format!("/v1/articles/public?language={language}"));
        addresses.push(format!("/v1/articles/public/related?language={language}"));
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
            addresses.push(format!("/v1/{list}?{query}"));
        }
        let ids: Vec<&str> = hidden.iter().map(|it| it["id"].as_str().unwrap()).collect();
        addresses.push(format!("/v1/{list}?ids={}", ids.join(",")));
        addresses.extend(ids.iter().map(|id| format!("/v1/{list}/{id}")));
    }
    addresses.push("/v1/articles?author=anna&count=true&fields=id,title,body,body_text,translations,translation_of".into());
    addresses.push("/v1/headlines?has_article=true&count=true".into());
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
        addresses.push(format!("/v1/search?q={q}&count=true"));
        addresses.push(format!("/v1/suggest?q={q}"));
    }
    for address in &addresses {
        for key in [None, Some("mnc_wrong")] {
            let ask = app.get(address);
            let answer = match key {
                Some(key) => ask.key(key).await,
                None => ask.await,
            };
            let all = format!(
                "{:?} {}",
                answer.headers,
                String::from_utf8_lossy(&answer.body)
            );
            assert!(!all.to_lowercase().contains(CANARY), "{address}: {all}");
            assert!(
                answer.status < 500 && answer.status != 403,
                "{address}: {all}"
            );
            if address.starts_with("/v1/") && key.is_none() {
                let ids = hidden.iter().map(|it| it["id"].as_str().unwrap());
                for id in ids.filter(|id| !address.contains(id)) {
                    assert!(!all.contains(id), "{address}: {all}");
                }
            }
        }
    }
    // One is seen, of each kind, and one more line that points at nothing.
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
    let mut sights = app.get("/v1/search?q=mot&count=true").await.ok();
    assert_eq!(sights["page"]["total"], 2);
    sights = app
        .get_all(&format!("/v1/search?q={CANARY}&count=true"))
        .await
        .ok();
    assert!(
        sights["page"]["total"].as_i64().unwrap() >= 8,
        "the word is there to be found: {sights}"
    );
}

#[actix_web::test]
async fn what_is_hidden_answers_like_what_is_not_there() {
    let app = TestApp::start().await;
    let hidden = hide(&app).await;
    let mut tried = 0;
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
        pairs.push((path.replace('W', CANARY), path.replace('W', NOWHERE)));
    }
    let nobody = "01890000-0000-7000-8000-00000000000f";
    for (n, it) in hidden.iter().enumerate() {
        let id = it["id"].as_str().unwrap();
        let list = if it.get("slug").is_some() {
            "articles"
        } else {
            "headlines"
        };
        // What was out before and was taken down is gone, and says so.
        if it["status"] == "withdrawn" && it["first_published_at"].is_string() {
            continue;
        }
        for path in [
            format!("/v1/{list}/ID"),
            format!("/v1/{list}?ids=ID"),
            format!("/v1/{list}/ID?language=fr"),
        ] {
            pairs.push((path.replace("ID", id), path.replace("ID", nobody)));
        }
        if n % 2 == 0 {
            pairs.push((
                format!("/v1/articles/{id}/related"),
                format!("/v1/articles/{nobody}/related"),
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
                let ask = |path: &str| {
                    let ask = app.ask(method.clone(), path);
                    match header.split_once(": ") {
                        Some((name, value)) => ask.header(name, value),
                        None => ask,
                    }
                };
                let one = ask(there).await;
                let other = ask(not_there).await;
                let id = hidden
                    .iter()
                    .map(|it| it["id"].as_str().unwrap())
                    .find(|id| there.contains(id));
                let (one, other) = match id {
                    Some(id) => (said(&one, id), said(&other, nobody)),
                    None => (said(&one, CANARY), said(&other, NOWHERE)),
                };
                assert_eq!(one, other, "{method} {there} {header}");
                tried += 1;
            }
        }
    }
    assert!(tried > 800, "{tried}");
}

/// A word that only hidden texts have, with the stem of one that the public reads.
#[actix_web::test]
async fn no_suggestion_tells_a_word_of_what_is_hidden() {
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
    let asked = "/v1/search?q=tourbillonnemens";
    assert_eq!(app.get(asked).await.ok()["suggestion"], json!(null));
    let all = app.get_all(asked).await.ok();
    assert_eq!(all["suggestion"], "tourbillonnements");
    app.article("Des tourbillonnements", json!({})).await;
    let told = app.get(asked).await.ok();
    assert_eq!(told["suggestion"], "tourbillonnements");
}
