//! Search results: ranking, highlights, filters, corrected spelling, fields.

use serde_json::{Value, json};

use super::{hits, titles};
use crate::support::{JsonPath, TestApp, path_of};

#[actix_web::test]
async fn results_are_ranked_by_relevance_with_highlighted_matches() {
    let app = TestApp::start().await;
    let at = |day: u32| json!({"published_at": format!("2026-01-{day:02}T00:00:00Z"), "title": ""});
    let more = |day, more: Value| {
        let mut all = at(day);
        all.as_object_mut().unwrap().remove("title");
        all.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        all
    };
    app.article(
        "corps",
        more(
            9,
            json!({"body": "Le phare & <em>rien</em> d’autre.", "body_format": "html"}),
        ),
    )
    .await;
    app.article("chapô", more(9, json!({"lede": "Le phare."})))
        .await;
    app.article("Le phare <b>\"A\"</b> & l'eau", more(9, json!({})))
        .await;
    app.article("Un phare", more(1, json!({}))).await;
    app.headline("Des phares", more(8, json!({}))).await;
    let page = app.get("/v1/search?q=phare").await.ok();
    assert_eq!(
        hits(&page),
        [
            "Le phare <b>\"A\"</b> & l'eau",
            "Des phares",
            "Un phare",
            "chapô",
            "corps"
        ]
    );
    let first = &page["items"][0];
    assert_eq!(
        first["title_highlighted"],
        "Le <mark>phare</mark> &lt;b&gt;&quot;A&quot;&lt;/b&gt; &amp; l&#39;eau"
    );
    assert_eq!(
        (&first["type"], &first["headline"]),
        (&json!("article"), &Value::Null)
    );
    let second = &page["items"][1];
    assert_eq!(
        (&second["title_highlighted"], &second["snippet"]),
        (&json!("Des <mark>phares</mark>"), &Value::Null)
    );
    assert_eq!(page["items"][3]["snippet"], "Le <mark>phare</mark>.");
    assert_eq!(
        page["items"][4]["snippet"],
        "Le <mark>phare</mark> &amp; rien d’autre."
    );
    assert_eq!(page["items"][4]["article"].get("body"), None);
    let by_time = app
        .get("/v1/search?q=phare&sort=-published_at&type=article")
        .await
        .ok();
    assert_eq!(hits(&by_time)[3], "Un phare");
    let count = app.get("/v1/search?q=phare&count=true&limit=1").await.ok();
    assert_eq!(count["page"]["total"], 5);
    let only = app
        .get("/v1/search?q=phare&type=headline&fields=title_highlighted,headline.title")
        .await
        .ok();
    assert_eq!(
        only["items"],
        json!([{"type": "headline", "title_highlighted": "Des <mark>phares</mark>", "headline": {"title": "Des phares"}}])
    );
}

#[actix_web::test]
async fn searches_accept_the_filters_of_lists() {
    let app = TestApp::start().await;
    let category = app.category("Mer", None).await;
    let author = app.author("Anna").await;
    let tag = app.tag("Rouge").await;
    let article = app.article("phare un", json!({"category_id": category["id"], "author_ids": [author["id"]], "tag_ids": [tag["id"]]})).await;
    app.article(
        "phare deux",
        json!({"published_at": "2026-01-01T00:00:00Z"}),
    )
    .await;
    app.headline(
        "phare trois",
        json!({"priority": "flash", "article_id": article["id"]}),
    )
    .await;
    app.headline("phare quatre", json!({"language": "ar"}))
        .await;
    for (more, found) in [
        ("&category=mer", &["phare un"][..]),
        ("&author=anna", &["phare un"]),
        ("&tag=rouge", &["phare trois", "phare un"]),
        ("&priority=flash", &["phare trois"]),
        ("&has_article=false", &["phare quatre"]),
        ("&type=article", &["phare deux", "phare un"]),
        ("&date=2026-01-01", &["phare deux"]),
        ("&language=ar", &["phare quatre"]),
        ("&author=anna&priority=flash", &[]),
    ] {
        assert_eq!(titles(&app, "phare", more).await, found, "{more}");
    }
    assert_eq!(
        app.get("/v1/search?q=phare&ids=x").await.parameter_faults(),
        ["ids unknown"]
    );
    assert_eq!(
        app.get("/v1/search?q=phare&category=x")
            .await
            .parameter_faults(),
        ["category not_found"]
    );
    app.get("/v1/search?q=phare&status=draft")
        .await
        .problem(401, "unauthorized");
}

#[actix_web::test]
async fn misspelled_words_are_corrected_from_visible_content() {
    let app = TestApp::start().await;
    app.article("La coopérative", json!({})).await;
    app.article("Un brise-lames gigantesque", json!({"status": "draft"}))
        .await;
    let deleted = app.article("Un albatros", json!({})).await;
    app.delete(&path_of("articles", &deleted)).await;
    let suggestion = async |query: &str| {
        app.get(&format!("/v1/search?q={query}")).await.ok()["suggestion"].clone()
    };
    assert_eq!(suggestion("coopratives").await, "coopérative");
    assert_eq!(suggestion("la%20cooperatve").await, "la coopérative");
    app.article("L’électrification de Marrakech", json!({}))
        .await;
    app.headline("Le gouvernement du Maroc", json!({})).await;
    for (misspelled, correction) in [
        ("elecrtificaton", "électrification"),
        ("Marakesh", "marrakech"),
        ("maorc", "maroc"),
        ("gouvernmnet", "gouvernement"),
    ] {
        assert_eq!(suggestion(misspelled).await, correction);
    }
    for without_correction in [
        "gouverneur",
        "cooperative",
        "gigantesqe",
        "albatro",
        "xyzxyz",
        "-cooperatve%20or",
        "coo",
    ] {
        assert_eq!(
            suggestion(without_correction).await,
            Value::Null,
            "{without_correction}"
        );
    }
    assert_eq!(titles(&app, "gigantesque", "").await, Vec::<String>::new());
    let page = app.get_as_admin("/v1/search?q=gigantesque").await.ok();
    assert_eq!(hits(&page), ["Un brise-lames gigantesque"]);
}

#[actix_web::test]
async fn article_bodies_are_returned_only_when_selected() {
    let app = TestApp::start().await;
    let body = json!({"body": "Le *phare* luit."});
    let article = app.article("Un phare", body).await;
    app.headline("Un phare aussi", json!({})).await;
    let found = async |fields: &str| {
        let path = format!("/v1/search?q=phare&type=article{fields}");
        app.get(&path).await.ok()["items"][0].clone()
    };
    for body in ["body", "body_html", "body_text"] {
        assert_eq!(
            found(&format!("&fields=article.{body},article.title")).await,
            json!({"type": "article", "article": {"title": "Un phare", body: article[body]}})
        );
        for fields in ["", "&fields=article", "&fields=article.title"] {
            assert!(
                found(fields).await["article"].get(body).is_none(),
                "{fields}"
            );
        }
    }
    let both = app
        .get("/v1/search?q=phare&fields=article.body_text,headline.title")
        .await
        .ok();
    let mut both = both.list("/items").to_vec();
    both.sort_by_key(|hit| hit["article"].is_null());
    assert_eq!(both[0]["article"], json!({"body_text": "Le phare luit."}));
    assert_eq!(both[1]["headline"], json!({"title": "Un phare aussi"}));
}
