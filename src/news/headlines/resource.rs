//! Headlines as a resource: the steps of a write that they have of their own.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use crate::http::cache_tags::CacheTag;
use crate::http::fields::Fields;
use crate::http::id_or_slug::IdOrSlug;
use crate::http::language;
use crate::http::locale::LanguagePreference;
use crate::news::content::crud::{self, Resource};
use crate::news::content::gone;
use crate::news::content::publication;
use crate::news::content::visibility::{self, Visibility};
use crate::news::headlines::model::{Headline, NewHeadline};
use crate::news::headlines::write;
use crate::news::listing::cache_tags::parts_of;
use crate::problem::{ConstraintViolation, Fault, FaultCode, GoneReason, Problem};

impl Resource for Headline {
    type New = NewHeadline;
    type Prepared = NewHeadline;
    type Preparer = ();

    const NAME: &'static str = "headline";
    const TABLE: &'static str = "headlines";
    const PATH: &'static str = "/v1/headlines";

    fn constraint_problem(violation: &ConstraintViolation) -> Option<Problem> {
        Some(match violation.name.as_str() {
            "headlines_category_id_live" => crud::missing_reference("/category_id"),
            "headlines_article_id_live" => crud::missing_reference("/article_id"),
            _ => return None,
        })
    }

    fn id(&self) -> Uuid {
        self.id
    }

    fn version(&self) -> i32 {
        self.version
    }

    async fn find(
        conn: &mut AsyncPgConnection,
        name: &IdOrSlug,
        visibility: Visibility,
    ) -> QueryResult<Option<Self>> {
        Self::find_part(conn, name, visibility, &Fields::default()).await
    }

    async fn find_part(
        conn: &mut AsyncPgConnection,
        name: &IdOrSlug,
        visibility: Visibility,
        fields: &Fields,
    ) -> QueryResult<Option<Self>> {
        let IdOrSlug::Id(id) = name else {
            return Ok(None);
        };
        Self::find_with(conn, *id, visibility, |field| fields.includes(field, true)).await
    }

    async fn gone(
        conn: &mut AsyncPgConnection,
        name: &IdOrSlug,
    ) -> QueryResult<Option<GoneReason>> {
        match name {
            IdOrSlug::Id(_) => gone::reason(conn, Self::TABLE, name).await,
            IdOrSlug::Slug(_) => Ok(None),
        }
    }

    fn language(&self) -> Option<&str> {
        Some(&self.language)
    }

    fn localize(&mut self, locale: &LanguagePreference) {
        let locale = locale.or_in(&self.language);
        if let Some(category) = &mut self.category {
            category.localize(&locale);
        }
    }

    fn validate(new: &mut NewHeadline) -> Result<(), Vec<Fault>> {
        let mut faults = Vec::new();
        match language::canonical(&new.language) {
            Ok(tag) => new.language = tag,
            Err(detail) => faults.push(Fault::at("/language", FaultCode::InvalidLanguage, detail)),
        }
        faults.extend(visibility::check_time(new.status, new.published_at));
        faults.extend(publication::check_expiry(new.published_at, new.expires_at));
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }

    fn requires_publish_scope(old: Option<&Self>, new: Option<&NewHeadline>) -> bool {
        old.is_some_and(|old| old.status.requires_publish_scope())
            || new.is_some_and(|new| new.status.requires_publish_scope())
    }

    fn is_private(&self) -> bool {
        !self.status.is_public_in_time()
    }

    fn affected_tags(&self) -> Option<Vec<CacheTag>> {
        Some(parts_of(Self::NAME, self.category_id, &self.language))
    }

    fn moments(&self) -> Vec<DateTime<Utc>> {
        let moments = [self.published_at, self.expires_at];
        moments.into_iter().flatten().collect()
    }

    async fn insert(
        conn: &mut AsyncPgConnection,
        id: Uuid,
        new: NewHeadline,
    ) -> Result<(), Problem> {
        Self::insert_and_read(conn, id, new).await.map(|_| ())
    }

    async fn insert_and_read(
        conn: &mut AsyncPgConnection,
        id: Uuid,
        new: NewHeadline,
    ) -> Result<Self, Problem> {
        let insert = write::insert(conn, id, new).await?;
        Ok(Self::read_inserted(conn, insert).await?)
    }

    async fn update(
        conn: &mut AsyncPgConnection,
        id: Uuid,
        new: NewHeadline,
    ) -> Result<(), Problem> {
        write::update(conn, id, new).await
    }
}
