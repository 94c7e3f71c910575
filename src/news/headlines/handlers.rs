//! The endpoints of headlines.

use actix_web::web::Data;
use actix_web::{delete, get, patch, post, put};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::access::extractors::{Editor, Reader};
use crate::db::Database;
use crate::http::id_or_slug::ResourcePath;
use crate::http::json_body::Body;
use crate::http::one::GetParameters;
use crate::http::page::Page;
use crate::http::patch_body::PatchBody;
use crate::http::preconditions::Preconditions;
use crate::http::query::List;
use crate::http::resource_response::{NoContent, Replaced, ResourceResponse};
use crate::http::responses::{Conflict, Gone};
use crate::idempotency::{Created, IdempotencyKey};
use crate::news::content::crud;
use crate::news::content::visibility::{self, Visibility};
use crate::problem::Problem;

use super::filter::HeadlineFilter;
use super::model::{Headline, HeadlinePatch, NewHeadline};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_headlines)
        .service(create_headline)
        .service(get_headline)
        .service(replace_headline)
        .service(update_headline)
        .service(delete_headline);
}

/// List headlines
///
/// Newest first. For the following page, pass `page.next` as `cursor`: content published in the meantime is neither
/// repeated nor skipped. Without a key, only headlines that are published and have not expired.
#[utoipa::path(
    tag = "Headlines",
    params(List<HeadlineFilter>)
)]
#[get("/v1/headlines")]
async fn list_headlines(
    db: Data<Database>,
    reader: Reader,
    list: List<HeadlineFilter>,
) -> Result<Page<Headline>, Problem> {
    if let Some(status) = list.filter.timeline.status {
        visibility::check_status_filter(&reader, status)?;
    }
    let mut conn = db.connection().await?;
    let filter = list.filter.timeline.resolve(&mut conn).await?;
    Headline::list(&mut conn, Visibility::of(&reader), &list, &filter).await
}

/// Create a headline
///
/// If it is published without a `published_at`, that is set to now. Any status except draft needs the scope `publish`
/// too.
#[utoipa::path(tag = "Headlines", security(("key" = ["write", "publish"])), request_body = NewHeadline)]
#[post("/v1/headlines")]
async fn create_headline(
    db: Data<Database>,
    editor: Editor,
    key: IdempotencyKey,
    body: Body,
) -> Result<Created<Headline>, Problem> {
    crud::create::<Headline>(&db, &(), &editor, key, body).await
}

/// Get a headline
#[utoipa::path(tag = "Headlines", params(("id" = Uuid, Path, description = "The id."), GetParameters<Headline>),
    responses(Gone))]
#[get("/v1/headlines/{id}")]
async fn get_headline(
    db: Data<Database>,
    reader: Reader,
    path: ResourcePath,
    one: GetParameters<Headline>,
) -> Result<ResourceResponse<Headline>, Problem> {
    crud::get(&db, &reader, &path, one).await
}

/// Replace a headline
///
/// Omitted fields get their defaults. A PUT to an unused id creates the resource (201); to the id of one in the trash,
/// it restores it (201).
#[utoipa::path(tag = "Headlines", security(("key" = ["write", "publish"])), request_body = NewHeadline,
    params(("id" = Uuid, Path, description = "The id.")),
    responses(Conflict))]
#[put("/v1/headlines/{id}")]
async fn replace_headline(
    db: Data<Database>,
    editor: Editor,
    path: ResourcePath,
    preconditions: Preconditions,
    body: Body,
) -> Result<Replaced<Headline>, Problem> {
    let response = crud::replace(&db, &(), &editor, &path, &preconditions, body).await?;
    Ok(Replaced(response))
}

/// Change a headline
///
/// A JSON Merge Patch (RFC 7396): `null` clears a field, an omitted field stays.
#[utoipa::path(tag = "Headlines", security(("key" = ["write", "publish"])),
    request_body(content = HeadlinePatch, content_type = "application/merge-patch+json"),
    params(("id" = Uuid, Path, description = "The id."), PatchBody),
    responses(Conflict))]
#[patch("/v1/headlines/{id}")]
async fn update_headline(
    db: Data<Database>,
    editor: Editor,
    path: ResourcePath,
    preconditions: Preconditions,
    body: PatchBody,
) -> Result<ResourceResponse<Headline>, Problem> {
    crud::patch(&db, &(), &editor, &path, &preconditions, body).await
}

/// Delete a headline
///
/// Moves it to the trash: it leaves the ticker at once.
#[utoipa::path(tag = "Headlines", security(("key" = ["write", "publish"])),
    params(("id" = Uuid, Path, description = "The id.")))]
#[delete("/v1/headlines/{id}")]
async fn delete_headline(
    db: Data<Database>,
    editor: Editor,
    path: ResourcePath,
    preconditions: Preconditions,
) -> Result<NoContent, Problem> {
    crud::delete::<Headline>(&db, &editor, &path, &preconditions).await
}
