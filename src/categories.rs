//! Categories: the sections of the site, in a tree.

use std::collections::BTreeMap;

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, patch, post, put};
use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{AdditionalProperties, SchemaFormat, Type};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::api_keys::{Editor, Reader};
use crate::db::statement::RowType;
use crate::db::{Fragment, Statement};
use crate::http::address::{Address, Name};
use crate::http::body::Body;
use crate::http::conditional::Preconditions;
use crate::http::cursor::Cursor;
use crate::http::list::{Filter, List, Paging};
use crate::language;
use crate::problem::{Fault, Problem};
use crate::resource::{self, Locked, Resource, Shown};
use crate::schema::categories;
use crate::server::AppState;
use crate::slug::{self, SlugTable};
use crate::status::Sight;

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
/// The tree from top to bottom: each category is followed by those below it, sisters stand by `position`.
#[utoipa::path(tag = "Categories", params(Paging, CategoryFilter),
    responses((status = OK, description = "A page of categories.", body = ref("#/components/schemas/CategoryPage"))))]
#[get("/v1/categories")]
async fn list_categories(
    app: Data<AppState>,
    _reader: Reader,
    list: List<CategoryFilter>,
) -> Result<HttpResponse, Problem> {
    let mut conn = app.connection().await?;
    Category::list(&mut conn, &list).await
}

/// Create a category
///
/// Without a `slug` one is made from `name`.
#[utoipa::path(tag = "Categories", security(("key" = ["write"])), request_body = NewCategory,
    responses((status = CREATED, description = "The category as it was created.", body = Category)))]
#[post("/v1/categories")]
async fn create_category(
    app: Data<AppState>,
    editor: Editor,
    body: Body,
) -> Result<Shown<Category>, Problem> {
    resource::create(&app, &editor, body).await
}

/// Get a category
///
/// By its id or its slug. A slug that has changed leads to the new one with a 308.
#[utoipa::path(tag = "Categories", params(("id" = String, Path, description = "The id or the slug.")),
    responses((status = OK, description = "The category.", body = Category)))]
#[get("/v1/categories/{id}")]
async fn get_category(
    app: Data<AppState>,
    reader: Reader,
    address: Address,
) -> Result<Shown<Category>, Problem> {
    resource::get(&app, &reader, &address).await
}

/// Replace a category
///
/// What is left out gets its default; `slug` stays as it is. With an id that is not in use yet, it creates (201); with
/// one that is in the trash, it takes it out again (201).
#[utoipa::path(tag = "Categories", security(("key" = ["write"])), request_body = NewCategory,
    params(("id" = String, Path, description = "The id or the slug.")),
    responses(
        (status = OK, description = "The category as it is now.", body = Category),
        (status = CREATED, description = "The category as it was created.", body = Category),
    ))]
#[put("/v1/categories/{id}")]
async fn replace_category(
    app: Data<AppState>,
    editor: Editor,
    address: Address,
    conditions: Preconditions,
    body: Body,
) -> Result<Shown<Category>, Problem> {
    resource::replace(&app, &editor, &address, &conditions, body).await
}

/// Change a category
///
/// A JSON Merge Patch (RFC 7396): `null` clears a field, what is left out stays. With another `parent_id` it moves,
/// together with everything below it.
#[utoipa::path(tag = "Categories", security(("key" = ["write"])),
    request_body(content = ref("#/components/schemas/CategoryPatch"), content_type = "application/merge-patch+json"),
    params(("id" = String, Path, description = "The id or the slug.")),
    responses((status = OK, description = "The category as it is now.", body = Category)))]
#[patch("/v1/categories/{id}")]
async fn update_category(
    app: Data<AppState>,
    editor: Editor,
    address: Address,
    conditions: Preconditions,
    body: Body,
) -> Result<Shown<Category>, Problem> {
    resource::change(&app, &editor, &address, &conditions, body).await
}

/// Delete a category
///
/// To the trash. Refused with a 409 while categories, articles or headlines stand in it.
#[utoipa::path(tag = "Categories", security(("key" = ["write"])),
    params(("id" = String, Path, description = "The id or the slug.")),
    responses((status = NO_CONTENT, description = "It is in the trash.")))]
#[delete("/v1/categories/{id}")]
async fn delete_category(
    app: Data<AppState>,
    editor: Editor,
    address: Address,
    conditions: Preconditions,
) -> Result<HttpResponse, Problem> {
    resource::remove::<Category>(&app, &editor, &address, &conditions).await
}

/// What a list of categories can be narrowed to.
#[derive(Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CategoryFilter {
    /// This category (slug or id) and those below it.
    #[param(value_type = Option<String>, example = "economie")]
    category: Option<Name>,
}

