//! Reading an article in a language, and which translations a caller sees.

use manchette::access::api_keys::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use super::{create_article, path, translation_languages};
use crate::support::{JsonPath, TestApp, cache_tag, path_of, with, without_id};

#[actix_web::test]
async fn the_public_sees_only_published_translations() {
    let app = TestApp::start().await;
    let draft = json!({"status": "draft"});
    let fr = create_article(&app, "fr", None).await;
    let ar = create_article(&app, "ar", Some(&fr)).await;
    let en = create_article(&app, "en", Some(&fr)).await;
    let later = json!({"language": "es", "status": "scheduled", "published_at": "2999-01-01T00:00:00Z", "translation_of": fr["id"]});
    app.article("in es", later).await;
    app.patch(&path(&ar), draft.clone()).await.ok();
    assert_eq!(
        translation_languages(&app.get(&path(&fr)).await.ok()),
        ["en"]
    );
    assert_eq!(
        translation_languages(&app.get_as_admin(&path(&fr)).await.ok()),
        ["ar", "en", "es"]
    );
    let early = app.new_key(&[Scope::Early]).await;
    let partner = app.get(&path(&fr)).key(&early).await.ok();
    assert_eq!(translation_languages(&partner), ["en", "es"]);
    app.get(&path(&ar)).await.problem(404, "not-found");
    let fallback = app.get(&format!("{}?language=ar", path(&fr))).await;
    assert_eq!(
        (&fallback.ok()["id"], &fallback.ok()["is_fallback"]),
        (&fr["id"], &json!(true))
    );

    // A hidden original is not revealed.
    app.patch(&path(&fr), draft).await.ok();
    for url in [path(&en), format!("{}?language=en", path(&en))] {
        let response = app.get(&url).await;
        assert_eq!(
            (
                &response.ok()["translation_of"],
                &response.ok()["translations"]
            ),
            (&Value::Null, &json!([]))
        );
        assert!(!response.text().contains(fr.text("/id")));
        assert!(!response.header("cache-tag").contains(&cache_tag(&fr)));
    }
    let listed = app
        .get("/v1/articles?fields=language,translation_of,translations")
        .await
        .ok();
    assert_eq!(
        without_id(&listed["items"]),
        json!([{"language": "en", "translation_of": null, "translations": []}])
    );
    let everything = app.get_as_admin(&path(&en)).await.ok();
    assert_eq!(everything["translation_of"], fr["id"]);
    // Deleted articles are hidden from everybody.
    app.delete(&path(&ar)).await;
    assert_eq!(
        translation_languages(&app.get_as_admin(&path(&fr)).await.ok()),
        ["en", "es"]
    );
}

#[actix_web::test]
async fn the_language_parameter_returns_that_translation_or_the_sites_preference() {
    let app = TestApp::start().await;
    app.patch("/v1/site", json!({"languages": ["en", "fr", "ar"]}))
        .await
        .ok();
    let fr = create_article(&app, "fr", None).await;
    create_article(&app, "ar", Some(&fr)).await;
    let es = create_article(&app, "es", Some(&fr)).await;
    let request = |query: &str| app.get(&format!("/v1/articles/in-fr?language={query}"));
    for (query, language, is_fallback) in [
        ("ar", "ar", false),
        ("AR", "ar", false),
        ("ar-MA", "ar", false),
        ("fr-CA", "fr", false),
        ("es", "es", false),
        ("de", "fr", true),
    ] {
        let response = request(query).await;
        let article = response.ok();
        assert_eq!(article["language"], language, "{query}");
        assert_eq!(article["is_fallback"], is_fallback, "{query}");
        assert_eq!(response.header("content-language"), language);
        assert!(!response.header("vary").contains("Accept-Language"));
        let whole = app.get(&format!("/v1/articles/in-{language}")).await.ok();
        assert_eq!(with(article, json!({"is_fallback": false})), whole);
    }
    // From any of the translations, in the order of the site's languages.
    app.patch("/v1/site", json!({"languages": ["en", "ar", "fr"]}))
        .await
        .ok();
    for url in ["in-fr", "in-ar", "in-es"] {
        let response = app.get(&format!("/v1/articles/{url}?language=de")).await;
        assert_eq!(response.header("content-language"), "ar", "{url}");
        assert_eq!(response.ok()["is_fallback"], true);
    }
    // If the site prefers none of the languages, the requested article is returned.
    app.patch("/v1/site", json!({"languages": ["en"]}))
        .await
        .ok();
    let response = app.get(&format!("{}?language=de", path(&es))).await;
    assert_eq!(
        (&response.ok()["id"], &response.ok()["is_fallback"]),
        (&es["id"], &json!(true))
    );
}

