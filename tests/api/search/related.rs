//! Related articles.

use serde_json::json;

use crate::support::{JsonPath, TestApp};

#[actix_web::test]
async fn related_articles_share_tags_words_or_a_category_and_the_language() {
    let app = TestApp::start().await;
    let category = app.category("Mer", None).await;
    let tag = app.tag("Phares").await;
    let in_category = json!({"category_id": category["id"]});
    let subject = app
        .article(
            "Le phare rénové",
            json!({"slug": "this", "tag_ids": [tag["id"]], "category_id": category["id"]}),
        )
        .await;
    app.article("autre chose", json!({})).await;
    app.article("même rubrique", in_category).await;
    app.article("même étiquette", json!({"tag_ids": [tag["id"]]}))
        .await;
    app.article("Un phare éteint", json!({})).await;
    app.article(
        "brouillon",
        json!({"tag_ids": [tag["id"]], "status": "draft"}),
    )
    .await;
    app.article("arabe", json!({"tag_ids": [tag["id"]], "language": "ar"}))
        .await;
    app.article(
        "traduction",
        json!({"tag_ids": [tag["id"]], "language": "fr-CA", "translation_of": subject["id"]}),
    )
    .await;
    let related = app.get("/v1/articles/this/related").await;
    assert_eq!(
        related.ok().texts("/items/*/title"),
        [
            "même étiquette",
            "Un phare éteint",
            "même rubrique",
            "autre chose"
        ]
    );
    assert_eq!(related.json()["items"][0].get("body"), None);
    for _ in 0..12 {
        app.article("encore", json!({"tag_ids": [tag["id"]]})).await;
    }
    assert_eq!(
        app.get("/v1/articles/this/related")
            .await
            .ok()
            .list("/items")
            .len(),
        10
    );
    app.patch("/v1/articles/this", json!({"slug": "moved"}))
        .await
        .ok();
    let moved = app.get("/v1/articles/this/related").await;
    moved.assert_redirects_to("/v1/articles/moved/related");
    app.get("/v1/articles/nothing/related")
        .await
        .problem(404, "not-found");
    app.patch("/v1/articles/moved", json!({"status": "withdrawn"}))
        .await
        .ok();
    app.get("/v1/articles/moved/related")
        .await
        .problem(410, "gone");
    assert_eq!(
        app.get("/v1/articles/moved/related?x=1")
            .await
            .parameter_faults(),
        ["x unknown"]
    );
}