impl Filter for CategoryFilter {
    const ITEM: &'static str = "Category";

    fn set(&mut self, name: &str, value: &str) -> Option<Result<(), String>> {
        (name == "category").then(|| {
            Name::read(value)
                .ok_or_else(|| "the slug or the id of a category".to_owned())
                .map(|name| self.category = Some(name))
        })
    }
}

/// A section of the site.
#[derive(Debug, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = categories)]
#[schema(example = json!({
    "id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d12",
    "slug": "agriculture", "name": "Agriculture", "names": {"ar": "الفلاحة", "en": "Farming"},
    "description": "Les champs, les eaux et ceux qui en vivent.",
    "parent_id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11",
    "parent": {"id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11", "slug": "economie", "name": "Économie"},
    "position": 1, "media_topic": "medtop:20000210",
    "created_at": "2026-11-23T14:00:00Z", "updated_at": "2026-11-23T14:00:00Z", "version": 1,
}))]
pub struct Category {
    /// Given once, never changed.
    pub id: Uuid,
    /// Its readable address, unique among the categories.
    #[schema(format = "slug", max_length = 200)]
    pub slug: String,
    /// Its name in the site's first language.
    #[schema(format = "line", max_length = 100)]
    pub name: String,
    /// Its name in other languages, by language tag (BCP 47).
    #[schema(schema_with = names_schema)]
    pub names: serde_json::Value,
    /// What it is about.
    #[schema(format = "prose", max_length = 1000)]
    pub description: Option<String>,
    /// The category that it stands in; null at the top.
    pub parent_id: Option<Uuid>,
    /// That category in short.
    #[diesel(embed)]
    pub parent: Option<Parent>,
    /// Its place among its sisters: lower first, equals by age.
    #[schema(minimum = 0, maximum = 9999)]
    pub position: i32,
    /// Its IPTC media topic.
    #[schema(pattern = "^medtop:[0-9]{8}$", example = "medtop:20000210")]
    pub media_topic: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// 1 at first, one more with every change.
    #[schema(minimum = 1)]
    pub version: i32,
    #[serde(skip)]
    tree_key: String,
}

/// A category in short.
#[derive(Clone, Debug, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = categories)]
pub struct CategoryRef {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
}

diesel::table! {
    // `categories` once more, by the name that a statement gives it beside itself.
    parents (id) {
        id -> Uuid,
        slug -> Text,
        name -> Text,
    }
}

/// A category in short.
#[derive(Clone, Debug, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = parents)]
#[schema(as = CategoryRef)]
pub struct Parent {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
}

/// What makes a category. What only the server writes (`id`, `parent`, `created_at`, `updated_at`, `version`) may stand
/// beside it and is ignored, so that what was read can be sent back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Agriculture", "names": {"ar": "الفلاحة"}, "position": 1}))]
pub struct NewCategory {
    /// Its readable address. Left out, it is made from `name`, with `-2` and so on where that is taken.
    #[serde(default)]
    #[schema(format = "slug", max_length = 200)]
    pub slug: Option<String>,
    #[schema(format = "line", max_length = 100)]
    pub name: String,
    #[serde(default)]
    #[schema(schema_with = names_schema)]
    pub names: BTreeMap<String, String>,
    #[serde(default)]
    #[schema(format = "prose", max_length = 1000)]
    pub description: Option<String>,
    #[serde(default)]
    pub parent_id: Option<Uuid>,
    /// Its place among its sisters: lower first, equals by age.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 9999, default = 0)]
    pub position: i32,
    #[serde(default)]
    #[schema(pattern = "^medtop:[0-9]{8}$")]
    pub media_topic: Option<String>,
}

fn names_schema() -> RefOr<Schema> {
    let text = |format: &str, longest| {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::Custom(format.into())))
            .max_length(Some(longest))
    };
    let name: RefOr<Schema> = text("line", 100).into();
    ObjectBuilder::new()
        .description(Some(
            "Its name in other languages, by language tag (BCP 47).",
        ))
        .property_names(Some(Schema::Object(text("bcp47", 35).build())))
        .max_properties(Some(50))
        .additional_properties(Some(AdditionalProperties::RefOr(name)))
        .into()
}

const FROM: &str = " LEFT JOIN categories AS parents ON parents.id = categories.parent_id";

