//! Deletion and restoration of originals and translations.

use std::future::IntoFuture;

use futures_util::future::join_all;
use manchette::access::api_keys::Scope;
use serde_json::{Value, json};

use super::{create_article, events_of, path, translation_languages};
use crate::support::{TestApp, with};

#[actix_web::test]
async fn translations_list_each_other_after_their_original_is_deleted() {
    let app = TestApp::start().await;
    let fr = create_article(&app, "fr", None).await;
    let ar = create_article(&app, "ar", Some(&fr)).await;
    let en = create_article(&app, "en", Some(&fr)).await;
    assert_eq!(app.delete(&path(&fr)).await.status, 204);
    let detached = app.get(&path(&ar)).await.ok();
    assert_eq!(translation_languages(&detached), ["en"]);
    assert_eq!(detached["translation_of"], Value::Null);
    assert_eq!(
        app.get(&format!("{}?language=ar", path(&en))).await.ok()["id"],
        ar["id"]
    );
    let es = create_article(&app, "es", Some(&en)).await;
    assert_eq!(translation_languages(&es), ["ar", "en"]);
    let body = json!({"title": "in fr", "language": "fr", "status": "published"});
    let restored = app.put(&path(&fr), body).await.created();
    assert_eq!(translation_languages(&restored), ["ar", "en", "es"]);
}

#[actix_web::test]
async fn deleting_an_original_promotes_a_translation_and_restoring_it_rejoins_the_group() {
    let app = TestApp::start().await;
    let fr = create_article(&app, "fr", None).await;
    let ar = create_article(&app, "ar", Some(&fr)).await;
    let en = create_article(&app, "en", Some(&fr)).await;
    let of = async |one: &Value| app.get_as_admin(&path(one)).await.ok()["translation_of"].clone();
    assert_eq!(app.delete(&path(&fr)).await.status, 204);
    assert_eq!(
        (of(&ar).await, of(&en).await),
        (Value::Null, ar["id"].clone())
    );
    let event = |version, action: &str| (version, action.to_owned(), true);
    for detached in [&ar, &en] {
        assert_eq!(
            events_of(&app, detached).await,
            [event(1, "created"), event(2, "updated")]
        );
        assert_eq!(app.get(&path(detached)).await.ok()["version"], 2);
    }
    // The new original takes its translations along when it is moved.
    let es = create_article(&app, "es", None).await;
    app.patch(&path(&ar), json!({"translation_of": es["id"]}))
        .await
        .ok();
    assert_eq!(
        translation_languages(&app.get(&path(&en)).await.ok()),
        ["ar", "es"]
    );
    // A restored article joins the group again.
    let restored = app.put(&path(&fr), fr.clone()).await.created();
    assert_eq!(restored["translation_of"], es["id"]);
    assert_eq!(translation_languages(&restored), ["ar", "en", "es"]);
    assert_eq!(
        events_of(&app, &fr).await.last(),
        Some(&event(3, "restored"))
    );

    // In any order of deletion and restoration.
    for order in [
        [&es, &fr, &ar, &en],
        [&en, &ar, &es, &fr],
        [&fr, &es, &en, &ar],
    ] {
        for one in order {
            assert_eq!(app.delete(&path(one)).await.status, 204);
            for detached in order {
                let article = app.get_as_admin(&path(detached)).await;
                if article.status == 200
                    && let Some(id) = article.json()["translation_of"].as_str()
                {
                    app.get_as_admin(&format!("/v1/articles/{id}")).await.ok();
                }
            }
        }
        for one in order {
            let body = json!({"title": "x", "language": one["language"], "status": "published"});
            app.put(&path(one), body).await.created();
        }
        for one in order {
            assert_eq!(
                translation_languages(&app.get(&path(one)).await.ok()).len(),
                3
            );
            let original = if one == order[0] {
                Value::Null
            } else {
                order[0]["id"].clone()
            };
            assert_eq!(of(one).await, original);
        }
    }
}

