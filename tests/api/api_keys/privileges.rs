//! The privileges that managing API keys requires, and the protection of the last admin key.

use diesel_async::RunQueryDsl;
use futures_util::future::join;
use manchette::access::api_keys::{ApiKey, Scope};
use reqwest::Method;
use serde_json::{Value, json};

use super::{OPERATIONS, create_key, path_of_key};
use crate::support::{TestApp, path_of};

#[actix_web::test]
async fn managing_keys_requires_the_admin_scope() {
    let app = TestApp::start().await;
    let some = app
        .new_key(&[Scope::Read, Scope::Early, Scope::Write, Scope::Publish])
        .await;
    for (method, path) in OPERATIONS {
        let request = || {
            app.request(method.parse().unwrap(), path)
                .body("application/json", "{ not even JSON")
        };
        request().await.problem(401, "unauthorized");
        let response = request().key(&some).await;
        assert!(
            response
                .header("www-authenticate")
                .contains("scope=\"admin\"")
        );
        response.problem(403, "forbidden");
        let response = request().key(&app.admin_key).await;
        match (method, path) {
            ("GET", "/v1/keys") => drop(response.ok()),
            ("GET" | "DELETE", _) => drop(response.problem(404, "not-found")),
            _ => drop(response.problem(400, "malformed")),
        }
    }
    for path in ["/v1/keys/x", "/v1/keys/mnc_12345678", "/v1/keys/é/rotate"] {
        assert_eq!(app.get_as_admin(path).await.status / 100, 4, "{path}");
    }
    app.post("/v1/keys/x/rotate", json!({}))
        .await
        .problem(404, "not-found");
}

#[actix_web::test]
async fn a_key_cannot_raise_its_own_privileges() {
    let app = TestApp::start().await;
    for scope in [Scope::Read, Scope::Early, Scope::Write, Scope::Publish] {
        let key = app.new_key(&[scope]).await;
        let key_path = path_of_key(&app, &key).await;
        let request = |method: Method, path: &str, body: Value| {
            app.request(method, path).key(&key).json(body)
        };
        for body in [
            json!({"name": "x", "scopes": [scope.as_str()]}),
            json!({"name": "x", "scopes": ["admin"]}),
            json!({"scopes": ["admin"]}),
            json!({"expires_at": null}),
            json!({}),
        ] {
            request(Method::POST, "/v1/keys", body.clone())
                .await
                .problem(403, "forbidden");
            request(Method::PATCH, &key_path, body.clone())
                .await
                .problem(403, "forbidden");
            request(Method::POST, &format!("{key_path}/rotate"), body)
                .await
                .problem(403, "forbidden");
        }
        request(Method::DELETE, &key_path, json!({}))
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
    // Read-only fields are ignored, unknown ones rejected.
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
    let key_path = path_of("keys", &made);
    app.patch(&key_path, json!({"id": id, "version": 9, "created_by": id}))
        .await
        .ok();
    assert_eq!(app.get_as_admin(&key_path).await.ok()["version"], 1);
    for field in ["key", "hash", "admin", "scope", "role", "__proto__"] {
        let body = json!({"name": "x", "scopes": ["read"], field: "admin"});
        assert_eq!(
            app.post("/v1/keys", body).await.faults(),
            [format!("/{field} unknown")]
        );
        assert_eq!(
            app.patch(&key_path, json!({field: "admin"})).await.faults(),
            [format!("/{field} unknown")]
        );
    }
}

#[actix_web::test]
async fn the_last_admin_key_cannot_be_revoked_or_restricted() {
    let app = TestApp::start().await;
    let path = path_of_key(&app, &app.admin_key).await;
    // An admin key with an expiry does not count.
    create_key(&app, &["admin"], Some("2999-01-01T00:00:00Z")).await;
    create_key(&app, &["read", "write", "publish"], None).await;
    let refused =
        |response: Value| assert_eq!(response["errors"][0]["code"], "last_admin", "{response}");
    refused(app.delete(&path).await.problem(409, "conflict"));
    for patch in [
        json!({"scopes": ["read", "write"]}),
        json!({"expires_at": "2999-01-01T00:00:00Z"}),
        json!({"name": "y", "scopes": ["read"], "expires_at": "2999-01-01T00:00:00Z"}),
    ] {
        refused(app.patch(&path, patch).await.problem(409, "conflict"));
    }
    app.patch(
        &path,
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
    let (second, _) = create_key(&app, &["admin"], None).await;
    assert_eq!(app.delete(&path).await.status, 204);
    app.get_as_admin("/v1/keys")
        .await
        .problem(401, "unauthorized");
    app.get("/v1/keys").key(&second).await.ok();
    // An expired admin key can be revoked, even the last one.
    app.execute_sql("ALTER TABLE api_keys DISABLE TRIGGER USER")
        .await;
    app.execute_sql("UPDATE api_keys SET expires_at = now()")
        .await;
    app.execute_sql("ALTER TABLE api_keys ENABLE TRIGGER USER")
        .await;
    let ended = ApiKey::revoke(&mut conn, &second[..12]).await.unwrap();
    assert!(ended.flatten().is_some());
}

#[actix_web::test]
async fn of_two_concurrent_revocations_of_the_last_admin_keys_one_is_rejected() {
    let app = TestApp::start().await;
    let other = app.another_node().await;
    for round in 0..8 {
        let (a, b) = (
            path_of_key(&app, &app.admin_key).await,
            path_of_key(&app, &other.admin_key).await,
        );
        // Each request uses its own key or the one that the other revokes.
        let keys = if round % 2 == 0 {
            (&app.admin_key, &other.admin_key)
        } else {
            (&other.admin_key, &app.admin_key)
        };
        let (first, second) = join(
            async { app.request(Method::DELETE, &a).key(keys.0).await.status },
            async { other.request(Method::DELETE, &b).key(keys.1).await.status },
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
            (a, &other.admin_key)
        } else {
            (b, &app.admin_key)
        };
        app.get("/v1/keys").key(left).await.ok();
        let revoked = app.get(&gone).key(left).await.ok();
        assert!(revoked["revoked_at"].is_string());
        // Both keys are restored for the next round.
        app.execute_sql("ALTER TABLE api_keys DISABLE TRIGGER USER")
            .await;
        app.execute_sql("UPDATE api_keys SET revoked_at = NULL")
            .await;
        app.execute_sql("ALTER TABLE api_keys ENABLE TRIGGER USER")
            .await;
    }
}