impl Category {
    async fn list(
        conn: &mut AsyncPgConnection,
        list: &List<CategoryFilter>,
    ) -> Result<HttpResponse, Problem> {
        let cursor = list.cursor::<String>()?;
        let of = |sql: Fragment| match &list.filter.category {
            Some(name) => sql
                .sql(" AND id IN (SELECT id FROM ")
                .then(&Self::branch(name))
                .sql(" AS branch)"),
            None => sql,
        };
        let mut sql = of(Fragment::new(
            "FROM (SELECT * FROM categories WHERE deleted_at IS NULL",
        ));
        if let Some(cursor) = &cursor {
            sql = sql
                .sql(match (cursor.forward, cursor.inclusive) {
                    (true, false) => " AND tree_key > ",
                    (true, true) => " AND tree_key >= ",
                    (false, false) => " AND tree_key < ",
                    (false, true) => " AND tree_key <= ",
                })
                .text(&cursor.key);
        }
        let forward = cursor
            .as_ref()
            .is_none_or(|cursor: &Cursor<String>| cursor.forward);
        sql = sql
            .sql(if forward {
                " ORDER BY tree_key LIMIT "
            } else {
                " ORDER BY tree_key DESC LIMIT "
            })
            .number(list.rows())
            .sql(") AS categories")
            .sql(FROM)
            .sql(if forward {
                " ORDER BY categories.tree_key"
            } else {
                " ORDER BY categories.tree_key DESC"
            });
        let rows: Vec<Self> = Statement::<RowType<Self>>::select::<Self>(&sql)
            .load(conn)
            .await?;
        if let (Some(name), true) = (&list.filter.category, rows.is_empty())
            && !Self::is_there(conn, name).await?
        {
            let fault = Fault::of("category", "not_found", "there is no such category");
            return Err(Problem::InvalidParameters(vec![fault]));
        }
        let total = if list.counts() {
            let sql = of(Fragment::new(
                "SELECT count(*) FROM categories WHERE deleted_at IS NULL",
            ));
            Some(Statement::<BigInt>::new(sql).get_result(conn).await?)
        } else {
            None
        };
        list.page(
            rows,
            cursor.as_ref(),
            |row| (row.tree_key.clone(), row.id),
            total,
        )
    }

    /// The ids of a category and all below it, as something to select from.
    pub fn branch(name: &Name) -> Fragment {
        Fragment::new(
            "(SELECT below.id FROM categories AS root JOIN categories AS below ON below.deleted_at IS NULL \
             AND below.tree_key >= root.tree_key AND below.tree_key < root.tree_key || 'g' WHERE ",
        )
        .then(&Self::named("root", name))
        .sql(")")
    }

    /// The condition that picks a category by its id, its slug, or a slug that it had before.
    fn named(alias: &'static str, name: &Name) -> Fragment {
        let sql = Fragment::new(alias)
            .sql(".deleted_at IS NULL AND ")
            .sql(alias);
        match name {
            Name::Id(id) => sql.sql(".id = ").id(*id),
            Name::Slug(slug) => sql
                .sql(".id = coalesce((SELECT id FROM categories WHERE deleted_at IS NULL AND slug = ")
                .text(slug)
                .sql("), (SELECT resource_id FROM former_slugs WHERE resource = 'category' AND slug = ")
                .text(slug)
                .sql("))"),
        }
    }

    /// Whether there is a category of this name.
    pub async fn is_there(conn: &mut AsyncPgConnection, name: &Name) -> QueryResult<bool> {
        let sql = Fragment::new("SELECT EXISTS (SELECT FROM categories AS it WHERE ")
            .then(&Self::named("it", name))
            .sql(")");
        Statement::<Bool>::new(sql).get_result(conn).await
    }

    /// What keeps a category from being deleted.
    async fn in_the_way(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Vec<Fault>> {
        use crate::schema::{articles, headlines};
        let below: i64 = categories::table
            .filter(
                categories::parent_id
                    .eq(id)
                    .and(categories::deleted_at.is_null()),
            )
            .count()
            .get_result(conn)
            .await?;
        let told: i64 = articles::table
            .filter(
                articles::category_id
                    .eq(id)
                    .and(articles::deleted_at.is_null()),
            )
            .count()
            .get_result(conn)
            .await?;
        let lines: i64 = headlines::table
            .filter(
                headlines::category_id
                    .eq(id)
                    .and(headlines::deleted_at.is_null()),
            )
            .count()
            .get_result(conn)
            .await?;
        let ways = [
            (below, "has_categories", "category", "categories"),
            (told, "has_articles", "article", "articles"),
            (lines, "has_headlines", "headline", "headlines"),
        ];
        Ok(ways
            .into_iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, code, one, many)| {
                Fault::general(
                    code,
                    format!("{count} {}", if count == 1 { one } else { many }),
                )
            })
            .collect())
    }
}

/// Makes whoever writes a category wait for the one before: first of all, for a move also writes what stands below.
async fn lock_tree(conn: &mut AsyncPgConnection) -> QueryResult<()> {
    diesel::sql_query("SELECT FROM category_tree FOR UPDATE")
        .execute(conn)
        .await?;
    Ok(())
}

