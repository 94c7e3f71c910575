//! Translations: one story in several languages.

use diesel_async::SimpleAsyncConnection;
use futures_util::future::join_all;
use manchette::api_keys::Scope;
use reqwest::Method;
use std::future::IntoFuture;

use serde_json::{Value, json};

use crate::support::{TestApp, items, with};

fn path(article: &Value) -> String {
    format!("/v1/articles/{}", article["id"].as_str().unwrap())
}

/// An article that translates another, or none, named after its language.
async fn told(app: &TestApp, language: &str, of: Option<&Value>) -> Value {
    let of = of.map(|other| other["id"].clone());
    app.article(
        &format!("in {language}"),
        json!({"language": language, "translation_of": of}),
    )
    .await
}

/// The languages of the translations that an article lists.
fn languages(article: &Value) -> Vec<&str> {
    article["translations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|other| other["language"].as_str().unwrap())
        .collect()
}

#[actix_web::test]
async fn all_of_one_story_know_each_other() {
    let app = TestApp::start().await;
    let fr = told(&app, "fr", None).await;
    let ar = told(&app, "ar", Some(&fr)).await;
    // It names a translation; what is kept is the original.
    let en = told(&app, "en", Some(&ar)).await;
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
                one["id"].as_str().unwrap()
            ))
            .await
            .ok();
        assert_eq!(listed["items"][0], json!({"translations": expected}));
    }

    // What was read can be sent back.
    let read = app.get(&path(&en)).await.ok();
    let same = app.put(&path(&en), read.clone()).await.ok();
    assert_eq!(
        same,
        with(
            read,
            json!({"version": 2, "updated_at": same["updated_at"]})
        )
    );
    // One that leaves is known to nobody.
    let alone = app
        .patch(&path(&ar), json!({"translation_of": null}))
        .await
        .ok();
    assert_eq!(languages(&alone), Vec::<&str>::new());
    assert_eq!(languages(&app.get(&path(&fr)).await.ok()), ["en"]);
    // And comes back.
    let back = app
        .patch(&path(&ar), json!({"translation_of": en["id"]}))
        .await
        .ok();
    assert_eq!(back["translation_of"], fr["id"]);
    assert_eq!(languages(&back), ["en", "fr"]);
}

