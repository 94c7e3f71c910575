//! HTTP in and out.

use actix_web::web::Data;
use actix_web::{get, patch, put};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::access::extractors::{Editor, Reader};
use crate::db::Database;
use crate::http::id_or_slug::{IdOrSlug, ResourcePath};
use crate::http::json_body::Body;
use crate::http::one::{AcceptLanguage, FieldsParameter, LanguageParameter, One};
use crate::http::preconditions::Preconditions;
use crate::http::resource_response::ResourceResponse;
use crate::news::content::crud;
use crate::problem::Problem;

use super::model::*;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(get_site)
        .service(replace_site)
        .service(update_site);
}

/// Get the site
///
/// What a front end needs for its frame: name, languages, time zone, links and the tree of categories, whose names come
/// in the `language` asked for, or else in what `Accept-Language` prefers.
#[utoipa::path(
    tag = "Site",
    params(LanguageParameter, FieldsParameter, AcceptLanguage)
)]
#[get("/v1/site")]
async fn get_site(
    db: Data<Database>,
    reader: Reader,
    one: One<Site>,
) -> Result<ResourceResponse<Site>, Problem> {
    crud::get(&db, &reader, &the_site(), one).await
}

/// Replace the site
///
/// What is left out gets its default. The categories are changed where they are.
#[utoipa::path(tag = "Site", security(("key" = ["write", "publish"])), request_body = NewSite)]
#[put("/v1/site")]
async fn replace_site(
    db: Data<Database>,
    editor: Editor,
    conditions: Preconditions,
    body: Body,
) -> Result<ResourceResponse<Site>, Problem> {
    crud::replace(&db, &(), &editor, &the_site(), &conditions, body).await
}

/// Change the site
///
/// A JSON Merge Patch (RFC 7396): what is left out stays.
#[utoipa::path(tag = "Site", security(("key" = ["write", "publish"])),
    request_body(content = SitePatch, content_type = "application/merge-patch+json"))]
#[patch("/v1/site")]
async fn update_site(
    db: Data<Database>,
    editor: Editor,
    conditions: Preconditions,
    body: Body,
) -> Result<ResourceResponse<Site>, Problem> {
    crud::patch(&db, &(), &editor, &the_site(), &conditions, body).await
}

fn the_site() -> ResourcePath {
    ResourcePath::of(IdOrSlug::Id(SITE))
}
