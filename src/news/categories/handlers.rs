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

use super::{Category, CategoryFilter, CategoryItem, CategoryPatch, NewCategory};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_categories)
        .service(create_category)
        .service(get_category)
        .service(replace_category)
        .service(update_category)
        .service(delete_category);
}

/// List categories
///
/// In the order of the tree: each category is followed by its descendants, siblings are ordered by `position`. With
/// `tree=true`, the categories at the top level, with nested `children`. `language`, or else `Accept-Language`, selects the
/// language of names; callers that may write get the stored names unless they send `language`.
#[utoipa::path(tag = "Categories", params(List<CategoryFilter>, AcceptLanguage))]
#[get("/v1/categories")]
async fn list_categories(
    db: Data<Database>,
    reader: Reader,
    list: List<CategoryFilter>,
) -> Result<Page<CategoryItem>, Problem> {
    let locale = as_read_by(&reader, list.locale(list.filter.language.clone()));
    let mut conn = db.connection().await?;
    if list.filter.tree {
        return Category::list_tree(&mut conn, &list, &locale).await;
    }
    Category::list(&mut conn, &list, &locale).await
}

/// Create a category
///
/// Without a `slug`, one is made from `name`.
#[utoipa::path(tag = "Categories", security(("key" = ["write", "publish"])), request_body = NewCategory)]
#[post("/v1/categories")]
async fn create_category(
    db: Data<Database>,
    editor: Editor,
    key: IdempotencyKey,
    body: Body,
) -> Result<Created<Category>, Problem> {
    crud::create::<Category>(&db, &(), &editor, key, body).await
}

/// Get a category
///
/// By its id or slug. A former slug is redirected to the current one (308).
#[utoipa::path(tag = "Categories", params(("id" = String, Path, description = "The id or the slug."), GetParameters<Category>))]
#[get("/v1/categories/{id}")]
async fn get_category(
    db: Data<Database>,
    reader: Reader,
    path: ResourcePath,
    mut one: GetParameters<Category>,
) -> Result<ResourceResponse<Category>, Problem> {
    one.locale = as_read_by(&reader, one.locale);
    crud::get(&db, &reader, &path, one).await
}

/// Replace a category
///
/// Fields that are left out get their defaults, except `slug`, which is kept. With an unused id, a category is created (201); with
/// the id of one in the trash, it is restored (201).
#[utoipa::path(tag = "Categories", security(("key" = ["write", "publish"])), request_body = NewCategory,
    params(("id" = String, Path, description = "The id or the slug.")),
    responses(Conflict))]
#[put("/v1/categories/{id}")]
async fn replace_category(
    db: Data<Database>,
    editor: Editor,
    path: ResourcePath,
    preconditions: Preconditions,
    body: Body,
) -> Result<Replaced<Category>, Problem> {
    let response = crud::replace(&db, &(), &editor, &path, &preconditions, body).await?;
    Ok(Replaced(response))
}

/// Change a category
///
/// A JSON Merge Patch (RFC 7396): `null` clears a field, fields that are left out are kept. A new `parent_id`
/// moves the category with its descendants.
#[utoipa::path(tag = "Categories", security(("key" = ["write", "publish"])),
    request_body(content = CategoryPatch, content_type = "application/merge-patch+json"),
    params(("id" = String, Path, description = "The id or the slug."), PatchBody),
    responses(Conflict))]
#[patch("/v1/categories/{id}")]
async fn update_category(
    db: Data<Database>,
    editor: Editor,
    path: ResourcePath,
    preconditions: Preconditions,
    body: PatchBody,
) -> Result<ResourceResponse<Category>, Problem> {
    crud::patch(&db, &(), &editor, &path, &preconditions, body).await
}

/// Delete a category
///
/// Moves it to the trash. Refused (409) while it contains categories, articles or headlines.
#[utoipa::path(tag = "Categories", security(("key" = ["write", "publish"])),
    params(("id" = String, Path, description = "The id or the slug.")),
    responses(Conflict))]
#[delete("/v1/categories/{id}")]
async fn delete_category(
    db: Data<Database>,
    editor: Editor,
    path: ResourcePath,
    preconditions: Preconditions,
) -> Result<NoContent, Problem> {
    crud::delete::<Category>(&db, &editor, &path, &preconditions).await
}