#[actix_web::test]
async fn a_story_is_told_in_a_language_once() {
    let app = TestApp::start().await;
    let fr = told(&app, "fr", None).await;
    let ar = told(&app, "ar", Some(&fr)).await;
    let other = told(&app, "ar", None).await;
    let body =
        json!({"title": "x", "language": "ar", "translation_of": fr["id"], "status": "draft"});
    let en = told(&app, "en", Some(&fr)).await;
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
    // Arabic of a country is another language; what is in the trash takes no place.
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
async fn of_ten_translations_into_one_language_at_once_one_wins() {
    let app = TestApp::start().await;
    let fr = told(&app, "fr", None).await;
    let body = json!({"title": "x", "language": "ar", "translation_of": fr["id"]});
    let mut won = Vec::new();
    let posts = (0..5).map(|_| app.post("/v1/articles", body.clone()).into_future());
    let free: Vec<String> = (0..5)
        .map(|_| format!("/v1/articles/{}", uuid::Uuid::now_v7()))
        .collect();
    let puts = free
        .iter()
        .map(|address| app.put(address, body.clone()).into_future());
    for answer in join_all(posts.chain(puts)).await {
        match answer.status {
            201 => won.push(answer.json()),
            _ => {
                answer.problem(409, "conflict");
            }
        }
    }
    assert_eq!(won.len(), 1);
    let fr = app.get_all(&path(&fr)).await.ok();
    assert_eq!(fr["translations"][0]["id"], won[0]["id"]);

    // Nor do two that are there become translations of one.
    let mut others = Vec::new();
    for _ in 0..4 {
        others.push(told(&app, "en", None).await);
    }
    let changes = others.iter().map(|other| {
        app.patch(&path(other), json!({"translation_of": fr["id"]}))
            .into_future()
    });
    let mut statuses: Vec<u16> = join_all(changes)
        .await
        .iter()
        .map(|answer| answer.status)
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
}

#[actix_web::test]
async fn what_is_not_there_can_not_be_translated() {
    let app = TestApp::start().await;
    let fr = told(&app, "fr", None).await;
    let gone = told(&app, "en", None).await;
    app.delete(&path(&gone)).await;
    for (id, fault) in [
        (json!(uuid::Uuid::now_v7()), "/translation_of not_found"),
        (gone["id"].clone(), "/translation_of not_found"),
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
async fn circles_are_harmless() {
    let app = TestApp::start().await;
    let a = told(&app, "fr", None).await;
    let b = told(&app, "ar", Some(&a)).await;
    let c = told(&app, "en", Some(&b)).await;
    for (one, of) in [(&a, &b), (&a, &c), (&b, &c), (&c, &b), (&a, &a), (&b, &b)] {
        let answer = app
            .patch(&path(one), json!({"translation_of": of["id"]}))
            .await
            .ok();
        let original = if one == &a {
            Value::Null
        } else {
            a["id"].clone()
        };
        assert_eq!(answer["translation_of"], original);
    }
    assert_eq!(languages(&app.get(&path(&a)).await.ok()), ["ar", "en"]);
    assert_eq!(languages(&app.get(&path(&b)).await.ok()), ["en", "fr"]);
    assert_eq!(languages(&app.get(&path(&c)).await.ok()), ["ar", "fr"]);
}

#[actix_web::test]
async fn an_original_that_becomes_a_translation_brings_its_own_with_it() {
    let app = TestApp::start().await;
    let fr = told(&app, "fr", None).await;
    let ar = told(&app, "ar", Some(&fr)).await;
    let en = told(&app, "en", None).await;
    let es = told(&app, "es", Some(&en)).await;
    // Into the other group, by way of a translation in it.
    let merged = app
        .patch(&path(&en), json!({"translation_of": ar["id"]}))
        .await
        .ok();
    assert_eq!(merged["translation_of"], fr["id"]);
    assert_eq!(languages(&merged), ["ar", "es", "fr"]);
    for (one, others) in [
        (&fr, ["ar", "en", "es"]),
        (&ar, ["en", "es", "fr"]),
        (&es, ["ar", "en", "fr"]),
    ] {
        let article = app.get(&path(one)).await.ok();
        assert_eq!(languages(&article), others);
        let original = if one == &fr {
            Value::Null
        } else {
            fr["id"].clone()
        };
        assert_eq!(article["translation_of"], original);
    }

    // Where both groups have a language, nothing moves.
    let de = told(&app, "de", None).await;
    let second_ar = told(&app, "ar", Some(&de)).await;
    app.patch(&path(&de), json!({"translation_of": fr["id"]}))
        .await
        .problem(409, "conflict");
    assert_eq!(languages(&app.get(&path(&second_ar)).await.ok()), ["de"]);
    assert_eq!(
        languages(&app.get(&path(&fr)).await.ok()),
        ["ar", "en", "es"]
    );
}

#[actix_web::test]
async fn translations_know_each_other_without_their_original() {
    let app = TestApp::start().await;
    let fr = told(&app, "fr", None).await;
    let ar = told(&app, "ar", Some(&fr)).await;
    let en = told(&app, "en", Some(&fr)).await;
    assert_eq!(app.delete(&path(&fr)).await.status, 204);
    let left = app.get(&path(&ar)).await.ok();
    assert_eq!(languages(&left), ["en"]);
    assert_eq!(left["translation_of"], Value::Null);
    assert_eq!(
        app.get(&format!("{}?language=ar", path(&en))).await.ok()["id"],
        ar["id"]
    );
    let es = told(&app, "es", Some(&en)).await;
    assert_eq!(languages(&es), ["ar", "en"]);
    let body = json!({"title": "in fr", "language": "fr", "status": "published"});
    let back = app.put(&path(&fr), body).await.created();
    assert_eq!(languages(&back), ["ar", "en", "es"]);
}

#[actix_web::test]
async fn the_public_sees_only_what_is_published() {
    let app = TestApp::start().await;
    let draft = json!({"status": "draft"});
    let fr = told(&app, "fr", None).await;
    let ar = told(&app, "ar", Some(&fr)).await;
    let en = told(&app, "en", Some(&fr)).await;
    let later = json!({"language": "es", "status": "scheduled", "published_at": "2999-01-01T00:00:00Z", "translation_of": fr["id"]});
    app.article("in es", later).await;
    app.patch(&path(&ar), draft.clone()).await.ok();
    assert_eq!(languages(&app.get(&path(&fr)).await.ok()), ["en"]);
    assert_eq!(
        languages(&app.get_all(&path(&fr)).await.ok()),
        ["ar", "en", "es"]
    );
    let early = app.new_key(&[Scope::Early]).await;
    let partner = app.get(&path(&fr)).key(&early).await.ok();
    assert_eq!(languages(&partner), ["en", "es"]);
    app.get(&path(&ar)).await.problem(404, "not-found");
    let asked = app.get(&format!("{}?language=ar", path(&fr))).await;
    assert_eq!(
        (&asked.ok()["id"], &asked.ok()["is_fallback"]),
        (&fr["id"], &json!(true))
    );

    // Without a word of an original that is hidden.
    app.patch(&path(&fr), draft).await.ok();
    for address in [path(&en), format!("{}?language=en", path(&en))] {
        let seen = app.get(&address).await;
        assert_eq!(
            (&seen.ok()["translation_of"], &seen.ok()["translations"]),
            (&Value::Null, &json!([]))
        );
        assert!(!String::from_utf8_lossy(&seen.body).contains(fr["id"].as_str().unwrap()));
        assert!(
            !seen
                .header("surrogate-key")
                .contains(fr["id"].as_str().unwrap())
        );
    }
    let listed = app
        .get("/v1/articles?fields=language,translation_of,translations")
        .await
        .ok();
    assert_eq!(
        listed["items"],
        json!([{"language": "en", "translation_of": null, "translations": []}])
    );
    let everything = app.get_all(&path(&en)).await.ok();
    assert_eq!(everything["translation_of"], fr["id"]);
    // And what is in the trash is hidden from everybody.
    app.delete(&path(&ar)).await;
    assert_eq!(languages(&app.get_all(&path(&fr)).await.ok()), ["en", "es"]);
}

#[actix_web::test]
async fn a_language_that_is_asked_for_is_given_or_what_the_site_prefers() {
    let app = TestApp::start().await;
    app.patch("/v1/site", json!({"languages": ["en", "fr", "ar"]}))
        .await
        .ok();
    let fr = told(&app, "fr", None).await;
    told(&app, "ar", Some(&fr)).await;
    let es = told(&app, "es", Some(&fr)).await;
    let ask = |query: &str| app.get(&format!("/v1/articles/in-fr?language={query}"));
    for (query, language, is_fallback) in [
        ("ar", "ar", false),
        ("AR", "ar", false),
        ("ar-MA", "ar", false),
        ("fr-CA", "fr", false),
        ("es", "es", false),
        ("de", "fr", true),
    ] {
        let answer = ask(query).await;
        let article = answer.ok();
        assert_eq!(article["language"], language, "{query}");
        assert_eq!(article["is_fallback"], is_fallback, "{query}");
        assert_eq!(answer.header("content-language"), language);
        assert!(!answer.header("vary").contains("Accept-Language"));
        let whole = app.get(&format!("/v1/articles/in-{language}")).await.ok();
        assert_eq!(with(article, json!({"is_fallback": false})), whole);
    }
    // From whichever of them one asks, and as the site's order goes.
    app.patch("/v1/site", json!({"languages": ["en", "ar", "fr"]}))
        .await
        .ok();
    for address in ["in-fr", "in-ar", "in-es"] {
        let answer = app
            .get(&format!("/v1/articles/{address}?language=de"))
            .await;
        assert_eq!(answer.header("content-language"), "ar", "{address}");
        assert_eq!(answer.ok()["is_fallback"], true);
    }
    // Where the site prefers none of them, it is the one that was named.
    app.patch("/v1/site", json!({"languages": ["en"]}))
        .await
        .ok();
    let answer = app.get(&format!("{}?language=de", path(&es))).await;
    assert_eq!(
        (&answer.ok()["id"], &answer.ok()["is_fallback"]),
        (&es["id"], &json!(true))
    );
}

#[actix_web::test]
async fn arabic_of_a_country_is_found_by_who_asks_for_arabic() {
    let app = TestApp::start().await;
    let fr = told(&app, "fr", None).await;
    told(&app, "ar-MA", Some(&fr)).await;
    for (query, language, is_fallback) in [
        ("ar", "ar-MA", false),
        ("ar-MA", "ar-MA", false),
        // Of another country it is not what was asked for.
        ("ar-EG", "fr", true),
    ] {
        let answer = app.get(&format!("{}?language={query}", path(&fr))).await;
        assert_eq!(answer.header("content-language"), language, "{query}");
        assert_eq!(answer.ok()["is_fallback"], is_fallback, "{query}");
    }
}

#[actix_web::test]
async fn every_answer_says_its_language() {
    let app = TestApp::start().await;
    let body = json!({"title": "x", "language": "ar", "status": "published"});
    let created = app.post("/v1/articles", body.clone()).await;
    assert_eq!(created.header("content-language"), "ar");
    let address = path(&created.created());
    assert_eq!(
        app.put(&address, body).await.header("content-language"),
        "ar"
    );
    let patched = app.patch(&address, json!({"language": "ar-ma"})).await;
    assert_eq!(patched.header("content-language"), "ar-MA");
    for address in [
        address.clone(),
        format!("{address}?language=de"),
        "/v1/articles/x".into(),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let answer = app
                .ask(method, &address)
                .header("Accept-Language", "fr")
                .await;
            assert_eq!(answer.header("content-language"), "ar-MA", "{address}");
        }
    }
    let headline = app.headline("y", json!({"language": "en"})).await;
    let read = app
        .get(&format!(
            "/v1/headlines/{}",
            headline["id"].as_str().unwrap()
        ))
        .await;
    assert_eq!(read.header("content-language"), "en");
}

#[actix_web::test]
async fn one_article_takes_its_language_and_fields_and_no_other_parameter() {
    let app = TestApp::start().await;
    let fr = told(&app, "fr", None).await;
    for (query, fault) in [
        ("colour=red", "colour unknown"),
        ("fields=colour", "fields invalid"),
        ("language=fr&language=ar", "language duplicate_parameter"),
        ("language=", "language invalid"),
        ("language=fran%C3%A7ais", "language invalid"),
        ("language=und", "language invalid"),
    ] {
        let answer = app.get(&format!("{}?{query}", path(&fr))).await;
        assert_eq!(answer.parameter_faults(), [fault], "{query}");
    }
    let written = app
        .patch(&format!("{}?language=ar", path(&fr)), json!({"title": "x"}))
        .await;
    assert_eq!(written.parameter_faults(), ["language unknown"]);
}

#[actix_web::test]
async fn what_is_gone_hidden_or_moved_is_so_in_every_language() {
    let app = TestApp::start().await;
    let fr = told(&app, "fr", None).await;
    told(&app, "ar", Some(&fr)).await;
    app.patch(&path(&fr), json!({"slug": "autre"})).await.ok();
    let moved = app.get("/v1/articles/in-fr?language=ar").await;
    moved.problem(308, "moved");
    assert_eq!(moved.header("location"), "/v1/articles/autre?language=ar");
    assert_eq!(
        app.get(moved.header("location")).await.ok()["language"],
        "ar"
    );
    app.patch(&path(&fr), json!({"status": "withdrawn"}))
        .await
        .ok();
    app.get("/v1/articles/autre?language=ar")
        .await
        .problem(410, "gone");
    app.patch(&path(&fr), json!({"status": "draft"})).await.ok();
    app.get("/v1/articles/autre?language=ar")
        .await
        .problem(404, "not-found");
    app.get("/v1/articles/nothing?language=ar")
        .await
        .problem(404, "not-found");
    assert_eq!(
        items(&app.get("/v1/articles?language=ar").await.ok(), "title"),
        ["in ar"],
        "a translation stands by itself"
    );
}

#[actix_web::test]
async fn the_database_keeps_a_story_together_whoever_writes_it() {
    let app = TestApp::start().await;
    let fr = told(&app, "fr", None).await;
    let ar = told(&app, "ar", Some(&fr)).await;
    let other = told(&app, "ar", None).await;
    let mut conn = app.conn().await;
    let id = |article: &Value| article["id"].as_str().unwrap().to_owned();
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
    assert!(error.to_string().contains("is not there"), "{error}");
    conn.batch_execute(&join(&fr, &ar)).await.unwrap();
    assert_eq!(
        app.get(&path(&fr)).await.ok()["translation_of"],
        Value::Null
    );
    assert_eq!(languages(&app.get(&path(&ar)).await.ok()), ["fr"]);
}

#[actix_web::test]
async fn who_join_at_once_end_in_one_group() {
    let app = TestApp::start().await;
    let new = async |title: String, language: &str| {
        app.article(&title, json!({"language": language})).await
    };
    let own = |one: &Value| format!("/v1/articles/{}", one["id"].as_str().unwrap());
    let known = async |one: &Value| {
        let article = app.get(&own(one)).await.ok();
        article["translations"].as_array().unwrap().len()
    };
    for round in 0..8 {
        // Two that name each other.
        let a = new(format!("a {round}"), "fr").await;
        let b = new(format!("b {round}"), "ar").await;
        let (first, second) = tokio::join!(
            app.patch(&own(&a), json!({"translation_of": b["id"]}))
                .into_future(),
            app.patch(&own(&b), json!({"translation_of": a["id"]}))
                .into_future(),
        );
        assert_eq!((first.status, second.status), (200, 200));
        assert_eq!((known(&a).await, known(&b).await), (1, 1));
        // One that joins while the others move on.
        let c = new(format!("c {round}"), "es").await;
        let original = if app.get(&own(&a)).await.ok()["translation_of"].is_null() {
            &a
        } else {
            &b
        };
        let body = json!({"title": "d", "language": "en", "status": "published", "translation_of": b["id"]});
        let (joined, moved) = tokio::join!(
            app.post("/v1/articles", body).into_future(),
            app.patch(&own(original), json!({"translation_of": c["id"]}))
                .into_future(),
        );
        assert_eq!((joined.status, moved.status), (201, 200));
        for one in [&a, &b, &c, &joined.json()] {
            assert_eq!(known(one).await, 3, "{one}");
        }
    }
}

/// What the log says of an article: version, what happened, and whether a key did it.
async fn log(app: &TestApp, article: &Value) -> Vec<(i32, String, bool)> {
    use diesel_async::RunQueryDsl;
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Integer)]
        version: i32,
        #[diesel(sql_type = diesel::sql_types::Text)]
        action: String,
        #[diesel(sql_type = diesel::sql_types::Bool)]
        by_key: bool,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT version, action, key_id IS NOT NULL AS by_key FROM events WHERE resource = 'article' \
         AND resource_id = $1::uuid ORDER BY xid, id",
    )
    .bind::<diesel::sql_types::Text, _>(article["id"].as_str().unwrap())
    .load(&mut app.conn().await)
    .await
    .unwrap();
    let said = |row: Row| (row.version, row.action, row.by_key);
    rows.into_iter().map(said).collect()
}

