//! `PATCH` with `clear`, for clients that can't send `null`.

use serde_json::{Value, json};

use crate::support::{TestApp, path_of};

#[actix_web::test]
async fn clear_does_what_null_does() {
    let app = TestApp::start().await;
    let category = app.category("Économie", None).await;
    let more =
        json!({"source": "Agence", "category_id": category["id"], "url": "https://a.example/"});
    let headline = app.headline("x", more).await;
    let path = path_of("headlines", &headline);
    let cleared = app
        .patch(
            &format!("{path}?clear=source,category_id"),
            json!({"title": "y", "source": null}),
        )
        .await
        .ok();
    for field in ["source", "category_id", "category"] {
        assert_eq!(cleared[field], Value::Null, "{field}");
    }
    assert_eq!(
        (&cleared["title"], &cleared["version"]),
        (&json!("y"), &json!(2))
    );
    assert_eq!(cleared["url"], "https://a.example/");
    let again = app
        .patch(&format!("{path}?clear=source"), json!({}))
        .await
        .ok();
    assert_eq!(again["version"], 2, "nothing changed");
}

#[actix_web::test]
async fn every_patch_takes_clear() {
    let app = TestApp::start().await;
    let image = json!({"url": "https://a.example/i.jpg"});
    let article = app
        .article(
            "x",
            json!({"image": image, "tag_ids": [app.tag("Larache").await["id"]]}),
        )
        .await;
    let author = app.author("Anna").await;
    let tag = app.tag("Nador").await;
    let category = app.category("Sport", None).await;
    for (list, resource, fields) in [
        ("articles", &article, "image,tag_ids"),
        ("authors", &author, "bio"),
        ("tags", &tag, "names"),
        ("categories", &category, "description"),
    ] {
        let path = format!("{}?clear={fields}", path_of(list, resource));
        app.patch(&path, json!({})).await.ok();
    }
    let article = app.get_as_admin(&path_of("articles", &article)).await.ok();
    assert_eq!(
        (&article["image"], &article["tags"]),
        (&Value::Null, &json!([]))
    );
    let key = json!({"name": "a", "scopes": ["read"], "expires_at": "2999-01-01T00:00:00Z"});
    let key = app.post("/v1/keys", key).await.created();
    let path = format!("{}?clear=expires_at", path_of("keys", &key));
    assert_eq!(
        app.patch(&path, json!({})).await.ok()["expires_at"],
        Value::Null
    );
    app.patch("/v1/site?clear=url", json!({})).await.ok();
}

#[actix_web::test]
async fn wrong_names_in_clear_are_refused_all_at_once_after_the_rights() {
    let app = TestApp::start().await;
    let headline = app.headline("x", json!({})).await;
    let path = path_of("headlines", &headline);
    let refused = app
        .patch(
            &format!("{path}?clear=title,nothing,url,,source"),
            json!({"url": "https://a.example/"}),
        )
        .await;
    refused.problem(400, "invalid-parameters");
    assert_eq!(
        refused.parameter_faults(),
        [
            "clear invalid",
            "clear invalid",
            "clear incompatible_with_body",
            "clear invalid"
        ]
    );
    let unknown = app
        .patch(&format!("{path}?x=1&clear=source"), json!({}))
        .await;
    assert_eq!(unknown.parameter_faults(), ["x unknown"]);
    let stranger = app.request(reqwest::Method::PATCH, &format!("{path}?clear=nothing"));
    stranger.json(json!({})).await.problem(401, "unauthorized");
    let unchanged = app.get(&path).await.ok();
    assert_eq!(unchanged["version"], 1);
}
