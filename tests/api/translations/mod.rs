//! Translations: one story in several languages.

mod deletion;
mod groups;
mod reading;

use serde_json::{Value, json};

use crate::support::{JsonPath, TestApp, path_of};

fn path(article: &Value) -> String {
    path_of("articles", article)
}

/// Creates an article that translates another, or none, with a title that contains its language.
async fn create_article(app: &TestApp, language: &str, of: Option<&Value>) -> Value {
    let of = of.map(|other| other["id"].clone());
    app.article(
        &format!("in {language}"),
        json!({"language": language, "translation_of": of}),
    )
    .await
}

/// The languages of an article's translations.
fn translation_languages(article: &Value) -> Vec<&str> {
    article
        .list("/translations")
        .iter()
        .map(|other| other.text("/language"))
        .collect()
}

/// The events of an article: version, action, and whether a key caused it.
async fn events_of(app: &TestApp, article: &Value) -> Vec<(i32, String, bool)> {
    use diesel_async::RunQueryDsl;
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Integer)]
        version: i32,
        #[diesel(sql_type = diesel::sql_types::Text)]
        action: String,
        #[diesel(sql_type = diesel::sql_types::Bool)]
        by_key: bool,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT version, events.action, key_id IS NOT NULL AS by_key FROM events \
         LEFT JOIN audit USING (resource, resource_id, version) WHERE resource = 'article' \
         AND resource_id = $1::uuid ORDER BY xid, events.id",
    )
    .bind::<diesel::sql_types::Text, _>(article.text("/id"))
    .load(&mut app.conn().await)
    .await
    .unwrap();
    let event = |row: Row| (row.version, row.action, row.by_key);
    rows.into_iter().map(event).collect()
}
