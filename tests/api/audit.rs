//! The audit log: who changed what, and who tried.

use diesel_async::SimpleAsyncConnection;
use manchette::access::api_keys::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{JsonPath, TestApp, Traversal, path_of};

async fn audit_entries(app: &TestApp, query: &str) -> Vec<Value> {
    let page = app
        .get_as_admin(&format!("/v1/audit?limit=100{query}"))
        .await
        .ok();
    page.list("/items").to_vec()
}

#[actix_web::test]
async fn every_write_is_audited_with_its_caller_and_result() {
    let app = TestApp::start().await;
    let created = app
        .post("/v1/headlines", json!({"title": "a", "language": "fr"}))
        .header("X-Request-Id", "first")
        .await;
    let path = created.header("location").to_owned();
    let id = created.created()["id"].clone();
    let changed = app.patch(&path, json!({"title": "b"})).await;
    app.patch(&path, json!({"title": "b"})).await.ok();
    app.delete(&path).await;
    app.put(&path, json!({"title": "c", "language": "fr"}))
        .await
        .created();
    let found = audit_entries(&app, "").await;
    let actual: Vec<Value> = found
        .iter()
        .map(|row| json!([row["method"], row["status"], row["action"], row["version"]]))
        .collect();
    assert_eq!(
        actual,
        [
            json!(["PUT", 201, "restored", 4]),
            json!(["DELETE", 204, "deleted", 3]),
            json!(["PATCH", 200, "updated", 2]),
            json!(["POST", 201, "created", 1]),
        ],
        "a patch that changes nothing is no write"
    );
    for row in &found {
        assert_eq!(
            (&row["resource"], &row["resource_id"]),
            (&json!("headline"), &id)
        );
        assert_eq!(
            (&row["caller"], &row["problem"]),
            (&json!("a test"), &Value::Null)
        );
        assert_eq!(row["address"], "127.0.0.1");
    }
    assert_eq!(found[3]["request_id"], "first");
    assert_eq!(found[3]["path"], "/v1/headlines");
    assert_eq!(found[2]["request_id"], changed.header("x-request-id"));
    let mut conn = app.conn().await;
    conn.batch_execute(
        "SELECT 1 / (count(*) = 4)::int FROM events JOIN audit USING (resource, resource_id, version, action) \
         WHERE key_id IS NOT NULL",
    )
    .await
    .unwrap();
}

#[actix_web::test]
async fn every_rejected_write_is_audited_with_its_problem() {
    let app = TestApp::start().await;
    let headline = app.headline("a", json!({})).await;
    let path = path_of("headlines", &headline);
    let reader = app.new_key(&[Scope::Read]).await;
    let patch = |key: Option<&str>| {
        let request = app
            .request(Method::PATCH, &path)
            .json(json!({"title": "b"}));
        request.key_if_any(key)
    };
    patch(None).await.problem(401, "unauthorized");
    patch(Some("mnc_wrong")).await.problem(401, "unauthorized");
    patch(Some(&reader)).await.problem(403, "forbidden");
    let late = patch(Some(&app.admin_key))
        .header("If-Match", "\"9-x\"")
        .await;
    late.problem(412, "precondition-failed");
    app.patch(&path, json!({"title": ""}))
        .await
        .problem(422, "invalid");
    app.patch("/v1/headlines/nowhere", json!({"title": "b"}))
        .await
        .problem(404, "not-found");
    app.request_as_admin(Method::PATCH, "/v1/headlines")
        .await
        .problem(405, "method-not-allowed");
    app.delete("/v1/audit")
        .await
        .problem(405, "method-not-allowed");
    app.delete(&format!("{path}?force=true"))
        .await
        .problem(400, "invalid-parameters");
    app.request(Method::PATCH, &path.replace("headlines", "%68eadlines"))
        .key(&reader)
        .json(json!({}))
        .await
        .problem(403, "forbidden");
    app.get("/v1/headlines?status=draft")
        .await
        .problem(401, "unauthorized");
    let found = audit_entries(&app, "&refused=true").await;
    let actual: Vec<Value> = found
        .iter()
        .map(|row| json!([row["status"], row["problem"], row["caller"], row["action"]]))
        .collect();
    assert_eq!(
        actual,
        [
            json!([403, "forbidden", "a test", null]),
            json!([400, "invalid-parameters", "a test", null]),
            json!([405, "method-not-allowed", "a test", null]),
            json!([405, "method-not-allowed", "a test", null]),
            json!([404, "not-found", "a test", null]),
            json!([422, "invalid", "a test", null]),
            json!([412, "precondition-failed", "a test", null]),
            json!([403, "forbidden", "a test", null]),
            json!([401, "unauthorized", null, null]),
            json!([401, "unauthorized", null, null]),
        ]
    );
    assert_eq!(found[6]["request_id"], late.header("x-request-id"));
    assert_eq!(
        (&found[6]["resource_id"], &found[6]["version"]),
        (&headline["id"], &Value::Null)
    );
    assert_eq!(found[4]["path"], "/v1/headlines/nowhere");
}

