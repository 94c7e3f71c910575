//! How the contract describes a response: what the typed answers of handlers make their `IntoResponses` from.

use std::collections::BTreeMap;

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{Ref, RefOr, Response};
use utoipa::{IntoResponses, ToSchema};

use crate::http::schema::{HasFields, Selected, TypeSchema, reference};

/// Names the schema that takes the place of the body's where `fields` selects.
pub const SELECTED: &str = "x-selected";

/// A response without a body.
pub fn empty(description: impl Into<String>) -> ResponseBuilder {
    ResponseBuilder::new().description(description)
}

/// A response whose body is JSON of a type.
pub fn json<T: ToSchema + 'static>(description: impl Into<String>) -> ResponseBuilder {
    // The document takes the schemas from those that are known.
    TypeSchema::sent::<T>();
    let content = ContentBuilder::new().schema(Some(reference::<T>())).build();
    empty(description).content("application/json", content)
}

/// The same where the request's `fields` may select some of its fields.
pub fn selectable<T: HasFields>(description: impl Into<String>) -> ResponseBuilder {
    TypeSchema::sent::<Selected<T>>();
    let selected = ExtensionsBuilder::new().add(SELECTED, Selected::<T>::name());
    json::<T>(description).extensions(Some(selected.build()))
}

/// Adds headers by their names, each described once in the contract's components.
pub fn with_headers(response: ResponseBuilder, names: &[&str]) -> ResponseBuilder {
    let header = |name: &str| Ref::new(format!("#/components/headers/{name}"));
    names.iter().fold(response, |response, name| {
        response.header_ref(*name, header(name))
    })
}

/// A status and its response, as one entry of a map of responses.
pub fn entry(status: &str, response: ResponseBuilder) -> (String, RefOr<Response>) {
    (status.to_owned(), response.into())
}

/// A response that several operations share, by its name in the contract's components.
pub fn shared(status: &str, name: &str) -> (String, RefOr<Response>) {
    (status.to_owned(), RefOr::Ref(Ref::from_response_name(name)))
}

/// The name of a type in a sentence: `article`, `key`.
pub fn noun<T: ToSchema>() -> String {
    T::name().to_lowercase()
}

/// Beside a handler that refuses a change because of other content, in its annotation: 409.
pub struct Conflict;

impl IntoResponses for Conflict {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [shared("409", "Conflict")].into()
    }
}

/// Beside a handler that knows withdrawn content, in its annotation: 410.
pub struct Gone;

impl IntoResponses for Gone {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [shared("410", "Gone")].into()
    }
}
