//! Columns that are not public cannot be selected, sorted or filtered by.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use manchette::http::schema::{Field, FieldNames};
use manchette::news::articles::Article;
use manchette::news::authors::Author;
use manchette::news::categories::Category;
use manchette::news::headlines::Headline;
use manchette::news::search::SearchHit;
use manchette::news::tags::Tag;
use manchette::server::contract::{contract, resolve};

use crate::support::{JsonPath, TestApp};

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
}

/// All columns of the database, with the system columns of Postgres.
async fn columns(app: &TestApp) -> BTreeSet<String> {
    let sql = "SELECT DISTINCT column_name::text AS name FROM information_schema.columns WHERE table_schema = 'public'";
    let rows: Vec<Column> = diesel::sql_query(sql)
        .load(&mut app.conn().await)
        .await
        .unwrap();
    let own = ["ctid", "xmin", "xmax", "cmin", "tableoid", "rowid", "oid"].map(str::to_owned);
    rows.into_iter().map(|row| row.name).chain(own).collect()
}

/// The public lists with the fields that they return.
fn public_lists() -> Vec<(&'static str, BTreeSet<String>)> {
    let names = |fields: &[Field]| fields.iter().map(|field| field.name.clone()).collect();
    fields_of_lists()
        .map(|(path, fields)| (path, names(fields)))
        .into()
}

fn fields_of_lists() -> [(&'static str, &'static [Field]); 6] {
    [
        ("/v1/articles", FieldNames::of::<Article>()),
        ("/v1/headlines", FieldNames::of::<Headline>()),
        ("/v1/categories", FieldNames::of::<Category>()),
        ("/v1/authors", FieldNames::of::<Author>()),
        ("/v1/tags", FieldNames::of::<Tag>()),
        ("/v1/search?q=mot", FieldNames::of::<SearchHit>()),
    ]
}

/// The query parameters of a list.
fn parameters(path: &str) -> BTreeSet<String> {
    let path = path.split('?').next().unwrap();
    let parameters = &contract()["paths"][path]["get"]["parameters"];
    let names = parameters.as_array().unwrap().iter().map(resolve);
    let names = names.filter(|value| value["in"] == "query");
    names.map(|value| value.text("/name").to_owned()).collect()
}

#[actix_web::test]
async fn private_columns_cannot_be_used_in_any_parameter() {
    let app = TestApp::start().await;
    let columns = columns(&app).await;
    assert!(columns.len() > 60 && columns.contains("deleted_at") && columns.contains("hash"));
    let mut queries_sent = 0;
    for (path, documented) in public_lists() {
        let accepted = parameters(path);
        let start = if path.contains('?') { '&' } else { '?' };
        for column in columns
            .iter()
            .filter(|column| !documented.contains(*column))
        {
            let mut queries = vec![
                format!("fields={column}"),
                format!("fields=id,{column}"),
                format!("sort={column}"),
                format!("sort=-{column}"),
                format!("sort=published_at,{column}"),
                format!("{column}[eq]=1"),
                format!("filter[{column}]=1"),
                format!("filter[{column}][_starts_with]=1"),
                format!("where[{column}]=1"),
                format!("order={column}.desc"),
                format!("select={column}"),
                format!("group={column}"),
                format!("{column}.is=null"),
                format!("{}=1", column.to_uppercase()),
                format!("%20{column}=1"),
                format!("{column}%00=1"),
            ];
            for object in [
                "category",
                "article",
                "authors",
                "tags",
                "image",
                "headline",
                "translations",
            ] {
                queries.push(format!("fields={object}.{column}"));
                queries.push(format!("{object}.{column}=1"));
            }
            if !accepted.contains(column) {
                queries.push(format!("{column}=1"));
            }
            // Search results can be sorted by times that are fields of the hit's content.
            let is_sort_key = ["published_at", "updated_at"].contains(&column.as_str());
            queries.retain(|query| {
                !(is_sort_key
                    && accepted.contains("sort")
                    && query.starts_with("sort=")
                    && !query.contains(','))
            });
            for query in queries {
                if let Some(field) = query
                    .strip_prefix("fields=")
                    .filter(|value| value.contains('.'))
                    && app
                        .get(&format!("{path}{start}fields={field}"))
                        .await
                        .status
                        == 200
                {
                    // Embedded summaries can be selected from, as far as they are documented.
                    let (outer, inner) = field.split_once('.').unwrap();
                    let lists = fields_of_lists();
                    let (_, known) = lists.iter().find(|(value, _)| *value == path).unwrap();
                    let known = known.iter().find(|value| value.name == outer).unwrap();
                    assert!(
                        known.inner.iter().any(|value| value == inner),
                        "{path} {query}"
                    );
                    continue;
                }
                let response = app.get(&format!("{path}{start}{query}")).await;
                assert_eq!(response.status, 400, "{path}{start}{query}: {response:?}");
                queries_sent += 1;
            }
        }
    }
    assert!(queries_sent > 5000, "{queries_sent}");
}
