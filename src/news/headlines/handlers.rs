//! HTTP in and out.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, patch, post, put};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::access::extractors::{Editor, Reader};
use crate::db::Database;
use crate::http::id_or_slug::ResourcePath;
use crate::http::json_body::Body;
use crate::http::one::{ContentLanguageParameter, FieldsParameter, One};
use crate::http::preconditions::Preconditions;
use crate::http::query::{List, Paging};
use crate::http::resource_response::{NoContent, ResourceResponse};
use crate::idempotency::{Created, IdempotencyKey};
use crate::news::content::crud;
use crate::news::content::visibility::{self, Visibility};
use crate::news::listing::timeline::{OrderParameters, TimelineParameters};
use crate::problem::Problem;

use super::model::*;

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
/// Newest first. To read further back, pass the `next` of one page as the `cursor` of another: what is published
/// meanwhile is neither repeated nor skipped. Without a key: what is published and has not left the ticker.
#[utoipa::path(tag = "Headlines", params(Paging, TimelineParameters, OrderParameters, HeadlineFilter),
    responses((status = OK, description = "A page of the ticker.", body = ref("#/components/schemas/HeadlinePage"))))]
#[get("/v1/headlines")]
async fn list_headlines(
    db: Data<Database>,
    reader: Reader,
    mut list: List<HeadlineFilter>,
) -> Result<HttpResponse, Problem> {
    if let Some(status) = list.filter.timeline.status {
        visibility::check_status_filter(&reader, status)?;
    }
    let mut conn = db.connection().await?;
    list.filter.timeline.resolve(&mut conn).await?;
    Headline::list(&mut conn, Visibility::of(&reader), &list).await
}

/// Create a headline
///
/// Published without a `published_at`, it goes out now. Anything but a draft needs the scope `publish` too.
#[utoipa::path(tag = "Headlines", security(("key" = ["write", "publish"])), request_body = NewHeadline,
    responses((status = CREATED, description = "The headline as it was created.", body = Headline)))]
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
#[utoipa::path(tag = "Headlines", params(("id" = Uuid, Path, description = "The id."), ContentLanguageParameter, FieldsParameter),
    responses((status = OK, description = "The headline.", body = Headline)))]
#[get("/v1/headlines/{id}")]
async fn get_headline(
    db: Data<Database>,
    reader: Reader,
    address: ResourcePath,
    one: One<Headline>,
) -> Result<ResourceResponse<Headline>, Problem> {
    crud::get(&db, &reader, &address, one).await
}

/// Replace a headline
///
/// What is left out gets its default. With an id that is not in use yet, it creates (201); with one that is in the
/// trash, it takes it out again (201).
#[utoipa::path(tag = "Headlines", security(("key" = ["write", "publish"])), request_body = NewHeadline,
    params(("id" = Uuid, Path, description = "The id.")),
    responses(
        (status = OK, description = "The headline as it is now.", body = Headline),
        (status = CREATED, description = "The headline as it was created.", body = Headline),
    ))]
#[put("/v1/headlines/{id}")]
async fn replace_headline(
    db: Data<Database>,
    editor: Editor,
    address: ResourcePath,
    conditions: Preconditions,
    body: Body,
) -> Result<ResourceResponse<Headline>, Problem> {
    crud::replace(&db, &(), &editor, &address, &conditions, body).await
}

/// Change a headline
///
/// A JSON Merge Patch (RFC 7396): `null` clears a field, what is left out stays.
#[utoipa::path(tag = "Headlines", security(("key" = ["write", "publish"])),
    request_body(content = ref("#/components/schemas/HeadlinePatch"), content_type = "application/merge-patch+json"),
    params(("id" = Uuid, Path, description = "The id.")),
    responses((status = OK, description = "The headline as it is now.", body = Headline)))]
#[patch("/v1/headlines/{id}")]
async fn update_headline(
    db: Data<Database>,
    editor: Editor,
    address: ResourcePath,
    conditions: Preconditions,
    body: Body,
) -> Result<ResourceResponse<Headline>, Problem> {
    crud::patch(&db, &(), &editor, &address, &conditions, body).await
}

/// Delete a headline
///
/// To the trash: it is gone from the ticker at once.
#[utoipa::path(tag = "Headlines", security(("key" = ["write", "publish"])),
    params(("id" = Uuid, Path, description = "The id.")),
    responses((status = NO_CONTENT, description = "It is in the trash.")))]
#[delete("/v1/headlines/{id}")]
async fn delete_headline(
    db: Data<Database>,
    editor: Editor,
    address: ResourcePath,
    conditions: Preconditions,
) -> Result<NoContent, Problem> {
    crud::delete::<Headline>(&db, &editor, &address, &conditions).await
}
