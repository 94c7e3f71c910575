//! Authorization: every operation of the contract is tried by every kind of caller. An operation that is missing here
//! fails.

mod content;

use std::collections::BTreeSet;

use manchette::access::api_keys::Scope;
use manchette::server::contract::contract;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::identity_provider::{IdentityProvider, Signer, claims};
use crate::support::{JsonPath, TestApp};

/// The requirement of an operation.
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
        ("GET", "/v1/changes", NoKeyOrAValidOne, 200, none()),
        ("GET", "/v1/stream", NoKeyOrAValidOne, 200, none()),
        ("GET", "/v1/headlines/stream", NoKeyOrAValidOne, 200, none()),
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
        ("a JWT with a foreign signature", None),
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
                .map(|it| it.as_str())
                .collect::<Vec<_>>()
                .join(" ")
        };
        keys.push(match (caller, scopes) {
            ("nobody", _) => None,
            ("a made-up key", _) => Some(
                manchette::access::api_keys::Token::new()
                    .reveal()
                    .to_owned(),
            ),
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
            ("a JWT with a foreign signature", _) => jwt(&stranger, json!({"scope": "admin"})),
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
    for (path, operations) in contract()["paths"].as_object().unwrap() {
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
            // A stream has no end.
            let is_stream = url.ends_with("/stream");
            let sent = if is_stream { "HEAD" } else { *method };
            let mut request = app.request(Method::from_bytes(sent.as_bytes()).unwrap(), &url);
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
                _ if is_stream => {}
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
