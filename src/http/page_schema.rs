//! The schema of a page, and the response that carries it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use utoipa::openapi::{RefOr, Response, Schema};
use utoipa::{IntoResponses, PartialSchema, ToSchema};

use crate::http::page::{NoExtra, Page, PageInfo};
use crate::http::responses::{entry, json, with_headers};
use crate::http::schema::{HasFields, Listed, NamedSchema, page_schema, reference};

/// The fields that one kind of list has beside `items` and `page`.
pub trait PageExtra: 'static {
    /// The name and schema of each.
    fn fields() -> Vec<(&'static str, RefOr<Schema>)> {
        Vec::new()
    }
}

impl PageExtra for NoExtra {}

impl<T: HasFields, E: PageExtra> PartialSchema for Page<T, E> {
    fn schema() -> RefOr<Schema> {
        let page = page_schema::<T>(T::MAX_ITEMS)
            .description(Some("A page of a list."))
            .property("page", reference::<PageInfo>())
            .required("page");
        let fields = E::fields().into_iter();
        fields
            .fold(page, |page, (name, schema)| {
                page.property(name, schema).required(name)
            })
            .into()
    }
}

impl<T: HasFields, E: PageExtra> ToSchema for Page<T, E> {
    fn name() -> Cow<'static, str> {
        format!("{}Page", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<NamedSchema>) {
        schemas.push((PageInfo::name().into_owned(), PageInfo::schema()));
        schemas.push((Listed::<T>::name().into_owned(), Listed::<T>::schema()));
        Listed::<T>::schemas(schemas);
    }
}

impl<T: HasFields, E: PageExtra> IntoResponses for Page<T, E> {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let page = json::<Self>("A page of the list.");
        [entry("200", with_headers(page, &["Link"]))].into()
    }
}