#[actix_web::test]
async fn who_is_brought_along_is_changed_by_that() {
    let app = TestApp::start().await;
    let fr = told(&app, "fr", None).await;
    let en = told(&app, "en", None).await;
    let es = told(&app, "es", Some(&en)).await;
    let de = told(&app, "de", Some(&en)).await;
    assert_eq!(app.delete(&path(&de)).await.status, 204);
    let tag = app.get(&path(&es)).await.header("etag").to_owned();
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
    assert_eq!(log(&app, &es).await, updated);
    assert_eq!(log(&app, &en).await, updated);
    assert_eq!(log(&app, &fr).await, updated[..1]);
    // What is in the trash is not to be seen, and changes in silence.
    assert_eq!(
        log(&app, &de).await,
        [event(1, "created"), event(2, "deleted")]
    );
    // A change that moves nobody is nobody else's.
    app.patch(&path(&fr), json!({"title": "y"})).await.ok();
    assert_eq!(log(&app, &es).await.len(), 2);

    // What is out is moved only by who may publish.
    let draft = app
        .article("a draft", json!({"language": "it", "status": "draft"}))
        .await;
    let nl = told(&app, "nl", Some(&draft)).await;
    let writer = app.new_key(&[Scope::Write]).await;
    let join = || {
        let body = json!({"translation_of": fr["id"]});
        app.ask(Method::PATCH, &path(&draft)).json(body)
    };
    join().key(&writer).await.problem(403, "forbidden");
    assert_eq!(app.get(&path(&nl)).await.ok()["version"], 1);
    join().key(&app.key).await.ok();
    assert_eq!(app.get(&path(&nl)).await.ok()["translation_of"], fr["id"]);
}

