//! Authors: who signs.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, patch, post, put};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::alphabet::{self, Named};
use crate::api_keys::{Editor, Reader};
use crate::db::statement::RowType;
use crate::db::{Fragment, Json, Statement};
use crate::http::address::{Address, Name};
use crate::http::body::Body;
use crate::http::conditional::Preconditions;
use crate::http::cursor::NameKey;
use crate::http::list::{Filter, List, Paging};
use crate::http::made_of::{MadeOf, Part};
use crate::http::one::{FieldsParameter, One, Single};
use crate::link::Link;
use crate::problem::{Fault, Problem};
use crate::resource::{self, Resource, Shown};
use crate::retries::Retry;
use crate::schema::authors;
use crate::server::AppState;
use crate::slug::{self, SlugTable};
use crate::status::Sight;

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
/// By name, without regard to accents and case.
#[utoipa::path(tag = "Authors", params(Paging),
    responses((status = OK, description = "A page of authors.", body = ref("#/components/schemas/AuthorPage"))))]
#[get("/v1/authors")]
async fn list_authors(
    app: Data<AppState>,
    _reader: Reader,
    list: List<AuthorFilter>,
) -> Result<HttpResponse, Problem> {
    let mut conn = app.connection().await?;
    Author::list(&mut conn, &list).await
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
    resource::create::<Author>(&app, &editor, retry, body).await
}

/// Get an author
///
/// By its id or its slug. A slug that has changed leads to the new one with a 308.
#[utoipa::path(tag = "Authors", params(("id" = String, Path, description = "The id or the slug."), FieldsParameter),
    responses((status = OK, description = "The author.", body = Author)))]
#[get("/v1/authors/{id}")]
async fn get_author(
    app: Data<AppState>,
    reader: Reader,
    address: Address,
    one: One<Author>,
) -> Result<Shown<Author>, Problem> {
    resource::get(&app, &reader, &address, one).await
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
    resource::replace(&app, &editor, &address, &conditions, body).await
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
    resource::change(&app, &editor, &address, &conditions, body).await
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
    resource::remove::<Author>(&app, &editor, &address, &conditions).await
}

/// A list of authors can't be narrowed.
#[derive(Debug, Default)]
pub struct AuthorFilter;

impl Filter for AuthorFilter {
    const ITEM: &'static str = "Author";

    fn set(&mut self, _: &str, _: &str) -> Option<Result<(), String>> {
        None
    }
}

/// Somebody who signs articles.
#[derive(Debug, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = authors)]
#[schema(example = json!({
    "id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d21", "slug": "salma-idrissi-kadiri", "name": "Salma Idrissi Kadiri",
    "bio": "Elle suit les champs et ceux qui en vivent.", "image_url": "https://images.rivage.example/salma.jpg",
    "links": [{"name": "Mastodon", "url": "https://social.rivage.example/@salma"}],
    "created_at": "2026-11-23T14:00:00Z", "updated_at": "2026-11-23T14:00:00Z", "version": 1,
}))]
pub struct Author {
    /// Given once, never changed.
    pub id: Uuid,
    /// Its readable address, unique among the authors.
    #[schema(format = "slug", max_length = 200)]
    pub slug: String,
    /// As it stands in a byline.
    #[schema(format = "line", max_length = 100)]
    pub name: String,
    #[schema(format = "prose", max_length = 2000)]
    pub bio: Option<String>,
    /// Where a picture is.
    #[schema(format = "uri", max_length = 2048)]
    pub image_url: Option<String>,
    /// Where to find them elsewhere.
    #[schema(value_type = Vec<Link>, max_items = 20)]
    pub links: Json<Vec<Link>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// 1 at first, one more with every change.
    #[schema(minimum = 1)]
    pub version: i32,
    #[serde(skip)]
    name_key: String,
}

/// An author in short.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuthorRef {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
}

/// What makes an author. What only the server writes (`id`, `created_at`, `updated_at`, `version`) may stand beside it and
/// is ignored, so that what was read can be sent back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Salma Idrissi Kadiri", "bio": "Elle suit les champs et ceux qui en vivent."}))]
pub struct NewAuthor {
    /// Its readable address. Left out, it is made from `name`, with `-2` and so on where that is taken.
    #[serde(default)]
    #[schema(format = "slug", max_length = 200)]
    pub slug: Option<String>,
    /// As it stands in a byline.
    #[schema(format = "line", max_length = 100)]
    pub name: String,
    #[serde(default)]
    #[schema(format = "prose", max_length = 2000)]
    pub bio: Option<String>,
    #[serde(default)]
    #[schema(format = "uri", max_length = 2048)]
    pub image_url: Option<String>,
    /// Where to find them elsewhere.
    #[serde(default)]
    #[schema(max_items = 20, default = json!([]))]
    pub links: Vec<Link>,
}

