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

use super::{NewTag, Tag, TagFilter, TagPatch};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_tags)
        .service(create_tag)
        .service(get_tag)
        .service(replace_tag)
        .service(update_tag)
        .service(delete_tag);
}

/// List tags
///
/// Ordered by `name`, ignoring accents and case. `language`, or else `Accept-Language`, selects the language of names, but not
/// their order; callers that may write get the stored names unless they send `language`.
#[utoipa::path(tag = "Tags", params(List<TagFilter>, AcceptLanguage))]
#[get("/v1/tags")]
async fn list_tags(
    db: Data<Database>,
    reader: Reader,
    list: List<TagFilter>,
) -> Result<Page<Tag>, Problem> {
    let locale = as_read_by(&reader, list.locale(list.filter.language.clone()));
    let mut conn = db.connection().await?;
    Tag::list(&mut conn, &list, &locale).await
}

/// Create a tag
///
/// Without a `slug`, one is made from `name`.
#[utoipa::path(tag = "Tags", security(("key" = ["write"])), request_body = NewTag)]
#[post("/v1/tags")]
async fn create_tag(
    db: Data<Database>,
    editor: Editor,
    key: IdempotencyKey,
    body: Body,
) -> Result<Created<Tag>, Problem> {
    crud::create::<Tag>(&db, &(), &editor, key, body).await
}

/// Get a tag
///
/// By its id or slug. A former slug is redirected to the current one (308).
#[utoipa::path(tag = "Tags", params(("id" = String, Path, description = "The id or the slug."), GetParameters<Tag>))]
#[get("/v1/tags/{id}")]
async fn get_tag(
    db: Data<Database>,
    reader: Reader,
    path: ResourcePath,
    mut one: GetParameters<Tag>,
) -> Result<ResourceResponse<Tag>, Problem> {
    one.locale = as_read_by(&reader, one.locale);
    crud::get(&db, &reader, &path, one).await
}

/// Replace a tag
///
/// Fields that are left out get their defaults, except `slug`, which is kept. With an unused id, a tag is created (201); with
/// the id of one in the trash, it is restored (201).
#[utoipa::path(tag = "Tags", security(("key" = ["write", "publish"])), request_body = NewTag,
    params(("id" = String, Path, description = "The id or the slug.")),
    responses(Conflict))]
#[put("/v1/tags/{id}")]
async fn replace_tag(
    db: Data<Database>,
    editor: Editor,
    path: ResourcePath,
    preconditions: Preconditions,
    body: Body,
) -> Result<Replaced<Tag>, Problem> {
    let response = crud::replace(&db, &(), &editor, &path, &preconditions, body).await?;
    Ok(Replaced(response))
}

/// Change a tag
///
/// A JSON Merge Patch (RFC 7396): `null` clears a field, fields that are left out are kept.
#[utoipa::path(tag = "Tags", security(("key" = ["write", "publish"])),
    request_body(content = TagPatch, content_type = "application/merge-patch+json"),
    params(("id" = String, Path, description = "The id or the slug."), PatchBody),
    responses(Conflict))]
#[patch("/v1/tags/{id}")]
async fn update_tag(
    db: Data<Database>,
    editor: Editor,
    path: ResourcePath,
    preconditions: Preconditions,
    body: PatchBody,
) -> Result<ResourceResponse<Tag>, Problem> {
    crud::patch(&db, &(), &editor, &path, &preconditions, body).await
}

/// Delete a tag
///
/// Moves it to the trash. Refused (409) while articles use it.
#[utoipa::path(tag = "Tags", security(("key" = ["write", "publish"])),
    params(("id" = String, Path, description = "The id or the slug.")),
    responses(Conflict))]
#[delete("/v1/tags/{id}")]
async fn delete_tag(
    db: Data<Database>,
    editor: Editor,
    path: ResourcePath,
    preconditions: Preconditions,
) -> Result<NoContent, Problem> {
    crud::delete::<Tag>(&db, &editor, &path, &preconditions).await
}
