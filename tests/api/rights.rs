//! Who may do what: every operation of the contract, tried by every kind of caller. An operation without its row fails.

use std::collections::BTreeSet;

use diesel_async::SimpleAsyncConnection;
use manchette::access::api_keys::Scope;
use manchette::server::contract::contract;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::provider::{Provider, Signer, claims};

/// What an operation wants of its caller.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wants {
    /// Nothing, and it asks for no key: a bad one is no matter.
    Nothing,
    /// Nothing for what is published; a key has to be good.
    NothingOrAGoodKey,
    /// Any key that is good.
    AKey,
    /// `write`.
    Write,
    /// `write` and `publish`.
    Publish,
    /// `admin`.
    Admin,
}

/// Every operation: what it wants, the status of a good answer, and what is sent.
fn rows() -> Vec<(&'static str, &'static str, Wants, u16, Value)> {
    use Wants::{AKey, Admin, Nothing, NothingOrAGoodKey, Publish, Write};
    let none = || Value::Null;
    let mut rows = vec![
        ("GET", "/livez", Nothing, 200, none()),
        ("GET", "/readyz", Nothing, 200, none()),
        ("GET", "/v1/site", NothingOrAGoodKey, 200, none()),
        (
            "PUT",
            "/v1/site",
            Publish,
            200,
            json!({"name": "N", "languages": ["fr"], "time_zone": "UTC"}),
        ),
        ("PATCH", "/v1/site", Publish, 200, json!({"name": "M"})),
        ("GET", "/v1/search", NothingOrAGoodKey, 200, none()),
        ("GET", "/v1/suggest", NothingOrAGoodKey, 200, none()),
        (
            "GET",
            "/v1/articles/{id}/related",
            NothingOrAGoodKey,
            200,
            none(),
        ),
        ("GET", "/v1/audit", Admin, 200, none()),
        ("GET", "/v1/me", AKey, 200, none()),
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
        // The public sees every category; of the rest, what is made here stands on nothing that it sees.
        let wants = if list == "/v1/categories" {
            Publish
        } else {
            Write
        };
        rows.extend([
            ("GET", list, NothingOrAGoodKey, 200, none()),
            ("GET", one, NothingOrAGoodKey, 200, none()),
            ("POST", list, wants, 201, new.clone()),
            ("PUT", one, wants, 200, new),
            ("PATCH", one, wants, 200, change),
            ("DELETE", one, wants, 204, none()),
        ]);
    }
    rows
}

/// The scopes that each kind of caller has; none where they have nothing that is good.
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

/// The status that this caller should get.
fn expected(wants: Wants, caller: &str, scopes: Option<&[Scope]>, good: u16) -> u16 {
    let has = |scope| {
        let scopes = scopes.unwrap_or_default();
        scopes.contains(&scope) || scopes.contains(&Scope::Admin)
    };
    let allowed = match wants {
        Wants::Nothing => return good,
        Wants::NothingOrAGoodKey => {
            return if caller == "nobody" || scopes.is_some() {
                good
            } else {
                401
            };
        }
        _ if scopes.is_none() => return 401,
        Wants::AKey => true,
        Wants::Write => has(Scope::Write),
        Wants::Publish => has(Scope::Write) && has(Scope::Publish),
        Wants::Admin => has(Scope::Admin),
    };
    if allowed { good } else { 403 }
}

#[actix_web::test]
async fn every_operation_is_for_whom_it_is_for() {
    let (signer, stranger) = (Signer::ed("one"), Signer::ed("one"));
    let provider = Provider::start(&[&signer]).await;
    let app = provider.app(&[]).await;
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
                app.conn().await.batch_execute(&sql).await.unwrap();
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
    let rows = rows();
    let mut missing: BTreeSet<String> = BTreeSet::new();
    for (path, operations) in contract()["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            missing.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    for (method, path, wants, good, body) in &rows {
        assert!(
            missing.remove(&format!("{method} {path}")),
            "{method} {path} is not in the contract, or stands here twice"
        );
        for ((caller, scopes), key) in callers().iter().zip(&keys) {
            let address = match *path {
                "/v1/search" | "/v1/suggest" => format!("{path}?q=mot"),
                path if path.contains("{id}") => {
                    path.replace("{id}", &something(&app, path, *method == "GET").await)
                }
                path => path.to_owned(),
            };
            let mut ask = app.ask(Method::from_bytes(method.as_bytes()).unwrap(), &address);
            if let Some(key) = key {
                ask = ask.key(key);
            }
            if !body.is_null() {
                ask = ask.json(body.clone());
            }
            let answer = ask.await;
            let status = expected(*wants, caller, scopes.as_deref(), *good);
            assert_eq!(
                answer.status,
                status,
                "{method} {path} by {caller}: {}",
                String::from_utf8_lossy(&answer.body)
            );
            match status {
                401 => drop(answer.problem(401, "unauthorized")),
                403 => drop(answer.problem(403, "forbidden")),
                _ => {}
            }
        }
    }
    assert!(
        missing.is_empty(),
        "nobody has said who may call these: {missing:?}"
    );
}

