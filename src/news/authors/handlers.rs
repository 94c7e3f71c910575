//! HTTP in and out.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, patch, post, put};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::access::extractors::{Editor, Reader};
use crate::http::id_or_slug::Address;
use crate::http::json_body::Body;
use crate::http::one::{FieldsParameter, LanguageParameter, One};
use crate::http::preconditions::Preconditions;
use crate::http::query::{List, Paging};
use crate::idempotency::Retry;
use crate::news::content::crud::{self, Shown};
use crate::news::content::names::as_read_by;
use crate::problem::Problem;
use crate::server::AppState;

use super::model::*;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_authors)
        .service(create_author)
        .service(get_author)
        .service(replace_author)
        .service(update_author)
        .service(delete_author);
}

/// List authors
///
/// By `name`, without regard to accents and case. Names come in the `language` asked for, or else in what `Accept-Language`
/// prefers; to whoever may write, as they are written unless `language` says otherwise. The order stays the same.
#[utoipa::path(tag = "Authors", params(Paging, AuthorFilter),
    responses((status = OK, description = "A page of authors.", body = ref("#/components/schemas/AuthorPage"))))]
#[get("/v1/authors")]
async fn list_authors(
    app: Data<AppState>,
    reader: Reader,
    list: List<AuthorFilter>,
) -> Result<HttpResponse, Problem> {
    let tongue = as_read_by(&reader, list.tongue(list.filter.language.clone()));
    let mut conn = app.connection().await?;
    Author::list(&mut conn, &list, &tongue).await
}

/// Create an author
///
/// Without a `slug` one is made from `name`.
#[utoipa::path(tag = "Authors", security(("key" = ["write"])), request_body = NewAuthor,
    responses((status = CREATED, description = "The author as it was created.", body = Author)))]
#[post("/v1/authors")]
async fn create_author(
    app: Data<AppState>,
    editor: Editor,
    retry: Retry,
    body: Body,
) -> Result<HttpResponse, Problem> {
    crud::create::<Author>(&app, &editor, retry, body).await
}

/// Get an author
///
/// By its id or its slug. A slug that has changed leads to the new one with a 308.
#[utoipa::path(tag = "Authors", params(("id" = String, Path, description = "The id or the slug."), LanguageParameter, FieldsParameter),
    responses((status = OK, description = "The author.", body = Author)))]
#[get("/v1/authors/{id}")]
async fn get_author(
    app: Data<AppState>,
    reader: Reader,
    address: Address,
    mut one: One<Author>,
) -> Result<Shown<Author>, Problem> {
    one.tongue = as_read_by(&reader, one.tongue);
    crud::get(&app, &reader, &address, one).await
}

/// Replace an author
///
/// What is left out gets its default; `slug` stays as it is. With an id that is not in use yet, it creates (201); with
/// one that is in the trash, it takes it out again (201).
#[utoipa::path(tag = "Authors", security(("key" = ["write", "publish"])), request_body = NewAuthor,
    params(("id" = String, Path, description = "The id or the slug.")),
    responses(
        (status = OK, description = "The author as it is now.", body = Author),
        (status = CREATED, description = "The author as it was created.", body = Author),
    ))]
#[put("/v1/authors/{id}")]
async fn replace_author(
    app: Data<AppState>,
    editor: Editor,
    address: Address,
    conditions: Preconditions,
    body: Body,
) -> Result<Shown<Author>, Problem> {
    crud::replace(&app, &editor, &address, &conditions, body).await
}

/// Change an author
///
/// A JSON Merge Patch (RFC 7396): `null` clears a field, what is left out stays.
#[utoipa::path(tag = "Authors", security(("key" = ["write", "publish"])),
    request_body(content = ref("#/components/schemas/AuthorPatch"), content_type = "application/merge-patch+json"),
    params(("id" = String, Path, description = "The id or the slug.")),
    responses((status = OK, description = "The author as it is now.", body = Author)))]
#[patch("/v1/authors/{id}")]
async fn update_author(
    app: Data<AppState>,
    editor: Editor,
    address: Address,
    conditions: Preconditions,
    body: Body,
) -> Result<Shown<Author>, Problem> {
    crud::change(&app, &editor, &address, &conditions, body).await
}

/// Delete an author
///
/// To the trash. Refused with a 409 while articles name it.
#[utoipa::path(tag = "Authors", security(("key" = ["write", "publish"])),
    params(("id" = String, Path, description = "The id or the slug.")),
    responses((status = NO_CONTENT, description = "It is in the trash.")))]
#[delete("/v1/authors/{id}")]
async fn delete_author(
    app: Data<AppState>,
    editor: Editor,
    address: Address,
    conditions: Preconditions,
) -> Result<HttpResponse, Problem> {
    crud::remove::<Author>(&app, &editor, &address, &conditions).await
}
