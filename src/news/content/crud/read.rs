//! Reading one resource.

use diesel::prelude::*;
use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use super::Resource;
use crate::access::extractors::Reader;
use crate::db::Database;
use crate::http::id_or_slug::{IdOrSlug, ResourcePath};
use crate::http::locale::LanguagePreference;
use crate::http::one::GetParameters;
use crate::http::resource_response::ResourceResponse;
use crate::news::content::visibility::Visibility;
use crate::problem::{GoneReason, Problem};

/// Reads the resource at a path.
pub async fn get<R: Resource>(
    db: &Database,
    reader: &Reader,
    path: &ResourcePath,
    one: GetParameters<R>,
) -> Result<ResourceResponse<R>, Problem> {
    let visibility = Visibility::of(reader);
    let mut conn = db.connection().await?;
    match R::find_part(&mut conn, &path.name, visibility, &one.fields).await? {
        Some(resource) => Ok(localized(resource, one)),
        None => Err(explain_missing::<R>(&mut conn, path, visibility).await?),
    }
}

/// The response to a read, in the preferred language.
pub fn localized<R: Resource>(mut resource: R, one: GetParameters<R>) -> ResourceResponse<R> {
    resource.localize(&one.locale);
    ResourceResponse::ok(resource)
        .with_negotiated_language(one.locale.is_negotiated())
        .with_fields(one.fields)
}

/// The same as a read without any language preference shows it: the response to a write.
pub(super) fn unlocalized<R: Resource>(mut resource: R) -> R {
    resource.localize(&LanguagePreference::none());
    resource
}

/// The reason why there is no resource at a path: it was withdrawn or expired, has another slug now, or never existed.
pub async fn explain_missing<R: Resource>(
    conn: &mut AsyncPgConnection,
    path: &ResourcePath,
    visibility: Visibility,
) -> Result<Problem, Problem> {
    if let Some(reason) = gone::<R>(conn, &path.name, visibility).await? {
        return Ok(Problem::Gone(reason));
    }
    let (Some(slugs), IdOrSlug::Slug(slug)) = (R::SLUGS, &path.name) else {
        return Ok(Problem::NotFound);
    };
    let Some(id) = slugs.former(conn, slug).await? else {
        return Ok(Problem::NotFound);
    };
    let name = IdOrSlug::Id(id);
    Ok(match R::find(conn, &name, visibility).await? {
        Some(now) => Problem::Moved(path.moved(R::PATH, now.slug().unwrap_or_default())),
        None => match gone::<R>(conn, &name, visibility).await? {
            Some(reason) => Problem::Gone(reason),
            None => Problem::NotFound,
        },
    })
}

/// Why a resource is gone, for a caller who doesn't see such resources.
async fn gone<R: Resource>(
    conn: &mut AsyncPgConnection,
    name: &IdOrSlug,
    visibility: Visibility,
) -> QueryResult<Option<GoneReason>> {
    match visibility {
        Visibility::Everything => Ok(None),
        Visibility::Public | Visibility::Early => R::gone(conn, name).await,
    }
}

/// A row that the transaction has locked.
pub async fn existing<R: Resource>(conn: &mut AsyncPgConnection, id: Uuid) -> Result<R, Problem> {
    let found = R::find(conn, &IdOrSlug::Id(id), Visibility::Everything).await?;
    found.ok_or_else(|| Problem::internal("a locked row can't be read"))
}

/// The id that a path names, whether there is a row of that id or not.
pub(super) async fn find_id<R: Resource>(
    conn: &mut AsyncPgConnection,
    path: &ResourcePath,
) -> Result<Uuid, Problem> {
    match &path.name {
        IdOrSlug::Id(id) => Ok(*id),
        name @ IdOrSlug::Slug(_) => match R::find(conn, name, Visibility::Everything).await? {
            Some(found) => Ok(found.id()),
            None => Err(explain_missing::<R>(conn, path, Visibility::Everything).await?),
        },
    }
}
