//! Authorization: every operation of the contract is tried by every kind of caller. An operation that is missing here
//! fails.

use std::collections::BTreeSet;

use manchette::api_keys::Scope;
use manchette::openapi;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::identity_provider::{IdentityProvider, Signer, claims};
use crate::support::{JsonPath, TestApp, path_of};

/// What an operation requires of its caller.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Requires {
    /// Nothing; keys are not looked at.
    Nothing,
    /// Nothing for published content, but a key must be valid.
    NoKeyOrAValidOne,
    /// Any valid key.
    AnyKey,
    /// `write`.
    Write,
    /// `write` and `publish`.
    Publish,
    /// `admin`.
    Admin,
}

/// Every operation: method, path, requirement, status on success, request body.
fn operations() -> Vec<(&'static str, &'static str, Requires, u16, Value)> {
    use Requires::{Admin, AnyKey, NoKeyOrAValidOne, Nothing, Publish, Write};
    let none = || Value::Null;
    let mut operations = vec![
        ("GET", "/livez", Nothing, 200, none()),
        ("GET", "/readyz", Nothing, 200, none()),
        ("GET", "/v1/site", NoKeyOrAValidOne, 200, none()),
        (
            "PUT",
            "/v1/site",
            Publish,
            200,
            json!({"name": "N", "languages": ["fr"], "time_zone": "UTC"}),
        ),
        ("PATCH", "/v1/site", Publish, 200, json!({"name": "M"})),
        ("GET", "/v1/search", NoKeyOrAValidOne, 200, none()),
        ("GET", "/v1/suggest", NoKeyOrAValidOne, 200, none()),
        (
            "GET",
            "/v1/articles/{id}/related",
            NoKeyOrAValidOne,
            200,
            none(),
        ),
        ("GET", "/v1/audit", Admin, 200, none()),
        ("GET", "/v1/me", AnyKey, 200, none()),
        ("GET", "/v1/keys", Admin, 200, none()),
        (
            "POST",
            "/v1/keys",
            Admin,
            201,
            json!({"name": "k", "scopes": ["read"]}),
        ),
        ("GET", "/v1/keys/{id}", Admin, 200, none()),
        ("PATCH", "/v1/keys/{id}", Admin, 200, json!({"name": "l"})),
        ("DELETE", "/v1/keys/{id}", Admin, 204, none()),
        ("POST", "/v1/keys/{id}/rotate", Admin, 201, json!({})),
    ];
    for (list, one, new, change) in [
        (
            "/v1/categories",
            "/v1/categories/{id}",
            json!({"name": "a"}),
            json!({"name": "b"}),
        ),
        (
            "/v1/authors",
            "/v1/authors/{id}",
            json!({"name": "a"}),
            json!({"name": "b"}),
        ),
        (
            "/v1/tags",
            "/v1/tags/{id}",
            json!({"name": "a"}),
            json!({"name": "b"}),
        ),
        (
            "/v1/headlines",
            "/v1/headlines/{id}",
            json!({"title": "a", "language": "fr"}),
            json!({"title": "b"}),
        ),
        (
            "/v1/articles",
            "/v1/articles/{id}",
            json!({"title": "a", "language": "fr"}),
            json!({"title": "b"}),
        ),
    ] {
        // Categories are always public; the other resources made here are not linked from public content.
        let requires = if list == "/v1/categories" {
            Publish
        } else {
            Write
        };
        operations.extend([
            ("GET", list, NoKeyOrAValidOne, 200, none()),
            ("GET", one, NoKeyOrAValidOne, 200, none()),
            ("POST", list, requires, 201, new.clone()),
            ("PUT", one, requires, 200, new),
            ("PATCH", one, requires, 200, change),
            ("DELETE", one, requires, 204, none()),
        ]);
    }
    operations
}

/// The kinds of callers and their scopes; `None` without valid credentials.
fn callers() -> Vec<(&'static str, Option<Vec<Scope>>)> {
    vec![
        ("nobody", None),
        ("a made-up key", None),
        ("a key that has expired", None),
        ("a key that was revoked", None),
        ("a JWT signed by somebody else", None),
        ("a JWT that has expired", None),
        ("read", Some(vec![Scope::Read])),
        ("early", Some(vec![Scope::Early])),
        ("write", Some(vec![Scope::Write])),
        ("publish", Some(vec![Scope::Publish])),
        (
            "write and publish",
            Some(vec![Scope::Write, Scope::Publish]),
        ),
        ("admin", Some(vec![Scope::Admin])),
        ("a JWT that may read", Some(vec![Scope::Read])),
        (
            "a JWT that may write",
            Some(vec![Scope::Write, Scope::Publish]),
        ),
        ("a JWT that may do everything", Some(vec![Scope::Admin])),
    ]
}

