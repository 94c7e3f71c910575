//! Rows, JSON types and queries.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::db::column::{Column, column};
use crate::db::statement::RowType;
use crate::db::{Fragment, Json, Statement};
use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::http::cursor::NameKey;
use crate::http::id_or_slug::IdOrSlug;
use crate::http::language;
use crate::http::locale::LanguagePreference;
use crate::http::one::Single;
use crate::http::page::Page;
use crate::http::query::{Filter, List};
use crate::http::schema::{HasFields, Patch, Patchable};
use crate::news::content::crud::Resource;
use crate::news::content::link::Link;
use crate::news::content::names::{self, Names};
use crate::news::content::slug::{self, SlugTable};
use crate::news::content::visibility::Visibility;
use crate::news::listing::by_name::{self, NameOrdered};
use crate::problem::{ConstraintViolation, Fault, Problem};
use crate::schema::authors;

/// What a list of authors takes.
#[derive(Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuthorFilter {
    /// The language that names are wanted in (BCP 47). Without it, what `Accept-Language` prefers.
    #[param(format = "bcp47", max_length = 35, example = "ar")]
    pub(super) language: Option<String>,
}

impl Filter for AuthorFilter {
    type Item = Author;

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
    pub fn localize(&mut self, locale: &LanguagePreference) {
        if let Some(name) = locale.name(&self.names) {
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

impl NameOrdered for Author {
    fn place(&self) -> (NameKey, Uuid) {
        (NameKey(self.name_key.clone()), self.id)
    }
}

impl CacheTagged for Author {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        cache_tags.one(Self::NAME, self.id);
    }
}

impl CacheTagged for AuthorRef {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        cache_tags.one(Author::NAME, self.id);
    }
}

impl Author {
    pub(super) async fn list(
        conn: &mut AsyncPgConnection,
        list: &List<AuthorFilter>,
        locale: &LanguagePreference,
    ) -> Result<Page<Self>, Problem> {
        let condition = Fragment::default();
        let names = (Self::TABLE, Self::NAME);
        let negotiated = locale.is_negotiated();
        by_name::page::<Self, _>(
            conn,
            names,
            list,
            &condition,
            negotiated,
            async |conn, rest| {
                let mut rows: Vec<Self> = Statement::<RowType<Self>>::select::<Self>(&rest)
                    .load(conn)
                    .await?;
                rows.iter_mut().for_each(|row| row.localize(locale));
                Ok(rows)
            },
        )
        .await
    }
}

impl HasFields for Author {}

pub type AuthorPatch = Patch<NewAuthor>;

impl Patchable for NewAuthor {
    fn patch_example() -> Value {
        json!({"bio": "Elle suit les champs, les eaux et ceux qui en vivent."})
    }
}

impl Single for Author {}

impl Resource for Author {
    type New = NewAuthor;
    type Prepared = NewAuthor;
    type Preparer = ();

    const NAME: &'static str = "author";
    const TABLE: &'static str = "authors";
    const SLUGS: Option<SlugTable> = Some(SlugTable::Authors);
    const PATH: &'static str = "/v1/authors";

    fn constraint_problem(violation: &ConstraintViolation) -> Option<Problem> {
        let in_use = || Problem::Conflict("still named by articles".into(), Vec::new());
        (violation.name == "authors_in_use").then(in_use)
    }

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
        name: &IdOrSlug,
        _: Visibility,
    ) -> QueryResult<Option<Self>> {
        let sql = Fragment::new("FROM authors WHERE deleted_at IS NULL AND ");
        let sql = match name {
            IdOrSlug::Id(id) => sql.sql("id = ").id(*id),
            IdOrSlug::Slug(slug) => sql.sql("slug = ").text(slug),
        };
        Statement::<RowType<Self>>::select::<Self>(&sql)
            .get_result(conn)
            .await
            .optional()
    }

    fn localize(&mut self, locale: &LanguagePreference) {
        names::localize(&mut self.name, &self.names.0, &self.first_language, locale);
    }

    fn validate(new: &mut NewAuthor) -> Result<(), Vec<Fault>> {
        let mut faults = slug::settle(new.slug.as_deref()).err().unwrap_or_default();
        faults.extend(names::settle(&mut new.names).err().unwrap_or_default());
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }

    fn chosen_slug(new: &NewAuthor) -> Option<&str> {
        new.slug.as_deref()
    }

    async fn is_publicly_referenced(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<bool> {
        by_name::is_publicly_referenced(conn, ("article_authors", "author_id"), id).await
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

    async fn check_deletable(conn: &mut AsyncPgConnection, id: Uuid) -> Result<(), Problem> {
        by_name::check_unused(conn, ("article_authors", "author_id"), id).await
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
