//! Completion of typed words by `/v1/suggest`.

use manchette::access::api_keys::Scope;
use serde_json::{Value, json};

use super::escaped;
use crate::support::{JsonPath, TestApp, path_of};

#[actix_web::test]
async fn typed_prefixes_are_completed() {
    let app = TestApp::start().await;
    app.category("Économie", None).await;
    let tag = app.tag("Économie bleue").await;
    let author = app.author("Salma Économou").await;
    let named = json!({"tag_ids": [tag["id"]], "author_ids": [author["id"]]});
    app.article("Rebond de l’économie", named).await;
    app.article("Économie cachée", json!({"status": "draft"}))
        .await;
    let texts = async |typed: &str| {
        app.get(&format!("/v1/suggest?q={}", escaped(typed)))
            .await
            .ok()
            .texts("/items/*/text")
    };
    assert_eq!(
        texts("econ").await,
        [
            "Économie",
            "Économie bleue",
            "Salma Économou",
            "Rebond de l’économie"
        ]
    );
    assert_eq!(texts("ÉCO").await.len(), 4);
    assert_eq!(texts("salma eco").await, ["Salma Économou"]);
    assert_eq!(texts("rebond l’éco").await, ["Rebond de l’économie"]);
    assert_eq!(texts("conomie").await, Vec::<String>::new());
    let names = json!({"ar": "الفلاحة", "en": "Farming and \"fishing\"", "es": "Agro"});
    let farming = app
        .post(
            "/v1/categories",
            json!({"name": "Agriculture", "names": names}),
        )
        .await
        .created();
    for (typed, name) in [
        ("agr", "Agriculture"),
        ("FARM", "Farming and \"fishing\""),
        ("farming fish", "Farming and \"fishing\""),
        ("الفَلاح", "الفلاحة"),
    ] {
        let page = app
            .get(&format!("/v1/suggest?q={}", escaped(typed)))
            .await
            .ok();
        assert_eq!(
            page["items"],
            json!([{"type": "category", "id": farming["id"], "slug": "agriculture", "text": name}]),
            "{typed}"
        );
    }
    assert_eq!(texts("farming agr").await, Vec::<String>::new());
    // Tags and authors are found by their names in any language; of several matching names the requested language is
    // returned.
    let names = json!({"ar": "البذر", "en": "Seeds", "es": "Semillas"});
    let tag = json!({"name": "Semailles", "names": names});
    let tag = app.post("/v1/tags", tag).await.created();
    let author = json!({"name": "Semira", "names": {"ar": "سميرة"}});
    let author = app.post("/v1/authors", author).await.created();
    for (query, found) in [
        ("q=seed", vec![(&tag, "tag", "Seeds")]),
        ("q=البذ", vec![(&tag, "tag", "البذر")]),
        ("q=سمير", vec![(&author, "author", "سميرة")]),
        ("q=semai", vec![(&tag, "tag", "Semailles")]),
        (
            "q=sem&language=es",
            vec![(&tag, "tag", "Semillas"), (&author, "author", "Semira")],
        ),
        (
            "q=sem&language=fr",
            vec![(&tag, "tag", "Semailles"), (&author, "author", "Semira")],
        ),
        ("q=semill&language=fr", vec![(&tag, "tag", "Semillas")]),
        (
            "q=sem&language=ar",
            vec![(&tag, "tag", "Semailles"), (&author, "author", "Semira")],
        ),
    ] {
        // The admin key also gets names that no content uses.
        let response = app
            .get_as_admin(&format!("/v1/suggest?{query}"))
            .header("Accept-Language", "es")
            .await;
        let expected: Vec<Value> = found
            .iter()
            .map(|(one, kind, text)| json!({"type": kind, "id": one["id"], "slug": one["slug"], "text": text}))
            .collect();
        assert_eq!(response.ok()["items"], json!(expected), "{query}");
        let requests = query.contains("language");
        assert_eq!(
            response.header("vary").contains("Accept-Language"),
            !requests
        );
    }
    let spanish = app
        .get_as_admin("/v1/suggest?q=sem")
        .header("Accept-Language", "es-MX")
        .await;
    assert_eq!(spanish.ok().texts("/items/*/text"), ["Semillas", "Semira"]);
    for (query, fault) in [
        ("q=x&language=fran%C3%A7ais", "language invalid"),
        (
            "q=x&language=fr&language=ar",
            "language duplicate_parameter",
        ),
        ("q=x&lang=fr", "lang unknown"),
    ] {
        let response = app.get(&format!("/v1/suggest?{query}")).await;
        assert_eq!(response.parameter_faults(), [fault]);
    }
    for n in 0..30 {
        app.article(&format!("Marée {n}"), json!({})).await;
    }
    let page = app.get("/v1/suggest?q=mar").await.ok();
    assert_eq!(page.texts("/items/*/text").len(), 10);
    assert_eq!(page.texts("/items/*/text")[0], "Marée 29");
    // Old titles are found behind newer ones.
    app.execute_sql(
            "INSERT INTO articles (id, slug, title, language, dir, status, published_at) SELECT gen_random_uuid(), 'x-' || n,
             CASE WHEN n = 3 THEN 'Zénith' ELSE 'autre' END, 'fr', 'ltr', 'published', '2020-01-01'::timestamptz + n * interval '1 hour'
             FROM generate_series(1, 900) AS n",
        ).await;
    assert_eq!(texts("zen").await, ["Zénith"]);
}

