//! Headlines.

use manchette::api_keys::Scope;
use serde_json::{Value, json};

use crate::support::{JsonPath, TestApp, path_of, with};

#[actix_web::test]
async fn a_headline_has_one_shape_wherever_it_is_read() {
    let app = TestApp::start().await;
    let category = app.category("Économie", None).await;
    let article = app.article("Une reprise", json!({})).await;
    let more = json!({
        "language": "AR-ma", "priority": "flash", "pinned": true, "category_id": category["id"], "article_id": article["id"],
        "published_at": "2026-01-01T09:00:00+01:00", "expires_at": "2999-01-01T00:00:00Z",
        "url": "https://agence.example/1", "source": "Agence",
    });
    let created = app.headline("Un titre : « 23,6\u{a0}% »", more).await;

    let one = app.get(&path_of("headlines", &created)).await.ok();
    let listed = app.get("/v1/headlines").await.ok();

    assert_eq!(created, one);
    assert_eq!(listed["items"][0], one);
    insta::assert_json_snapshot!(one, {
        ".id" => "[id]", ".category_id" => "[id]", ".article_id" => "[id]", ".category.id" => "[id]", ".article.id" => "[id]", ".created_at" => "[time]", ".updated_at" => "[time]",
    });
}

#[actix_web::test]
async fn omitted_fields_get_their_defaults() {
    let app = TestApp::start().await;
    let new = app
        .post("/v1/headlines", json!({"title": "x", "language": "fr"}))
        .await;
    let location = new.header("location").to_owned();
    let headline = new.created();
    assert_eq!(headline["status"], "draft");
    assert_eq!(headline["priority"], "normal");
    assert_eq!(headline["pinned"], false);
    assert_eq!(headline["dir"], "ltr");
    assert_eq!(headline["version"], 1);
    for field in [
        "published_at",
        "expires_at",
        "category_id",
        "category",
        "article_id",
        "article",
        "url",
        "source",
    ] {
        assert!(
            headline[field].is_null() && headline.get(field).is_some(),
            "{field}"
        );
    }
    assert_eq!(location, path_of("headlines", &headline));
}

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
async fn a_linked_article_is_shown_only_to_callers_who_can_see_it() {
    let app = TestApp::start().await;
    let draft = app.article("Secret", json!({"status": "draft"})).await;
    let headline = app.headline("x", json!({"article_id": draft["id"]})).await;
    let path = path_of("headlines", &headline);
    for public in [
        app.get(&path).await.ok(),
        app.get("/v1/headlines").await.ok()["items"][0].clone(),
    ] {
        assert!(
            public["article_id"].is_null() && public["article"].is_null(),
            "{public}"
        );
    }
    assert_eq!(
        app.get_as_admin(&path).await.ok()["article"]["slug"],
        draft["slug"]
    );

    let article = path_of("articles", &draft);
    app.patch(&article, json!({"status": "published"}))
        .await
        .ok();
    assert_eq!(app.get(&path).await.ok()["article"]["slug"], "secret");
    app.delete(&article).await;
    assert!(app.get(&path).await.ok()["article_id"].is_null());
    assert_eq!(
        app.get_as_admin(&path).await.ok()["article_id"],
        draft["id"]
    );
    // The headline can be changed while its article is deleted.
    app.patch(&path, json!({"title": "y"})).await.ok();
}

#[actix_web::test]
async fn a_headline_embeds_the_title_and_image_of_its_article() {
    let app = TestApp::start().await;
    let image = json!({
        "url": "https://i.example/port.jpg", "alt": "Un port", "caption": null, "credit": "Agence", "width": 1600, "height": 900,
    });
    let more = json!({"slug": "port", "image": image});
    let article = app.article("Le port rouvre", more).await;
    let headline = app
        .headline("x", json!({"article_id": article["id"]}))
        .await;
    let path = path_of("headlines", &headline);
    let expected =
        json!({"id": article["id"], "slug": "port", "title": "Le port rouvre", "image": image});
    assert_eq!(headline["article"], expected);
    assert_eq!(app.get(&path).await.ok()["article"], expected);
    let list = app.get("/v1/headlines").await.ok();
    assert_eq!(list["items"][0]["article"], expected);
    let found = app.get("/v1/search?q=x&type=headline").await.ok();
    assert_eq!(found["items"][0]["headline"]["article"], expected);
    let fields = app
        .get("/v1/headlines?fields=title,article.image,article.title")
        .await
        .ok();
    let some = json!([{"title": "x", "article": {"title": "Le port rouvre", "image": image}}]);
    assert_eq!(fields["items"], some);

    let of_article = path_of("articles", &article);
    app.patch(
        &of_article,
        json!({"title": "Le port reste fermé", "image": null}),
    )
    .await
    .ok();
    let updated = app.get(&path).await.ok();
    assert_eq!(updated["article"]["title"], "Le port reste fermé");
    assert!(updated["article"]["image"].is_null() && updated["article"].get("image").is_some());
    // Nothing of a hidden article is shown.
    app.patch(&of_article, json!({"status": "draft", "title": "Secret"}))
        .await
        .ok();
    for url in [
        &path,
        "/v1/headlines",
        "/v1/headlines?fields=article.title",
        "/v1/search?q=x",
    ] {
        let public = app.get(url).await;
        public.ok();
        assert!(!public.text().contains("Secret"), "{url}");
    }
    assert_eq!(
        app.get_as_admin(&path).await.ok()["article"]["title"],
        "Secret"
    );
}

