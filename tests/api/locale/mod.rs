//! Tongues: which language names come in, and the tree that they stand in.

use diesel_async::SimpleAsyncConnection;
use manchette::api_keys::Scope;
use serde_json::{Value, json};

use crate::support::{Answer, Ask, TestApp, items, with};

fn path(category: &Value) -> String {
    format!("/v1/categories/{}", category["id"].as_str().unwrap())
}

/// A category with names in other languages.
async fn named(app: &TestApp, name: &str, names: Value, parent: Option<&Value>) -> Value {
    let parent_id = parent.map(|parent| parent["id"].clone());
    let body = json!({"name": name, "names": names, "parent_id": parent_id});
    app.post("/v1/categories", body).await.created()
}

/// Économie with Agriculture below it, in three languages, and content in that.
async fn newsroom(app: &TestApp) -> [Value; 4] {
    let top = named(
        app,
        "Économie",
        json!({"ar": "اقتصاد", "en-GB": "Economy"}),
        None,
    )
    .await;
    let below = named(app, "Agriculture", json!({"ar": "فلاحة"}), Some(&top)).await;
    let within = json!({"category_id": below["id"]});
    let article = app.article("x", within.clone()).await;
    let headline = app.headline("x", within).await;
    [top, below, article, headline]
}

fn varies(answer: &Answer) -> bool {
    answer
        .header("vary")
        .split(", ")
        .any(|name| name == "Accept-Language")
}

/// Where the name of Agriculture itself stands: an address, and the way to the name in its answer.
fn places(of: &[Value; 4]) -> Vec<(String, &'static str)> {
    let [_, below, _, _] = of;
    vec![
        (path(below), "/name"),
        ("/v1/categories/agriculture".into(), "/name"),
        ("/v1/categories".into(), "/items/1/name"),
        ("/v1/categories?limit=5".into(), "/items/1/name"),
        (
            "/v1/categories?tree=true".into(),
            "/items/0/children/0/name",
        ),
        ("/v1/site".into(), "/categories/0/children/0/name"),
    ]
}

/// Where content says that it is about Agriculture.
fn places_in_content(of: &[Value; 4]) -> Vec<(String, &'static str)> {
    let [_, _, article, headline] = of;
    let id = |one: &Value| one["id"].as_str().unwrap().to_owned();
    let articles = [
        (format!("/v1/articles/{}", id(article)), "/category/name"),
        ("/v1/articles".into(), "/items/0/category/name"),
        (
            format!("/v1/articles?ids={}", id(article)),
            "/items/0/category/name",
        ),
        (
            "/v1/articles?fields=category.name".into(),
            "/items/0/category/name",
        ),
        (
            "/v1/search?q=x&type=article".into(),
            "/items/0/article/category/name",
        ),
    ];
    let headlines = [
        (format!("/v1/headlines/{}", id(headline)), "/category/name"),
        ("/v1/headlines".into(), "/items/0/category/name"),
        (
            format!("/v1/headlines?ids={}", id(headline)),
            "/items/0/category/name",
        ),
        (
            "/v1/search?q=x&type=headline".into(),
            "/items/0/headline/category/name",
        ),
    ];
    articles.into_iter().chain(headlines).collect()
}

#[actix_web::test]
async fn names_come_in_what_accept_language_prefers() {
    let app = TestApp::start().await;
    let content = newsroom(&app).await;
    for (header, name) in [
        ("ar", "فلاحة"),
        ("ar-MA", "فلاحة"),
        ("AR-ma", "فلاحة"),
        ("de, ar-MA;q=0.5, fr;q=0.8", "Agriculture"),
        ("de, ar-MA;q=0.8, fr;q=0.5", "فلاحة"),
        ("fr-CA, ar;q=0.9", "Agriculture"),
        ("en, ar;q=0.1", "فلاحة"),
        ("en", "Agriculture"),
        ("ar;q=0, de", "Agriculture"),
        ("*", "Agriculture"),
        ("*, ar;q=0.5", "Agriculture"),
        ("", "Agriculture"),
        ("nonsense!", "Agriculture"),
    ] {
        for (address, way) in places(&content) {
            let answer = app.get(&address).header("Accept-Language", header).await;
            assert_eq!(
                answer.ok().pointer(way),
                Some(&json!(name)),
                "{header:?} {address}"
            );
            assert!(varies(&answer), "{address}");
        }
    }
    for (address, way) in places(&content) {
        let answer = app.get(&address).await;
        assert_eq!(
            answer.ok().pointer(way),
            Some(&json!("Agriculture")),
            "{address}"
        );
        assert!(varies(&answer), "{address}");
    }
}

