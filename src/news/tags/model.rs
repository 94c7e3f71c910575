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
use crate::news::content::names::{self, Names};
use crate::news::content::slug::{self, SlugTable};
use crate::news::content::visibility::Visibility;
use crate::news::listing::by_name::{self, NameOrdered};
use crate::problem::{ConstraintViolation, Fault, Problem};
use crate::schema::tags;

crate::text_enum! {
    /// What a tag names.
    TagKind {
        Subject = "subject",
        Person = "person",
        Organisation = "organisation",
        Place = "place",
    }
}

/// What a list of tags can be narrowed to.
#[derive(Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TagFilter {
    /// Those that name such a thing.
    #[param(inline)]
    kind: Option<TagKind>,
    /// The language that names are wanted in (BCP 47). Without it, what `Accept-Language` prefers.
    #[param(format = "bcp47", max_length = 35, example = "ar")]
    pub(super) language: Option<String>,
}

impl Filter for TagFilter {
    type Item = Tag;

    fn set(&mut self, name: &str, value: &str) -> Option<Result<(), String>> {
        Some(match name {
            "kind" => value.parse().map(|kind| self.kind = Some(kind)),
            "language" => language::canonical(value)
                .map_err(str::to_owned)
                .map(|tag| self.language = Some(tag)),
            _ => return None,
        })
    }
}

/// A free label for what articles are about.
#[derive(Debug, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = tags)]
#[schema(example = json!({
    "id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d31", "slug": "semailles", "name": "Semailles",
    "names": {"ar": "البذر", "en": "Sowing"}, "kind": "subject",
    "created_at": "2026-11-23T14:00:00Z", "updated_at": "2026-11-23T14:00:00Z", "version": 1,
}))]
pub struct Tag {
    /// Given once, never changed.
    pub id: Uuid,
    /// Its readable address, unique among the tags.
    #[schema(format = "slug", max_length = 200)]
    pub slug: String,
    /// Its name in the site's first language.
    #[schema(format = "line", max_length = 100)]
    pub name: String,
    /// Its name in other languages, by language tag (BCP 47).
    #[schema(schema_with = names::schema)]
    pub names: Json<Names>,
    #[schema(inline)]
    pub kind: TagKind,
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

/// A tag in short.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TagRef {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    #[schema(inline)]
    pub kind: TagKind,
    /// Its name by language, the first language's too.
    #[serde(skip_serializing)]
    #[schema(ignore)]
    names: Names,
}

impl TagRef {
    /// Puts its name into the language that is wanted.
    pub fn localize(&mut self, locale: &LanguagePreference) {
        if let Some(name) = locale.name(&self.names) {
            self.name = name.to_owned();
        }
    }
}

/// What makes a tag. What only the server writes (`id`, `created_at`, `updated_at`, `version`) may stand beside it and is
/// ignored, so that what was read can be sent back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Semailles", "names": {"ar": "البذر", "en": "Sowing"}, "kind": "subject"}))]
pub struct NewTag {
    /// Its readable address. Left out, it is made from `name`, with `-2` and so on where that is taken.
    #[serde(default)]
    #[schema(format = "slug", max_length = 200)]
    pub slug: Option<String>,
    #[schema(format = "line", max_length = 100)]
    pub name: String,
    #[serde(default)]
    #[schema(schema_with = names::schema)]
    pub names: Names,
    #[serde(default = "subject")]
    #[schema(inline, default = "subject")]
    pub kind: TagKind,
}

fn subject() -> TagKind {
    TagKind::Subject
}

impl NameOrdered for Tag {
    fn place(&self) -> (NameKey, Uuid) {
        (NameKey(self.name_key.clone()), self.id)
    }
}

impl CacheTagged for Tag {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        cache_tags.one(Self::NAME, self.id);
    }
}

impl CacheTagged for TagRef {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        cache_tags.one(Tag::NAME, self.id);
    }
}

impl Tag {
    pub(super) async fn list(
        conn: &mut AsyncPgConnection,
        list: &List<TagFilter>,
        locale: &LanguagePreference,
    ) -> Result<Page<Self>, Problem> {
        let condition = match list.filter.kind {
            None => Fragment::default(),
            Some(kind) => Fragment::new(" AND kind = ").text(kind.as_str()),
        };
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

impl HasFields for Tag {}

pub type TagPatch = Patch<NewTag>;

impl Patchable for NewTag {
    fn patch_example() -> Value {
        json!({"kind": "place"})
    }
}

impl Single for Tag {}

impl Resource for Tag {
    type New = NewTag;
    type Prepared = NewTag;
    type Preparer = ();

    const NAME: &'static str = "tag";
    const TABLE: &'static str = "tags";
    const SLUGS: Option<SlugTable> = Some(SlugTable::Tags);
    const PATH: &'static str = "/v1/tags";

    fn constraint_problem(violation: &ConstraintViolation) -> Option<Problem> {
        let in_use = || Problem::Conflict("still named by articles".into(), Vec::new());
        (violation.name == "tags_in_use").then(in_use)
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
        let sql = Fragment::new("FROM tags WHERE deleted_at IS NULL AND ");
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

    fn validate(new: &mut NewTag) -> Result<(), Vec<Fault>> {
        let mut faults = slug::settle(new.slug.as_deref()).err().unwrap_or_default();
        faults.extend(names::settle(&mut new.names).err().unwrap_or_default());
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }

    fn chosen_slug(new: &NewTag) -> Option<&str> {
        new.slug.as_deref()
    }

    async fn is_publicly_referenced(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<bool> {
        by_name::is_publicly_referenced(conn, ("article_tags", "tag_id"), id).await
    }

    async fn insert(conn: &mut AsyncPgConnection, id: Uuid, new: NewTag) -> Result<(), Problem> {
        let chosen = new.slug.as_deref();
        let slug = slug::claim(conn, SlugTable::Tags, id, chosen, &new.name).await?;
        diesel::insert_into(tags::table)
            .values((Row::from(&new)?, tags::id.eq(id), tags::slug.eq(slug)))
            .execute(conn)
            .await?;
        Ok(())
    }

    async fn update(conn: &mut AsyncPgConnection, id: Uuid, new: NewTag) -> Result<(), Problem> {
        let chosen = new.slug.as_deref();
        let slug = slug::keep_or_claim(conn, SlugTable::Tags, id, chosen, &new.name).await?;
        diesel::update(tags::table.find(id))
            .set((
                Row::from(&new)?,
                tags::slug.eq(slug),
                tags::version.eq(tags::version + 1),
                tags::deleted_at.eq(None::<DateTime<Utc>>),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }

    async fn check_deletable(conn: &mut AsyncPgConnection, id: Uuid) -> Result<(), Problem> {
        by_name::check_unused(conn, ("article_tags", "tag_id"), id).await
    }
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = tags, treat_none_as_null = true)]
struct Row<'a> {
    name: &'a str,
    names: serde_json::Value,
    kind: TagKind,
}

impl<'a> Row<'a> {
    fn from(new: &'a NewTag) -> Result<Self, Problem> {
        Ok(Self {
            name: &new.name,
            names: serde_json::to_value(&new.names).map_err(Problem::internal)?,
            kind: new.kind,
        })
    }
}
