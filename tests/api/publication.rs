//! Publication, expiry and withdrawal of headlines and articles.

use manchette::access::api_keys::Scope;
use serde_json::{Value, json};

use crate::support::{JsonPath, TestApp, path_of, with};

#[actix_web::test]
async fn publishing_without_a_time_uses_the_current_time() {
    let app = TestApp::start().await;
    let headline = app.headline("x", json!({})).await;
    assert_eq!(headline["published_at"], headline["created_at"]);
    assert_eq!(
        app.get("/v1/headlines").await.ok().texts("/items/*/title"),
        ["x"]
    );
}

#[actix_web::test]
async fn the_public_sees_published_headlines_that_have_not_expired() {
    let app = TestApp::start().await;
    app.headline("out", json!({"published_at": "2026-01-01T08:00:00Z"}))
        .await;
    app.headline(
        "leaves later",
        json!({"published_at": "2026-01-02T08:00:00Z", "expires_at": "2999-01-01T00:00:00Z"}),
    )
    .await;
    let hidden = [
        app.headline(
            "left",
            json!({"published_at": "2026-01-01T08:00:00Z", "expires_at": "2026-01-02T00:00:00Z"}),
        )
        .await,
        app.headline("not yet", json!({"published_at": "2999-01-01T00:00:00Z"}))
            .await,
        app.headline("draft", json!({"status": "draft"})).await,
        app.headline(
            "embargo",
            json!({"status": "scheduled", "published_at": "2999-01-02T08:00:00Z"}),
        )
        .await,
    ];
    assert_eq!(
        app.get("/v1/headlines").await.ok().texts("/items/*/title"),
        ["leaves later", "out"]
    );
    for headline in &hidden {
        let path = path_of("headlines", headline);
        app.get(&path).await.problem(404, "not-found");
        app.get_as_admin(&path).await.ok();
    }
    assert_eq!(
        app.get_as_admin("/v1/headlines?count=true").await.ok()["page"]["total"],
        6
    );

    let early = app.new_key(&[Scope::Early]).await;
    let page = app.get("/v1/headlines").key(&early).await.ok();
    assert_eq!(
        page.texts("/items/*/title"),
        ["embargo", "not yet", "leaves later", "out"]
    );
}

#[actix_web::test]
async fn withdrawn_content_is_gone_but_a_withdrawn_draft_is_not_found() {
    let app = TestApp::start().await;
    let out = app.headline("out", json!({})).await;
    let draft = app
        .headline(
            "draft",
            json!({"status": "draft", "published_at": "2026-01-01T00:00:00Z"}),
        )
        .await;
    for (headline, status, kind) in [(out, 410, "gone"), (draft, 404, "not-found")] {
        let path = path_of("headlines", &headline);
        app.patch(&path, json!({"status": "withdrawn"})).await.ok();
        app.get(&path).await.problem(status, kind);
        app.get_as_admin(&path).await.ok();
    }
}

#[actix_web::test]
async fn scheduled_content_is_published_when_its_time_has_come() {
    let app = TestApp::start().await;
    let due = json!({"status": "scheduled", "published_at": "2026-01-01T08:00:00Z"});
    let later = json!({"status": "scheduled", "published_at": "2999-01-01T08:00:00Z"});
    let early = app.new_key(&[Scope::Early]).await;
    for list in ["/v1/headlines", "/v1/articles"] {
        let new = |title: &str, more: &Value| {
            with(json!({"title": title, "language": "fr"}), more.clone())
        };
        let due = app.post(list, new("due", &due)).await.created();
        let later = app.post(list, new("later", &later)).await.created();
        let path = |it: &Value| format!("{list}/{}", it.text("/id"));
        assert_eq!(
            (&due["status"], &later["status"]),
            (&json!("published"), &json!("scheduled"))
        );
        assert_eq!(app.get(&path(&due)).await.ok()["status"], "published");
        app.get(&path(&later)).await.problem(404, "not-found");
        assert_eq!(app.get(list).await.ok().texts("/items/*/title"), ["due"]);
        for (key, all) in [
            (&app.admin_key, ["later", "due"]),
            (&early, ["later", "due"]),
        ] {
            let request =
                async |query: &str| app.get(&format!("{list}{query}")).key(key).await.ok();
            assert_eq!(request("").await.texts("/items/*/title"), all);
            assert_eq!(
                request("?status=published").await.texts("/items/*/title"),
                ["due"]
            );
            assert_eq!(
                request("?status=scheduled").await.texts("/items/*/title"),
                ["later"]
            );
            assert_eq!(
                request("?status=published&count=true").await["page"]["total"],
                1
            );
        }
        // Its time comes without a write.
        let id = later.text("/id");
        let table = &list[4..];
        app.execute_sql(&format!(
            "UPDATE {table} SET published_at = now() - interval '1 second' WHERE id = '{id}'"
        ))
        .await;
        let tag = app.get(&path(&later)).await;
        assert_eq!(tag.ok()["status"], "published");
        assert_eq!(
            app.get(&format!("{list}?count=true")).await.ok()["page"]["total"],
            2
        );
        for found in ["later", "due"] {
            let hits = app
                .get(&format!(
                    "/v1/search?q={found}&type={}",
                    &table[..table.len() - 1]
                ))
                .await
                .ok();
            assert_eq!(
                hits.texts("/items/*/title_highlighted"),
                [format!("<mark>{found}</mark>")]
            );
        }
        // Withdrawn after publication, it is gone.
        app.patch(&path(&due), json!({"status": "withdrawn"}))
            .await
            .ok();
        app.get(&path(&due)).await.problem(410, "gone");
        // Withdrawn before its publication, it is not found.
        let never = app
            .post(
                list,
                new(
                    "never",
                    &json!({"status": "scheduled", "published_at": "2999-01-01T08:00:00Z"}),
                ),
            )
            .await
            .created();
        app.patch(&path(&never), json!({"status": "withdrawn"}))
            .await
            .ok();
        app.get(&path(&never)).await.problem(404, "not-found");
    }
}
