//! Groups of translations: joining, moving and leaving.

use std::future::IntoFuture;

use diesel_async::SimpleAsyncConnection;
use futures_util::future::join_all;
use manchette::access::api_keys::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use super::{create_article, events_of, path, translation_languages};
use crate::support::{JsonPath, TestApp, path_of, with, without_id};

#[actix_web::test]
async fn all_translations_of_a_story_list_each_other() {
    let app = TestApp::start().await;
    let fr = create_article(&app, "fr", None).await;
    let ar = create_article(&app, "ar", Some(&fr)).await;
    // Naming a translation stores the original.
    let en = create_article(&app, "en", Some(&ar)).await;
    assert_eq!(ar["translation_of"], fr["id"]);
    assert_eq!(en["translation_of"], fr["id"]);
    for (one, others) in [
        (&fr, vec![&ar, &en]),
        (&ar, vec![&en, &fr]),
        (&en, vec![&ar, &fr]),
    ] {
        let article = app.get(&path(one)).await.ok();
        let expected: Value = others
            .iter()
            .map(|other| {
                json!({"language": other["language"], "id": other["id"], "slug": other["slug"], "title": other["title"]})
            })
            .collect();
        assert_eq!(article["translations"], expected);
        assert_eq!(
            article["translation_of"],
            if one == &fr {
                Value::Null
            } else {
                fr["id"].clone()
            }
        );
        assert_eq!(article["is_fallback"], false);
        let listed = app
            .get(&format!(
                "/v1/articles?ids={}&fields=translations",
                one.text("/id")
            ))
            .await
            .ok();
        assert_eq!(
            without_id(&listed["items"][0]),
            json!({"translations": expected})
        );
    }

    // What was read can be sent back.
    let read = app.get(&path(&en)).await.ok();
    app.put_unchanged(&path(&en), &read).await;
    // An article that leaves the group is not listed any more.
    let alone = app
        .patch(&path(&ar), json!({"translation_of": null}))
        .await
        .ok();
    assert_eq!(translation_languages(&alone), Vec::<&str>::new());
    assert_eq!(
        translation_languages(&app.get(&path(&fr)).await.ok()),
        ["en"]
    );
    // It can join again.
    let rejoined = app
        .patch(&path(&ar), json!({"translation_of": en["id"]}))
        .await
        .ok();
    assert_eq!(rejoined["translation_of"], fr["id"]);
    assert_eq!(translation_languages(&rejoined), ["en", "fr"]);
}

#[actix_web::test]
async fn a_story_has_one_article_per_language() {
    let app = TestApp::start().await;
    let fr = create_article(&app, "fr", None).await;
    let ar = create_article(&app, "ar", Some(&fr)).await;
    let other = create_article(&app, "ar", None).await;
    let body =
        json!({"title": "x", "language": "ar", "translation_of": fr["id"], "status": "draft"});
    let en = create_article(&app, "en", Some(&fr)).await;
    for refused in [
        app.post("/v1/articles", body.clone()),
        app.post(
            "/v1/articles",
            with(body.clone(), json!({"translation_of": ar["id"]})),
        ),
        app.post(
            "/v1/articles",
            with(body.clone(), json!({"language": "AR"})),
        ),
        app.post(
            "/v1/articles",
            with(body.clone(), json!({"language": "fr"})),
        ),
        app.put(&path(&other), body.clone()),
        app.patch(&path(&other), json!({"translation_of": fr["id"]})),
        app.patch(&path(&en), json!({"language": "ar"})),
        app.patch(&path(&fr), json!({"language": "en"})),
    ] {
        let problem = refused.await.problem(409, "conflict");
        assert_eq!(problem["errors"][0]["pointer"], "/language");
    }
    // A regional variant is another language; a deleted article does not occupy its language.
    app.post(
        "/v1/articles",
        with(body.clone(), json!({"language": "ar-MA"})),
    )
    .await
    .created();
    assert_eq!(app.delete(&path(&ar)).await.status, 204);
    app.post("/v1/articles", body).await.created();
    let taken = json!({"title": "x", "language": "ar", "translation_of": fr["id"]});
    app.put(&path(&ar), taken).await.problem(409, "conflict");
}