#[actix_web::test]
async fn content_names_things_in_its_own_language_whatever_a_browser_prefers() {
    let app = TestApp::start().await;
    let content = newsroom(&app).await;
    for (address, way) in places_in_content(&content) {
        let plain = app.get(&address).await;
        assert_eq!(
            plain.ok().pointer(way),
            Some(&json!("Agriculture")),
            "{address}"
        );
        assert_eq!(plain.header("vary"), "Accept-Encoding, Authorization");
        for header in ["ar", "en-GB, ar;q=0.5", "fr-CA", "*", "nonsense!"] {
            let answer = app.get(&address).header("Accept-Language", header).await;
            assert_eq!(answer.body, plain.body, "{header} {address}");
            assert_eq!(answer.header("etag"), plain.header("etag"));
            assert!(!varies(&answer), "{address}");
        }
    }
    let [_, below, article, headline] = &content;
    for (language, name) in [("ar", "فلاحة"), ("ar-MA", "فلاحة"), ("es", "Agriculture")] {
        for (list, one) in [("articles", article), ("headlines", headline)] {
            let address = format!("/v1/{list}/{}", one["id"].as_str().unwrap());
            let written = app.patch(&address, json!({"language": language})).await;
            assert_eq!(written.ok()["category"]["name"], name, "{address}");
            assert_eq!(
                app.get(&address).await.header("etag"),
                written.header("etag")
            );
        }
        for (address, way) in places_in_content(&content) {
            for ask in [app.get(&address), app.get_all(&address)] {
                let answer = ask.header("Accept-Language", "fr").await;
                assert_eq!(answer.ok().pointer(way), Some(&json!(name)), "{address}");
            }
        }
    }
    // What is asked for goes before that; the content's own language stands in where it has no name.
    let arabic = json!({"language": "ar", "category_id": below["id"], "title": "بحر"});
    let line = app.headline("بحر", arabic).await;
    let address = format!("/v1/headlines/{}", line["id"].as_str().unwrap());
    for (language, name) in [("fr", "Agriculture"), ("ar", "فلاحة"), ("de", "فلاحة")] {
        let answer = app.get(&format!("{address}?language={language}")).await;
        assert_eq!(answer.ok()["category"]["name"], name, "{language}");
        assert!(!varies(&answer));
    }
    let related = app
        .article("x", json!({"language": "es", "category_id": below["id"]}))
        .await;
    let address = format!("/v1/articles/{}/related", related["id"].as_str().unwrap());
    for (query, name) in [("", "Agriculture"), ("?language=ar", "فلاحة")] {
        let answer = app
            .get(&format!("{address}{query}"))
            .header("Accept-Language", "ar")
            .await;
        assert_eq!(answer.ok()["items"][0]["category"]["name"], name);
        assert!(!varies(&answer));
    }
}

#[actix_web::test]
async fn names_come_in_the_language_that_is_asked_for() {
    let app = TestApp::start().await;
    let content = newsroom(&app).await;
    for (tag, name) in [
        ("ar", "فلاحة"),
        ("AR-ma", "فلاحة"),
        ("fr", "Agriculture"),
        ("de", "Agriculture"),
    ] {
        // In lists of content it also says which content is meant.
        let ones = places_in_content(&content)
            .into_iter()
            .filter(|(_, way)| *way == "/category/name");
        for (address, way) in places(&content).into_iter().chain(ones) {
            let sign = if address.contains('?') { '&' } else { '?' };
            let address = format!("{address}{sign}language={tag}");
            let answer = app.get(&address).header("Accept-Language", "ar").await;
            assert_eq!(answer.ok().pointer(way), Some(&json!(name)), "{address}");
            assert!(!varies(&answer), "{address}");
        }
    }
    let [_, below, _, _] = &content;
    let within = json!({"category_id": below["id"], "language": "ar"});
    app.article("y", within.clone()).await;
    app.headline("y", within).await;
    for list in ["articles", "headlines"] {
        let address = format!("/v1/{list}?language=ar");
        let answer = app.get(&address).header("Accept-Language", "fr").await;
        let page = answer.ok();
        assert_eq!(items(&page, "title"), ["y"]);
        assert_eq!(page["items"][0]["category"]["name"], "فلاحة");
        assert!(!varies(&answer), "{address}");
    }
    for address in [
        "/v1/categories".to_owned(),
        path(below),
        "/v1/site".into(),
        "/v1/headlines".into(),
    ] {
        let answer = app.get(&format!("{address}?language=fran%C3%A7ais")).await;
        assert_eq!(answer.parameter_faults(), ["language invalid"]);
    }
}