#[actix_web::test]
async fn names_are_completed_only_if_visible_content_uses_them() {
    let app = TestApp::start().await;
    let later = "2999-01-01T00:00:00Z";
    let mut articles = Vec::new();
    for (name, article) in [
        ("nowhere", None),
        ("draft", Some(json!({"status": "draft"}))),
        (
            "dated",
            Some(json!({"status": "draft", "published_at": "2020-01-01T00:00:00Z"})),
        ),
        (
            "scheduled",
            Some(json!({"status": "scheduled", "published_at": later})),
        ),
        (
            "coming",
            Some(json!({"status": "published", "published_at": later})),
        ),
        (
            "due",
            Some(json!({"status": "scheduled", "published_at": "2020-01-01T00:00:00Z"})),
        ),
        ("withdrawn", Some(json!({"status": "withdrawn"}))),
        ("deleted", Some(json!({}))),
        ("out", Some(json!({}))),
    ] {
        let tag = json!({"name": format!("Secret {name}")});
        let tag = app.post("/v1/tags", tag).await.created();
        let author = json!({"name": format!("Mme Secret {name}")});
        let author = app.post("/v1/authors", author).await.created();
        if let Some(article) = article {
            let named = json!({"tag_ids": [tag["id"]], "author_ids": [author["id"]]});
            let article = app
                .article(name, crate::support::with(article, named))
                .await;
            articles.push(path_of("articles", &article));
        }
    }
    let draft = articles[0].clone();
    app.delete(&articles[6]).await;
    let early = app.new_key(&[Scope::Early]).await;
    let read = app.new_key(&[Scope::Read]).await;
    let texts = async |key: Option<&str>, name: &str| {
        let request = app.get(&format!("/v1/suggest?q=secret%20{name}"));
        let page = request.key_if_any(key).await;
        page.ok().texts("/items/*/text")
    };
    for (name, for_early) in [
        ("nowhere", false),
        ("draft", false),
        ("dated", false),
        ("scheduled", true),
        ("coming", true),
        ("due", true),
        ("withdrawn", false),
        ("deleted", false),
        ("out", true),
    ] {
        let both = [format!("Secret {name}"), format!("Mme Secret {name}")];
        let some = |visible: bool| if visible { &both[..] } else { &[] };
        let public = name == "out" || name == "due";
        assert_eq!(texts(None, name).await, some(public), "{name}");
        assert_eq!(texts(Some(&early), name).await, some(for_early), "{name}");
        assert_eq!(texts(Some(&read), name).await, both, "{name}");
    }
    assert_eq!(
        texts(None, "").await,
        [
            "Secret due",
            "Secret out",
            "Mme Secret due",
            "Mme Secret out"
        ]
    );
    app.patch(&draft, json!({"status": "published"})).await.ok();
    assert_eq!(texts(None, "draft").await.len(), 2);
    app.patch(&draft, json!({"tag_ids": []})).await.ok();
    assert_eq!(texts(None, "draft").await, ["Mme Secret draft"]);
    // The lists of tags themselves are public.
    let tags = app.get("/v1/tags?count=true").await.ok();
    assert_eq!(tags["page"]["total"], 9);
}
