//! A short list without pages: completions, related articles.

use std::borrow::Cow;
use std::collections::BTreeMap;

use actix_web::body::BoxBody;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;
use utoipa::openapi::{RefOr, Response, Schema};
use utoipa::{IntoResponses, PartialSchema, ToSchema};

use crate::http::cache_control::CacheKind;
use crate::http::cache_tags::CacheTags;
use crate::http::fields::Fields;
use crate::http::responses::{entry, json};
use crate::http::schema::{HasFields, Listed, NamedSchema, page_schema};

/// The most items of a short list.
pub const MOST: usize = 10;

/// An item of a short list.
pub trait ShortListItem: HasFields {
    /// The name and the description of the list's schema.
    const LIST_NAME: &'static str;
    const LIST_DESCRIPTION: &'static str;
}

/// At most 10 items, the best first, as the response of a handler.
#[derive(Debug)]
pub struct ShortList<T> {
    items: Vec<T>,
    fields: Fields,
    cache_tags: CacheTags,
    varies_by_language: bool,
}

impl<T> ShortList<T> {
    pub fn new(items: Vec<T>, fields: Fields, cache_tags: CacheTags) -> Self {
        Self {
            items,
            fields,
            cache_tags,
            varies_by_language: false,
        }
    }

    /// The same list with a `Vary` for `Accept-Language`, where that decided the language of names in it.
    pub fn varying_by_language(self, varies_by_language: bool) -> Self {
        Self {
            varies_by_language,
            ..self
        }
    }
}

impl<T: Serialize> Responder for ShortList<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        if self.varies_by_language {
            response.insert_header((header::VARY, "Accept-Language"));
        }
        let mut response = match self.fields.of_each(&self.items) {
            Ok(None) => response.json(ShortListBody { items: self.items }),
            Ok(Some(items)) => response.json(ShortListBody { items }),
            Err(problem) => return HttpResponse::from_error(problem),
        };
        response.extensions_mut().insert(self.cache_tags);
        response.extensions_mut().insert(CacheKind::Search);
        response
    }
}

#[derive(Debug, Serialize)]
struct ShortListBody<T> {
    items: Vec<T>,
}

impl<T: ShortListItem> PartialSchema for ShortList<T> {
    fn schema() -> RefOr<Schema> {
        page_schema::<T>(MOST)
            .description(Some(T::LIST_DESCRIPTION))
            .into()
    }
}

impl<T: ShortListItem> ToSchema for ShortList<T> {
    fn name() -> Cow<'static, str> {
        T::LIST_NAME.into()
    }

    fn schemas(schemas: &mut Vec<NamedSchema>) {
        schemas.push((Listed::<T>::name().into_owned(), Listed::<T>::schema()));
        Listed::<T>::schemas(schemas);
    }
}

impl<T: ShortListItem> IntoResponses for ShortList<T> {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [entry("200", json::<Self>(T::LIST_DESCRIPTION))].into()
    }
}