#[actix_web::test]
async fn the_audit_log_can_be_filtered_and_paginated() {
    let app = TestApp::start().await;
    let other = app.new_key(&[Scope::Write]).await;
    for n in 0..5 {
        app.headline(&n.to_string(), json!({})).await;
        app.post("/v1/tags", json!({"name": n.to_string()}))
            .await
            .created();
        let post = app.request(Method::POST, "/v1/authors").key(&other);
        post.json(json!({"name": n.to_string()})).await.created();
    }
    app.post("/v1/tags", json!({}))
        .await
        .problem(422, "invalid");
    let all = audit_entries(&app, "").await;
    assert_eq!(all.len(), 16);
    let of_author = all.iter().find(|row| row["resource"] == "author").unwrap();
    let is = |name: &str, row: &Value| format!("&{name}={}", row[name].as_str().unwrap());
    for (query, count) in [
        ("&resource=headline".to_owned(), 5),
        ("&resource=tag".into(), 6),
        ("&resource=tag&refused=false".into(), 5),
        ("&refused=true&action=created".into(), 0),
        ("&action=created".into(), 15),
        ("&resource=key".into(), 0),
        ("&caller=a%20test".into(), 16),
        ("&caller=nobody".into(), 0),
        ("&problem=invalid".into(), 1),
        ("&address=127.0.0.1".into(), 16),
        ("&address=192.0.2.1".into(), 0),
        ("&address=::ffff:127.0.0.1".into(), 16),
        (is("key_id", of_author), 5),
        (is("resource_id", of_author), 1),
        (is("request_id", of_author), 1),
        ("&before=2020-01-01T00:00:00Z".into(), 0),
        ("&after=2020-01-01T00:00:00Z".into(), 16),
        (format!("&after={}", all[3].text("/at")), 3),
        (format!("&before={}", all[3].text("/at")), 12),
    ] {
        assert_eq!(audit_entries(&app, &query).await.len(), count, "{query}");
    }
    let counted = app
        .get_as_admin("/v1/audit?count=true&limit=1&fields=id")
        .await
        .ok();
    assert_eq!(
        (
            &counted["page"]["total"],
            counted["items"][0].as_object().unwrap().len()
        ),
        (&json!(16), 1)
    );
    let ids: Vec<String> = all.iter().map(|row| row.text("/id").to_owned()).collect();
    let pages = Traversal::read(|path| app.get_as_admin(path), "/v1/audit?limit=3").await;
    assert_eq!(pages.texts("/items/*/id"), ids);
    for wrong in [
        "key_id=x",
        "resource=x",
        "action=x",
        "refused=x",
        "address=x",
        "after=x",
        "status=x",
        "request_id=",
        "request_id=%00",
        "caller=%00",
        "problem=x",
    ] {
        app.get_as_admin(&format!("/v1/audit?{wrong}"))
            .await
            .problem(400, "invalid-parameters");
    }
}

