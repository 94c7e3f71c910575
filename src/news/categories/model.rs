//! Rows, JSON types and queries.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Jsonb, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use uuid::Uuid;

use crate::db::column::{Column, column};
use crate::db::statement::RowType;
use crate::db::{Fragment, Json, Statement};
use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::http::cursor::Cursor;
use crate::http::id_or_slug::IdOrSlug;
use crate::http::language;
use crate::http::locale::LanguagePreference;
use crate::http::one::Single;
use crate::http::page::Page;
use crate::http::query::{Filter, List, MOST_COUNTED, parse_bool};
use crate::http::schema::{HasFields, Named, Patch, Patchable, reference};
use crate::news::content::crud::{self, Locked, Resource};
use crate::news::content::names::{self, Names};
use crate::news::content::slug::{self, SlugTable};
use crate::news::content::visibility::Visibility;
use crate::problem::{ConstraintViolation, Fault, Problem};
use crate::schema::categories;

/// What a list of categories can be narrowed to.
#[derive(Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CategoryFilter {
    /// This category (slug or id) and those below it.
    #[param(value_type = Option<String>, max_length = 200, example = "economie")]
    category: Option<IdOrSlug>,
    /// Puts each category into the one that it stands in: `children`. Doesn't go with `limit` and `cursor`.
    /// `fields` holds for each of them, and leaves `children` where they are.
    #[param(required = false, default = false)]
    pub(super) tree: bool,
    /// The language that names are wanted in (BCP 47). Without it, what `Accept-Language` prefers.
    #[param(format = "bcp47", max_length = 35, example = "ar")]
    pub(super) language: Option<String>,
}

impl Filter for CategoryFilter {
    type Item = Category;

    fn set(&mut self, name: &str, value: &str) -> Option<Result<(), String>> {
        Some(match name {
            "category" => IdOrSlug::read(value)
                .ok_or_else(|| "the slug or the id of a category".to_owned())
                .map(|name| self.category = Some(name)),
            "tree" => parse_bool(value).map(|tree| self.tree = tree),
            "language" => language::canonical(value)
                .map_err(str::to_owned)
                .map(|tag| self.language = Some(tag)),
            _ => return None,
        })
    }

    fn faults(&self, given: &dyn Fn(&str) -> bool) -> Vec<Fault> {
        ["limit", "cursor"]
            .into_iter()
            .filter(|name| self.tree && given(name))
            .map(|name| Fault::of(name, "incompatible_with_tree", "doesn't go with `tree`"))
            .collect()
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
    #[schema(schema_with = names::schema)]
    pub names: Json<Names>,
    /// What it is about.
    #[schema(format = "prose", max_length = 1000)]
    pub description: Option<String>,
    /// The category that it stands in; null at the top.
    pub parent_id: Option<Uuid>,
    /// That category in short.
    #[schema(value_type = Option<ParentRef>)]
    #[diesel(select_expression = column::<Nullable<Jsonb>>("of_parent.parent"), select_expression_type = Column<Nullable<Jsonb>>)]
    pub parent: Option<Json<ParentRef>>,
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
    /// How many published articles stand in it and below it, where `count=true` asked for that; never more than 10,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 10_000)]
    #[diesel(select_expression = column::<Nullable<BigInt>>("NULL::bigint"), select_expression_type = Column<Nullable<BigInt>>)]
    pub article_count: Option<i64>,
    /// Whether that is all of them: false where there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[diesel(select_expression = column::<Nullable<Bool>>("NULL::boolean"), select_expression_type = Column<Nullable<Bool>>)]
    pub article_count_is_exact: Option<bool>,
    #[serde(skip)]
    tree_key: String,
    #[serde(skip)]
    #[diesel(select_expression = column::<Text>("(SELECT languages[1] FROM site)"), select_expression_type = Column<Text>)]
    first_language: String,
}

/// The most categories that one response has.
const MOST_CATEGORIES: usize = 1000;

/// A category and what stands below it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CategoryNode {
    #[serde(flatten)]
    pub category: Category,
    /// The categories right below it.
    #[schema(no_recursion, max_items = 1000)]
    pub children: Vec<CategoryNode>,
}