#[actix_web::test]
async fn an_original_in_the_trash_hands_its_translations_on_and_finds_them_again() {
    let app = TestApp::start().await;
    let fr = told(&app, "fr", None).await;
    let ar = told(&app, "ar", Some(&fr)).await;
    let en = told(&app, "en", Some(&fr)).await;
    let of = async |one: &Value| app.get_all(&path(one)).await.ok()["translation_of"].clone();
    assert_eq!(app.delete(&path(&fr)).await.status, 204);
    assert_eq!(
        (of(&ar).await, of(&en).await),
        (Value::Null, ar["id"].clone())
    );
    let event = |version, action: &str| (version, action.to_owned(), true);
    for left in [&ar, &en] {
        assert_eq!(
            log(&app, left).await,
            [event(1, "created"), event(2, "updated")]
        );
        assert_eq!(app.get(&path(left)).await.ok()["version"], 2);
    }
    // The new original brings its translations along, as any does.
    let es = told(&app, "es", None).await;
    app.patch(&path(&ar), json!({"translation_of": es["id"]}))
        .await
        .ok();
    assert_eq!(languages(&app.get(&path(&en)).await.ok()), ["ar", "es"]);
    // What comes out of the trash as it was read there joins them again.
    let back = app.put(&path(&fr), fr.clone()).await.created();
    assert_eq!(back["translation_of"], es["id"]);
    assert_eq!(languages(&back), ["ar", "en", "es"]);
    assert_eq!(log(&app, &fr).await.last(), Some(&event(3, "restored")));

    // Whatever order they go and come back in.
    for order in [
        [&es, &fr, &ar, &en],
        [&en, &ar, &es, &fr],
        [&fr, &es, &en, &ar],
    ] {
        for one in order {
            assert_eq!(app.delete(&path(one)).await.status, 204);
            for left in order {
                let seen = app.get_all(&path(left)).await;
                if seen.status == 200
                    && let Some(id) = seen.json()["translation_of"].as_str()
                {
                    app.get_all(&format!("/v1/articles/{id}")).await.ok();
                }
            }
        }
        for one in order {
            let body = json!({"title": "x", "language": one["language"], "status": "published"});
            app.put(&path(one), body).await.created();
        }
        for one in order {
            assert_eq!(languages(&app.get(&path(one)).await.ok()).len(), 3);
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
async fn one_that_comes_back_stands_alone_where_its_language_is_taken() {
    let app = TestApp::start().await;
    let fr = told(&app, "fr", None).await;
    let ar = told(&app, "ar", Some(&fr)).await;
    assert_eq!(app.delete(&path(&fr)).await.status, 204);
    let second = told(&app, "fr", Some(&ar)).await;
    let sent = with(fr.clone(), json!({"slug": null}));
    let back = app.put(&path(&fr), sent).await.created();
    assert_eq!(
        (&back["translation_of"], languages(&back)),
        (&Value::Null, vec![])
    );
    assert_eq!(languages(&app.get(&path(&ar)).await.ok()), ["fr"]);
    // Named, it is refused as anywhere.
    app.patch(&path(&fr), json!({"translation_of": ar["id"]}))
        .await
        .problem(409, "conflict");
    for one in [&second, &ar] {
        assert_eq!(app.delete(&path(one)).await.status, 204);
    }
    // An original that is in the trash can be named by who stood with it, and by nobody else.
    let named = with(second.clone(), json!({"translation_of": ar["id"]}));
    let back = app.put(&path(&second), named).await.created();
    assert_eq!(back["translation_of"], Value::Null);
    let back = app.put(&path(&ar), ar.clone()).await;
    assert_eq!(languages(&back.created()), ["fr"]);
    let es = told(&app, "es", None).await;
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
async fn originals_go_while_others_join_and_nobody_names_what_is_gone() {
    let app = TestApp::start().await;
    for round in 0..8 {
        let a = app.article(&format!("a {round}"), json!({})).await;
        let of = |language: &str| json!({"title": "x", "language": language, "status": "published", "translation_of": a["id"]});
        let b = app.post("/v1/articles", of("ar")).await.created();
        let (gone, joined, left) = tokio::join!(
            app.delete(&path(&a)).into_future(),
            app.post("/v1/articles", of("en")).into_future(),
            app.delete(&path(&b)).into_future(),
        );
        assert_eq!((gone.status, left.status), (204, 204));
        assert!([201, 422].contains(&joined.status), "{joined:?}");
        if joined.status == 201 {
            let seen = app.get(&path(&joined.json())).await.ok();
            assert_eq!(
                (&seen["translation_of"], &seen["translations"]),
                (&Value::Null, &json!([]))
            );
        }
    }
}

#[actix_web::test]
async fn a_hidden_original_goes_only_by_who_may_change_what_is_seen() {
    let app = TestApp::start().await;
    let writer = app.new_key(&[Scope::Write]).await;
    let original = app
        .article("x", json!({"language": "fr", "status": "draft"}))
        .await;
    let more = json!({"language": "ar", "status": "published", "translation_of": original["id"]});
    let seen = app.article("y", more).await;
    let address = path(&original);
    let delete = |key: &str| app.ask(reqwest::Method::DELETE, &address).key(key);
    delete(&writer).await.problem(403, "forbidden");
    assert_eq!(app.get(&path(&seen)).await.ok()["version"], 1);
    assert_eq!(delete(&app.key).await.status, 204);
}

#[actix_web::test]
async fn all_of_a_story_come_out_of_the_trash_at_once_and_know_each_other() {
    let app = TestApp::start().await;
    for round in 0..15 {
        let fr = told(&app, "fr", None).await;
        let ar = told(&app, "ar", Some(&fr)).await;
        let en = told(&app, "en", Some(&fr)).await;
        let all = [&fr, &ar, &en];
        let gone = join_all(all.map(|one| app.delete(&path(one)).into_future())).await;
        assert!(gone.iter().all(|gone| gone.status == 204), "{gone:?}");
        // As it was read, or without a word of what it translates.
        let body = |one: &Value| {
            if round % 2 == 0 {
                one.clone()
            } else {
                alone(one)
            }
        };
        let back = join_all(all.map(|one| app.put(&path(one), body(one)).into_future())).await;
        assert!(
            back.iter().all(|back| back.status == 201),
            "{round}: {back:?}"
        );
        for one in all {
            assert_eq!(languages(&app.get(&path(one)).await.ok()).len(), 2);
        }
        // Some go while others come, join and leave.
        let leave = json!({"translation_of": null});
        let (gone, left, kept) = tokio::join!(
            app.delete(&path(&fr)).into_future(),
            app.patch(&path(&ar), leave).into_future(),
            app.put(&path(&en), alone(&en)).into_future(),
        );
        assert_eq!(
            (gone.status, left.status, kept.status),
            (204, 200, 200),
            "{round}"
        );
        for one in [&ar, &en] {
            assert_eq!(languages(&app.get(&path(one)).await.ok()).len(), 0);
        }
    }
}

/// What brings one back without a word of what it translates.
fn alone(one: &Value) -> Value {
    json!({"title": "x", "language": one["language"], "status": "published"})
}