#[actix_web::test]
async fn the_audit_log_is_append_only_and_readable_by_admins_only() {
    let app = TestApp::start().await;
    app.headline("a", json!({})).await;
    app.get("/v1/audit").await.problem(401, "unauthorized");
    let key = app
        .new_key(&[Scope::Read, Scope::Early, Scope::Write, Scope::Publish])
        .await;
    app.get("/v1/audit")
        .key(&key)
        .await
        .problem(403, "forbidden");
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        app.request_as_admin(method, "/v1/audit")
            .await
            .problem(405, "method-not-allowed");
    }
    let mut conn = app.conn().await;
    for change in [
        "DELETE FROM audit",
        "UPDATE audit SET path = '/'",
        "TRUNCATE audit",
    ] {
        let refused = conn.batch_execute(change).await.unwrap_err();
        assert!(refused.to_string().contains("never changed"), "{refused}");
    }
    // One write, and the four attempts on the audit log.
    assert_eq!(audit_entries(&app, "").await.len(), 5);
}

#[actix_web::test]
async fn a_write_that_cannot_be_audited_is_rolled_back() {
    let app = TestApp::start().await;
    let mut conn = app.conn().await;
    conn.batch_execute("ALTER TABLE audit ADD CHECK (action <> 'created')")
        .await
        .unwrap();
    let post = app.post("/v1/headlines", json!({"title": "a", "language": "fr"}));
    post.await.problem(500, "internal");
    assert!(
        app.get_as_admin("/v1/headlines")
            .await
            .ok()
            .texts("/items/*/id")
            .is_empty()
    );
}

#[actix_web::test]
async fn key_management_is_audited_without_secrets() {
    let app = TestApp::start().await;
    let made = app
        .post("/v1/keys", json!({"name": "k", "scopes": ["read"]}))
        .await
        .created();
    let path = path_of("keys", &made);
    app.patch(&path, json!({"name": "l"})).await.ok();
    let rotated = app
        .post(&format!("{path}/rotate"), json!({}))
        .await
        .created();
    assert_eq!(app.delete(&path).await.status, 204);
    assert_eq!(app.delete(&path).await.status, 204);
    app.request(Method::POST, "/v1/keys")
        .key(made.text("/key"))
        .json(json!({}))
        .await
        .problem(401, "unauthorized");
    let found = audit_entries(&app, "&resource=key").await;
    let actual: Vec<Value> = found
        .iter()
        .map(|row| {
            json!([
                row["action"],
                row["problem"],
                row["resource_id"],
                row["version"]
            ])
        })
        .collect();
    assert_eq!(
        actual,
        [
            json!([null, "unauthorized", null, null]),
            json!(["revoked", null, made["id"], 4]),
            json!(["created", null, rotated["id"], 1]),
            json!(["rotated", null, made["id"], 3]),
            json!(["updated", null, made["id"], 2]),
            json!(["created", null, made["id"], 1]),
        ]
    );
    let all = app.get_as_admin("/v1/audit").await;
    let all = all.text();
    for key in [&made["key"], &rotated["key"], &json!(app.admin_key)] {
        assert!(!all.contains(key.as_str().unwrap()), "{all}");
    }
}

#[actix_web::test]
async fn keys_in_paths_and_request_ids_are_redacted() {
    let app = TestApp::start().await;
    let jwt = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl";
    for secret in [app.admin_key.as_str(), jwt] {
        let refused = app
            .delete(&format!("/v1/keys/{secret}"))
            .header("X-Request-Id", secret)
            .await;
        let problem = refused.problem(404, "not-found");
        assert!(!problem.to_string().contains(&secret[13..]), "{problem}");
        assert_ne!(refused.header("x-request-id"), secret);
    }
    let found = audit_entries(&app, "").await;
    assert_eq!(found[0]["path"], "/v1/keys/eyJ…");
    assert_eq!(
        found[1]["path"],
        format!("/v1/keys/{}…", &app.admin_key[..12])
    );
    let all = json!(found).to_string();
    assert!(
        !all.contains(&app.admin_key[13..]) && !all.contains(&jwt[13..]),
        "{all}"
    );
}