#[actix_web::test]
async fn a_parent_is_named_in_the_same_language() {
    let app = TestApp::start().await;
    let [_, below, _, _] = newsroom(&app).await;
    for (ask, own, parent) in [
        (app.get(&path(&below)), "Agriculture", "Économie"),
        (
            app.get(&path(&below)).header("Accept-Language", "ar"),
            "فلاحة",
            "اقتصاد",
        ),
        (
            app.get(&path(&below)).header("Accept-Language", "en"),
            "Agriculture",
            "Economy",
        ),
        (
            app.get(&format!("{}?language=en", path(&below))),
            "Agriculture",
            "Economy",
        ),
    ] {
        let category = ask.await.ok();
        assert_eq!(category["name"], own);
        assert_eq!(category["parent"]["name"], parent);
        assert_eq!(
            category["names"],
            json!({"ar": "فلاحة"}),
            "names are always all there"
        );
        assert!(category["parent"].get("names").is_none());
    }
    let site = app.get("/v1/site?language=ar").await.ok();
    assert_eq!(
        site["categories"][0]["children"][0]["parent"]["name"],
        "اقتصاد"
    );
    let tree = app.get("/v1/categories?tree=true&language=ar").await.ok();
    assert_eq!(tree["items"][0]["children"][0]["parent"]["name"], "اقتصاد");
}

#[actix_web::test]
async fn content_says_what_its_category_stands_in() {
    let app = TestApp::start().await;
    let [top, below, article, headline] = newsroom(&app).await;
    let parent = |name: &str| json!({"id": top["id"], "slug": "economie", "name": name});
    for (list, one, hit) in [
        ("articles", &article, "q=x&type=article"),
        ("headlines", &headline, "q=x&type=headline"),
    ] {
        let kind = list.trim_end_matches('s');
        let own = format!("/v1/{list}/{}", one["id"].as_str().unwrap());
        for (address, way) in [
            (own.clone(), "/category".to_owned()),
            (format!("/v1/{list}"), "/items/0/category".into()),
            (
                format!("/v1/search?{hit}"),
                format!("/items/0/{kind}/category"),
            ),
        ] {
            let answer = app.get(&address).await;
            let category = answer.ok().pointer(&way).unwrap().clone();
            let expected = json!({"id": below["id"], "slug": "agriculture", "name": "Agriculture", "parent": parent("Économie")});
            assert_eq!(category, expected, "{address}");
            // A cache that drops by names hears of both.
            for named in [&top, &below] {
                let name = format!("category-{}", named["id"].as_str().unwrap());
                assert!(answer.header("surrogate-key").contains(&name), "{address}");
            }
        }
        for (language, name) in [("ar", "اقتصاد"), ("en", "Economy"), ("de", "Économie")] {
            let answer = app.get(&format!("{own}?language={language}")).await;
            assert_eq!(answer.ok()["category"]["parent"], parent(name));
        }
        let some = app
            .get(&format!("/v1/{list}?fields=category.parent,category.slug"))
            .await;
        let expected = json!([{"category": {"slug": "agriculture", "parent": parent("Économie")}}]);
        assert_eq!(some.ok()["items"], expected);
        let deeper = app
            .get(&format!("/v1/{list}?fields=category.parent.slug"))
            .await;
        assert_eq!(deeper.parameter_faults(), ["fields invalid"]);
        // It follows the tree, and what stands at its top has none.
        app.patch(&own, json!({"category_id": top["id"]}))
            .await
            .ok();
        assert_eq!(app.get(&own).await.ok()["category"]["parent"], Value::Null);
    }
    assert!(
        below["parent"].get("parent").is_none(),
        "one level up is told"
    );
}

