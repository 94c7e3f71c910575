//! Articles as a resource: the steps of a write that they have of their own.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::Database;
use crate::http::cache_tags::CacheTag;
use crate::http::fields::Fields;
use crate::http::id_or_slug::IdOrSlug;
use crate::http::language;
use crate::http::locale::LanguagePreference;
use crate::http::messages;
use crate::news::articles::model::{Article, NewArticle};
use crate::news::articles::prepared::{self, PreparedArticle, Renderer};
use crate::news::articles::write;
use crate::news::content::crud::{CascadedChange, Dependent, Resource, Write};
use crate::news::content::gone;
use crate::news::content::publication;
use crate::news::content::slug::{self, SlugTable};
use crate::news::content::visibility::{self, Visibility};
use crate::news::listing::cache_tags::{author_part, parts_of, tag_part};
use crate::problem::{ConstraintViolation, Fault, FaultCode, GoneReason, Problem};
use crate::schema::articles;

impl Resource for Article {
    type New = NewArticle;
    type Prepared = PreparedArticle;
    type Preparer = Renderer;

    const NAME: &'static str = "article";
    const TABLE: &'static str = "articles";
    const SLUGS: Option<SlugTable> = Some(SlugTable::Articles);
    const PATH: &'static str = "/v1/articles";
    const DEPENDENT: Option<Dependent> = Some(Dependent {
        name: "headline",
        table: "headlines",
        column: "article_id",
    });
    const SIBLING_LOCK: &'static str = "translations";
    const MAX_BODY: usize = prepared::MAX_BODY;

    fn constraint_problem(violation: &ConstraintViolation) -> Option<Problem> {
        super::constraints::problem(violation)
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
        visibility: Visibility,
    ) -> QueryResult<Option<Self>> {
        Self::find_with(conn, name, visibility, |_| true).await
    }

    async fn find_part(
        conn: &mut AsyncPgConnection,
        name: &IdOrSlug,
        visibility: Visibility,
        fields: &Fields,
    ) -> QueryResult<Option<Self>> {
        Self::find_with(conn, name, visibility, |field| fields.includes(field, true)).await
    }

    async fn gone(
        conn: &mut AsyncPgConnection,
        name: &IdOrSlug,
    ) -> QueryResult<Option<GoneReason>> {
        gone::reason(conn, Self::TABLE, name).await
    }

    fn language(&self) -> Option<&str> {
        Some(&self.language)
    }

    fn localize(&mut self, locale: &LanguagePreference) {
        let locale = locale.or_in(&self.language);
        if let Some(category) = &mut self.category {
            category.localize(&locale);
        }
        for author in &mut self.authors {
            author.localize(&locale);
        }
        for tag in &mut self.tags {
            tag.localize(&locale);
        }
    }

    async fn prepare(
        db: &Database,
        renderer: &Renderer,
        new: NewArticle,
    ) -> Result<PreparedArticle, Problem> {
        PreparedArticle::prepare(db, renderer, new).await
    }

    fn reuse_prepared(
        old: &Self,
        new: NewArticle,
        prepared: Option<PreparedArticle>,
    ) -> Result<PreparedArticle, Box<NewArticle>> {
        PreparedArticle::reuse(old, new, prepared)
    }

    fn validate(new: &mut NewArticle) -> Result<(), Vec<Fault>> {
        let mut faults = slug::validate(new.slug.as_deref())
            .err()
            .unwrap_or_default();
        match language::canonical(&new.language) {
            Ok(tag) => new.language = tag,
            Err(detail) => faults.push(Fault::at("/language", FaultCode::InvalidLanguage, detail)),
        }
        faults.extend(duplicates("author_ids", &new.author_ids));
        faults.extend(duplicates("tag_ids", &new.tag_ids));
        faults.extend(visibility::check_time(new.status, new.published_at));
        faults.extend(publication::check_expiry(new.published_at, new.expires_at));
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }

    fn requires_publish_scope(old: Option<&Self>, new: Option<&NewArticle>) -> bool {
        old.is_some_and(|old| old.status.requires_publish_scope())
            || new.is_some_and(|new| new.status.requires_publish_scope())
    }

    fn is_private(&self) -> bool {
        !self.status.is_public_in_time()
    }

    fn affected_tags(&self) -> Option<Vec<CacheTag>> {
        let mut tags = parts_of(Self::NAME, self.category_id, &self.language);
        let authors = self.authors.iter().map(|author| author_part(author.id));
        let listed = self.tags.iter().map(|tag| tag_part(tag.id));
        tags.extend(authors.chain(listed));
        // Its translations show it.
        tags.extend(
            self.translations
                .iter()
                .map(|other| CacheTag::of_id(other.id)),
        );
        Some(tags)
    }

    fn moments(&self) -> Vec<DateTime<Utc>> {
        let moments = [self.published_at, self.expires_at];
        moments.into_iter().flatten().collect()
    }

    async fn insert(
        conn: &mut AsyncPgConnection,
        id: Uuid,
        new: PreparedArticle,
    ) -> Result<(), Problem> {
        write::insert(conn, id, new).await
    }

    async fn update(
        conn: &mut AsyncPgConnection,
        id: Uuid,
        new: PreparedArticle,
    ) -> Result<(), Problem> {
        write::update(conn, id, new).await
    }

    /// An article that joins or leaves translations, or enters or leaves the trash, may change the others.
    async fn affects_siblings(
        conn: &mut AsyncPgConnection,
        id: Uuid,
        write: Write<'_, Self>,
    ) -> QueryResult<bool> {
        let new = match write {
            Write::Put(new) => new,
            Write::Patch(fields) => return Ok(fields.contains_key("translation_of")),
            Write::Delete => return Ok(true),
        };
        let stored: Option<(bool, Option<Uuid>)> = articles::table
            .find(id)
            .select((articles::deleted_at.is_not_null(), articles::translation_of))
            .get_result(conn)
            .await
            .optional()?;
        let (in_trash, translation_of) = stored.unwrap_or((false, None));
        Ok(in_trash || translation_of != new.translation_of)
    }

    /// Translations that it took along to another story, or left behind.
    async fn cascaded_changes(
        conn: &mut AsyncPgConnection,
        id: Uuid,
    ) -> QueryResult<Vec<CascadedChange>> {
        write::cascaded_changes(conn, id).await
    }
}

/// Ids that stand in a list twice. The schema compares them as they are spelt, and an id has several spellings.
fn duplicates(list: &str, ids: &[Uuid]) -> Vec<Fault> {
    let repeated = (1..ids.len()).filter(|n| ids[..*n].contains(&ids[*n]));
    let fault = |n| {
        Fault::at(
            format!("/{list}/{n}"),
            FaultCode::DuplicateItem,
            messages::unique_items(),
        )
    };
    repeated.map(fault).collect()
}