#[actix_web::test]
async fn of_ten_concurrent_translations_into_one_language_one_succeeds() {
    let app = TestApp::start().await;
    let fr = create_article(&app, "fr", None).await;
    let body = json!({"title": "x", "language": "ar", "translation_of": fr["id"]});
    let mut won = Vec::new();
    let posts = (0..5).map(|_| app.post("/v1/articles", body.clone()).into_future());
    let free: Vec<String> = (0..5)
        .map(|_| format!("/v1/articles/{}", uuid::Uuid::now_v7()))
        .collect();
    let puts = free
        .iter()
        .map(|url| app.put(url, body.clone()).into_future());
    for response in join_all(posts.chain(puts)).await {
        match response.status {
            201 => won.push(response.json()),
            _ => {
                response.problem(409, "conflict");
            }
        }
    }
    assert_eq!(won.len(), 1);
    let fr = app.get_as_admin(&path(&fr)).await.ok();
    assert_eq!(fr["translations"][0]["id"], won[0]["id"]);

    // Existing articles cannot join in the same language either.
    let mut others = Vec::new();
    for _ in 0..4 {
        others.push(create_article(&app, "en", None).await);
    }
    let changes = others.iter().map(|other| {
        app.patch(&path(other), json!({"translation_of": fr["id"]}))
            .into_future()
    });
    let mut statuses: Vec<u16> = join_all(changes)
        .await
        .iter()
        .map(|response| response.status)
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
}

#[actix_web::test]
async fn translation_of_must_name_an_existing_article() {
    let app = TestApp::start().await;
    let fr = create_article(&app, "fr", None).await;
    let deleted = create_article(&app, "en", None).await;
    app.delete(&path(&deleted)).await;
    for (id, fault) in [
        (json!(uuid::Uuid::now_v7()), "/translation_of not_found"),
        (deleted["id"].clone(), "/translation_of not_found"),
        (json!("in-fr"), "/translation_of invalid_id"),
        (json!(1), "/translation_of wrong_type"),
    ] {
        let body = json!({"title": "x", "language": "ar", "translation_of": id});
        assert_eq!(app.post("/v1/articles", body).await.faults(), [fault]);
        let patched = app.patch(&path(&fr), json!({"translation_of": id})).await;
        assert_eq!(patched.faults(), [fault]);
    }
    let id = uuid::Uuid::now_v7();
    let itself = json!({"title": "x", "language": "ar", "translation_of": id});
    let created = app.put(&format!("/v1/articles/{id}"), itself).await;
    assert_eq!(created.faults(), ["/translation_of not_found"]);
}

#[actix_web::test]
async fn circular_translation_references_are_resolved() {
    let app = TestApp::start().await;
    let a = create_article(&app, "fr", None).await;
    let b = create_article(&app, "ar", Some(&a)).await;
    let c = create_article(&app, "en", Some(&b)).await;
    for (one, of) in [(&a, &b), (&a, &c), (&b, &c), (&c, &b), (&a, &a), (&b, &b)] {
        let response = app
            .patch(&path(one), json!({"translation_of": of["id"]}))
            .await
            .ok();
        let original = if one == &a {
            Value::Null
        } else {
            a["id"].clone()
        };
        assert_eq!(response["translation_of"], original);
    }
    assert_eq!(
        translation_languages(&app.get(&path(&a)).await.ok()),
        ["ar", "en"]
    );
    assert_eq!(
        translation_languages(&app.get(&path(&b)).await.ok()),
        ["en", "fr"]
    );
    assert_eq!(
        translation_languages(&app.get(&path(&c)).await.ok()),
        ["ar", "fr"]
    );
}

#[actix_web::test]
async fn an_original_that_becomes_a_translation_brings_its_translations_along() {
    let app = TestApp::start().await;
    let fr = create_article(&app, "fr", None).await;
    let ar = create_article(&app, "ar", Some(&fr)).await;
    let en = create_article(&app, "en", None).await;
    let es = create_article(&app, "es", Some(&en)).await;
    // Joins the other group through one of its translations.
    let merged = app
        .patch(&path(&en), json!({"translation_of": ar["id"]}))
        .await
        .ok();
    assert_eq!(merged["translation_of"], fr["id"]);
    assert_eq!(translation_languages(&merged), ["ar", "es", "fr"]);
    for (one, others) in [
        (&fr, ["ar", "en", "es"]),
        (&ar, ["en", "es", "fr"]),
        (&es, ["ar", "en", "fr"]),
    ] {
        let article = app.get(&path(one)).await.ok();
        assert_eq!(translation_languages(&article), others);
        let original = if one == &fr {
            Value::Null
        } else {
            fr["id"].clone()
        };
        assert_eq!(article["translation_of"], original);
    }

    // Groups that share a language are not merged.
    let de = create_article(&app, "de", None).await;
    let second_ar = create_article(&app, "ar", Some(&de)).await;
    app.patch(&path(&de), json!({"translation_of": fr["id"]}))
        .await
        .problem(409, "conflict");
    assert_eq!(
        translation_languages(&app.get(&path(&second_ar)).await.ok()),
        ["de"]
    );
    assert_eq!(
        translation_languages(&app.get(&path(&fr)).await.ok()),
        ["ar", "en", "es"]
    );
}