/// Something that this path can name: a draft where it is to be written, and what is published where it is to be read.
async fn something(app: &TestApp, path: &str, is_read: bool) -> String {
    let made = match path.split('/').nth(2).unwrap() {
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
    made.created()["id"].as_str().unwrap().to_owned()
}

/// Content in each state.
#[actix_web::test]
async fn every_state_is_seen_and_changed_by_whom_it_is_for() {
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
                let made = app.post(list, new.clone()).await;
                let path = made.header("location").to_owned();
                let seen = sees_all
                    || *state == "published"
                    || (*state == "scheduled" && has(Scope::Early));
                let asked = app.get(&path).key(&key).await.status;
                assert_eq!(asked == 200, seen, "{caller} reads {state}: {asked}");
                let may = has(Scope::Write) && (*state == "draft" || has(Scope::Publish));
                let ask = |method| app.ask(method, &path).key(&key);
                for (method, body) in [
                    // Also where nothing changes.
                    (Method::PATCH, json!({})),
                    (Method::PATCH, json!({"title": "y"})),
                    (Method::PUT, new.clone()),
                ] {
                    let status = ask(method.clone()).json(body).await.status;
                    assert_eq!(
                        status,
                        if may { 200 } else { 403 },
                        "{method} {state} by {caller}"
                    );
                }
                let create = app.ask(Method::POST, list).key(&key).json(new).await.status;
                assert_eq!(
                    create,
                    if may { 201 } else { 403 },
                    "POST {state} by {caller}"
                );
                let status = ask(Method::DELETE).await.status;
                assert_eq!(
                    status,
                    if may { 204 } else { 403 },
                    "DELETE {state} by {caller}"
                );
                // Nobody makes public what they may not change once it is.
                let draft = app
                    .post(list, json!({"title": "x", "language": "fr"}))
                    .await;
                let patch = app
                    .ask(Method::PATCH, draft.header("location"))
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

/// Names that stand on content: whoever may not change that may not change them.
#[actix_web::test]
async fn what_the_public_reads_beside_content_is_changed_by_whom_it_is_for() {
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
                let path = format!("/v1/{list}/{}", named["id"].as_str().unwrap());
                let may = state == "draft" || scopes.contains(&Scope::Publish);
                let ask = |method| app.ask(method, &path).key(&key);
                for (method, body) in [
                    (Method::PATCH, json!({"name": "y"})),
                    (Method::PATCH, json!({})),
                    (Method::PUT, json!({"name": "z"})),
                ] {
                    let status = ask(method.clone()).json(body).await.status;
                    assert_eq!(
                        status,
                        if may { 200 } else { 403 },
                        "{method} {list} on {state}"
                    );
                }
                let status = ask(Method::DELETE).await.status;
                assert_eq!(
                    status,
                    if may { 409 } else { 403 },
                    "DELETE {list} on {state}"
                );
                // In the trash it stands on nothing.
                let path = format!("/v1/articles/{}", article["id"].as_str().unwrap());
                assert_eq!(app.delete(&path).await.status, 204);
                assert_eq!(ask(Method::DELETE).await.status, 204);
            }
        }
    }
}

/// A change that changes nothing is for nobody else than one that does.
#[actix_web::test]
async fn who_may_not_change_a_thing_may_not_leave_it_as_it_is() {
    let app = TestApp::start().await;
    let key = app.new_key(&[Scope::Write]).await;
    let article = app.article("x", json!({})).await;
    let headline = app.headline("x", json!({})).await;
    let category = app.category("x", None).await;
    let path = |list: &str, it: &Value| format!("/v1/{list}/{}", it["id"].as_str().unwrap());
    for path in [
        "/v1/site".to_owned(),
        path("articles", &article),
        path("headlines", &headline),
        path("categories", &category),
    ] {
        let patch = app.ask(Method::PATCH, &path).key(&key).json(json!({}));
        patch.await.problem(403, "forbidden");
        assert_eq!(app.patch(&path, json!({})).await.status, 200, "{path}");
    }
}

/// A former slug leads on to what the public reads.
#[actix_web::test]
async fn a_former_slug_is_taken_by_whom_it_is_for() {
    let app = TestApp::start().await;
    for (list, field) in [("authors", "author_ids"), ("tags", "tag_ids")] {
        let new = |slug: &str| json!({"name": "x", "slug": slug});
        let first = app
            .post(&format!("/v1/{list}"), new("first"))
            .await
            .created();
        app.article("x", json!({field: [first["id"]]})).await;
        let path = format!("/v1/{list}/{}", first["id"].as_str().unwrap());
        app.patch(&path, json!({"slug": "second"})).await.ok();
        let own = app.post(&format!("/v1/{list}"), new("own")).await.created();
        let own = format!("/v1/{list}/{}", own["id"].as_str().unwrap());
        for (scopes, may) in [
            (vec![Scope::Write], false),
            (vec![Scope::Write, Scope::Publish], true),
        ] {
            let key = app.new_key(&scopes).await;
            let ask = |method, path: &str, body| app.ask(method, path).key(&key).json(body);
            let taken = ask(Method::PATCH, &own, json!({"slug": "first"}))
                .await
                .status;
            assert_eq!(taken, if may { 200 } else { 403 }, "{list}");
            if !may {
                let list = format!("/v1/{list}");
                ask(Method::POST, &list, new("first"))
                    .await
                    .problem(403, "forbidden");
                assert_eq!(app.get(&format!("{list}/first")).await.status, 308);
                // One that is made is another.
                let made = json!({"name": "First"});
                let made = ask(Method::POST, &list, made).await.created();
                assert_eq!(made["slug"], "first-2");
            }
        }
    }
}
