//! Authors: who signs.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, patch, post, put};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::alphabet::{self, Named};
use crate::api_keys::{Editor, Reader};
use crate::db::column::{Column, column};
use crate::db::statement::RowType;
use crate::db::{Fragment, Json, Statement};
use crate::http::address::{Address, Name};
use crate::http::body::Body;
use crate::http::conditional::Preconditions;
use crate::http::cursor::NameKey;
use crate::http::list::{Filter, List, Paging};
use crate::http::made_of::{MadeOf, Part};
use crate::http::one::{FieldsParameter, LanguageParameter, One, Single};
use crate::http::tongue::Tongue;
use crate::language;
use crate::link::Link;
use crate::names::{self, Names, as_read_by};
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
    resource::create::<Author>(&app, &editor, retry, body).await
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

/// What a list of authors takes.
#[derive(Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuthorFilter {
    /// The language that names are wanted in (BCP 47). Without it, what `Accept-Language` prefers.
    #[param(max_length = 35, example = "ar")]
    language: Option<String>,
}

impl Filter for AuthorFilter {
    const ITEM: &'static str = "Author";

    fn set(&mut self, name: &str, value: &str) -> Option<Result<(), String>> {
        (name == "language").then(|| {
            language::canonical(value)
                .map_err(str::to_owned)
                .map(|tag| self.language = Some(tag))
        })
    }
}

/// Somebody who signs articles.
#[derive(Debug, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = authors)]
#[schema(example = json!({
    "id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d21", "slug": "salma-idrissi-kadiri", "name": "Salma Idrissi Kadiri",
    "names": {"ar": "سلمى الإدريسي القادري"}, "bio": "Elle suit les champs et ceux qui en vivent.", "image_url": "https://images.rivage.example/salma.jpg",
    "links": [{"name": "Mastodon", "url": "https://social.rivage.example/@salma"}],
    "created_at": "2026-11-23T14:00:00Z", "updated_at": "2026-11-23T14:00:00Z", "version": 1,
}))]
pub struct Author {
    /// Given once, never changed.
    pub id: Uuid,
    /// Its readable address, unique among the authors.
    #[schema(format = "slug", max_length = 200)]
    pub slug: String,
    /// As it stands in a byline, in the site's first language.
    #[schema(format = "line", max_length = 100)]
    pub name: String,
    /// The same in other languages, by language tag (BCP 47).
    #[schema(schema_with = names::schema)]
    pub names: Json<Names>,
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
    #[serde(skip)]
    #[diesel(select_expression = column::<Text>("(SELECT languages[1] FROM site)"), select_expression_type = Column<Text>)]
    first_language: String,
}

/// An author in short.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuthorRef {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    /// Where a picture is.
    #[schema(format = "uri", max_length = 2048)]
    pub image_url: Option<String>,
    /// Its name by language, the first language's too.
    #[serde(skip_serializing)]
    #[schema(ignore)]
    names: Names,
}

impl AuthorRef {
    /// Puts the name into the language that is wanted.
    pub fn localise(&mut self, tongue: &Tongue) {
        if let Some(name) = tongue.name(&self.names) {
            self.name = name.to_owned();
        }
    }
}

/// What makes an author. What only the server writes (`id`, `created_at`, `updated_at`, `version`) may stand beside it and
/// is ignored, so that what was read can be sent back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Salma Idrissi Kadiri", "names": {"ar": "سلمى الإدريسي القادري"}}))]
pub struct NewAuthor {
    /// Its readable address. Left out, it is made from `name`, with `-2` and so on where that is taken.
    #[serde(default)]
    #[schema(format = "slug", max_length = 200)]
    pub slug: Option<String>,
    /// As it stands in a byline, in the site's first language.
    #[schema(format = "line", max_length = 100)]
    pub name: String,
    #[serde(default)]
    #[schema(schema_with = names::schema)]
    pub names: Names,
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
        tongue: &Tongue,
    ) -> Result<HttpResponse, Problem> {
        let condition = Fragment::default();
        let names = (Self::TABLE, Self::NAME);
        let negotiated = tongue.is_negotiated();
        alphabet::page::<Self, _>(
            conn,
            names,
            list,
            &condition,
            negotiated,
            async |conn, rest| {
                let mut rows: Vec<Self> = Statement::<RowType<Self>>::select::<Self>(&rest)
                    .load(conn)
                    .await?;
                rows.iter_mut().for_each(|row| row.localise(tongue));
                Ok(rows)
            },
        )
        .await
    }
}

impl Single for Author {
    const SCHEMA: &'static str = "Author";
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

    fn localise(&mut self, tongue: &Tongue) {
        names::localise(&mut self.name, &self.names.0, &self.first_language, tongue);
    }

    fn settle(new: &mut NewAuthor) -> Result<(), Vec<Fault>> {
        let mut faults = slug::settle(new.slug.as_deref()).err().unwrap_or_default();
        faults.extend(names::settle(&mut new.names).err().unwrap_or_default());
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }

    fn taken_slug(new: &NewAuthor) -> Option<&str> {
        new.slug.as_deref()
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
    names: serde_json::Value,
    bio: Option<&'a str>,
    image_url: Option<&'a str>,
    links: serde_json::Value,
}

impl<'a> Row<'a> {
    fn from(new: &'a NewAuthor) -> Result<Self, Problem> {
        Ok(Self {
            name: &new.name,
            names: serde_json::to_value(&new.names).map_err(Problem::internal)?,
            bio: new.bio.as_deref(),
            image_url: new.image_url.as_deref(),
            links: serde_json::to_value(&new.links).map_err(Problem::internal)?,
        })
    }
}
