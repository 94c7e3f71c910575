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
use crate::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(search);
}

/// Search headlines and articles
///
/// Finds what has all the words of `q`, in whatever form its language gives them, with or without accents. `"in quotes"`
/// they must stand together, `or` takes either side, `-word` leaves out what has it. What is written together, `covid-19`,
/// is found together; words such as `of` don't count. The best come first: a word in a title counts more than one in a
/// lede, that more than one in a body, and a new story more than an old one (its rank halves every 90 days). So that a common word
/// costs no more than a rare one, matches are ranked in windows of 200: the newest 200 by rank, then the 200 before them, and
/// so on. Of a body, the first 100,000 characters are searched.
#[utoipa::path(tag = "Search", params(List<SearchFilter>))]
#[get("/v1/search")]
async fn search(
    db: Data<Database>,
    reader: Reader,
    list: List<SearchFilter>,
) -> Result<Page<SearchHit, Suggestion>, Problem> {
    if let Some(status) = list.filter.timeline().status {
        visibility::check_status_filter(&reader, status)?;
    }
    let mut conn = db.connection().await?;
    let resolved = list.filter.timeline().resolve(&mut conn).await?;
    SearchHit::page(&mut conn, Visibility::of(&reader), &list, &resolved).await
}