impl Resource for Category {
    type New = NewCategory;

    const NAME: &'static str = "category";
    const PATH: &'static str = "/v1/categories";
    const NEW_SCHEMA: &'static str = "NewCategory";
    const PATCH_SCHEMA: &'static str = "CategoryPatch";

    fn id(&self) -> Uuid {
        self.id
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn updated_at(&self) -> DateTime<Utc> {
        self.updated_at
    }

    fn slug(&self) -> Option<&str> {
        Some(&self.slug)
    }

    async fn find(
        conn: &mut AsyncPgConnection,
        name: &Name,
        _: Sight,
    ) -> QueryResult<Option<Self>> {
        let sql = Fragment::new("FROM categories")
            .sql(FROM)
            .sql(" WHERE categories.deleted_at IS NULL AND ");
        let sql = match name {
            Name::Id(id) => sql.sql("categories.id = ").id(*id),
            Name::Slug(slug) => sql.sql("categories.slug = ").text(slug),
        };
        Statement::<RowType<Self>>::select::<Self>(&sql)
            .get_result(conn)
            .await
            .optional()
    }

    async fn former(conn: &mut AsyncPgConnection, slug: &str) -> QueryResult<Option<Uuid>> {
        SlugTable::Categories.former(conn, slug).await
    }

    async fn lock(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<Locked>> {
        lock_tree(conn).await?;
        categories::table
            .find(id)
            .select((categories::version, categories::deleted_at.is_not_null()))
            .for_no_key_update()
            .get_result(conn)
            .await
            .optional()
            .map(|row: Option<(i32, bool)>| {
                row.map(|(version, in_trash)| Locked { version, in_trash })
            })
    }

    fn settle(new: &mut NewCategory) -> Result<(), Vec<Fault>> {
        let mut faults = slug::settle(new.slug.as_deref()).err().unwrap_or_default();
        for (tag, name) in std::mem::take(&mut new.names) {
            let canonical = language::canonical(&tag).unwrap_or_else(|_| tag.clone());
            if new.names.insert(canonical, name).is_some() {
                let detail = "this language is there already, spelt another way";
                faults.push(Fault::at(format!("/names/{tag}"), "given_twice", detail));
            }
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }

    async fn insert(
        conn: &mut AsyncPgConnection,
        id: Uuid,
        new: NewCategory,
    ) -> Result<(), Problem> {
        lock_tree(conn).await?;
        let slug = slug::claim(
            conn,
            SlugTable::Categories,
            id,
            new.slug.as_deref(),
            &new.name,
        )
        .await?;
        diesel::insert_into(categories::table)
            .values((
                Row::from(&new)?,
                categories::id.eq(id),
                categories::slug.eq(slug),
                categories::tree_key.eq(""),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }

    async fn update(
        conn: &mut AsyncPgConnection,
        id: Uuid,
        new: NewCategory,
    ) -> Result<(), Problem> {
        let slug = slug::keep_or_claim(
            conn,
            SlugTable::Categories,
            id,
            new.slug.as_deref(),
            &new.name,
        )
        .await?;
        diesel::update(categories::table.find(id))
            .set((
                Row::from(&new)?,
                categories::slug.eq(slug),
                categories::updated_at.eq(now),
                categories::version.eq(categories::version + 1),
                categories::deleted_at.eq(None::<DateTime<Utc>>),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }

    async fn trash(conn: &mut AsyncPgConnection, id: Uuid) -> Result<(), Problem> {
        let ways = Self::in_the_way(conn, id).await?;
        if !ways.is_empty() {
            let list: Vec<&str> = ways.iter().map(|way| way.detail.as_str()).collect();
            return Err(Problem::Conflict(
                format!("in it there still are: {}", list.join(", ")),
                ways,
            ));
        }
        diesel::update(categories::table.find(id))
            .set((
                categories::deleted_at.eq(now),
                categories::updated_at.eq(now),
                categories::version.eq(categories::version + 1),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = categories, treat_none_as_null = true)]
struct Row<'a> {
    name: &'a str,
    names: serde_json::Value,
    description: Option<&'a str>,
    parent_id: Option<Uuid>,
    position: i32,
    media_topic: Option<&'a str>,
}

impl<'a> Row<'a> {
    fn from(new: &'a NewCategory) -> Result<Self, Problem> {
        Ok(Self {
            name: &new.name,
            names: serde_json::to_value(&new.names).map_err(Problem::internal)?,
            description: new.description.as_deref(),
            parent_id: new.parent_id,
            position: new.position,
            media_topic: new.media_topic.as_deref(),
        })
    }
}