#[actix_web::test]
async fn the_sites_first_language_is_the_one_that_names_are_written_in() {
    let app = TestApp::start().await;
    app.patch("/v1/site", json!({"languages": ["en", "fr"]}))
        .await
        .ok();
    let category = named(&app, "Economy", json!({"fr": "Économie"}), None).await;
    for (header, name) in [
        ("en-GB, fr;q=0.9", "Economy"),
        ("fr, en;q=0.9", "Économie"),
        ("de, fr;q=0.1", "Économie"),
    ] {
        let answer = app
            .get(&path(&category))
            .header("Accept-Language", header)
            .await;
        assert_eq!(answer.ok()["name"], name, "{header}");
    }
}

#[actix_web::test]
async fn who_may_write_gets_names_as_they_are_written_unless_a_language_is_asked_for() {
    let app = TestApp::start().await;
    let [top, below, _, _] = newsroom(&app).await;
    let keys = [
        (app.key.clone(), true),
        (app.new_key(&[Scope::Write]).await, true),
        (app.new_key(&[Scope::Write, Scope::Publish]).await, true),
        (app.new_key(&[Scope::Read]).await, false),
        (app.new_key(&[Scope::Publish]).await, false),
        (app.new_key(&[Scope::Early]).await, false),
    ];
    for (key, writes) in &keys {
        let ask = |address: &str| -> Ask {
            app.get(address)
                .key(key)
                .header("Accept-Language", "ar, fr;q=0.5")
        };
        let (own, parent) = if *writes {
            ("Agriculture", "Économie")
        } else {
            ("فلاحة", "اقتصاد")
        };
        for (address, way) in [
            (path(&below), ""),
            ("/v1/categories".into(), "/items/1"),
            ("/v1/categories?category=agriculture".into(), "/items/0"),
            ("/v1/categories?tree=true".into(), "/items/0/children/0"),
        ] {
            let answer = ask(&address).await;
            let page = answer.ok();
            let category = page.pointer(way).unwrap();
            assert_eq!(category["name"], own, "{address}");
            assert_eq!(category["parent"]["name"], parent, "{address}");
            assert!(varies(&answer), "{address}");

            let sign = if address.contains('?') { '&' } else { '?' };
            let answer = ask(&format!("{address}{sign}language=ar")).await;
            let page = answer.ok();
            assert_eq!(page.pointer(way).unwrap()["name"], "فلاحة", "{address}");
            assert!(!varies(&answer), "{address}");
        }
    }
    // So what an editor's browser reads can be sent back.
    let read = app
        .get_all(&path(&top))
        .header("Accept-Language", "ar")
        .await
        .ok();
    let same = app
        .put(&path(&top), read.clone())
        .header("Accept-Language", "ar")
        .await
        .ok();
    assert_eq!(
        same,
        with(
            read,
            json!({"version": 2, "updated_at": same["updated_at"]})
        )
    );
}

#[actix_web::test]
async fn a_write_answers_with_names_as_they_are_written() {
    let app = TestApp::start().await;
    let [_, below, article, _] = newsroom(&app).await;
    let patched = app
        .patch(&path(&below), json!({"position": 4}))
        .header("Accept-Language", "ar")
        .await;
    assert_eq!(patched.ok()["name"], "Agriculture");
    assert_eq!(patched.ok()["parent"]["name"], "Économie");
    let address = format!("/v1/articles/{}", article["id"].as_str().unwrap());
    let patched = app
        .patch(&address, json!({"title": "z"}))
        .header("Accept-Language", "ar")
        .await;
    assert_eq!(patched.ok()["category"]["name"], "Agriculture");
    let site = app
        .patch("/v1/site", json!({"name": "z"}))
        .header("Accept-Language", "ar")
        .await;
    assert_eq!(site.ok()["categories"][0]["name"], "Économie");
}

#[actix_web::test]
async fn each_language_has_a_tag_of_its_own() {
    let app = TestApp::start().await;
    let content = newsroom(&app).await;
    for (address, _) in places(&content) {
        let tag = app.get(&address).await.header("etag").to_owned();
        let arabic = || app.get(&address).header("Accept-Language", "ar");
        let other = arabic().await;
        assert_ne!(other.header("etag"), tag, "{address}");
        let known = arabic().header("If-None-Match", &tag).await;
        assert_eq!(known.status, 200, "{address}");
        let known = arabic().header("If-None-Match", other.header("etag")).await;
        assert_eq!(known.status, 304, "{address}");
        assert!(varies(&known), "{address}");
    }
}

