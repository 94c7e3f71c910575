//! The body of an article in its three forms: read where `fields` names it, and as far as a page has room for it.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::Fragment;
use crate::db::column::{Column, column};
use crate::news::listing::byte_budget::ByteBudget;

/// The body of an article in its three forms; in a list only those that `fields` names.
#[derive(Debug, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = articles)]
pub struct ArticleBodies {
    /// The body's source text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = true, value_type = String, max_length = 500_000)]
    #[diesel(select_expression = column::<Nullable<Text>>("bodies.body"), select_expression_type = Column<Nullable<Text>>)]
    pub body: Option<String>,
    /// The body as sanitized HTML: no scripts, styles, forms, event handlers, nor `javascript:` and `data:` URLs.
    /// Headings, lists, quotes, tables, figures, images, audio, video and footnotes are kept, with `lang` and `dir`;
    /// links are absolute (`http`, `https`) and have `rel`: relative ones are resolved against the site's `url`.
    /// Embedded posts (`<blockquote class="twitter-tweet">` and similar) keep their class; an `iframe` is kept if the
    /// server's settings allow its host. Ids begin with `fn-` or `fnref-`. At most 4 MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = true, value_type = String)]
    #[diesel(select_expression = column::<Nullable<Text>>("bodies.body_html"), select_expression_type = Column<Nullable<Text>>)]
    pub body_html: Option<String>,
    /// The body as plain text, one line per block.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = true, value_type = String)]
    #[diesel(select_expression = column::<Nullable<Text>>("bodies.body_text"), select_expression_type = Column<Nullable<Text>>)]
    pub body_text: Option<String>,
    // Whether the page that it was read for ends before it.
    #[serde(skip)]
    #[schema(ignore)]
    #[diesel(select_expression = column::<Bool>("bodies.is_beyond"), select_expression_type = Column<Bool>)]
    pub(super) is_beyond: bool,
}

/// Each field and its column.
const BODIES: [(&str, &str); 3] = [
    ("body", "articles.body"),
    ("body_html", "articles.body_html"),
    ("body_text", "articles.body_text"),
];

/// How many bytes of bodies a page may carry; none if no body is selected.
pub(super) fn byte_budget(includes: impl Fn(&str) -> bool, limit: usize) -> Option<ByteBudget> {
    let columns = BODIES.iter().filter(|(field, _)| includes(field));
    ByteBudget::of(columns.map(|(_, column)| *column).collect(), limit)
}

/// Joins the bodies that are selected; of a row beyond the end of a page they are not read.
pub(super) fn join(includes: impl Fn(&str) -> bool, budget: Option<&ByteBudget>) -> Fragment {
    let mut sql = Fragment::new(" CROSS JOIN LATERAL (SELECT ");
    for (field, column) in BODIES {
        sql = match (includes(field), budget) {
            (false, _) => sql.sql("NULL::text"),
            (true, None) => sql.sql(column),
            (true, Some(_)) => sql
                .sql("CASE WHEN NOT articles.is_beyond THEN ")
                .sql(column)
                .sql(" END"),
        };
        sql = sql.sql(" AS ").sql(field).sql(", ");
    }
    sql.sql(match budget {
        Some(_) => "articles.is_beyond",
        None => "false AS is_beyond",
    })
    .sql(") AS bodies")
}
