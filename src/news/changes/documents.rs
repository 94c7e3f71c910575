//! The newest state of what has changed, as `GET` shows it.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use uuid::Uuid;

use super::ResourceKind;
use super::selection::Facets;
use crate::db::{Fragment, Statement};
use crate::http::id_or_slug::IdOrSlug;
use crate::http::locale::LanguagePreference;
use crate::news::articles::Article;
use crate::news::authors::Author;
use crate::news::categories::Category;
use crate::news::content::crud::Resource;
use crate::news::content::visibility::Visibility;
use crate::news::headlines::{Headline, Priority};
use crate::news::site::Site;
use crate::news::tags::Tag;
use crate::problem::Problem;

/// A resource as a reader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub version: i32,
    /// The properties of content.
    pub facets: Option<Facets>,
    pub json: String,
}

/// The properties of content, whether a reader sees it or not.
#[derive(Clone, Debug)]
pub struct Facts {
    pub version: i32,
    pub facets: Facets,
}

/// The documents of some resources that a reader sees, and the first of them, in their order, that was not read because those
/// before have many bytes.
#[derive(Debug, Default)]
pub struct Documents {
    pub by_id: HashMap<Uuid, Document>,
    pub beyond: Option<Uuid>,
}

impl ResourceKind {
    /// Whether it has a language, a category and a time of publication.
    pub(super) fn is_content(self) -> bool {
        matches!(self, Self::Article | Self::Headline)
    }

    pub(super) fn table(self) -> &'static str {
        match self {
            Self::Site => Site::TABLE,
            Self::Category => Category::TABLE,
            Self::Tag => Tag::TABLE,
            Self::Author => Author::TABLE,
            Self::Article => Article::TABLE,
            Self::Headline => Headline::TABLE,
        }
    }
}

/// The properties of the content that meets a condition, which may have an order and a limit.
pub(super) async fn facts(
    conn: &mut AsyncPgConnection,
    kind: ResourceKind,
    condition: &Fragment,
) -> QueryResult<Vec<(Uuid, Facts)>> {
    let columns = match kind {
        ResourceKind::Headline => {
            "SELECT id, version, language, category_id, priority, \
             ARRAY(SELECT tag_id FROM headline_tags WHERE headline_tags.id = headlines.id) FROM headlines WHERE "
        }
        _ => {
            "SELECT id, version, language, category_id, NULL::text, \
             ARRAY(SELECT tag_id FROM article_tags WHERE article_tags.id = articles.id) FROM articles WHERE "
        }
    };
    type Columns = (
        SqlUuid,
        Integer,
        Text,
        Nullable<SqlUuid>,
        Nullable<Text>,
        Array<SqlUuid>,
    );
    type Row = (Uuid, i32, String, Option<Uuid>, Option<Priority>, Vec<Uuid>);
    let sql = Fragment::new(columns).append(condition);
    let rows: Vec<Row> = Statement::<Columns>::new(sql).load(conn).await?;
    let facts = |(id, version, language, category_id, priority, tags)| {
        let facets = Facets {
            language,
            category_id,
            priority,
            tags,
        };
        (id, Facts { version, facets })
    };
    Ok(rows.into_iter().map(facts).collect())
}

/// Reads the documents of some resources of one kind. Those of content get their properties from `facts`.
pub(super) async fn read(
    conn: &mut AsyncPgConnection,
    kind: ResourceKind,
    ids: &[Uuid],
    visibility: Visibility,
    facts: &HashMap<Uuid, Facts>,
) -> Result<Documents, Problem> {
    if ids.is_empty() {
        return Ok(Documents::default());
    }
    let locale = LanguagePreference::for_content(None::<String>);
    match kind {
        ResourceKind::Headline => {
            let rows = Headline::with_ids(conn, ids, visibility, &locale, |_| true).await?;
            of_rows(&rows, facts, None)
        }
        ResourceKind::Article => {
            let (rows, beyond) =
                Article::with_ids(conn, ids, visibility, &locale, |_| true).await?;
            of_rows(&rows, facts, beyond)
        }
        ResourceKind::Category => each::<Category>(conn, ids, visibility).await,
        ResourceKind::Author => each::<Author>(conn, ids, visibility).await,
        ResourceKind::Tag => each::<Tag>(conn, ids, visibility).await,
        ResourceKind::Site => each::<Site>(conn, ids, visibility).await,
    }
}

/// The documents of some content that a reader sees, as far as they have not too many bytes.
pub async fn of_ids(
    conn: &mut AsyncPgConnection,
    kind: ResourceKind,
    ids: &[Uuid],
    visibility: Visibility,
) -> Result<HashMap<Uuid, Document>, Problem> {
    let documents = read(conn, kind, ids, visibility, &HashMap::new()).await?;
    Ok(documents.by_id)
}

fn of_rows<R: Resource>(
    rows: &[R],
    facts: &HashMap<Uuid, Facts>,
    beyond: Option<Uuid>,
) -> Result<Documents, Problem> {
    let mut by_id = HashMap::new();
    for row in rows {
        let facets = facts.get(&row.id()).map(|facts| facts.facets.clone());
        by_id.insert(row.id(), document(row, facets)?);
    }
    Ok(Documents { by_id, beyond })
}

/// Resources that change now and then.
async fn each<R: Resource>(
    conn: &mut AsyncPgConnection,
    ids: &[Uuid],
    visibility: Visibility,
) -> Result<Documents, Problem> {
    let mut by_id = HashMap::new();
    for id in ids {
        if let Some(mut found) = R::find(conn, &IdOrSlug::Id(*id), visibility).await? {
            found.localize(&LanguagePreference::new(None::<String>, Vec::new()));
            by_id.insert(*id, document(&found, None)?);
        }
    }
    Ok(Documents {
        by_id,
        beyond: None,
    })
}

fn document<R: Resource + Serialize>(row: &R, facets: Option<Facets>) -> Result<Document, Problem> {
    Ok(Document {
        version: row.version(),
        facets,
        json: serde_json::to_string(row).map_err(Problem::internal)?,
    })
}
