//! How the contract describes a response: what the typed answers of handlers make their `IntoResponses` from.

use std::collections::BTreeMap;

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{Ref, RefOr, Response};
use utoipa::{IntoResponses, ToSchema};

use crate::http::resource_response::{NoContent, Replaced, Representation, ResourceResponse};
use crate::http::schema::{HasFields, TypeSchema, reference};

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

/// In the schema of a response, in place of `contentSchema` (JSON Schema, section 8.5), which the document names so.
pub const CONTENT_SCHEMA: &str = "x-content-schema";

/// The headers of a response with the content of a resource.
fn content_headers<R: Representation>(response: ResponseBuilder) -> ResponseBuilder {
    let names: &[&str] = match R::HAS_LANGUAGE {
        true => &["Content-Language"],
        false => &[],
    };
    with_headers(response, names)
}

/// The response to a creation.
pub fn created<R: Representation + ToSchema + 'static>() -> ResponseBuilder {
    let created = json::<R>("The created resource.");
    with_headers(content_headers::<R>(created), &["Location"])
}

impl<R: Representation + HasFields> IntoResponses for ResourceResponse<R> {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let ok = json::<R>("The resource.");
        [entry("200", content_headers::<R>(ok))].into()
    }
}

impl<R: Representation + HasFields> IntoResponses for Replaced<R> {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = ResourceResponse::<R>::responses();
        responses.extend([entry("201", created::<R>())]);
        responses
    }
}

impl IntoResponses for NoContent {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [entry("204", empty("The resource was deleted."))].into()
    }
}

/// Beside a handler that refuses a change because of other content, in its annotation: 409.
pub struct Conflict;

impl IntoResponses for Conflict {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [shared("409", "Conflict")].into()
    }
}

/// Beside a handler that knows withdrawn content, or places in the log of changes, in its annotation: 410.
pub struct Gone;

impl IntoResponses for Gone {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [shared("410", "Gone")].into()
    }
}
