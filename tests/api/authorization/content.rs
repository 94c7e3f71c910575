//! The scopes that content needs in each status.

use manchette::access::api_keys::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use super::callers;
use crate::support::{TestApp, path_of};

/// For content in every status.
#[actix_web::test]
async fn every_status_is_readable_and_writable_only_with_the_right_scopes() {
    let app = TestApp::start().await;
    let later = "2999-01-01T00:00:00Z";
    let states = [
        ("draft", json!({"status": "draft"})),
        (
            "scheduled",
            json!({"status": "scheduled", "published_at": later}),
        ),
        ("published", json!({"status": "published"})),
        ("withdrawn", json!({"status": "withdrawn"})),
    ];
    for (caller, scopes) in callers() {
        let Some(scopes) = scopes.filter(|_| !caller.contains("JWT")) else {
            continue;
        };
        let key = app.new_key(&scopes).await;
        let has = |scope| scopes.contains(&scope) || scopes.contains(&Scope::Admin);
        let sees_all = has(Scope::Read) || has(Scope::Write) || has(Scope::Publish);
        for list in ["/v1/articles", "/v1/headlines"] {
            for (state, body) in &states {
                let new =
                    crate::support::with(json!({"title": "x", "language": "fr"}), body.clone());
                let created = app.post(list, new.clone()).await;
                let path = created.header("location").to_owned();
                let visible = sees_all
                    || *state == "published"
                    || (*state == "scheduled" && has(Scope::Early));
                let requests = app.get(&path).key(&key).await.status;
                assert_eq!(
                    requests == 200,
                    visible,
                    "{caller} reads {state}: {requests}"
                );
                let may = has(Scope::Write) && (*state == "draft" || has(Scope::Publish));
                let request = |method| app.request(method, &path).key(&key);
                for (method, body) in [
                    // Even if nothing changes.
                    (Method::PATCH, json!({})),
                    (Method::PATCH, json!({"title": "y"})),
                    (Method::PUT, new.clone()),
                ] {
                    let status = request(method.clone()).json(body).await.status;
                    assert_eq!(
                        status,
                        if may { 200 } else { 403 },
                        "{method} {state} by {caller}"
                    );
                }
                let create = app
                    .request(Method::POST, list)
                    .key(&key)
                    .json(new)
                    .await
                    .status;
                assert_eq!(
                    create,
                    if may { 201 } else { 403 },
                    "POST {state} by {caller}"
                );
                let status = request(Method::DELETE).await.status;
                assert_eq!(
                    status,
                    if may { 204 } else { 403 },
                    "DELETE {state} by {caller}"
                );
                // Nobody can give content a status in which they could not change it.
                let draft = app
                    .post(list, json!({"title": "x", "language": "fr"}))
                    .await;
                let patch = app
                    .request(Method::PATCH, draft.header("location"))
                    .key(&key)
                    .json(body.clone());
                assert_eq!(
                    patch.await.status,
                    if may { 200 } else { 403 },
                    "{caller} makes {state}"
                );
            }
        }
    }
}

/// Authors and tags need the scopes of the content that they are on.
#[actix_web::test]
async fn changing_authors_and_tags_of_public_articles_requires_the_publish_scope() {
    let app = TestApp::start().await;
    let later = "2999-01-01T00:00:00Z";
    for scopes in [vec![Scope::Write], vec![Scope::Write, Scope::Publish]] {
        let key = app.new_key(&scopes).await;
        for state in ["draft", "scheduled", "published", "withdrawn"] {
            for (list, field) in [("authors", "author_ids"), ("tags", "tag_ids")] {
                let named = app
                    .post(&format!("/v1/{list}"), json!({"name": "x"}))
                    .await
                    .created();
                let article = json!({"status": state, "published_at": later, field: [named["id"]]});
                let article = app.article("x", article).await;
                let path = path_of(list, &named);
                let may = state == "draft" || scopes.contains(&Scope::Publish);
                let request = |method| app.request(method, &path).key(&key);
                for (method, body) in [
                    (Method::PATCH, json!({"name": "y"})),
                    (Method::PATCH, json!({})),
                    (Method::PUT, json!({"name": "z"})),
                ] {
                    let status = request(method.clone()).json(body).await.status;
                    assert_eq!(
                        status,
                        if may { 200 } else { 403 },
                        "{method} {list} on {state}"
                    );
                }
                let status = request(Method::DELETE).await.status;
                assert_eq!(
                    status,
                    if may { 409 } else { 403 },
                    "DELETE {list} on {state}"
                );
                // A deleted article does not count.
                let path = path_of("articles", &article);
                assert_eq!(app.delete(&path).await.status, 204);
                assert_eq!(request(Method::DELETE).await.status, 204);
            }
        }
    }
}

/// An empty patch needs the same scopes as any other.
#[actix_web::test]
async fn a_patch_that_changes_nothing_requires_the_same_scopes() {
    let app = TestApp::start().await;
    let key = app.new_key(&[Scope::Write]).await;
    let article = app.article("x", json!({})).await;
    let headline = app.headline("x", json!({})).await;
    let category = app.category("x", None).await;
    let path = |list: &str, it: &Value| path_of(list, it);
    for path in [
        "/v1/site".to_owned(),
        path("articles", &article),
        path("headlines", &headline),
        path("categories", &category),
    ] {
        let patch = app.request(Method::PATCH, &path).key(&key).json(json!({}));
        patch.await.problem(403, "forbidden");
        assert_eq!(app.patch(&path, json!({})).await.status, 200, "{path}");
    }
}

/// A former slug redirects to public content.
#[actix_web::test]
async fn taking_over_a_public_former_slug_requires_the_publish_scope() {
    let app = TestApp::start().await;
    for (list, field) in [("authors", "author_ids"), ("tags", "tag_ids")] {
        let new = |slug: &str| json!({"name": "x", "slug": slug});
        let first = app
            .post(&format!("/v1/{list}"), new("first"))
            .await
            .created();
        app.article("x", json!({field: [first["id"]]})).await;
        let path = path_of(list, &first);
        app.patch(&path, json!({"slug": "second"})).await.ok();
        let other = app.post(&format!("/v1/{list}"), new("own")).await.created();
        let other = path_of(list, &other);
        for (scopes, may) in [
            (vec![Scope::Write], false),
            (vec![Scope::Write, Scope::Publish], true),
        ] {
            let key = app.new_key(&scopes).await;
            let request = |method, path: &str, body| app.request(method, path).key(&key).json(body);
            let taken = request(Method::PATCH, &other, json!({"slug": "first"}))
                .await
                .status;
            assert_eq!(taken, if may { 200 } else { 403 }, "{list}");
            if !may {
                let list = format!("/v1/{list}");
                request(Method::POST, &list, new("first"))
                    .await
                    .problem(403, "forbidden");
                assert_eq!(app.get(&format!("{list}/first")).await.status, 308);
                // A generated slug avoids it.
                let created_resource = json!({"name": "First"});
                let created_resource = request(Method::POST, &list, created_resource)
                    .await
                    .created();
                assert_eq!(created_resource["slug"], "first-2");
            }
        }
    }
}