impl Named for Author {
    fn place(&self) -> (NameKey, Uuid) {
        (NameKey(self.name_key.clone()), self.id)
    }
}

impl Part for Author {
    fn note(&self, made_of: &mut MadeOf) {
        made_of.one(Self::NAME, self.id);
    }
}

impl Part for AuthorRef {
    fn note(&self, made_of: &mut MadeOf) {
        made_of.one(Author::NAME, self.id);
    }
}

impl Author {
    async fn list(
        conn: &mut AsyncPgConnection,
        list: &List<AuthorFilter>,
    ) -> Result<HttpResponse, Problem> {
        let condition = Fragment::default();
        let names = (Self::TABLE, Self::NAME);
        alphabet::page::<Self, _>(conn, names, list, &condition, async |conn, rest| {
            Statement::<RowType<Self>>::select::<Self>(&rest)
                .load(conn)
                .await
        })
        .await
    }
}

impl Single for Author {
    const SCHEMA: &'static str = "Author";
    const TAKES_LANGUAGE: bool = false;
}

impl Resource for Author {
    type New = NewAuthor;
    type Prepared = NewAuthor;

    const NAME: &'static str = "author";
    const TABLE: &'static str = "authors";
    const SLUGS: Option<SlugTable> = Some(SlugTable::Authors);
    const PATH: &'static str = "/v1/authors";
    const NEW_SCHEMA: &'static str = "NewAuthor";
    const PATCH_SCHEMA: &'static str = "AuthorPatch";

    fn id(&self) -> Uuid {
        self.id
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn slug(&self) -> Option<&str> {
        Some(&self.slug)
    }

    async fn find(
        conn: &mut AsyncPgConnection,
        name: &Name,
        _: Sight,
    ) -> QueryResult<Option<Self>> {
        let sql = Fragment::new("FROM authors WHERE deleted_at IS NULL AND ");
        let sql = match name {
            Name::Id(id) => sql.sql("id = ").id(*id),
            Name::Slug(slug) => sql.sql("slug = ").text(slug),
        };
        Statement::<RowType<Self>>::select::<Self>(&sql)
            .get_result(conn)
            .await
            .optional()
    }

    fn settle(new: &mut NewAuthor) -> Result<(), Vec<Fault>> {
        slug::settle(new.slug.as_deref())
    }

    async fn stands_in_public(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<bool> {
        alphabet::stands_in_public(conn, ("article_authors", "author_id"), id).await
    }

    async fn insert(conn: &mut AsyncPgConnection, id: Uuid, new: NewAuthor) -> Result<(), Problem> {
        let chosen = new.slug.as_deref();
        let slug = slug::claim(conn, SlugTable::Authors, id, chosen, &new.name).await?;
        diesel::insert_into(authors::table)
            .values((Row::from(&new)?, authors::id.eq(id), authors::slug.eq(slug)))
            .execute(conn)
            .await?;
        Ok(())
    }

    async fn update(conn: &mut AsyncPgConnection, id: Uuid, new: NewAuthor) -> Result<(), Problem> {
        let chosen = new.slug.as_deref();
        let slug = slug::keep_or_claim(conn, SlugTable::Authors, id, chosen, &new.name).await?;
        diesel::update(authors::table.find(id))
            .set((
                Row::from(&new)?,
                authors::slug.eq(slug),
                authors::version.eq(authors::version + 1),
                authors::deleted_at.eq(None::<DateTime<Utc>>),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }

    async fn in_the_way(conn: &mut AsyncPgConnection, id: Uuid) -> Result<(), Problem> {
        alphabet::check_unused(conn, ("article_authors", "author_id"), id).await
    }
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = authors, treat_none_as_null = true)]
struct Row<'a> {
    name: &'a str,
    bio: Option<&'a str>,
    image_url: Option<&'a str>,
    links: serde_json::Value,
}

impl<'a> Row<'a> {
    fn from(new: &'a NewAuthor) -> Result<Self, Problem> {
        Ok(Self {
            name: &new.name,
            bio: new.bio.as_deref(),
            image_url: new.image_url.as_deref(),
            links: serde_json::to_value(&new.links).map_err(Problem::internal)?,
        })
    }
}
