//! Problems as people read them: in English and French, with a page for each.

mod guide;
mod languages;

use manchette::problem::{FaultCode, KINDS, Language};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{JsonPath, TestApp};

#[actix_web::test]
async fn every_problem_and_code_is_explained_in_english_and_french() {
    let app = TestApp::start().await;
    let page = async |path: &str, language: &str| {
        let page = app.get(path).header("Accept-Language", language).await;
        assert_eq!(page.status, 200, "{path}");
        page
    };
    for (header, language) in [
        ("de, fr-MA;q=0.5", Language::French),
        ("ar", Language::English),
    ] {
        let index = page("/problems", header).await;
        assert_eq!(index.header("content-language"), language.tag());
        assert!(index.header("vary").contains("Accept-Language"));
        let text = index.text();
        assert!(text.contains(&format!("<html lang=\"{}\">", language.tag())));
        for code in FaultCode::ALL {
            assert!(
                text.contains(&format!("id=\"{}\"", code.as_str())),
                "{code:?}"
            );
        }
        for kind in KINDS {
            let path = format!("/problems/{}", kind.name);
            assert!(text.contains(&format!("href=\"{path}\"")), "{path}");
            let own = page(&path, header).await;
            assert_eq!(own.header("content-language"), language.tag());
            assert!(own.header("vary").contains("Accept-Language"));
            let title = kind.title.in_language(language);
            assert!(own.text().contains(&format!("<h1>{title}</h1>")), "{title}");
        }
    }
    let (english, french) = (page("/problems", "en").await, page("/problems", "fr").await);
    assert_ne!(english.etag(), french.etag());
    let known = app.get("/problems").header("Accept-Language", "fr");
    let known = known.header("If-None-Match", &french.etag()).await;
    assert_eq!(known.status, 304);
    assert!(known.header("vary").contains("Accept-Language"));
}

#[actix_web::test]
async fn a_caller_is_told_how_a_key_is_sent_and_no_secret_is_repeated() {
    let app = TestApp::start().await;
    let key = app.admin_key.clone();
    for (header, value, detail) in [
        ("Authorization", key.clone(), "without `Bearer`"),
        ("Authorization", format!("Token {key}"), "without `Bearer`"),
        ("Authorization", format!("Basic {key}"), "without `Bearer`"),
        ("Authorization", "mnc_short".to_owned(), "without `Bearer`"),
        ("Authorization", "Basic YTpi".to_owned(), "is not `Bearer`"),
        ("X-Api-Key", key.clone(), "not read from `X-Api-Key`"),
    ] {
        let refused = app.get("/v1/me").header(header, &value).await;
        let text = refused.text();
        let problem = refused.problem(401, "unauthorized");
        assert!(problem.text("/detail").contains(detail), "{problem}");
        assert!(text.contains("`Authorization: Bearer mnc_…`"), "{text}");
        let secret = value.split(' ').next_back().unwrap();
        assert!(!text.contains(secret), "{text}");
    }
    let wrong = app.get("/v1/me").key("mnc_wrong").await;
    let wrong = wrong.problem(401, "unauthorized");
    assert!(
        wrong
            .text("/detail")
            .contains("unknown, expired or revoked")
    );
    // A header that is not read doesn't keep anyone from what is public.
    app.get("/v1/headlines")
        .header("X-Api-Key", &key)
        .await
        .ok();
}

#[actix_web::test]
async fn json_that_is_refused_is_told_from_what_is_not_json() {
    let app = TestApp::start().await;
    let detail = async |body: &str| {
        let request = app.request_as_admin(Method::POST, "/v1/tags");
        let refused = request.body("application/json", body.to_owned()).await;
        refused.problem(400, "malformed").text("/detail").to_owned()
    };
    let twice = detail("{\"name\": \"a\",\n \"name\": \"b\"}").await;
    assert_eq!(
        twice,
        "the body has the field `name` twice in one object, at line 2, column 13"
    );
    let deep = detail(&format!("{}1{}", "[".repeat(40), "]".repeat(40))).await;
    assert!(
        deep.starts_with("the body is nested deeper than 32 levels"),
        "{deep}"
    );
    let broken = detail("{\"name\": }").await;
    assert!(
        broken.starts_with("the body is not JSON: expected value"),
        "{broken}"
    );
    assert_eq!(detail("").await, "the body is empty");
}

#[actix_web::test]
async fn a_wrong_type_is_named_with_the_right_one() {
    let app = TestApp::start().await;
    for (body, pointer, detail) in [
        (json!([]), "", "must be an object"),
        (json!({"name": 7}), "/name", "must be a text"),
        (
            json!({"name": "x", "names": []}),
            "/names",
            "must be an object",
        ),
        (
            json!({"name": "x", "slug": 7}),
            "/slug",
            "must be a text or null",
        ),
    ] {
        let problem = app.post("/v1/tags", body).await.problem(422, "invalid");
        let fault = &problem["errors"][0];
        assert_eq!(
            (&fault["pointer"], &fault["detail"]),
            (&json!(pointer), &Value::from(detail))
        );
    }
}
