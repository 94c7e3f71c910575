//! HTTP requests and responses.

use actix_web::web::Data;
use actix_web::{delete, get, patch, post, put};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::access::extractors::{Editor, Reader};
use crate::db::Database;
use crate::http::id_or_slug::ResourcePath;
use crate::http::json_body::Body;
use crate::http::one::{AcceptLanguage, GetParameters};
use crate::http::page::Page;
use crate::http::patch_body::PatchBody;
use crate::http::preconditions::Preconditions;
use crate::http::query::List;
use crate::http::resource_response::{NoContent, Replaced, ResourceResponse};
use crate::http::responses::Conflict;
use crate::idempotency::{Created, IdempotencyKey};
use crate::news::content::crud;
use crate::news::content::names::as_read_by;
use crate::problem::Problem;

use super::{Author, AuthorFilter, AuthorPatch, NewAuthor};

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
/// Ordered by `name`, ignoring accents and case. `language`, or else `Accept-Language`, selects the language of names, but not
/// their order; callers that may write get the stored names unless they send `language`.
#[utoipa::path(tag = "Authors", params(List<AuthorFilter>, AcceptLanguage))]
#[get("/v1/authors")]
async fn list_authors(
    db: Data<Database>,
    reader: Reader,
    list: List<AuthorFilter>,
) -> Result<Page<Author>, Problem> {
    let locale = as_read_by(&reader, list.locale(list.filter.language.clone()));
    let mut conn = db.connection().await?;
    Author::list(&mut conn, &list, &locale).await
}

/// Create an author
///
/// Without a `slug`, one is made from `name`.
#[utoipa::path(tag = "Authors", security(("key" = ["write"])), request_body = NewAuthor)]
#[post("/v1/authors")]
async fn create_author(
    db: Data<Database>,
    editor: Editor,
    key: IdempotencyKey,
    body: Body,
) -> Result<Created<Author>, Problem> {
    crud::create::<Author>(&db, &(), &editor, key, body).await
}

/// Get an author
///
/// By its id or slug. A former slug is redirected to the current one (308).
#[utoipa::path(tag = "Authors", params(("id" = String, Path, description = "The id or the slug."), GetParameters<Author>))]
#[get("/v1/authors/{id}")]
async fn get_author(
    db: Data<Database>,
    reader: Reader,
    path: ResourcePath,
    mut one: GetParameters<Author>,
) -> Result<ResourceResponse<Author>, Problem> {
    one.locale = as_read_by(&reader, one.locale);
    crud::get(&db, &reader, &path, one).await
}

/// Replace an author
///
/// Fields that are left out get their defaults, except `slug`, which is kept. With an unused id, an author is created (201); with
/// the id of one in the trash, it is restored (201).
#[utoipa::path(tag = "Authors", security(("key" = ["write", "publish"])), request_body = NewAuthor,
    params(("id" = String, Path, description = "The id or the slug.")),
    responses(Conflict))]
#[put("/v1/authors/{id}")]
async fn replace_author(
    db: Data<Database>,
    editor: Editor,
    path: ResourcePath,
    preconditions: Preconditions,
    body: Body,
) -> Result<Replaced<Author>, Problem> {
    let response = crud::replace(&db, &(), &editor, &path, &preconditions, body).await?;
    Ok(Replaced(response))
}

/// Change an author
///
/// A JSON Merge Patch (RFC 7396): `null` clears a field, fields that are left out are kept.
#[utoipa::path(tag = "Authors", security(("key" = ["write", "publish"])),
    request_body(content = AuthorPatch, content_type = "application/merge-patch+json"),
    params(("id" = String, Path, description = "The id or the slug."), PatchBody),
    responses(Conflict))]
#[patch("/v1/authors/{id}")]
async fn update_author(
    db: Data<Database>,
    editor: Editor,
    path: ResourcePath,
    preconditions: Preconditions,
    body: PatchBody,
) -> Result<ResourceResponse<Author>, Problem> {
    crud::patch(&db, &(), &editor, &path, &preconditions, body).await
}

/// Delete an author
///
/// Moves it to the trash. Refused (409) while articles use it.
#[utoipa::path(tag = "Authors", security(("key" = ["write", "publish"])),
    params(("id" = String, Path, description = "The id or the slug.")),
    responses(Conflict))]
#[delete("/v1/authors/{id}")]
async fn delete_author(
    db: Data<Database>,
    editor: Editor,
    path: ResourcePath,
    preconditions: Preconditions,
) -> Result<NoContent, Problem> {
    crud::delete::<Author>(&db, &editor, &path, &preconditions).await
}
