//! Lists of API keys, `/v1/me`, and the schemas of both.

use serde_json::{Value, json};

use super::{create_key, path_of_key};
use crate::support::pages::texts;
use crate::support::{JsonPath, TestApp, follow, path_of};

#[actix_web::test]
async fn keys_are_listed_with_pagination_and_filtered_by_state() {
    let app = TestApp::start().await;
    let mut paths = vec![path_of_key(&app, &app.admin_key).await];
    for n in 0..6 {
        let (_, key_path) = create_key(&app, &["read"], None).await;
        let name = json!({"name": format!("key {n}")});
        app.patch(&key_path, name).await.ok();
        paths.push(key_path);
    }
    app.delete(&paths[1]).await;
    app.delete(&paths[2]).await;
    let id = paths[3].rsplit('/').next().unwrap();
    app.execute_sql(&format!(
        "UPDATE api_keys SET expires_at = now() WHERE id = '{id}'"
    ))
    .await;
    for (state, names) in [
        ("active", &["key 5", "key 4", "key 3", "a test"][..]),
        ("expired", &["key 2"]),
        ("revoked", &["key 1", "key 0"]),
    ] {
        let page = app
            .get_as_admin(&format!("/v1/keys?state={state}&count=true"))
            .await
            .ok();
        assert_eq!(page.texts("/items/*/name"), names, "{state}");
        assert_eq!(page["page"]["total"], names.len());
    }
    let list = "/v1/keys?limit=2&fields=name";
    let pages = follow(|path| app.get_as_admin(path), list, "next", None).await;
    let expected = [
        vec!["key 5", "key 4"],
        vec!["key 3", "key 2"],
        vec!["key 1", "key 0"],
        vec!["a test"],
    ];
    assert_eq!(texts(&pages, "/items/*/name"), expected);
    let prev = pages[3].text("/page/prev");
    let back = app.get_as_admin(&format!("/v1/keys?limit=2&cursor={prev}"));
    assert_eq!(back.await.ok().texts("/items/*/name"), ["key 1", "key 0"]);
    let wrong = app
        .get_as_admin("/v1/keys?state=lost&sort=name&fields=hash")
        .await;
    assert_eq!(
        wrong.parameter_faults(),
        ["state invalid", "sort unknown", "fields invalid"]
    );
}

#[actix_web::test]
async fn me_describes_the_key_and_its_limits() {
    let app = TestApp::start().await;
    app.get("/v1/me").await.problem(401, "unauthorized");
    let (key, path) = create_key(&app, &["write", "early"], Some("2999-01-01T00:00:00Z")).await;
    let response = app.get("/v1/me").key(&key).await;
    assert_eq!(response.header("cache-control"), "private, no-store");
    let id = path.rsplit('/').next().unwrap();
    assert_eq!(
        response.ok(),
        json!({"name": "made", "kind": "key", "key_id": id, "scopes": ["early", "write"], "expires_at": "2999-01-01T00:00:00.000000Z", "limits": []})
    );
    let limited = TestApp::start_with(&["--rate-reads", "7/7200", "--rate-writes", "5/7200"]).await;
    let me = limited.get_as_admin("/v1/me").await.ok();
    let limit = |n: usize, name: &str| me["limits"][n][name].clone();
    let limits = |n| ["policy", "requests", "seconds", "remaining"].map(|name| limit(n, name));
    assert_eq!(limits(0), [json!("reads"), json!(7), json!(7200), json!(6)]);
    assert_eq!(
        limits(1),
        [json!("writes"), json!(5), json!(7200), json!(5)]
    );
}

#[actix_web::test]
async fn key_responses_match_their_schemas() {
    let app = TestApp::start().await;
    let contract = manchette::server::contract::contract();
    let example = |schema: &str| contract["components"]["examples"][schema]["value"].clone();
    let check = |schema: &str, response: &Value| {
        let root = json!({
            "$ref": format!("#/components/schemas/{schema}"), "components": contract["components"],
        });
        let validator = jsonschema::validator_for(&root).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(response)
            .map(|e| e.to_string())
            .collect();
        assert!(faults.is_empty(), "{schema}: {faults:?}");
    };
    let made = app.post("/v1/keys", example("NewKey")).await.created();
    check("IssuedKey", &made);
    let path = path_of("keys", &made);
    check("Key", &app.get_as_admin(&path).await.ok());
    check("Key", &app.patch(&path, example("KeyPatch")).await.ok());
    let rotated = app
        .post(&format!("{path}/rotate"), example("NewRotation"))
        .await
        .created();
    check("IssuedKey", &rotated);
    check(
        "KeyPage",
        &app.get_as_admin("/v1/keys?count=true").await.ok(),
    );
    check("Me", &app.get_as_admin("/v1/me").await.ok());
}
