//! The endpoints of articles.

use actix_web::web::Data;
use actix_web::{delete, get, patch, post, put};
use utoipa_actix_web::service_config::ServiceConfig;

use super::Renderer;
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
use crate::news::articles::filter::ArticleFilter;
use crate::news::articles::model::{Article, ArticlePatch, NewArticle};
use crate::news::content::crud;
use crate::news::content::visibility::{self, Visibility};
use crate::problem::Problem;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_articles)
        .service(create_article)
        .service(get_article)
        .service(replace_article)
        .service(update_article)
        .service(delete_article);
}

/// List articles
///
/// Newest first. For the following page, pass `page.next` as `cursor`: content published in the meantime is neither
/// repeated nor skipped. Without a key, only published articles. Bodies are included only when `fields` names them.
/// With `language` and `fallback=true`, every story once, in the best available language.
#[utoipa::path(
    tag = "Articles",
    params(List<ArticleFilter>)
)]
#[get("/v1/articles")]
async fn list_articles(
    db: Data<Database>,
    reader: Reader,
    list: List<ArticleFilter>,
) -> Result<Page<Article>, Problem> {
    if let Some(status) = list.filter.timeline.status {
        visibility::check_status_filter(&reader, status)?;
    }
    let mut conn = db.connection().await?;
    let filter = list.filter.timeline.resolve(&mut conn).await?;
    Article::list(&mut conn, Visibility::of(&reader), &list, &filter).await
}

/// Create an article
///
/// Without a `slug`, one is derived from `title`. If it is published without a `published_at`, that is set to now. Any
/// status except draft needs the scope `publish` too.
#[utoipa::path(tag = "Articles", security(("key" = ["write", "publish"])), request_body = NewArticle)]
#[post("/v1/articles")]
async fn create_article(
    db: Data<Database>,
    renderer: Data<Renderer>,
    editor: Editor,
    key: IdempotencyKey,
    body: Body,
) -> Result<Created<Article>, Problem> {
    crud::create::<Article>(&db, &renderer, &editor, key, body).await
}

/// Get an article
///
/// By id or slug. A former slug redirects to the current one (308); a withdrawn article answers 410. With `language`,
/// the translation into that language; if there is none, the one that the site's `languages` prefer, with `is_fallback:
/// true`.
#[utoipa::path(tag = "Articles", params(("id" = String, Path, description = "The id or the slug."), GetParameters<Article>),
    responses(Gone))]
#[get("/v1/articles/{id}")]
async fn get_article(
    db: Data<Database>,
    reader: Reader,
    path: ResourcePath,
    one: GetParameters<Article>,
) -> Result<ResourceResponse<Article>, Problem> {
    if one.locale.requested.is_none() {
        return crud::get(&db, &reader, &path, one).await;
    }
    let mut conn = db.connection().await?;
    match Article::find_translated(&mut conn, &path.name, Visibility::of(&reader), &one).await? {
        Some(article) => Ok(crud::localized(article, one)),
        None => {
            Err(crud::explain_missing::<Article>(&mut conn, &path, Visibility::of(&reader)).await?)
        }
    }
}

/// Replace an article
///
/// Omitted fields get their defaults; an omitted `slug` stays. A PUT to an unused id creates the resource (201); to the
/// id of one in the trash, it restores it (201).
#[utoipa::path(tag = "Articles", security(("key" = ["write", "publish"])), request_body = NewArticle,
    params(("id" = String, Path, description = "The id or the slug.")),
    responses(Conflict))]
#[put("/v1/articles/{id}")]
async fn replace_article(
    db: Data<Database>,
    renderer: Data<Renderer>,
    editor: Editor,
    path: ResourcePath,
    preconditions: Preconditions,
    body: Body,
) -> Result<Replaced<Article>, Problem> {
    let response =
        crud::replace::<Article>(&db, &renderer, &editor, &path, &preconditions, body).await?;
    Ok(Replaced(response))
}

/// Change an article
///
/// A JSON Merge Patch (RFC 7396): `null` clears a field, an omitted field stays.
#[utoipa::path(tag = "Articles", security(("key" = ["write", "publish"])),
    request_body(content = ArticlePatch, content_type = "application/merge-patch+json"),
    params(("id" = String, Path, description = "The id or the slug."), PatchBody),
    responses(Conflict))]
#[patch("/v1/articles/{id}")]
async fn update_article(
    db: Data<Database>,
    renderer: Data<Renderer>,
    editor: Editor,
    path: ResourcePath,
    preconditions: Preconditions,
    body: PatchBody,
) -> Result<ResourceResponse<Article>, Problem> {
    crud::patch::<Article>(&db, &renderer, &editor, &path, &preconditions, body).await
}

/// Delete an article
///
/// Moves it to the trash: it leaves every list at once, and headlines lose their link to it.
#[utoipa::path(tag = "Articles", security(("key" = ["write", "publish"])),
    params(("id" = String, Path, description = "The id or the slug.")))]
#[delete("/v1/articles/{id}")]
async fn delete_article(
    db: Data<Database>,
    editor: Editor,
    path: ResourcePath,
    preconditions: Preconditions,
) -> Result<NoContent, Problem> {
    crud::delete::<Article>(&db, &editor, &path, &preconditions).await
}
