//! Slugs: how they are made from titles, and how one is reserved for a resource.

mod from_title;
mod table;

use diesel::prelude::*;
use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use crate::db::advisory_lock;
use crate::news::messages;
use crate::problem::{Fault, FaultCode, Problem};
pub use from_title::{from_title, is_provisional, provisional};
pub use table::SlugTable;

/// Words that are, or may become, segments of the API's paths in place of a slug.
const RESERVED: &[&str] = &[
    "count", "docs", "export", "feed", "import", "latest", "live", "livez", "me", "metrics", "new",
    "openapi", "problems", "readyz", "related", "search", "site", "sitemap", "stream", "suggest",
    "trash", "tree", "v1",
];

/// Whether the word can't be a slug because a path of the API has it.
pub fn is_reserved(slug: &str) -> bool {
    RESERVED.contains(&slug)
}

/// Validates a slug chosen by a client; the schema has checked its form.
pub fn validate(chosen: Option<&str>) -> Result<(), Vec<Fault>> {
    match chosen {
        Some(slug) if is_reserved(slug) => {
            let detail = messages::slug_reserved(slug);
            Err(vec![Fault::at("/slug", FaultCode::Reserved, detail)])
        }
        _ => Ok(()),
    }
}

/// Reserves the slug of a new row: the chosen one, or a free one made from the title.
pub async fn claim(
    conn: &mut AsyncPgConnection,
    table: SlugTable,
    id: Uuid,
    chosen: Option<&str>,
    title: &str,
) -> Result<String, Problem> {
    let base = chosen.map_or_else(|| from_title(title, table.resource()), str::to_owned);
    lock(conn, table, &base).await?;
    match chosen {
        Some(chosen)
            if table
                .holder(conn, chosen)
                .await?
                .is_some_and(|holder| holder != id) =>
        {
            Err(taken())
        }
        Some(chosen) => Ok(chosen.to_owned()),
        None => Ok(next_free(conn, &base, id, table).await?),
    }
}

/// The problem of a chosen slug that another resource has.
pub fn taken() -> Problem {
    Problem::Conflict(
        messages::slug_taken(),
        vec![Fault::at(
            "/slug",
            FaultCode::Taken,
            messages::slug_of_other(),
        )],
    )
}

/// Reserves the slug of an existing row: the chosen one, else its current one, unless another row took that while this one
/// was in the trash.
pub async fn keep_or_claim(
    conn: &mut AsyncPgConnection,
    table: SlugTable,
    id: Uuid,
    chosen: Option<&str>,
    title: &str,
) -> Result<String, Problem> {
    if chosen.is_none() {
        let own = table.slug_of(conn, id).await?;
        if table
            .holder(conn, &own)
            .await?
            .is_none_or(|holder| holder == id)
        {
            return Ok(own);
        }
    }
    claim(conn, table, id, chosen, title).await
}

/// Serialises the search for a free slug with the same base, until the transaction ends.
async fn lock(conn: &mut AsyncPgConnection, table: SlugTable, base: &str) -> QueryResult<()> {
    let is_number = |c: char| c == '-' || c.is_ascii_digit();
    let base = base.trim_end_matches(is_number);
    advisory_lock::lock_in_transaction(conn, &format!("slug:{}:{base}", table.resource())).await
}

/// The first of `base`, `base-2`, `base-3` … that no other row has or had.
async fn next_free(
    conn: &mut AsyncPgConnection,
    base: &str,
    own: Uuid,
    table: SlugTable,
) -> QueryResult<String> {
    let base = if is_reserved(base) {
        format!("{base}-2")
    } else {
        base.to_owned()
    };
    let taken = table.taken_like(conn, &base, own).await?;
    if !taken.contains(&base) {
        return Ok(base);
    }
    let number = |slug: &String| {
        let number = slug.strip_prefix(&base)?.strip_prefix('-')?;
        number.parse::<u64>().ok()
    };
    let highest = taken.iter().filter_map(number).max().unwrap_or(1);
    Ok(format!("{base}-{}", highest.max(1) + 1))
}
