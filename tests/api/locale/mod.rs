//! Localized names: which language they are returned in.

mod authors_and_tags;
mod categories;
mod content;

use serde_json::{Value, json};

use crate::support::{JsonPath, Response, TestApp, path_of};

fn path(category: &Value) -> String {
    path_of("categories", category)
}

/// Creates a category with localized names.
async fn create_category(app: &TestApp, name: &str, names: Value, parent: Option<&Value>) -> Value {
    let parent_id = parent.map(|parent| parent["id"].clone());
    let body = json!({"name": name, "names": names, "parent_id": parent_id});
    app.post("/v1/categories", body).await.created()
}

/// Creates Économie with Agriculture below it, with localized names, and content in Agriculture.
async fn create_newsroom(app: &TestApp) -> [Value; 4] {
    let top = create_category(
        app,
        "Économie",
        json!({"ar": "اقتصاد", "en-GB": "Economy"}),
        None,
    )
    .await;
    let below = create_category(app, "Agriculture", json!({"ar": "فلاحة"}), Some(&top)).await;
    let within = json!({"category_id": below["id"]});
    let article = app.article("x", within.clone()).await;
    let headline = app.headline("x", within).await;
    [top, below, article, headline]
}

fn varies_by_language(response: &Response) -> bool {
    response
        .header("vary")
        .split(", ")
        .any(|name| name == "Accept-Language")
}

/// Responses with the category Agriculture: the path, and the JSON pointer to its name.
fn category_responses(of: &[Value; 4]) -> Vec<(String, &'static str)> {
    let [_, below, _, _] = of;
    vec![
        (path(below), "/name"),
        ("/v1/categories/agriculture".into(), "/name"),
        ("/v1/categories".into(), "/items/1/name"),
        ("/v1/categories?limit=5".into(), "/items/1/name"),
        (
            "/v1/categories?tree=true".into(),
            "/items/0/children/0/name",
        ),
        ("/v1/site".into(), "/categories/0/children/0/name"),
    ]
}

/// Responses with content in Agriculture: the path, and the JSON pointer to its name.
fn content_responses(of: &[Value; 4]) -> Vec<(String, &'static str)> {
    let [_, _, article, headline] = of;
    let id = |one: &Value| one.text("/id").to_owned();
    let articles = [
        (format!("/v1/articles/{}", id(article)), "/category/name"),
        ("/v1/articles".into(), "/items/0/category/name"),
        (
            format!("/v1/articles?ids={}", id(article)),
            "/items/0/category/name",
        ),
        (
            "/v1/articles?fields=category.name".into(),
            "/items/0/category/name",
        ),
        (
            "/v1/search?q=x&type=article".into(),
            "/items/0/article/category/name",
        ),
    ];
    let headlines = [
        (format!("/v1/headlines/{}", id(headline)), "/category/name"),
        ("/v1/headlines".into(), "/items/0/category/name"),
        (
            format!("/v1/headlines?ids={}", id(headline)),
            "/items/0/category/name",
        ),
        (
            "/v1/search?q=x&type=headline".into(),
            "/items/0/headline/category/name",
        ),
    ];
    articles.into_iter().chain(headlines).collect()
}