/// An author and a tag with names in other languages.
async fn byline(app: &TestApp) -> [Value; 2] {
    let named = async |list: &str, name: &str, names: Value| {
        let body = json!({"name": name, "names": names});
        app.post(&format!("/v1/{list}"), body).await.created()
    };
    [
        named("authors", "Salma", json!({"ar": "سلمى"})).await,
        named(
            "tags",
            "Semailles",
            json!({"AR": "البذر", "en-gb": "Sowing"}),
        )
        .await,
    ]
}

#[actix_web::test]
async fn authors_and_tags_have_names_in_several_languages() {
    let app = TestApp::start().await;
    let [author, tag] = byline(&app).await;
    assert_eq!(tag["names"], json!({"ar": "البذر", "en-GB": "Sowing"}));
    let writer = app.new_key(&[Scope::Write]).await;
    for (list, one, written, arabic) in [
        ("authors", &author, "Salma", "سلمى"),
        ("tags", &tag, "Semailles", "البذر"),
    ] {
        let own = format!("/v1/{list}/{}", one["id"].as_str().unwrap());
        let all = format!("/v1/{list}");
        for (address, way) in [(&own, "/name"), (&all, "/items/0/name")] {
            for (header, name) in [
                ("ar-MA, fr;q=0.5", arabic),
                ("fr, ar;q=0.5", written),
                ("de", written),
            ] {
                let answer = app.get(address).header("Accept-Language", header).await;
                assert_eq!(answer.ok().pointer(way), Some(&json!(name)), "{header}");
                assert!(varies(&answer), "{address}");
                // Who may write back what is read gets it as it is written.
                let answer = app.get(address).key(&writer);
                let answer = answer.header("Accept-Language", header).await;
                assert_eq!(answer.ok().pointer(way), Some(&json!(written)));
            }
            for (language, name) in [("ar", arabic), ("fr", written), ("de", written)] {
                let address = format!("{address}?language={language}");
                for ask in [app.get(&address), app.get(&address).key(&writer)] {
                    let answer = ask.header("Accept-Language", "ar").await;
                    assert_eq!(answer.ok().pointer(way), Some(&json!(name)), "{address}");
                    assert!(!varies(&answer), "{address}");
                }
            }
            let wrong = app.get(&format!("{address}?language=fran%C3%A7ais")).await;
            assert_eq!(wrong.parameter_faults(), ["language invalid"]);
        }
        // Written back, replaced, patched, taken away.
        let read = app.get_all(&own).header("Accept-Language", "ar").await.ok();
        let same = app.put(&own, read.clone()).await.ok();
        assert_eq!(same["names"], read["names"]);
        let more = json!({"names": {"ar": null, "ES": "x"}});
        let patched = app.patch(&own, more).await.ok();
        assert_eq!(patched["names"]["es"], "x");
        assert!(patched["names"].get("ar").is_none());
        let none = app.patch(&own, json!({"names": null})).await.ok();
        assert_eq!(none["names"], json!({}));
        let replaced = app.put(&own, json!({"name": "y"})).await.ok();
        assert_eq!(
            (&replaced["name"], &replaced["names"]),
            (&json!("y"), &json!({}))
        );
        // What breaks a rule is refused, as it is of categories.
        for (names, fault) in [
            (json!({"FR": "a", "fr": "b"}), "/names/fr duplicate_item"),
            (json!({"ar": " "}), "/names/ar blank"),
            (json!({"ar": "a".repeat(101)}), "/names/ar too_long"),
            (json!({"ar": "a\nb"}), "/names/ar control_character"),
            (json!({"ar": 1}), "/names/ar wrong_type"),
            (json!("x"), "/names wrong_type"),
        ] {
            let body = json!({"name": "x", "names": names});
            for path in [&all, "/v1/categories"] {
                let answer = app.post(path, body.clone()).await;
                assert_eq!(answer.faults(), [fault], "{path} {body}");
            }
        }
    }
}

