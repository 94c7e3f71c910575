//! `GET /v1/search`: headlines and articles together.

use actix_web::get;
use actix_web::web::Data;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::access::extractors::Reader;
use crate::db::Database;
use crate::http::page::Page;
use crate::http::query::List;
use crate::news::content::visibility::{self, Visibility};
use crate::news::search::filter::SearchFilter;
use crate::news::search::hit::{SearchHit, Suggestion};
use crate::news::search::statistics::SearchStatistics;
use crate::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(search);
}

/// Search headlines and articles
///
/// Finds content that has all the words of `q`, in any grammatical form, with or without accents. `"Quotes"` match a
/// phrase, `or` matches either side, `-word` excludes, `begin*` matches words that begin so. A compound such as `covid-19`
/// matches as one, numbers match however they are written, stop words such as `of` are ignored. Sorted by rank: a word
/// in a title counts more than one in a lede, and that more than one in a body; newer stories rank higher (the rank halves every 90 days). Matches are ranked in windows of 200, so that a
/// common word costs no more than a rare one: the newest 200 by rank, then the 200 before them, and so on. The first
/// 100,000 characters of a body are searched.
#[utoipa::path(tag = "Search", params(List<SearchFilter>))]
#[get("/v1/search")]
async fn search(
    db: Data<Database>,
    statistics: Data<SearchStatistics>,
    reader: Reader,
    list: List<SearchFilter>,
) -> Result<Page<SearchHit, Suggestion>, Problem> {
    if let Some(status) = list.filter.timeline().status {
        visibility::check_status_filter(&reader, status)?;
    }
    let mut conn = db.connection().await?;
    let resolved = list.filter.timeline().resolve(&mut conn).await?;
    SearchHit::page(
        &mut conn,
        &statistics,
        Visibility::of(&reader),
        &list,
        &resolved,
    )
    .await
}
