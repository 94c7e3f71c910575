//! Why content that was public is no longer there.

use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::{Fragment, Statement};
use crate::http::id_or_slug::IdOrSlug;
use crate::problem::GoneReason;

/// The reason why the article or headline with this name is gone, if it was public once: what was already over when it was written
/// never was. A slug is looked for where the table has slugs.
pub async fn reason(
    conn: &mut AsyncPgConnection,
    table: &'static str,
    name: &IdOrSlug,
) -> QueryResult<Option<GoneReason>> {
    let sql = Fragment::new("SELECT status <> 'withdrawn' FROM ")
        .sql(table)
        .sql(
            " WHERE deleted_at IS NULL AND first_published_at <= now() \
             AND (status = 'withdrawn' OR status IN ('published', 'scheduled') AND expires_at <= now() AND created_at < expires_at) AND ",
        );
    let sql = match name {
        IdOrSlug::Id(id) => sql.sql("id = ").id(*id),
        IdOrSlug::Slug(slug) => sql.sql("slug = ").text(slug),
    };
    let is_expired: Option<bool> = Statement::<Bool>::new(sql)
        .get_result(conn)
        .await
        .optional()?;
    Ok(is_expired.map(|is_expired| match is_expired {
        true => GoneReason::Expired,
        false => GoneReason::Withdrawn,
    }))
}