#[actix_web::test]
async fn the_database_takes_only_names_by_language() {
    let app = TestApp::start().await;
    let mut conn = app.conn().await;
    for table in ["authors", "tags", "categories"] {
        let insert = |names: &str| {
            let tree = if table == "categories" {
                ", tree_key"
            } else {
                ""
            };
            let key = if table == "categories" { ", ''" } else { "" };
            format!(
                "INSERT INTO {table} (id, slug, name, names{tree}) \
                 SELECT gen_random_uuid(), 'x', 'x', {names}{key}"
            )
        };
        let many = "(SELECT jsonb_object_agg('fr-a' || n, 'x') FROM generate_series(1, 51) AS n)";
        for wrong in [
            "'[]'",
            "'\"x\"'",
            "'null'",
            "'{\"ar\": 1}'",
            "'{\"ar\": \" \"}'",
            "'{\"_\": \"x\"}'",
            "'{\"ar\": {\"x\": \"y\"}}'",
            "jsonb_build_object('ar', repeat('a', 101))",
            many,
        ] {
            let refused = conn.batch_execute(&insert(wrong)).await.unwrap_err();
            let constraint = format!("{table}_names_check");
            assert!(
                refused.to_string().contains(&constraint),
                "{wrong}: {refused}"
            );
        }
        for right in ["'{}'", "'{\"ar\": \"x\"}'"] {
            let delete = format!("{}; DELETE FROM {table}", insert(right));
            conn.batch_execute(&delete).await.unwrap();
        }
    }
}

#[actix_web::test]
async fn an_article_names_its_authors_and_tags_in_its_own_language() {
    let app = TestApp::start().await;
    let [author, tag] = byline(&app).await;
    let named = json!({"author_ids": [author["id"]], "tag_ids": [tag["id"]]});
    let french = app.article("fr", named.clone()).await;
    let arabic = with(named.clone(), json!({"language": "ar"}));
    let arabic = app.article("ar", arabic).await;
    let english = with(named, json!({"language": "en"}));
    let english = app.article("en", english).await;
    let path = |one: &Value| format!("/v1/articles/{}", one["id"].as_str().unwrap());
    let expected = |author_name: &str, tag_name: &str| {
        json!({
            "authors": [{"id": author["id"], "slug": "salma", "name": author_name, "image_url": null}],
            "tags": [{"id": tag["id"], "slug": "semailles", "name": tag_name, "kind": "subject"}],
        })
    };
    for (address, author_name, tag_name) in [
        (path(&french), "Salma", "Semailles"),
        (path(&arabic), "سلمى", "البذر"),
        (path(&english), "Salma", "Sowing"),
        (format!("{}?language=ar", path(&french)), "سلمى", "البذر"),
        (format!("{}?language=en", path(&arabic)), "سلمى", "Sowing"),
        (
            format!("{}?language=fr", path(&arabic)),
            "Salma",
            "Semailles",
        ),
        ("/v1/articles?language=ar".into(), "سلمى", "البذر"),
        ("/v1/search?q=ar".into(), "سلمى", "البذر"),
        (
            format!("/v1/articles?ids={}", arabic["id"].as_str().unwrap()),
            "سلمى",
            "البذر",
        ),
    ] {
        let answer = app.get(&address).header("Accept-Language", "fr").await;
        let body = answer.ok();
        let article = match (body.pointer("/items/0/article"), body.pointer("/items/0")) {
            (Some(hit), _) => hit,
            (None, Some(item)) => item,
            _ => &body,
        };
        let seen = json!({"authors": article["authors"], "tags": article["tags"]});
        assert_eq!(seen, expected(author_name, tag_name), "{address}");
        assert!(!varies(&answer));
        // A cache that drops by names hears of both.
        for one in [
            format!("author-{}", author["id"].as_str().unwrap()),
            format!("tag-{}", tag["id"].as_str().unwrap()),
        ] {
            assert!(answer.header("surrogate-key").contains(&one), "{address}");
        }
    }
    assert_eq!(arabic["tags"][0]["name"], "البذر", "a write says it too");
    let fields = app
        .get("/v1/articles?fields=tags.name,authors.name&language=ar")
        .await;
    let some = json!([{"authors": [{"name": "سلمى"}], "tags": [{"name": "البذر"}]}]);
    assert_eq!(fields.ok()["items"], some);
}

