//! Localized names of authors and tags.

use diesel_async::SimpleAsyncConnection;
use manchette::access::api_keys::Scope;
use serde_json::{Value, json};

use super::varies_by_language;
use crate::support::{JsonPath, TestApp, cache_tag, path_of, with, without_id};

/// Creates an author and a tag with localized names.
async fn create_author_and_tag(app: &TestApp) -> [Value; 2] {
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
async fn authors_and_tags_have_localized_names() {
    let app = TestApp::start().await;
    let [author, tag] = create_author_and_tag(&app).await;
    assert_eq!(tag["names"], json!({"ar": "البذر", "en-GB": "Sowing"}));
    let writer = app.new_key(&[Scope::Write]).await;
    for (list, one, written, arabic) in [
        ("authors", &author, "Salma", "سلمى"),
        ("tags", &tag, "Semailles", "البذر"),
    ] {
        let path = path_of(list, one);
        let all = format!("/v1/{list}");
        for (url, name_pointer) in [(&path, "/name"), (&all, "/items/0/name")] {
            for (header, name) in [
                ("ar-MA, fr;q=0.5", arabic),
                ("fr, ar;q=0.5", written),
                ("de", written),
            ] {
                let response = app.get(url).header("Accept-Language", header).await;
                assert_eq!(
                    response.ok().pointer(name_pointer),
                    Some(&json!(name)),
                    "{header}"
                );
                assert!(varies_by_language(&response), "{url}");
                // Callers with the write scope get the original names.
                let response = app.get(url).key(&writer);
                let response = response.header("Accept-Language", header).await;
                assert_eq!(response.ok().pointer(name_pointer), Some(&json!(written)));
            }
            for (language, name) in [("ar", arabic), ("fr", written), ("de", written)] {
                let url = format!("{url}?language={language}");
                for request in [app.get(&url), app.get(&url).key(&writer)] {
                    let response = request.header("Accept-Language", "ar").await;
                    assert_eq!(
                        response.ok().pointer(name_pointer),
                        Some(&json!(name)),
                        "{url}"
                    );
                    assert!(!varies_by_language(&response), "{url}");
                }
            }
            let wrong = app.get(&format!("{url}?language=fran%C3%A7ais")).await;
            assert_eq!(wrong.parameter_faults(), ["language invalid"]);
        }
        // Sent back, patched, cleared and replaced.
        let read = app
            .get_as_admin(&path)
            .header("Accept-Language", "ar")
            .await
            .ok();
        let same = app.put(&path, read.clone()).await.ok();
        assert_eq!(same["names"], read["names"]);
        let more = json!({"names": {"ar": null, "ES": "x"}});
        let patched = app.patch(&path, more).await.ok();
        assert_eq!(patched["names"]["es"], "x");
        assert!(patched["names"].get("ar").is_none());
        let cleared = app.patch(&path, json!({"names": null})).await.ok();
        assert_eq!(cleared["names"], json!({}));
        let replaced = app.put(&path, json!({"name": "y"})).await.ok();
        assert_eq!(
            (&replaced["name"], &replaced["names"]),
            (&json!("y"), &json!({}))
        );
        // Invalid names are rejected, as they are for categories.
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
                let response = app.post(path, body.clone()).await;
                assert_eq!(response.faults(), [fault], "{path} {body}");
            }
        }
    }
}

#[actix_web::test]
async fn database_constraints_reject_malformed_localized_names() {
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
async fn articles_name_their_authors_and_tags_in_the_language_of_the_article() {
    let app = TestApp::start().await;
    let [author, tag] = create_author_and_tag(&app).await;
    let named = json!({"author_ids": [author["id"]], "tag_ids": [tag["id"]]});
    let french = app.article("fr", named.clone()).await;
    let arabic = with(named.clone(), json!({"language": "ar"}));
    let arabic = app.article("ar", arabic).await;
    let english = with(named, json!({"language": "en"}));
    let english = app.article("en", english).await;
    let path = |one: &Value| path_of("articles", one);
    let expected = |author_name: &str, tag_name: &str| {
        json!({
            "authors": [{"id": author["id"], "slug": "salma", "name": author_name, "image_url": null}],
            "tags": [{"id": tag["id"], "slug": "semailles", "name": tag_name, "kind": "subject"}],
        })
    };
    for (url, author_name, tag_name) in [
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
            format!("/v1/articles?ids={}", arabic.text("/id")),
            "سلمى",
            "البذر",
        ),
    ] {
        let response = app.get(&url).header("Accept-Language", "fr").await;
        let body = response.ok();
        let article = match (body.pointer("/items/0/article"), body.pointer("/items/0")) {
            (Some(hit), _) => hit,
            (None, Some(item)) => item,
            _ => &body,
        };
        let names = json!({"authors": article["authors"], "tags": article["tags"]});
        assert_eq!(names, expected(author_name, tag_name), "{url}");
        assert!(!varies_by_language(&response));
        // The cache tags name both.
        for one in [cache_tag(&author), cache_tag(&tag)] {
            assert!(response.header("cache-tag").contains(&one), "{url}");
        }
    }
    assert_eq!(
        arabic["tags"][0]["name"], "البذر",
        "so does the response to the write"
    );
    let fields = app
        .get("/v1/articles?fields=tags.name,authors.name&language=ar")
        .await;
    let some = json!([{"authors": [{"name": "سلمى"}], "tags": [{"name": "البذر"}]}]);
    assert_eq!(without_id(&fields.ok()["items"]), some);
}