#[actix_web::test]
async fn a_regional_variant_matches_a_request_for_its_base_language() {
    let app = TestApp::start().await;
    let fr = create_article(&app, "fr", None).await;
    create_article(&app, "ar-MA", Some(&fr)).await;
    for (query, language, is_fallback) in [
        ("ar", "ar-MA", false),
        ("ar-MA", "ar-MA", false),
        // Another region does not match.
        ("ar-EG", "fr", true),
    ] {
        let response = app.get(&format!("{}?language={query}", path(&fr))).await;
        assert_eq!(response.header("content-language"), language, "{query}");
        assert_eq!(response.ok()["is_fallback"], is_fallback, "{query}");
    }
}

#[actix_web::test]
async fn every_response_has_a_content_language() {
    let app = TestApp::start().await;
    let body = json!({"title": "x", "language": "ar", "status": "published"});
    let created = app.post("/v1/articles", body.clone()).await;
    assert_eq!(created.header("content-language"), "ar");
    let url = path(&created.created());
    assert_eq!(app.put(&url, body).await.header("content-language"), "ar");
    let patched = app.patch(&url, json!({"language": "ar-ma"})).await;
    assert_eq!(patched.header("content-language"), "ar-MA");
    for url in [
        url.clone(),
        format!("{url}?language=de"),
        "/v1/articles/x".into(),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let response = app
                .request(method, &url)
                .header("Accept-Language", "fr")
                .await;
            assert_eq!(response.header("content-language"), "ar-MA", "{url}");
        }
    }
    let headline = app.headline("y", json!({"language": "en"})).await;
    let read = app.get(&path_of("headlines", &headline)).await;
    assert_eq!(read.header("content-language"), "en");
}

#[actix_web::test]
async fn a_single_article_accepts_only_the_language_and_fields_parameters() {
    let app = TestApp::start().await;
    let fr = create_article(&app, "fr", None).await;
    for (query, fault) in [
        ("colour=red", "colour unknown"),
        ("fields=colour", "fields invalid"),
        ("language=fr&language=ar", "language duplicate_parameter"),
        ("language=", "language invalid"),
        ("language=fran%C3%A7ais", "language invalid"),
        ("language=und", "language invalid"),
    ] {
        let response = app.get(&format!("{}?{query}", path(&fr))).await;
        assert_eq!(response.parameter_faults(), [fault], "{query}");
    }
    let written = app
        .patch(&format!("{}?language=ar", path(&fr)), json!({"title": "x"}))
        .await;
    assert_eq!(written.parameter_faults(), ["language unknown"]);
}

#[actix_web::test]
async fn gone_hidden_and_moved_articles_respond_alike_in_every_language() {
    let app = TestApp::start().await;
    let fr = create_article(&app, "fr", None).await;
    create_article(&app, "ar", Some(&fr)).await;
    app.patch(&path(&fr), json!({"slug": "autre"})).await.ok();
    let moved = app.get("/v1/articles/in-fr?language=ar").await;
    moved.assert_redirects_to("/v1/articles/autre?language=ar");
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
        app.get("/v1/articles?language=ar")
            .await
            .ok()
            .texts("/items/*/title"),
        ["in ar"],
        "a translation is listed on its own"
    );
}
