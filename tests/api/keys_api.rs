//! `/v1/keys` and `/v1/me`: keys made, shown once, changed, rotated, taken away.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::RunQueryDsl;
use futures_util::future::join;
use manchette::access::api_keys::{ApiKey, Scope, Token};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{TestApp, items};

const OPERATIONS: [(&str, &str); 6] = [
    ("GET", "/v1/keys"),
    ("POST", "/v1/keys"),
    ("GET", "/v1/keys/0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11"),
    ("PATCH", "/v1/keys/0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11"),
    ("DELETE", "/v1/keys/0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11"),
    (
        "POST",
        "/v1/keys/0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11/rotate",
    ),
];

/// Makes a key over HTTP, for good or until some time.
async fn make(app: &TestApp, scopes: &[&str], expires_at: Option<&str>) -> (String, String) {
    let body = json!({"name": "made", "scopes": scopes, "expires_at": expires_at});
    let made = app.post("/v1/keys", body).await.created();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("key"), format!("/v1/keys/{}", text("id")))
}

async fn own(app: &TestApp, key: &str) -> String {
    let me = app.get("/v1/me").key(key).await.ok();
    format!("/v1/keys/{}", me["key_id"].as_str().unwrap())
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

async fn sql(app: &TestApp, text: &str) -> usize {
    let mut conn = app.conn().await;
    diesel::sql_query(text).execute(&mut conn).await.unwrap()
}

#[actix_web::test]
async fn a_key_is_shown_once_and_works() {
    let app = TestApp::start().await;
    let body = json!({"name": "newsroom", "scopes": ["write", "publish", "write"]});
    let answer = app.post("/v1/keys", body).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let place = answer.header("location").to_owned();
    let mut made = answer.created();
    let key = made["key"].as_str().unwrap().to_owned();
    assert_eq!(place, format!("/v1/keys/{}", made["id"].as_str().unwrap()));
    assert_eq!(made["prefix"], key[..12]);
    assert_eq!(made["scopes"], json!(["publish", "write"]));
    assert_eq!(made["expires_at"], Value::Null);
    assert_eq!(
        format!("/v1/keys/{}", made["created_by"].as_str().unwrap()),
        own(&app, &app.key).await
    );

    made.as_object_mut().unwrap().shift_remove("key");
    assert_eq!(app.get_all(&place).await.ok(), made);
    let list = app.get_all("/v1/keys").await;
    assert!(!String::from_utf8_lossy(&list.body).contains(&key[12..]));
    assert_eq!(list.ok()["items"][0], made);
    assert!(!list.has("surrogate-key") && list.header("cache-control") == "private, no-store");

    let line = json!({"title": "x", "language": "fr", "status": "published"});
    app.ask(Method::POST, "/v1/headlines")
        .key(&key)
        .json(line)
        .await
        .created();
    let used = app.get_all(&place).await.ok();
    assert!(used["last_used_at"].is_string() && used["version"] == 1);
}

#[actix_web::test]
async fn only_admin_manages_keys() {
    let app = TestApp::start().await;
    let some = app
        .new_key(&[Scope::Read, Scope::Early, Scope::Write, Scope::Publish])
        .await;
    for (method, path) in OPERATIONS {
        let ask = || {
            app.ask(method.parse().unwrap(), path)
                .body("application/json", "{ not even JSON")
        };
        ask().await.problem(401, "unauthorized");
        let answer = ask().key(&some).await;
        assert!(
            answer
                .header("www-authenticate")
                .contains("scope=\"admin\"")
        );
        answer.problem(403, "forbidden");
        let answer = ask().key(&app.key).await;
        match (method, path) {
            ("GET", "/v1/keys") => drop(answer.ok()),
            ("GET" | "DELETE", _) => drop(answer.problem(404, "not-found")),
            _ => drop(answer.problem(400, "malformed")),
        }
    }
    for path in ["/v1/keys/x", "/v1/keys/mnc_12345678", "/v1/keys/é/rotate"] {
        assert_eq!(app.get_all(path).await.status / 100, 4, "{path}");
    }
    app.post("/v1/keys/x/rotate", json!({}))
        .await
        .problem(404, "not-found");
}

#[actix_web::test]
async fn what_a_key_may_not_be_is_said_at_once() {
    let app = TestApp::start().await;
    let post = |body: Value| app.post("/v1/keys", body);
    assert_eq!(
        post(json!({"name": " ", "scopes": [], "expires_at": "soon", "hash": "x"}))
            .await
            .faults(),
        [
            "/expires_at invalid_timestamp",
            "/hash unknown",
            "/name blank",
            "/scopes too_few"
        ]
    );
    assert_eq!(
        post(json!({})).await.faults(),
        ["/name required", "/scopes required"]
    );
    assert_eq!(
        post(json!({"name": "x", "scopes": ["root"]}))
            .await
            .faults(),
        ["/scopes/0 invalid_choice"]
    );
    for scopes in [json!("admin"), json!(null), json!({"admin": true})] {
        let body = json!({"name": "x", "scopes": scopes});
        assert_eq!(post(body).await.faults(), ["/scopes wrong_type"]);
    }
    for end in ["2001-01-01T00:00:00Z", "2026-01-01T00:00:00Z"] {
        let body = json!({"name": "x", "scopes": ["read"], "expires_at": end});
        assert_eq!(post(body).await.faults(), ["/expires_at in_the_past"]);
        let body = json!({"name": " ", "scopes": ["root"], "expires_at": end});
        assert_eq!(
            post(body).await.faults(),
            [
                "/expires_at in_the_past",
                "/name blank",
                "/scopes/0 invalid_choice"
            ]
        );
    }
    let key = app.new_key(&[Scope::Read]).await;
    let body = json!({"name": "", "expires_at": "2001-01-01T00:00:00Z"});
    let patched = app.patch(&own(&app, &key).await, body).await;
    assert_eq!(patched.faults(), ["/expires_at in_the_past", "/name blank"]);
}

#[actix_web::test]
async fn nobody_raises_their_own_rights() {
    let app = TestApp::start().await;
    for scope in [Scope::Read, Scope::Early, Scope::Write, Scope::Publish] {
        let key = app.new_key(&[scope]).await;
        let place = own(&app, &key).await;
        let ask =
            |method: Method, path: &str, body: Value| app.ask(method, path).key(&key).json(body);
        for body in [
            json!({"name": "x", "scopes": [scope.as_str()]}),
            json!({"name": "x", "scopes": ["admin"]}),
            json!({"scopes": ["admin"]}),
            json!({"expires_at": null}),
            json!({}),
        ] {
            ask(Method::POST, "/v1/keys", body.clone())
                .await
                .problem(403, "forbidden");
            ask(Method::PATCH, &place, body.clone())
                .await
                .problem(403, "forbidden");
            ask(Method::POST, &format!("{place}/rotate"), body)
                .await
                .problem(403, "forbidden");
        }
        ask(Method::DELETE, &place, json!({}))
            .await
            .problem(403, "forbidden");
        for header in [
            "X-Scopes",
            "X-Forwarded-User",
            "X-HTTP-Method-Override",
            "Scope",
        ] {
            let me = app
                .get("/v1/me")
                .key(&key)
                .header(header, "admin")
                .await
                .ok();
            assert_eq!(me["scopes"], json!([scope.as_str()]));
        }
        app.get("/v1/me?scopes=admin")
            .key(&key)
            .await
            .problem(400, "invalid-parameters");
        app.get("/v1/keys?scopes=admin")
            .key(&key)
            .await
            .problem(403, "forbidden");
        app.get("/v1/keys?fields=prefix")
            .key(&key)
            .await
            .problem(403, "forbidden");
    }
    // What only the server writes is ignored, what doesn't exist refused.
    let id = "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11";
    let own_fields = json!({
        "name": "x", "scopes": ["read"], "id": id, "prefix": "mnc_aaaaaaaa", "created_by": id, "rotated_from": id,
        "version": 9, "revoked_at": "2026-01-01T00:00:00Z", "last_used_at": null, "created_at": "2001-01-01T00:00:00Z",
    });
    let made = app.post("/v1/keys", own_fields.clone()).await.created();
    for field in [
        "id",
        "prefix",
        "created_by",
        "rotated_from",
        "version",
        "revoked_at",
        "created_at",
    ] {
        assert_ne!(made[field], own_fields[field], "{field}");
    }
    let place = format!("/v1/keys/{}", made["id"].as_str().unwrap());
    app.patch(&place, json!({"id": id, "version": 9, "created_by": id}))
        .await
        .ok();
    assert_eq!(app.get_all(&place).await.ok()["version"], 1);
    for field in ["key", "hash", "admin", "scope", "role", "__proto__"] {
        let body = json!({"name": "x", "scopes": ["read"], field: "admin"});
        assert_eq!(
            app.post("/v1/keys", body).await.faults(),
            [format!("/{field} unknown")]
        );
        assert_eq!(
            app.patch(&place, json!({field: "admin"})).await.faults(),
            [format!("/{field} unknown")]
        );
    }
}

#[actix_web::test]
async fn keys_are_listed_by_pages_and_by_state() {
    let app = TestApp::start().await;
    let mut places = vec![own(&app, &app.key).await];
    for n in 0..6 {
        let (_, place) = make(&app, &["read"], None).await;
        let name = json!({"name": format!("key {n}")});
        app.patch(&place, name).await.ok();
        places.push(place);
    }
    app.delete(&places[1]).await;
    app.delete(&places[2]).await;
    let id = places[3].rsplit('/').next().unwrap();
    sql(
        &app,
        &format!("UPDATE api_keys SET expires_at = now() WHERE id = '{id}'"),
    )
    .await;
    for (state, names) in [
        ("active", &["key 5", "key 4", "key 3", "a test"][..]),
        ("expired", &["key 2"]),
        ("revoked", &["key 1", "key 0"]),
    ] {
        let page = app
            .get_all(&format!("/v1/keys?state={state}&count=true"))
            .await
            .ok();
        assert_eq!(items(&page, "name"), names, "{state}");
        assert_eq!(page["page"]["total"], names.len());
    }
    let mut seen = Vec::new();
    let mut path = "/v1/keys?limit=2&fields=name".to_owned();
    loop {
        let page = app.get_all(&path).await.ok();
        seen.extend(items(&page, "name"));
        let Some(next) = page["page"]["next"].as_str() else {
            let prev = page["page"]["prev"].as_str().unwrap();
            let back = app
                .get_all(&format!("/v1/keys?limit=2&cursor={prev}"))
                .await
                .ok();
            assert_eq!(items(&back, "name"), ["key 1", "key 0"]);
            break;
        };
        path = format!("/v1/keys?limit=2&fields=name&cursor={next}");
    }
    assert_eq!(
        seen,
        [
            "key 5", "key 4", "key 3", "key 2", "key 1", "key 0", "a test"
        ]
    );
    let wrong = app
        .get_all("/v1/keys?state=lost&sort=name&fields=hash")
        .await;
    assert_eq!(
        wrong.parameter_faults(),
        ["state invalid", "sort unknown", "fields invalid"]
    );
}

#[actix_web::test]
async fn a_key_is_changed_under_its_version_and_at_once() {
    let app = TestApp::start().await;
    let (key, place) = make(&app, &["read", "write"], None).await;
    let first = app.get_all(&place).await;
    let tag = first.header("etag").to_owned();
    assert!(!first.has("last-modified"));
    app.get("/v1/headlines?status=draft").key(&key).await.ok();
    let patch =
        json!({"scopes": ["early"], "name": "partner", "expires_at": "2999-01-01T00:00:00Z"});
    let changed = app
        .patch(&place, patch.clone())
        .header("If-Match", &tag)
        .await
        .ok();
    assert_eq!(
        (&changed["version"], &changed["scopes"]),
        (&json!(2), &json!(["early"]))
    );
    app.get("/v1/headlines?status=draft")
        .key(&key)
        .await
        .problem(403, "forbidden");
    app.patch(&place, json!({"name": "y"}))
        .header("If-Match", &tag)
        .await
        .problem(412, "precondition-failed");
    app.delete(&place)
        .header("If-Match", &tag)
        .await
        .problem(412, "precondition-failed");
    assert_eq!(
        app.patch(&place, patch).await.ok()["version"],
        2,
        "nothing was changed"
    );
    assert_eq!(
        app.patch(&place, json!({"expires_at": null})).await.ok()["expires_at"],
        Value::Null
    );
    assert_eq!(
        app.patch(&place, json!({"expires_at": "2001-01-01T00:00:00Z"}))
            .await
            .faults(),
        ["/expires_at in_the_past"]
    );
    assert_eq!(
        app.patch(&place, json!({"name": null})).await.faults(),
        ["/name wrong_type"]
    );
}

#[actix_web::test]
async fn a_revoked_or_expired_key_is_refused_by_every_node_and_stays_so() {
    let app = TestApp::start().await;
    let other = app.beside().await;
    let (revoked, place) = make(&app, &["read"], None).await;
    let (expired, end) = make(&app, &["read"], Some("2999-01-01T00:00:00Z")).await;
    for node in [&app, &other] {
        for key in [&revoked, &expired] {
            node.get("/v1/me").key(key).await.ok();
        }
    }
    assert_eq!(app.delete(&place).await.status, 204);
    assert_eq!(
        app.delete(&place).await.status,
        204,
        "a second time changes nothing"
    );
    let id = end.rsplit('/').next().unwrap();
    sql(
        &app,
        &format!("UPDATE api_keys SET expires_at = now() WHERE id = '{id}'"),
    )
    .await;
    let mut answers = Vec::new();
    for node in [&app, &other] {
        let begins_alike = format!("{}{}", &app.key[..12], &Token::new().reveal()[12..]);
        let unknown = Token::new();
        for key in [
            &revoked,
            &expired,
            unknown.reveal(),
            &begins_alike,
            "mnc_x",
            "a.b.c",
        ] {
            let refused = node
                .get("/v1/headlines")
                .key(key)
                .await
                .problem(401, "unauthorized");
            answers.push((refused["detail"].clone(), refused["title"].clone()));
        }
    }
    answers.dedup();
    assert_eq!(
        answers.len(),
        1,
        "whatever is wrong with a key, the answer is the same: {answers:?}"
    );
    for place in [&place, &end] {
        for patch in [
            json!({"expires_at": null}),
            json!({"name": "x"}),
            json!({"scopes": ["admin"]}),
        ] {
            app.patch(place, patch).await.problem(409, "conflict");
        }
        app.post(&format!("{place}/rotate"), json!({}))
            .await
            .problem(409, "conflict");
    }
    // Whoever writes past us is held to the same.
    let mut conn = app.conn().await;
    for change in [
        "revoked_at = NULL",
        "expires_at = NULL",
        "scopes = '{admin}'",
        "prefix = 'mnc_aaaaaaaa'",
        "hash = sha256('x')",
    ] {
        let id = place.rsplit('/').next().unwrap();
        let text = format!(
            "UPDATE api_keys SET {change} WHERE id IN ('{id}', '{}') AND name = 'made'",
            end.rsplit('/').next().unwrap()
        );
        let refused = diesel::sql_query(text).execute(&mut conn).await;
        assert!(refused.is_err(), "{change}");
    }
}

#[actix_web::test]
async fn a_key_expires_by_itself() {
    let app = TestApp::start().await;
    let soon = (Utc::now() + TimeDelta::milliseconds(1500))
        .to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let (key, place) = make(&app, &["read"], Some(&soon)).await;
    let begun = Instant::now();
    loop {
        let now = Utc::now();
        let status = app.get("/v1/me").key(&key).await.status;
        if status == 401 {
            assert!(Utc::now() >= time(&json!(soon)));
            break;
        }
        assert!(now < time(&json!(soon)), "it was taken too long");
        assert!(begun.elapsed() < Duration::from_secs(30));
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(app.get_all(&place).await.ok()["revoked_at"], Value::Null);
}

#[actix_web::test]
async fn the_last_admin_key_stays() {
    let app = TestApp::start().await;
    let place = own(&app, &app.key).await;
    // A key that ends is none that stays.
    make(&app, &["admin"], Some("2999-01-01T00:00:00Z")).await;
    make(&app, &["read", "write", "publish"], None).await;
    let refused = |answer: Value| assert_eq!(answer["errors"][0]["code"], "last_admin", "{answer}");
    refused(app.delete(&place).await.problem(409, "conflict"));
    for patch in [
        json!({"scopes": ["read", "write"]}),
        json!({"expires_at": "2999-01-01T00:00:00Z"}),
        json!({"name": "y", "scopes": ["read"], "expires_at": "2999-01-01T00:00:00Z"}),
    ] {
        refused(app.patch(&place, patch).await.problem(409, "conflict"));
    }
    app.patch(
        &place,
        json!({"name": "renamed", "scopes": ["admin", "read"]}),
    )
    .await
    .ok();
    let mut conn = app.conn().await;
    for text in [
        "DELETE FROM api_keys",
        "UPDATE api_keys SET revoked_at = now()",
    ] {
        assert!(
            diesel::sql_query(text).execute(&mut conn).await.is_err(),
            "{text}"
        );
    }
    let (second, _) = make(&app, &["admin"], None).await;
    assert_eq!(app.delete(&place).await.status, 204);
    app.get_all("/v1/keys").await.problem(401, "unauthorized");
    app.get("/v1/keys").key(&second).await.ok();
    // What has expired is no admin key any more, and can be revoked, last or not.
    sql(&app, "ALTER TABLE api_keys DISABLE TRIGGER USER").await;
    sql(&app, "UPDATE api_keys SET expires_at = now()").await;
    sql(&app, "ALTER TABLE api_keys ENABLE TRIGGER USER").await;
    let ended = ApiKey::revoke(&mut conn, &second[..12]).await.unwrap();
    assert!(ended.flatten().is_some());
}

#[actix_web::test]
async fn of_two_who_revoke_the_last_two_admin_keys_at_once_one_is_refused() {
    let app = TestApp::start().await;
    let other = app.beside().await;
    for round in 0..8 {
        let (a, b) = (own(&app, &app.key).await, own(&app, &other.key).await);
        // Each revokes with the key that the other one takes away, or with its own.
        let keys = if round % 2 == 0 {
            (&app.key, &other.key)
        } else {
            (&other.key, &app.key)
        };
        let (first, second) = join(
            async { app.ask(Method::DELETE, &a).key(keys.0).await.status },
            async { other.ask(Method::DELETE, &b).key(keys.1).await.status },
        )
        .await;
        let both = [first, second];
        assert!(
            both.contains(&204) && !both.iter().all(|status| *status == 204),
            "{both:?}"
        );
        assert!(
            both.iter().all(|status| [204, 401, 409].contains(status)),
            "{both:?}"
        );
        let (gone, left) = if first == 204 {
            (a, &other.key)
        } else {
            (b, &app.key)
        };
        app.get("/v1/keys").key(left).await.ok();
        let revoked = app.get(&gone).key(left).await.ok();
        assert!(revoked["revoked_at"].is_string());
        // The same again, with two new ones.
        sql(&app, "ALTER TABLE api_keys DISABLE TRIGGER USER").await;
        sql(&app, "UPDATE api_keys SET revoked_at = NULL").await;
        sql(&app, "ALTER TABLE api_keys ENABLE TRIGGER USER").await;
    }
}

#[actix_web::test]
async fn a_key_is_rotated_with_an_overlap() {
    let app = TestApp::start().await;
    let (old, place) = make(&app, &["read", "write"], None).await;
    let rotate = |place: &str, body: Value| app.post(&format!("{place}/rotate"), body);
    let answer = rotate(&place, json!({})).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let new = answer.created();
    assert_eq!(
        answer.header("location"),
        format!("/v1/keys/{}", new["id"].as_str().unwrap())
    );
    assert_eq!(
        (&new["name"], &new["scopes"]),
        (&json!("made"), &json!(["read", "write"]))
    );
    assert_eq!(new["expires_at"], Value::Null);
    assert!(place.ends_with(new["rotated_from"].as_str().unwrap()));
    for key in [&old, new["key"].as_str().unwrap()] {
        app.get("/v1/me").key(key).await.ok();
    }
    let ending = app.get_all(&place).await.ok();
    assert_eq!(
        time(&ending["expires_at"]) - time(&new["created_at"]),
        TimeDelta::days(1)
    );
    assert_eq!(ending["version"], 2);
    rotate(&place, json!({})).await.problem(409, "conflict");

    // Without an overlap the old one is refused at once; what was given an end is given one as far away.
    let (old, place) = make(&app, &["read"], Some("2999-01-01T00:00:00Z")).await;
    let life = |key: &Value| time(&key["expires_at"]) - time(&key["created_at"]);
    let before = app.get_all(&place).await.ok();
    let new = rotate(&place, json!({"overlap": 0})).await.created();
    app.get("/v1/me")
        .key(&old)
        .await
        .problem(401, "unauthorized");
    assert_eq!(life(&new), life(&before));
    // Nothing lives longer for being rotated.
    let end = "2999-01-01T00:00:00Z";
    let (_, place) = make(&app, &["read"], Some(end)).await;
    let near =
        (Utc::now() + TimeDelta::hours(1)).to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    app.patch(&place, json!({"expires_at": near})).await.ok();
    rotate(&place, json!({"overlap": 604_800})).await.created();
    assert_eq!(
        time(&app.get_all(&place).await.ok()["expires_at"]),
        time(&json!(near))
    );

    // Without a body, whatever it is called, it is as with an empty object.
    let (_, place) = make(&app, &["read"], None).await;
    let ask = app
        .ask(Method::POST, &format!("{place}/rotate"))
        .key(&app.key);
    let new = ask.await.created();
    let ending = app.get_all(&place).await.ok();
    assert_eq!(
        time(&ending["expires_at"]) - time(&new["created_at"]),
        TimeDelta::days(1)
    );
    let (_, place) = make(&app, &["read"], None).await;
    let ask = |body: &'static str| {
        let ask = app.ask(Method::POST, &format!("{place}/rotate"));
        let ask = ask.key(&app.key).header("Idempotency-Key", "r");
        ask.body("text/plain", body)
    };
    ask(" ").await.problem(415, "unsupported-media-type");
    let first = ask("").await.created();
    assert_eq!(ask("").await.created(), first);

    let (_, place) = make(&app, &["read"], None).await;
    for (overlap, fault) in [
        (json!(604_801), "/overlap too_large"),
        (json!(-1), "/overlap too_small"),
        (json!("1"), "/overlap wrong_type"),
        (json!(1.5), "/overlap wrong_type"),
    ] {
        assert_eq!(
            rotate(&place, json!({"overlap": overlap})).await.faults(),
            [fault]
        );
    }
    let more = json!({"scopes": ["admin"], "name": "x"});
    assert_eq!(
        rotate(&place, more).await.faults(),
        ["/name unknown", "/scopes unknown"]
    );
    // The last admin key can be rotated: its successor stays.
    let last = rotate(&own(&app, &app.key).await, json!({"overlap": 0}))
        .await
        .created();
    app.get_all("/v1/keys").await.problem(401, "unauthorized");
    app.get("/v1/keys")
        .key(last["key"].as_str().unwrap())
        .await
        .ok();
}

#[actix_web::test]
async fn of_two_who_rotate_a_key_at_once_one_is_refused() {
    let app = TestApp::start().await;
    let (_, place) = make(&app, &["read"], None).await;
    let path = format!("{place}/rotate");
    let (a, b) = join(async { app.post(&path, json!({})).await.status }, async {
        app.post(&path, json!({})).await.status
    })
    .await;
    assert_eq!([a.min(b), a.max(b)], [201, 409]);
}

#[actix_web::test]
async fn a_key_says_what_it_is_good_for() {
    let app = TestApp::start().await;
    app.get("/v1/me").await.problem(401, "unauthorized");
    let (key, place) = make(&app, &["write", "early"], Some("2999-01-01T00:00:00Z")).await;
    let answer = app.get("/v1/me").key(&key).await;
    assert_eq!(answer.header("cache-control"), "private, no-store");
    let id = place.rsplit('/').next().unwrap();
    assert_eq!(
        answer.ok(),
        json!({"name": "made", "kind": "key", "key_id": id, "scopes": ["early", "write"], "expires_at": "2999-01-01T00:00:00Z", "limits": []})
    );
    let limited = TestApp::start_with(&["--rate-reads", "7/7200", "--rate-writes", "5/7200"]).await;
    let me = limited.get_all("/v1/me").await.ok();
    let limit = |n: usize, name: &str| me["limits"][n][name].clone();
    let seen = |n| ["policy", "requests", "seconds", "remaining"].map(|name| limit(n, name));
    assert_eq!(seen(0), [json!("reads"), json!(7), json!(7200), json!(6)]);
    assert_eq!(seen(1), [json!("writes"), json!(5), json!(7200), json!(5)]);
}

#[actix_web::test]
async fn what_is_answered_is_what_is_published() {
    let app = TestApp::start().await;
    let contract = manchette::server::contract::contract();
    let example = |schema: &str| contract["components"]["schemas"][schema]["example"].clone();
    let check = |schema: &str, answer: &Value| {
        let root = json!({
            "$ref": format!("#/components/schemas/{schema}"), "components": contract["components"],
        });
        let validator = jsonschema::validator_for(&root).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(answer)
            .map(|e| e.to_string())
            .collect();
        assert!(faults.is_empty(), "{schema}: {faults:?}");
    };
    let made = app.post("/v1/keys", example("NewKey")).await.created();
    check("IssuedKey", &made);
    let place = format!("/v1/keys/{}", made["id"].as_str().unwrap());
    check("Key", &app.get_all(&place).await.ok());
    check("Key", &app.patch(&place, example("KeyPatch")).await.ok());
    let rotated = app
        .post(&format!("{place}/rotate"), example("NewRotation"))
        .await
        .created();
    check("IssuedKey", &rotated);
    check("KeyPage", &app.get_all("/v1/keys?count=true").await.ok());
    check("KeyPage", &app.get_all("/v1/keys?fields=name").await.ok());
    check("Me", &app.get_all("/v1/me").await.ok());
}