#[actix_web::test]
async fn priority_and_pinned_filter_without_changing_the_order() {
    let app = TestApp::start().await;
    for (title, priority, pinned, day) in [
        ("a", "normal", true, 1),
        ("b", "flash", false, 2),
        ("c", "breaking", true, 3),
        ("d", "normal", false, 4),
    ] {
        let at = format!("2026-01-0{day}T00:00:00Z");
        app.headline(
            title,
            json!({"priority": priority, "pinned": pinned, "published_at": at}),
        )
        .await;
    }
    for (query, titles) in [
        ("", vec!["d", "c", "b", "a"]),
        ("?pinned=true", vec!["c", "a"]),
        ("?pinned=false", vec!["d", "b"]),
        ("?priority=flash", vec!["b"]),
        ("?priority=normal&pinned=true", vec!["a"]),
        ("?published_after=2026-01-02T00:00:00Z", vec!["d", "c"]),
        ("?published_before=2026-01-02T00:00:00Z", vec!["a"]),
        (
            "?published_after=2026-01-01T00:00:00Z&published_before=2026-01-03T01:00:00%2B01:00",
            vec!["b"],
        ),
    ] {
        assert_eq!(
            app.get(&format!("/v1/headlines{query}"))
                .await
                .ok()
                .texts("/items/*/title"),
            titles,
            "{query}"
        );
    }
}

#[actix_web::test]
async fn contradictory_times_and_missing_references_are_rejected() {
    let app = TestApp::start().await;
    let faults = |more| async {
        let body = crate::support::with(json!({"title": "x", "language": "fr"}), more);
        app.post("/v1/headlines", body).await.faults()
    };
    assert_eq!(
        faults(json!({"status": "scheduled"})).await,
        ["/published_at required"]
    );
    let backwards =
        json!({"published_at": "2026-01-02T00:00:00Z", "expires_at": "2026-01-01T00:00:00Z"});
    assert_eq!(faults(backwards).await, ["/expires_at too_early"]);
    let over = json!({"status": "published", "expires_at": "2026-01-01T00:00:00Z"});
    assert_eq!(faults(over).await, ["/expires_at too_early"]);
    let nowhere = json!({"category_id": uuid::Uuid::now_v7()});
    assert_eq!(faults(nowhere).await, ["/category_id not_found"]);
    let nowhere = json!({"article_id": uuid::Uuid::now_v7()});
    assert_eq!(faults(nowhere).await, ["/article_id not_found"]);
}

#[actix_web::test]
async fn a_deleted_article_counts_as_no_article_in_filters() {
    let app = TestApp::start().await;
    let article = app.article("Un phare", json!({})).await;
    let deleted = app.article("Un naufrage", json!({})).await;
    let headlines = [
        ("phare un", &article["id"]),
        ("phare deux", &deleted["id"]),
        ("phare trois", &serde_json::Value::Null),
    ];
    for (title, id) in headlines {
        app.headline(title, json!({"article_id": id})).await;
    }
    app.delete(&path_of("articles", &deleted)).await;
    for (has, titles) in [
        (true, &["phare un"][..]),
        (false, &["phare trois", "phare deux"]),
    ] {
        for sort in ["-published_at", "published_at", "-updated_at"] {
            let path = format!("/v1/headlines?has_article={has}&count=true&sort={sort}");
            for page in [
                app.get(&path).await.ok(),
                app.get_as_admin(&path).await.ok(),
            ] {
                let mut found = page.texts("/items/*/title");
                if sort == "published_at" {
                    found.reverse();
                }
                assert_eq!(found, titles, "{path}");
                assert_eq!(page["page"]["total"], titles.len());
                let all = page.list("/items");
                assert!(all.iter().all(|line| line["article"].is_object() == has));
            }
        }
        let path = format!("/v1/search?q=phare&has_article={has}&count=true");
        let found = app.get_as_admin(&path).await.ok();
        assert_eq!(found["page"]["total"], titles.len(), "{path}");
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
