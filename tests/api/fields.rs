//! Fields: what is asked for is sent, one level down too, and nothing else is.

use serde_json::{Value, json};

use crate::support::TestApp;

/// A category, an author, two tags, an article with all of them, and a headline that points at it.
async fn fill(app: &TestApp) -> (Value, Value) {
    let above = app.category("Société", None).await;
    let category = app.category("Économie", Some(&above)).await;
    let mut authors = Vec::new();
    for name in ["Anna", "Badr"] {
        let author = app.post("/v1/authors", json!({"name": name}));
        authors.push(author.await.created()["id"].clone());
    }
    let mut tags = Vec::new();
    for name in ["Blé", "Laine"] {
        let tag = app.post("/v1/tags", json!({"name": name}));
        tags.push(tag.await.created()["id"].clone());
    }
    let article = app
        .article(
            "La moisson",
            json!({
                "category_id": category["id"], "author_ids": authors, "tag_ids": tags, "lede": "Tôt.",
                "body": "Le **blé** est haut.", "image": {"url": "https://images.example/a.jpg", "alt": "Un champ"},
            }),
        )
        .await;
    let arabic = json!({"language": "ar", "translation_of": article["id"]});
    app.article("الحصاد", arabic).await;
    let headline = app
        .headline(
            "Moisson",
            json!({"article_id": article["id"], "category_id": category["id"]}),
        )
        .await;
    (article, headline)
}

#[actix_web::test]
async fn a_point_leads_one_level_down() {
    let app = TestApp::start().await;
    let (article, headline) = fill(&app).await;
    for (query, expected) in [
        (
            "articles?fields=category.slug",
            json!({"category": {"slug": "economie"}}),
        ),
        (
            "articles?fields=authors.name",
            json!({"authors": [{"name": "Anna"}, {"name": "Badr"}]}),
        ),
        (
            "articles?fields=tags.name,tags.kind",
            json!({"tags": [{"name": "Blé", "kind": "subject"}, {"name": "Laine", "kind": "subject"}]}),
        ),
        (
            "articles?fields=image.alt",
            json!({"image": {"alt": "Un champ"}}),
        ),
        (
            "articles?fields=translations.title,translations.language",
            json!({"translations": [{"title": "الحصاد", "language": "ar"}]}),
        ),
        (
            "articles?fields=category.name,title,authors.slug,category.id",
            json!({
                "title": "La moisson", "category": {"id": article["category_id"], "name": "Économie"},
                "authors": [{"slug": "anna"}, {"slug": "badr"}],
            }),
        ),
        (
            "articles?fields=author_ids,authors.name,category_id,tag_ids",
            json!({
                "author_ids": article["author_ids"], "authors": [{"name": "Anna"}, {"name": "Badr"}],
                "category_id": article["category_id"], "tag_ids": article["tag_ids"],
            }),
        ),
        (
            "articles?fields=category",
            json!({"category": article["category"]}),
        ),
        (
            "headlines?fields=article.slug,category.slug",
            json!({"article": {"slug": "la-moisson"}, "category": {"slug": "economie"}}),
        ),
        (
            "headlines?fields=article_id,article.id",
            json!({"article_id": article["id"], "article": {"id": article["id"]}}),
        ),
        (
            "headlines?fields=article",
            json!({"article": headline["article"]}),
        ),
        (
            "headlines?fields=category.slug,pinned",
            json!({"category": {"slug": "economie"}, "pinned": false}),
        ),
        (
            "authors?fields=name,slug&limit=1",
            json!({"name": "Anna", "slug": "anna"}),
        ),
        ("tags?fields=kind&limit=1", json!({"kind": "subject"})),
        (
            "search?q=moisson&type=headline&fields=headline.title,headline.category",
            json!({"headline": {"title": "Moisson", "category": headline["category"]}}),
        ),
        (
            "search?q=moisson&type=article&fields=type,article.slug,article.authors",
            json!({"type": "article", "article": {"slug": "la-moisson", "authors": article["authors"]}}),
        ),
        (
            "search?q=moisson&type=article&fields=article.slug,headline.title",
            json!({"article": {"slug": "la-moisson"}, "headline": null}),
        ),
    ] {
        let more = if query.starts_with("articles") {
            "&language=fr"
        } else {
            ""
        };
        let page = app.get(&format!("/v1/{query}{more}")).await.ok();
        assert_eq!(page["items"], json!([expected]), "{query}");
    }
    let categories = app.get("/v1/categories?fields=slug,parent.slug").await.ok();
    assert_eq!(
        categories["items"],
        json!([{"slug": "societe", "parent": null}, {"slug": "economie", "parent": {"slug": "societe"}}])
    );
}