#[actix_web::test]
async fn a_restored_article_stands_alone_if_its_language_is_taken() {
    let app = TestApp::start().await;
    let fr = create_article(&app, "fr", None).await;
    let ar = create_article(&app, "ar", Some(&fr)).await;
    assert_eq!(app.delete(&path(&fr)).await.status, 204);
    let second = create_article(&app, "fr", Some(&ar)).await;
    let sent = with(fr.clone(), json!({"slug": null}));
    let restored = app.put(&path(&fr), sent).await.created();
    assert_eq!(
        (
            &restored["translation_of"],
            translation_languages(&restored)
        ),
        (&Value::Null, vec![])
    );
    assert_eq!(
        translation_languages(&app.get(&path(&ar)).await.ok()),
        ["fr"]
    );
    // Naming the original explicitly is a conflict.
    app.patch(&path(&fr), json!({"translation_of": ar["id"]}))
        .await
        .problem(409, "conflict");
    for one in [&second, &ar] {
        assert_eq!(app.delete(&path(one)).await.status, 204);
    }
    // A deleted original can be named only by former members of its group.
    let named = with(second.clone(), json!({"translation_of": ar["id"]}));
    let restored = app.put(&path(&second), named).await.created();
    assert_eq!(restored["translation_of"], Value::Null);
    let restored = app.put(&path(&ar), ar.clone()).await;
    assert_eq!(translation_languages(&restored.created()), ["fr"]);
    let es = create_article(&app, "es", None).await;
    for one in [&ar, &es] {
        assert_eq!(app.delete(&path(one)).await.status, 204);
    }
    let named = with(es.clone(), json!({"translation_of": ar["id"]}));
    assert_eq!(
        app.put(&path(&es), named).await.faults(),
        ["/translation_of not_found"]
    );
}

#[actix_web::test]
async fn concurrent_deletion_and_joining_leave_no_reference_to_a_deleted_original() {
    let app = TestApp::start().await;
    for round in 0..8 {
        let a = app.article(&format!("a {round}"), json!({})).await;
        let of = |language: &str| json!({"title": "x", "language": language, "status": "published", "translation_of": a["id"]});
        let b = app.post("/v1/articles", of("ar")).await.created();
        let (deleted, joined, detached) = tokio::join!(
            app.delete(&path(&a)).into_future(),
            app.post("/v1/articles", of("en")).into_future(),
            app.delete(&path(&b)).into_future(),
        );
        assert_eq!((deleted.status, detached.status), (204, 204));
        assert!([201, 422].contains(&joined.status), "{joined:?}");
        if joined.status == 201 {
            let public = app.get(&path(&joined.json())).await.ok();
            assert_eq!(
                (&public["translation_of"], &public["translations"]),
                (&Value::Null, &json!([]))
            );
        }
    }
}

#[actix_web::test]
async fn deleting_a_hidden_original_of_a_public_translation_requires_the_publish_scope() {
    let app = TestApp::start().await;
    let writer = app.new_key(&[Scope::Write]).await;
    let original = app
        .article("x", json!({"language": "fr", "status": "draft"}))
        .await;
    let more = json!({"language": "ar", "status": "published", "translation_of": original["id"]});
    let public = app.article("y", more).await;
    let url = path(&original);
    let delete = |key: &str| app.request(reqwest::Method::DELETE, &url).key(key);
    delete(&writer).await.problem(403, "forbidden");
    assert_eq!(app.get(&path(&public)).await.ok()["version"], 1);
    assert_eq!(delete(&app.admin_key).await.status, 204);
}

#[actix_web::test]
async fn translations_restored_concurrently_rejoin_their_group() {
    let app = TestApp::start().await;
    for round in 0..15 {
        let fr = create_article(&app, "fr", None).await;
        let ar = create_article(&app, "ar", Some(&fr)).await;
        let en = create_article(&app, "en", Some(&fr)).await;
        let all = [&fr, &ar, &en];
        let deleted = join_all(all.map(|one| app.delete(&path(one)).into_future())).await;
        assert!(
            deleted.iter().all(|deleted| deleted.status == 204),
            "{deleted:?}"
        );
        // With or without `translation_of`.
        let body = |one: &Value| {
            if round % 2 == 0 {
                one.clone()
            } else {
                without_original(one)
            }
        };
        let restored = join_all(all.map(|one| app.put(&path(one), body(one)).into_future())).await;
        assert!(
            restored.iter().all(|restored| restored.status == 201),
            "{round}: {restored:?}"
        );
        for one in all {
            assert_eq!(
                translation_languages(&app.get(&path(one)).await.ok()).len(),
                2
            );
        }
        // Deleted, detached and replaced concurrently.
        let leave = json!({"translation_of": null});
        let (deleted, detached, replaced) = tokio::join!(
            app.delete(&path(&fr)).into_future(),
            app.patch(&path(&ar), leave).into_future(),
            app.put(&path(&en), without_original(&en)).into_future(),
        );
        assert_eq!(
            (deleted.status, detached.status, replaced.status),
            (204, 200, 200),
            "{round}"
        );
        for one in [&ar, &en] {
            assert_eq!(
                translation_languages(&app.get(&path(one)).await.ok()).len(),
                0
            );
        }
    }
}

/// A body that restores an article without `translation_of`.
fn without_original(one: &Value) -> Value {
    json!({"title": "x", "language": one["language"], "status": "published"})
}
