//! Headlines.

use serde_json::json;

use crate::support::{JsonPath, TestApp, path_of, without_id};

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
    assert_eq!(without_id(&fields["items"]), some);

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
            let mut titles = titles.to_vec();
            if sort == "-updated_at" {
                // A headline changes when its article disappears.
                titles.reverse();
            }
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