/// The expected status.
fn expected(requires: Requires, caller: &str, scopes: Option<&[Scope]>, success: u16) -> u16 {
    let has = |scope| {
        let scopes = scopes.unwrap_or_default();
        scopes.contains(&scope) || scopes.contains(&Scope::Admin)
    };
    let allowed = match requires {
        Requires::Nothing => return success,
        Requires::NoKeyOrAValidOne => {
            return if caller == "nobody" || scopes.is_some() {
                success
            } else {
                401
            };
        }
        _ if scopes.is_none() => return 401,
        Requires::AnyKey => true,
        Requires::Write => has(Scope::Write),
        Requires::Publish => has(Scope::Write) && has(Scope::Publish),
        Requires::Admin => has(Scope::Admin),
    };
    if allowed { success } else { 403 }
}

#[actix_web::test]
async fn every_operation_enforces_its_required_scopes() {
    let (signer, stranger) = (Signer::ed("one"), Signer::ed("one"));
    let provider = IdentityProvider::start(&[&signer]).await;
    let app = provider.start_app(&[]).await;
    let jwt = |signer: &Signer, more: Value| Some(signer.token(&claims(more)));
    let mut keys: Vec<Option<String>> = Vec::new();
    for (caller, scopes) in callers() {
        let words = |scopes: &[Scope]| {
            scopes
                .iter()
                .map(|it| it.word())
                .collect::<Vec<_>>()
                .join(" ")
        };
        keys.push(match (caller, scopes) {
            ("nobody", _) => None,
            ("a made-up key", _) => Some(manchette::api_keys::Token::new().reveal().to_owned()),
            ("a key that has expired" | "a key that was revoked", _) => {
                let key = app.new_key(&[Scope::Admin]).await;
                let end = if caller.ends_with("expired") {
                    "expires_at = created_at"
                } else {
                    "revoked_at = now()"
                };
                let sql = format!("UPDATE api_keys SET {end} WHERE prefix = '{}'", &key[..12]);
                app.execute_sql(&sql).await;
                Some(key)
            }
            ("a JWT signed by somebody else", _) => jwt(&stranger, json!({"scope": "admin"})),
            ("a JWT that has expired", _) => {
                jwt(&signer, json!({"scope": "admin", "exp": 1_700_000_000}))
            }
            (caller, Some(scopes)) if caller.starts_with("a JWT") => {
                jwt(&signer, json!({"scope": words(&scopes)}))
            }
            (_, scopes) => Some(app.new_key(&scopes.unwrap()).await),
        });
    }
    let rows = operations();
    let mut untested: BTreeSet<String> = BTreeSet::new();
    for (path, operations) in openapi::contract()["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            untested.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    for (method, path, requires, success, body) in &rows {
        assert!(
            untested.remove(&format!("{method} {path}")),
            "{method} {path} is not in the contract, or listed here twice"
        );
        for ((caller, scopes), key) in callers().iter().zip(&keys) {
            let url = match *path {
                "/v1/search" | "/v1/suggest" => format!("{path}?q=mot"),
                path if path.contains("{id}") => path.replace(
                    "{id}",
                    &create_resource_for(&app, path, *method == "GET").await,
                ),
                path => path.to_owned(),
            };
            let mut request = app.request(Method::from_bytes(method.as_bytes()).unwrap(), &url);
            if let Some(key) = key {
                request = request.key(key);
            }
            if !body.is_null() {
                request = request.json(body.clone());
            }
            let response = request.await;
            let status = expected(*requires, caller, scopes.as_deref(), *success);
            assert_eq!(
                response.status,
                status,
                "{method} {path} by {caller}: {}",
                response.text()
            );
            match status {
                401 => drop(response.problem(401, "unauthorized")),
                403 => drop(response.problem(403, "forbidden")),
                _ => {}
            }
        }
    }
    assert!(
        untested.is_empty(),
        "operations without expectations: {untested:?}"
    );
}

/// Creates a resource for the path: a draft to be changed, or published content to be read.
async fn create_resource_for(app: &TestApp, path: &str, is_read: bool) -> String {
    let response = match path.split('/').nth(2).unwrap() {
        "keys" => {
            app.post("/v1/keys", json!({"name": "k", "scopes": ["read"]}))
                .await
        }
        "categories" => {
            app.post("/v1/categories", json!({"name": Uuid::now_v7()}))
                .await
        }
        list @ ("authors" | "tags") => app.post(&format!("/v1/{list}"), json!({"name": "x"})).await,
        list => {
            let new = json!({"title": "x", "language": "fr", "status": if is_read { "published" } else { "draft" }});
            app.post(&format!("/v1/{list}"), new).await
        }
    };
    response.created().text("/id").to_owned()
}

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