/// A category in a list: alone or, with `tree=true`, with its descendants.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum CategoryItem {
    Category(Category),
    Node(CategoryNode),
}

impl PartialSchema for CategoryItem {
    fn schema() -> RefOr<Schema> {
        Category::schema()
    }
}

impl ToSchema for CategoryItem {
    fn name() -> Cow<'static, str> {
        Category::name()
    }

    fn schemas(schemas: &mut Vec<Named>) {
        Category::schemas(schemas);
    }
}

impl HasFields for CategoryItem {
    const MAX_ITEMS: usize = Category::MAX_ITEMS;

    fn list_fields(schemas: &mut Vec<Named>) -> Vec<(&'static str, RefOr<Schema>)> {
        Category::list_fields(schemas)
    }
}

impl CacheTagged for CategoryItem {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        match self {
            Self::Category(category) => category.add_cache_tags(cache_tags),
            Self::Node(node) => node.add_cache_tags(cache_tags),
        }
    }
}

impl CacheTagged for CategoryNode {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        self.category.add_cache_tags(cache_tags);
        self.children
            .iter()
            .for_each(|child| child.add_cache_tags(cache_tags));
    }
}

impl CacheTagged for Category {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        cache_tags.one(Self::NAME, self.id);
        cache_tags.extend(self.parent.iter().map(|parent| &parent.0));
        if self.article_count.is_some() {
            cache_tags.all("article");
        }
    }
}

/// A category in short.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CategoryRef {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    /// The category that it stands in; null at the top.
    pub parent: Option<ParentRef>,
    /// Its name by language, the first language's too.
    #[serde(skip_serializing)]
    #[schema(ignore)]
    names: Names,
}

/// The category above, in short.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ParentRef {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    /// Its name by language, the first language's too.
    #[serde(skip_serializing)]
    #[schema(ignore)]
    names: Names,
}

/// What a reference to the category that goes by the name `its` holds, and to the one above it.
const SHORT: &str = "'id', its.id, 'slug', its.slug, 'name', its.name, \
    'names', CASE WHEN its.names = '{}' THEN its.names ELSE its.names || jsonb_build_object((SELECT languages[1] FROM site), its.name) END";
const ABOVE: &str = "'id', above.id, 'slug', above.slug, 'name', above.name, \
    'names', CASE WHEN above.names = '{}' THEN above.names ELSE above.names || jsonb_build_object((SELECT languages[1] FROM site), above.name) END";

impl ParentRef {
    /// The parent of the categories that are selected from, to be read from `of_parent.parent`.
    fn join() -> Fragment {
        Fragment::new(" LEFT JOIN LATERAL (SELECT jsonb_build_object(")
            .sql(ABOVE)
            .sql(
                ") AS parent FROM categories AS above WHERE above.id = categories.parent_id) AS of_parent ON true",
            )
    }

    /// Puts its name into the language that is wanted.
    fn localize(&mut self, locale: &LanguagePreference) {
        if let Some(name) = locale.name(&self.names) {
            self.name = name.to_owned();
        }
    }
}

impl CacheTagged for ParentRef {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        cache_tags.one(Category::NAME, self.id);
    }
}

impl CategoryRef {
    /// The category with the id that stands in this column, to be read from `of_category.category`.
    pub fn of(column: &'static str) -> Fragment {
        Fragment::new(" LEFT JOIN LATERAL (SELECT jsonb_build_object(")
            .sql(SHORT)
            .sql(", 'parent', (SELECT jsonb_build_object(")
            .sql(ABOVE)
            .sql(
                ") FROM categories AS above WHERE above.id = its.parent_id)) AS category \
                 FROM categories AS its WHERE its.id = ",
            )
            .sql(column)
            .sql(") AS of_category ON true")
    }

    /// In its place, where nobody wants it.
    pub fn unwanted() -> Fragment {
        Fragment::new(" CROSS JOIN (SELECT NULL::jsonb AS category) AS of_category")
    }

