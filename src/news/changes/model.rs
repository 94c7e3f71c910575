//! Changes as JSON.

use actix_web::body::BoxBody;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, Responder};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use utoipa::openapi::{RefOr, Response};
use utoipa::{IntoResponses, ToSchema};
use uuid::Uuid;

use super::batch::Change;
use super::documents::Document;
use super::{ChangesCursor, Ending, ResourceKind, Selected};
use crate::http::cache_tags::CacheTags;
use crate::http::responses;
use crate::http::timestamp;
use crate::news::articles::Article;
use crate::news::authors::Author;
use crate::news::categories::Category;
use crate::news::headlines::Headline;
use crate::news::site::Site;
use crate::news::tags::Tag;
use crate::problem::Problem;

crate::text_enum! {
    /// What has become of a resource.
    ChangeKind {
        /// The caller sees it for the first time, or again. In a snapshot: it is there.
        Created = "created",
        Updated = "updated",
        /// Taken down, or scheduled for later: remove it.
        Withdrawn = "withdrawn",
        /// Its `expires_at` has come: remove it.
        Expired = "expired",
        /// Moved to the trash: remove it.
        Deleted = "deleted",
        /// It no longer matches the filters: remove it.
        Left = "left",
    }
}

impl From<Ending> for ChangeKind {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Withdrawn => Self::Withdrawn,
            Ending::Expired => Self::Expired,
            Ending::Deleted => Self::Deleted,
            Ending::Left => Self::Left,
        }
    }
}

/// A change of one resource. After `created` and `updated`, the field with the name of its kind has it in its newest state, as
/// `GET` shows it: insert or replace it. After any other change, remove it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "change": "withdrawn", "resource": "headline", "id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d13", "at": "2026-11-23T14:05:00.000000Z",
}))]
pub struct ChangeItem {
    pub change: ChangeKind,
    pub resource: ResourceKind,
    pub id: Uuid,
    /// The time of the change. Of several changes since the last page, that of the latest; in a snapshot, of the page.
    #[serde(serialize_with = "timestamp::serialize")]
    pub at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Site>, nullable = false)]
    pub site: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Category>, nullable = false)]
    pub category: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Tag>, nullable = false)]
    pub tag: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Author>, nullable = false)]
    pub author: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Article>, nullable = false)]
    pub article: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Headline>, nullable = false)]
    pub headline: Option<Box<RawValue>>,
}

impl ChangeItem {
    /// A change, as it is selected for a client.
    pub(super) fn of(change: &Change, selected: Selected<'_>) -> Result<Self, Problem> {
        let item = Self::without_document(change.kind, change.id, change.at);
        match selected {
            Selected::Removed(ending) => Ok(Self {
                change: ending.into(),
                ..item
            }),
            Selected::Document { document, is_new } => {
                let change = match is_new {
                    true => ChangeKind::Created,
                    false => ChangeKind::Updated,
                };
                Self { change, ..item }.with(document)
            }
        }
    }

    /// A resource in a snapshot.
    pub(super) fn found(
        kind: ResourceKind,
        id: Uuid,
        at: DateTime<Utc>,
        document: &Document,
    ) -> Result<Self, Problem> {
        Self::without_document(kind, id, at).with(document)
    }

    fn without_document(resource: ResourceKind, id: Uuid, at: DateTime<Utc>) -> Self {
        Self {
            change: ChangeKind::Created,
            resource,
            id,
            at,
            site: None,
            category: None,
            tag: None,
            author: None,
            article: None,
            headline: None,
        }
    }

    fn with(mut self, document: &Document) -> Result<Self, Problem> {
        let place = match self.resource {
            ResourceKind::Site => &mut self.site,
            ResourceKind::Category => &mut self.category,
            ResourceKind::Tag => &mut self.tag,
            ResourceKind::Author => &mut self.author,
            ResourceKind::Article => &mut self.article,
            ResourceKind::Headline => &mut self.headline,
        };
        let json = RawValue::from_string(document.json.clone());
        *place = Some(json.map_err(Problem::internal)?);
        Ok(self)
    }
}

/// A page of changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangesPage {
    /// Each resource once, in its newest state.
    #[schema(max_items = 100)]
    pub items: Vec<ChangeItem>,
    pub page: ChangesPageInfo,
}

/// Where to go on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"next": "AKvB0w8D…", "more": false}))]
pub struct ChangesPageInfo {
    /// The `since` of the next request.
    pub next: String,
    /// Whether more follows at once; of a snapshot, whether it goes on.
    pub more: bool,
}

impl ChangesPage {
    pub(super) fn new(items: Vec<ChangeItem>, next: &ChangesCursor, more: bool) -> Self {
        let next = next.write();
        Self {
            items,
            page: ChangesPageInfo { next, more },
        }
    }
}

impl Responder for ChangesPage {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        // It is public content, which no cache keeps.
        response.extensions_mut().insert(CacheTags::default());
        response.json(self)
    }
}

impl IntoResponses for ChangesPage {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let ok = responses::json::<Self>("The changes, and where to go on.");
        [responses::entry("200", ok)].into()
    }
}