#[actix_web::test]
async fn what_is_null_or_empty_stays_so_with_a_point_in_the_name() {
    let app = TestApp::start().await;
    let draft = app.article("caché", json!({"status": "draft"})).await;
    app.article("nu", json!({})).await;
    app.headline("nue", json!({"article_id": draft["id"]}))
        .await;
    let article = app
        .get("/v1/articles?fields=category.slug,authors.name,tags.slug,image.url,translations.id")
        .await
        .ok();
    assert_eq!(
        article["items"],
        json!([{"category": null, "authors": [], "tags": [], "image": null, "translations": []}])
    );
    let headline = app
        .get("/v1/headlines?fields=article.slug,article_id,category.slug")
        .await
        .ok();
    assert_eq!(
        headline["items"],
        json!([{"article_id": null, "category": null, "article": null}])
    );
}

#[actix_web::test]
async fn a_field_that_is_not_there_or_named_twice_is_refused() {
    let app = TestApp::start().await;
    for (list, wrong) in [
        ("articles", "nothing"),
        ("articles", ""),
        ("articles", "title,"),
        ("articles", ",title"),
        ("articles", "title,title"),
        ("articles", "Title"),
        ("articles", "%20title"),
        ("articles", "title.x"),
        ("articles", "title."),
        ("articles", ".slug"),
        ("articles", "."),
        ("articles", "category.nothing"),
        ("articles", "category."),
        ("articles", "category.slug.x"),
        ("articles", "category.slug,category.slug"),
        ("articles", "category,category.slug"),
        ("articles", "category.slug,category"),
        ("articles", "authors.kind"),
        ("articles", "author_ids.0"),
        ("articles", "search"),
        ("articles", "deleted_at"),
        ("articles", "listed_at"),
        ("articles", "priority"),
        ("headlines", "body"),
        ("headlines", "article.title"),
        ("headlines", "article.slug,title,article"),
        ("headlines", "authors"),
        ("search?q=x", "title"),
        ("search?q=x", "article.nothing"),
        ("search?q=x", "article.category.slug"),
        ("search?q=x", "headline,headline.title"),
        ("tags", "name_key"),
        ("categories", "parent.name.x"),
    ] {
        let join = if list.contains('?') { '&' } else { '?' };
        let answer = app.get(&format!("/v1/{list}{join}fields={wrong}")).await;
        assert_eq!(
            answer.parameter_faults(),
            ["fields invalid"],
            "{list} {wrong}"
        );
    }
    let answer = app.get("/v1/articles?fields=category.nothing").await;
    let detail = answer.json()["errors"][0]["detail"].clone();
    let detail = detail.as_str().unwrap();
    assert!(
        detail.contains("category") && detail.contains("slug"),
        "it says what there is: {detail}"
    );
}

#[actix_web::test]
async fn bodies_are_sent_only_where_they_are_asked_for() {
    let app = TestApp::start().await;
    let (article, _) = fill(&app).await;
    let bodies = ["body", "body_html", "body_text"];
    let page = app.get("/v1/articles?language=fr").await.ok();
    let listed = &page["items"][0];
    for name in bodies {
        assert!(article[name].is_string());
        assert_eq!(listed.get(name), None, "{name}");
        let page = app
            .get(&format!("/v1/articles?language=fr&fields={name}"))
            .await
            .ok();
        assert_eq!(page["items"], json!([{name: article[name]}]));
        let id = article["id"].as_str().unwrap();
        let page = app
            .get(&format!("/v1/articles?ids={id}&fields=id,{name}"))
            .await
            .ok();
        assert_eq!(
            page["items"],
            json!([{"id": id, name: article[name]}]),
            "by id"
        );
    }
    // Everything else is there by itself.
    for (name, value) in article.as_object().unwrap() {
        if !bodies.contains(&name.as_str()) && !name.starts_with("translat") {
            assert_eq!(listed[name], *value, "{name}");
        }
    }
    for path in ["search?q=moisson", "articles/la-moisson/related"] {
        let page = app.get(&format!("/v1/{path}")).await.ok();
        for item in page["items"].as_array().unwrap() {
            let item = if item.get("type").is_some() {
                &item["article"]
            } else {
                item
            };
            assert!(bodies.iter().all(|name| item.get(name).is_none()), "{path}");
        }
    }
}

#[actix_web::test]
async fn a_search_sends_the_bodies_that_it_is_asked_for_or_refuses() {
    let app = TestApp::start().await;
    fill(&app).await;
    let answer = app
        .get("/v1/search?q=moisson&type=article&fields=article.slug,article.body_text")
        .await;
    if answer.status == 400 {
        assert_eq!(answer.parameter_faults(), ["fields invalid"]);
    } else {
        assert_eq!(
            answer.ok()["items"],
            json!([{"article": {"slug": "la-moisson", "body_text": "Le blé est haut."}}])
        );
    }
}