    /// Puts its name into the language that is wanted.
    pub fn localize(&mut self, locale: &LanguagePreference) {
        if let Some(name) = locale.name(&self.names) {
            self.name = name.to_owned();
        }
        if let Some(parent) = &mut self.parent {
            parent.localize(locale);
        }
    }
}

impl CacheTagged for CategoryRef {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        cache_tags.one(Category::NAME, self.id);
        cache_tags.extend(&self.parent);
    }
}

/// What makes a category. What only the server writes (`id`, `parent`, `children`, `article_count`,
/// `article_count_is_exact`, `created_at`, `updated_at`, `version`) may stand beside it and is ignored, so that what was
/// read can be sent back.
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
    #[schema(schema_with = names::schema)]
    pub names: Names,
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

/// Joins to `root` what stands at and below it, and begins the condition on its id.
const BELOW: &str = " JOIN categories AS below ON below.deleted_at IS NULL AND below.tree_key >= root.tree_key \
     AND below.tree_key < root.tree_key || 'g' WHERE root.deleted_at IS NULL AND root.id = ";

impl Category {
    pub(super) async fn list(
        conn: &mut AsyncPgConnection,
        list: &List<CategoryFilter>,
        locale: &LanguagePreference,
    ) -> Result<Page<CategoryItem>, Problem> {
        let cursor = list.cursor::<String>()?;
        let of = |sql: Fragment| match &list.filter.category {
            Some(name) => sql
                .sql(" AND id IN (SELECT id FROM ")
                .append(&Self::branch(name))
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
            .append(&ParentRef::join())
            .sql(if forward {
                " ORDER BY categories.tree_key"
            } else {
                " ORDER BY categories.tree_key DESC"
            });
        let mut rows: Vec<Self> = Statement::<RowType<Self>>::select::<Self>(&sql)
            .load(conn)
            .await?;
        if let (Some(name), true) = (&list.filter.category, rows.is_empty()) {
            Self::check(conn, name).await?;
        }
        rows.iter_mut().for_each(|row| row.localize(locale));
        if list.counts() {
            Self::count_articles(conn, rows.iter_mut()).await?;
        }
        let total = if list.counts() {
            let sql = of(Fragment::new(
                "SELECT count(*) FROM categories WHERE deleted_at IS NULL",
            ));
            Some(Statement::<BigInt>::new(sql).get_result(conn).await?)
        } else {
            None
        };
        let place = |row: &Self| (row.tree_key.clone(), row.id);
        let page = list.page(Self::NAME, rows, cursor.as_ref(), place);
        Ok(page
            .with_total(total)
            .varying_by_language(locale.is_negotiated())
            .map(CategoryItem::Category))
    }

    pub(super) async fn list_tree(
        conn: &mut AsyncPgConnection,
        list: &List<CategoryFilter>,
        locale: &LanguagePreference,
    ) -> Result<Page<CategoryItem>, Problem> {
        let name = list.filter.category.as_ref();
        let mut rows = Self::all(conn, name).await?;
        if let (Some(name), true) = (name, rows.is_empty()) {
            Self::check(conn, name).await?;
        }
        rows.iter_mut().for_each(|row| row.localize(locale));
        let mut total = None;
        if list.counts() {
            Self::count_articles(conn, rows.iter_mut()).await?;
            total = Some(rows.len() as i64);
        }
        let page = list.whole(Self::NAME, nested(rows)).with_total(total);
        Ok(page
            .varying_by_language(locale.is_negotiated())
            .map(CategoryItem::Node))
    }

    /// The whole tree.
    pub async fn tree(conn: &mut AsyncPgConnection) -> QueryResult<Vec<CategoryNode>> {
        Ok(nested(Self::all(conn, None).await?))
    }

    /// Every category, or what stands at and below one of them, from the bottom of the tree to its top.
    async fn all(conn: &mut AsyncPgConnection, top: Option<&IdOrSlug>) -> QueryResult<Vec<Self>> {
        let mut sql = Fragment::new("FROM categories")
            .append(&ParentRef::join())
            .sql(" WHERE categories.deleted_at IS NULL");
        if let Some(name) = top {
            sql = sql
                .sql(" AND categories.id IN (SELECT id FROM ")
                .append(&Self::branch(name))
                .sql(" AS branch)");
        }
        let sql = sql.sql(" ORDER BY categories.tree_key DESC");
        Statement::<RowType<Self>>::select::<Self>(&sql)
            .load(conn)
            .await
    }

    /// Counts the published articles in each of these and below it. Of no category more than [`MOST_COUNTED`] are looked
    /// at.
    async fn count_articles<'a>(
        conn: &mut AsyncPgConnection,
        rows: impl Iterator<Item = &'a mut Self>,
    ) -> QueryResult<()> {
        let sql = Fragment::new(
            "SELECT tree_key, counted.n FROM categories CROSS JOIN LATERAL \
             (SELECT count(*) AS n FROM (SELECT FROM articles WHERE articles.category_id = categories.id \
             AND status IN ('published', 'scheduled') AND deleted_at IS NULL AND listed_at <= now() LIMIT ",
        )
        .number(MOST_COUNTED + 1)
        .sql(") AS seen) AS counted WHERE deleted_at IS NULL ORDER BY tree_key");
        let own: Vec<(String, i64)> = Statement::<(Text, BigInt)>::new(sql).load(conn).await?;
        // How many stand before each in the order of the tree: a branch is a stretch of it.
        let mut before = vec![0];
        before.extend(own.iter().scan(0, |sum, (_, n)| {
            *sum += n;
            Some(*sum)
        }));
        for row in rows {
            let begin = own.partition_point(|(key, _)| *key < row.tree_key);
            let behind = format!("{}g", row.tree_key);
            let end = own.partition_point(|(key, _)| *key < behind);
            let count = before[end] - before[begin];
            row.article_count = Some(count.min(MOST_COUNTED as i64));
            row.article_count_is_exact = Some(count <= MOST_COUNTED as i64);
        }
        Ok(())
    }

