//! HTTP requests and responses.

use actix_web::web::Data;
use actix_web::{get, patch, put};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::access::extractors::{Editor, Reader};
use crate::db::Database;
use crate::http::id_or_slug::{IdOrSlug, ResourcePath};
use crate::http::json_body::Body;
use crate::http::one::GetParameters;
use crate::http::patch_body::PatchBody;
use crate::http::preconditions::Preconditions;
use crate::http::resource_response::ResourceResponse;
use crate::news::content::crud;
use crate::problem::Problem;

use super::{NewSite, SITE, Site, SitePatch};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(get_site)
        .service(replace_site)
        .service(update_site);
}

/// Get the site
///
/// Name, languages, time zone, links and the tree of categories. `language`, or else `Accept-Language`, selects the language
/// of the categories' names.
#[utoipa::path(
    tag = "Site",
    params(GetParameters<Site>)
)]
#[get("/v1/site")]
async fn get_site(
    db: Data<Database>,
    reader: Reader,
    one: GetParameters<Site>,
) -> Result<ResourceResponse<Site>, Problem> {
    crud::get(&db, &reader, &the_site(), one).await
}

/// Replace the site
///
/// Fields that are left out get their defaults. Categories have their own endpoints.
#[utoipa::path(tag = "Site", security(("key" = ["write", "publish"])), request_body = NewSite)]
#[put("/v1/site")]
async fn replace_site(
    db: Data<Database>,
    editor: Editor,
    preconditions: Preconditions,
    body: Body,
) -> Result<ResourceResponse<Site>, Problem> {
    crud::replace(&db, &(), &editor, &the_site(), &preconditions, body).await
}

/// Change the site
///
/// A JSON Merge Patch (RFC 7396): fields that are left out are kept.
#[utoipa::path(tag = "Site", security(("key" = ["write", "publish"])),
    request_body(content = SitePatch, content_type = "application/merge-patch+json"),
    params(PatchBody))]
#[patch("/v1/site")]
async fn update_site(
    db: Data<Database>,
    editor: Editor,
    preconditions: Preconditions,
    body: PatchBody,
) -> Result<ResourceResponse<Site>, Problem> {
    crud::patch(&db, &(), &editor, &the_site(), &preconditions, body).await
}

fn the_site() -> ResourcePath {
    ResourcePath::of(IdOrSlug::Id(SITE))
}
