//! Lists of categories: in tree order by pages, or as a tree.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::http::cursor::Cursor;
use crate::http::id_or_slug::IdOrSlug;
use crate::http::language::LanguageTag;
use crate::http::locale::LanguagePreference;
use crate::http::page::Page;
use crate::http::query::{Filter, List};
use crate::http::query_parameters::SentParameters;
use crate::news::content::crud::Resource;
use crate::news::content::slug::SlugTable;
use crate::news::messages;
use crate::problem::{Fault, FaultCode, Problem};
use crate::query_parameters;
use crate::schema::categories;

use super::counts::count_articles;
use super::tree::{self, CategoryNode};
use super::{Category, CategoryItem};

query_parameters! {
    /// Parameters of a list of categories.
    pub struct CategoryFilter {
        /// This category (slug or id) and its descendants.
        #[example("economie")]
        pub category: Option<IdOrSlug>,
        /// Nests each category in the `children` of its parent. Can't be combined with `limit` and `cursor`. `fields` applies
        /// to each category and always keeps `children`.
        pub tree: bool = false,
        /// The language of names (BCP 47). Without it, `Accept-Language` decides.
        #[example("ar")]
        pub language: Option<LanguageTag>,
    }
}

impl Filter for CategoryFilter {
    type Item = Category;

    fn check(&self, sent: &SentParameters) -> Vec<Fault> {
        ["limit", "cursor"]
            .into_iter()
            .filter(|name| self.tree && sent.contains(name))
            .map(|name| {
                let detail = messages::not_with_tree();
                Fault::of(name, FaultCode::IncompatibleWithTree, detail)
            })
            .collect()
    }
}

impl Category {
    /// A page of categories.
    pub(super) async fn list(
        conn: &mut AsyncPgConnection,
        list: &List<CategoryFilter>,
        locale: &LanguagePreference,
    ) -> Result<Page<CategoryItem>, Problem> {
        let cursor = list.cursor::<String>()?;
        let branch = list.filter.category.as_ref();
        let mut rows = page_query(branch, cursor.as_ref(), list.rows())
            .select(Self::as_select())
            .load(conn)
            .await?;
        require_branch(conn, branch, &rows).await?;
        rows.iter_mut()
            .for_each(|row: &mut Self| row.localize(locale));
        let mut total = None;
        if list.counts() {
            count_articles(conn, &mut rows).await?;
            total = Some(in_branch(branch).count().get_result(conn).await?);
        }
        let place = |row: &Self| (row.tree_key.clone(), row.id);
        let page = list.page(Self::NAME, rows, cursor.as_ref(), place);
        Ok(page
            .with_total(total)
            .varying_by_language(locale.is_negotiated())
            .map(CategoryItem::Category))
    }

    /// The tree, or the branch of one category.
    pub(super) async fn list_tree(
        conn: &mut AsyncPgConnection,
        list: &List<CategoryFilter>,
        locale: &LanguagePreference,
    ) -> Result<Page<CategoryItem>, Problem> {
        let branch = list.filter.category.as_ref();
        let mut rows = load_tree(conn, branch).await?;
        require_branch(conn, branch, &rows).await?;
        rows.iter_mut().for_each(|row| row.localize(locale));
        let mut total = None;
        if list.counts() {
            count_articles(conn, &mut rows).await?;
            total = Some(rows.len() as i64);
        }
        let page = list.whole(Self::NAME, tree::nest(rows));
        Ok(page
            .with_total(total)
            .varying_by_language(locale.is_negotiated())
            .map(CategoryItem::Node))
    }

    /// The whole tree.
    pub async fn tree(conn: &mut AsyncPgConnection) -> QueryResult<Vec<CategoryNode>> {
        Ok(tree::nest(load_tree(conn, None).await?))
    }
}

/// All categories, or one with its descendants.
fn in_branch(branch: Option<&IdOrSlug>) -> categories::BoxedQuery<'static, Pg> {
    let query = categories::table
        .filter(categories::deleted_at.is_null())
        .into_boxed();
    match branch {
        Some(name) => query.filter(tree::is_in_branch(name)),
        None => query,
    }
}

fn page_query(
    branch: Option<&IdOrSlug>,
    cursor: Option<&Cursor<String>>,
    rows: usize,
) -> categories::BoxedQuery<'static, Pg> {
    let mut query = in_branch(branch).limit(rows as i64);
    let Some(cursor) = cursor else {
        return query.order(categories::tree_key);
    };
    let key = cursor.key.clone();
    query = match (cursor.forward, cursor.inclusive) {
        (true, false) => query.filter(categories::tree_key.gt(key)),
        (true, true) => query.filter(categories::tree_key.ge(key)),
        (false, false) => query.filter(categories::tree_key.lt(key)),
        (false, true) => query.filter(categories::tree_key.le(key)),
    };
    if cursor.forward {
        query.order(categories::tree_key)
    } else {
        query.order(categories::tree_key.desc())
    }
}

/// In descending order of keys, as [`tree::nest`] takes them.
async fn load_tree(
    conn: &mut AsyncPgConnection,
    branch: Option<&IdOrSlug>,
) -> QueryResult<Vec<Category>> {
    in_branch(branch)
        .order(categories::tree_key.desc())
        .select(Category::as_select())
        .load(conn)
        .await
}

/// If a filter found nothing, requires that its category exists.
async fn require_branch(
    conn: &mut AsyncPgConnection,
    branch: Option<&IdOrSlug>,
    rows: &[Category],
) -> Result<(), Problem> {
    let Some(name) = branch.filter(|_| rows.is_empty()) else {
        return Ok(());
    };
    if SlugTable::Categories.has(conn, name).await? {
        return Ok(());
    }
    let fault = Fault::of(
        "category",
        FaultCode::NotFound,
        messages::no_such_category(),
    );
    Err(Problem::InvalidParameters(vec![fault]))
}