    /// The ids of a category and all below it, as something to select from.
    fn branch(name: &IdOrSlug) -> Fragment {
        Fragment::new("(SELECT below.id FROM categories AS root")
            .sql(BELOW)
            .append(&SlugTable::Categories.id_of(name))
            .sql(")")
    }

    /// The ids of the categories that equal a value and, unless only they are meant, of all below them.
    pub fn below(value: &'static str, direct: bool) -> Fragment {
        let sql = if direct {
            Fragment::new("SELECT id FROM categories WHERE deleted_at IS NULL AND id = ")
        } else {
            Fragment::new("SELECT DISTINCT below.id FROM categories AS root").sql(BELOW)
        };
        sql.sql(value)
    }

    /// Wants a category of this name to be there.
    async fn check(conn: &mut AsyncPgConnection, name: &IdOrSlug) -> Result<(), Problem> {
        if SlugTable::Categories.has(conn, name).await? {
            return Ok(());
        }
        let fault = Fault::of("category", "not_found", "there is no such category");
        Err(Problem::InvalidParameters(vec![fault]))
    }

    /// What keeps a category from being deleted.
    async fn dependents(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Vec<Fault>> {
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

/// Puts each category into the one that it stands in. They come from the bottom of the tree: who comes finds its
/// children waiting.
fn nested(rows: Vec<Category>) -> Vec<CategoryNode> {
    let mut waiting: HashMap<Uuid, Vec<CategoryNode>> = HashMap::new();
    let mut tops = Vec::new();
    let there: HashSet<Uuid> = rows.iter().map(|row| row.id).collect();
    for category in rows {
        let mut children = waiting.remove(&category.id).unwrap_or_default();
        children.reverse();
        let parent = category.parent_id.filter(|parent| there.contains(parent));
        let node = CategoryNode { category, children };
        match parent {
            Some(parent) => waiting.entry(parent).or_default().push(node),
            None => tops.push(node),
        }
    }
    tops.reverse();
    tops
}

/// Makes whoever writes a category wait for the one before: first of all, for a move also writes what stands below.
async fn lock_tree(conn: &mut AsyncPgConnection) -> QueryResult<()> {
    diesel::sql_query("SELECT FROM category_tree FOR UPDATE")
        .execute(conn)
        .await?;
    Ok(())
}

impl HasFields for Category {
    const MAX_ITEMS: usize = MOST_CATEGORIES;

    fn list_fields(schemas: &mut Vec<Named>) -> Vec<(&'static str, RefOr<Schema>)> {
        CategoryNode::schemas(schemas);
        schemas.push((CategoryNode::name().into_owned(), CategoryNode::schema()));
        let children = ArrayBuilder::new()
            .description(Some("The categories right below it, with `tree=true`."))
            .items(reference::<CategoryNode>())
            .max_items(Some(MOST_CATEGORIES));
        vec![("children", children.into())]
    }
}

pub type CategoryPatch = Patch<NewCategory>;

impl Patchable for NewCategory {
    fn patch_example() -> Value {
        json!({"position": 3})
    }
}

impl Single for Category {}

impl Resource for Category {
    type New = NewCategory;
    type Prepared = NewCategory;
    type Preparer = ();

    const NAME: &'static str = "category";
    const TABLE: &'static str = "categories";
    const SLUGS: Option<SlugTable> = Some(SlugTable::Categories);
    const PATH: &'static str = "/v1/categories";

    fn constraint_problem(violation: &ConstraintViolation) -> Option<Problem> {
        let at_parent =
            |code, detail| Problem::Invalid(vec![Fault::at("/parent_id", code, detail)]);
        let conflict = |detail: &str| Problem::Conflict(detail.into(), Vec::new());
        Some(match violation.name.as_str() {
            "categories_parent_id_live" => crud::missing_reference("/parent_id"),
            "categories_no_cycle" => at_parent("cycle", "a category can't be below itself"),
            "categories_depth" => at_parent("too_deep", "the tree has at most 5 levels"),
            "categories_count" => conflict("a site has at most 1,000 categories"),
            "categories_in_use" => conflict("the category is not empty"),
            _ => return None,
        })
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
        let sql = Fragment::new("FROM categories")
            .append(&ParentRef::join())
            .sql(" WHERE categories.deleted_at IS NULL AND ");
        let sql = match name {
            IdOrSlug::Id(id) => sql.sql("categories.id = ").id(*id),
            IdOrSlug::Slug(slug) => sql.sql("categories.slug = ").text(slug),
        };
        Statement::<RowType<Self>>::select::<Self>(&sql)
            .get_result(conn)
            .await
            .optional()
    }

    async fn lock(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<Locked>> {
        lock_tree(conn).await?;
        crud::lock_row(conn, Self::TABLE, id).await
    }

    fn localize(&mut self, locale: &LanguagePreference) {
        names::localize(&mut self.name, &self.names.0, &self.first_language, locale);
        if let Some(parent) = &mut self.parent {
            parent.0.localize(locale);
        }
    }

    fn validate(new: &mut NewCategory) -> Result<(), Vec<Fault>> {
        let mut faults = slug::settle(new.slug.as_deref()).err().unwrap_or_default();
        faults.extend(names::settle(&mut new.names).err().unwrap_or_default());
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }

    /// All of the tree is the public's.
    fn requires_publish_scope(_: Option<&Self>, _: Option<&NewCategory>) -> bool {
        true
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
                categories::version.eq(categories::version + 1),
                categories::deleted_at.eq(None::<DateTime<Utc>>),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }

    async fn check_deletable(conn: &mut AsyncPgConnection, id: Uuid) -> Result<(), Problem> {
        let ways = Self::dependents(conn, id).await?;
        if ways.is_empty() {
            return Ok(());
        }
        let list: Vec<&str> = ways.iter().map(|way| way.detail.as_str()).collect();
        Err(Problem::Conflict(
            format!("in it there still are: {}", list.join(", ")),
            ways,
        ))
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