#[actix_web::test]
async fn database_constraints_keep_translation_groups_consistent() {
    let app = TestApp::start().await;
    let fr = create_article(&app, "fr", None).await;
    let ar = create_article(&app, "ar", Some(&fr)).await;
    let other = create_article(&app, "ar", None).await;
    let mut conn = app.conn().await;
    let id = |article: &Value| article.text("/id").to_owned();
    let join = |one: &Value, of: &Value| {
        format!(
            "UPDATE articles SET translation_of = '{}' WHERE id = '{}'",
            id(of),
            id(one)
        )
    };
    let error = conn.batch_execute(&join(&other, &fr)).await.unwrap_err();
    assert!(
        error.to_string().contains("articles_translation_key"),
        "{error}"
    );
    let error = conn
        .batch_execute(&join(&other, &json!({"id": uuid::Uuid::now_v7()})))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("does not exist"), "{error}");
    conn.batch_execute(&join(&fr, &ar)).await.unwrap();
    assert_eq!(
        app.get(&path(&fr)).await.ok()["translation_of"],
        Value::Null
    );
    assert_eq!(
        translation_languages(&app.get(&path(&ar)).await.ok()),
        ["fr"]
    );
}

#[actix_web::test]
async fn articles_joined_concurrently_form_one_group() {
    let app = TestApp::start().await;
    let new = async |title: String, language: &str| {
        app.article(&title, json!({"language": language})).await
    };
    let path_to = |one: &Value| path_of("articles", one);
    let known = async |one: &Value| {
        let article = app.get(&path_to(one)).await.ok();
        article.list("/translations").len()
    };
    for round in 0..8 {
        // Two articles that name each other.
        let a = new(format!("a {round}"), "fr").await;
        let b = new(format!("b {round}"), "ar").await;
        let (first, second) = tokio::join!(
            app.patch(&path_to(&a), json!({"translation_of": b["id"]}))
                .into_future(),
            app.patch(&path_to(&b), json!({"translation_of": a["id"]}))
                .into_future(),
        );
        assert_eq!((first.status, second.status), (200, 200));
        assert_eq!((known(&a).await, known(&b).await), (1, 1));
        // A third that joins while the original moves to another group.
        let c = new(format!("c {round}"), "es").await;
        let original = if app.get(&path_to(&a)).await.ok()["translation_of"].is_null() {
            &a
        } else {
            &b
        };
        let body = json!({"title": "d", "language": "en", "status": "published", "translation_of": b["id"]});
        let (joined, moved) = tokio::join!(
            app.post("/v1/articles", body).into_future(),
            app.patch(&path_to(original), json!({"translation_of": c["id"]}))
                .into_future(),
        );
        assert_eq!((joined.status, moved.status), (201, 200));
        for one in [&a, &b, &c, &joined.json()] {
            assert_eq!(known(one).await, 3, "{one}");
        }
    }
}

#[actix_web::test]
async fn articles_moved_with_their_original_get_a_new_version_and_event() {
    let app = TestApp::start().await;
    let fr = create_article(&app, "fr", None).await;
    let en = create_article(&app, "en", None).await;
    let es = create_article(&app, "es", Some(&en)).await;
    let de = create_article(&app, "de", Some(&en)).await;
    assert_eq!(app.delete(&path(&de)).await.status, 204);
    let tag = app.get(&path(&es)).await.etag();
    app.patch(&path(&en), json!({"translation_of": fr["id"]}))
        .await
        .ok();

    let brought = app.get(&path(&es)).await.ok();
    assert_eq!(
        (&brought["translation_of"], &brought["version"]),
        (&fr["id"], &json!(2))
    );
    assert_ne!(brought["updated_at"], es["updated_at"]);
    let late = app.patch(&path(&es), json!({"title": "x"}));
    late.header("If-Match", &tag)
        .await
        .problem(412, "precondition-failed");
    let event = |version, action: &str| (version, action.to_owned(), true);
    let updated = [event(1, "created"), event(2, "updated")];
    assert_eq!(events_of(&app, &es).await, updated);
    assert_eq!(events_of(&app, &en).await, updated);
    assert_eq!(events_of(&app, &fr).await, updated[..1]);
    // Deleted articles change without a new version or event.
    assert_eq!(
        events_of(&app, &de).await,
        [event(1, "created"), event(2, "deleted")]
    );
    // A change that moves no other article causes no event for others.
    app.patch(&path(&fr), json!({"title": "y"})).await.ok();
    assert_eq!(events_of(&app, &es).await.len(), 2);

    // Moving published translations requires the publish scope.
    let draft = app
        .article("a draft", json!({"language": "it", "status": "draft"}))
        .await;
    let nl = create_article(&app, "nl", Some(&draft)).await;
    let writer = app.new_key(&[Scope::Write]).await;
    let join = || {
        let body = json!({"translation_of": fr["id"]});
        app.request(Method::PATCH, &path(&draft)).json(body)
    };
    join().key(&writer).await.problem(403, "forbidden");
    assert_eq!(app.get(&path(&nl)).await.ok()["version"], 1);
    join().key(&app.admin_key).await.ok();
    assert_eq!(app.get(&path(&nl)).await.ok()["translation_of"], fr["id"]);
}