#[actix_web::test]
async fn a_tree_is_nested_and_counts_what_is_published_in_it_and_below() {
    let app = TestApp::start().await;
    let top = app.category("top", None).await;
    let left = app.category("left", Some(&top)).await;
    let right = app.category("right", Some(&top)).await;
    let leaf = app.category("leaf", Some(&left)).await;
    app.category("other", None).await;
    for (category, more) in [
        (&top, json!({})),
        (&left, json!({})),
        (&left, json!({"language": "ar"})),
        (&leaf, json!({})),
        // None of these is out.
        (&leaf, json!({"status": "draft"})),
        (
            &leaf,
            json!({"status": "withdrawn", "published_at": "2026-01-01T00:00:00Z"}),
        ),
        (
            &right,
            json!({"status": "scheduled", "published_at": "2999-01-01T00:00:00Z"}),
        ),
        (&right, json!({"published_at": "2999-01-01T00:00:00Z"})),
    ] {
        app.article("x", with(json!({"category_id": category["id"]}), more))
            .await;
    }
    let trashed = app.article("x", json!({"category_id": top["id"]})).await;
    app.delete(&format!("/v1/articles/{}", trashed["id"].as_str().unwrap()))
        .await;
    app.headline("x", json!({"category_id": top["id"]})).await;

    fn counted(nodes: &Value) -> Value {
        nodes
            .as_array()
            .unwrap()
            .iter()
            .map(|node| {
                assert_eq!(node["article_count_is_exact"], true);
                json!([
                    node["slug"],
                    node["article_count"],
                    counted(&node["children"])
                ])
            })
            .collect()
    }
    let expected = json!([
        ["top", 4, [["left", 3, [["leaf", 1, []]]], ["right", 0, []]]],
        ["other", 0, []],
    ]);
    for ask in [
        app.get("/v1/categories?tree=true&count=true"),
        app.get_all("/v1/categories?tree=true&count=true"),
    ] {
        let tree = ask.await.ok();
        assert_eq!(counted(&tree["items"]), expected);
        assert_eq!(tree["page"]["total"], 5);
        assert_eq!(
            (&tree["page"]["next"], &tree["page"]["prev"]),
            (&Value::Null, &Value::Null)
        );
    }
    let branch = app
        .get("/v1/categories?tree=true&count=true&category=left")
        .await
        .ok();
    assert_eq!(
        counted(&branch["items"]),
        json!([["left", 3, [["leaf", 1, []]]]])
    );
    assert_eq!(branch["page"]["total"], 2);
    let list = app.get("/v1/categories?count=true").await.ok();
    let counts: Vec<&Value> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|category| &category["article_count"])
        .collect();
    assert_eq!(counts, [4, 3, 1, 0, 0]);

    // Who doesn't ask doesn't get.
    let tree = app.get("/v1/categories?tree=true").await.ok();
    assert!(tree["items"][0].get("article_count").is_none());
    assert!(tree["page"].get("total").is_none());
    // A branch that moves takes its articles along.
    app.patch(&path(&left), json!({"parent_id": right["id"]}))
        .await
        .ok();
    let tree = app.get("/v1/categories?tree=true&count=true").await.ok();
    assert_eq!(
        counted(&tree["items"])[0],
        json!(["top", 4, [["right", 3, [["left", 3, [["leaf", 1, []]]]]]]])
    );
    // What was counted can be sent back.
    let read = list["items"][3].clone();
    assert_eq!(read["slug"], "right");
    app.put(&path(&right), read).await.ok();
}

#[actix_web::test]
async fn a_tree_is_answered_whole() {
    let app = TestApp::start().await;
    for n in 0..25 {
        app.category(&format!("c{n:02}"), None).await;
    }
    let tree = app.get("/v1/categories?tree=true").await.ok();
    assert_eq!(tree["items"].as_array().unwrap().len(), 25);
    for (query, faults) in [
        ("limit=5", vec!["limit incompatible_with_tree"]),
        ("cursor=x", vec!["cursor incompatible_with_tree"]),
        (
            "fields=name&limit=5&cursor=x",
            vec![
                "limit incompatible_with_tree",
                "cursor incompatible_with_tree",
            ],
        ),
        ("category=nothing", vec!["category not_found"]),
        ("tree=true", vec!["tree duplicate_parameter"]),
    ] {
        let answer = app.get(&format!("/v1/categories?tree=true&{query}")).await;
        assert_eq!(answer.parameter_faults(), faults);
    }
    let answer = app.get("/v1/categories?tree=yes").await;
    assert_eq!(answer.parameter_faults(), ["tree invalid"]);
    let list = app.get("/v1/categories?tree=false&limit=5").await.ok();
    assert_eq!(list["items"].as_array().unwrap().len(), 5);
    assert!(list["items"][0].get("children").is_none());
}
