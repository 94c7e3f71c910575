//! Responses that show one resource, and the only place that writes their headers: `Location`, `Content-Language`,
//! `Cache-Control`, `Vary`, the version in the entity tag, the cache tags.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, Responder};
use serde::Serialize;

use crate::http::cache_control::CacheKind;
use crate::http::cache_tags::CacheTags;
use crate::http::fields::Fields;
use crate::http::preconditions::Version;
use crate::problem::Problem;

/// A resource that a response can show.
pub trait Representation: Serialize {
    /// Whether a cache may store it.
    const CACHEABLE: bool = true;
    /// Whether its content has a language.
    const HAS_LANGUAGE: bool = false;

    /// The version that its entity tag begins with; none where a resource has no versions.
    fn version_tag(&self) -> Option<Version> {
        None
    }

    /// The path of the resource, as `Location` gives it after a creation.
    fn location(&self) -> Option<String> {
        None
    }

    /// The language that its content is written in.
    fn content_language(&self) -> Option<&str> {
        None
    }

    /// The resources that the response shows.
    fn cache_tags(&self) -> CacheTags {
        CacheTags::default()
    }
}

/// Status and headers of a response that shows one resource.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceHead {
    pub status: StatusCode,
    pub headers: Vec<(HeaderName, String)>,
    /// The version that the entity tag begins with.
    pub version: Option<Version>,
}

impl ResourceHead {
    fn of<R: Representation>(status: StatusCode, resource: &R) -> Self {
        let location = resource.location();
        let location = location.filter(|_| status == StatusCode::CREATED);
        let language = resource.content_language();
        let no_store = (!R::CACHEABLE).then(|| "no-store".to_owned());
        let headers = [
            (header::LOCATION, location),
            (header::CONTENT_LANGUAGE, language.map(str::to_owned)),
            (header::CACHE_CONTROL, no_store),
        ];
        Self {
            status,
            headers: headers
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)))
                .collect(),
            version: resource.version_tag(),
        }
    }

    /// A response with this head. The middleware makes the entity tag of the version and the body.
    pub fn into_builder(self) -> HttpResponseBuilder {
        let mut response = HttpResponse::build(self.status);
        for header in self.headers {
            response.insert_header(header);
        }
        if let Some(version) = self.version {
            response.extensions_mut().insert(version);
        }
        response
    }
}

/// A resource as the answer to a request.
#[derive(Debug)]
pub struct ResourceResponse<R> {
    status: StatusCode,
    resource: R,
    fields: Fields,
    negotiated: bool,
}

impl<R: Representation> ResourceResponse<R> {
    /// The whole resource, with 200.
    pub fn ok(resource: R) -> Self {
        Self::new(StatusCode::OK, resource)
    }

    /// The whole resource, with 201 and its `Location`.
    pub fn created(resource: R) -> Self {
        Self::new(StatusCode::CREATED, resource)
    }

    fn new(status: StatusCode, resource: R) -> Self {
        Self {
            status,
            resource,
            fields: Fields::default(),
            negotiated: false,
        }
    }

    /// Only the fields that the request asked for.
    pub fn with_fields(self, fields: Fields) -> Self {
        Self { fields, ..self }
    }

    /// `negotiated` where another `Accept-Language` could have brought other names.
    pub fn with_negotiated_language(self, negotiated: bool) -> Self {
        Self { negotiated, ..self }
    }

    pub fn head(&self) -> ResourceHead {
        ResourceHead::of(self.status, &self.resource)
    }

    /// The whole resource as JSON.
    pub fn body(&self) -> Result<Vec<u8>, Problem> {
        serde_json::to_vec(&self.resource).map_err(Problem::internal)
    }
}

impl<R: Representation> Responder for ResourceResponse<R> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut builder = self.head().into_builder();
        if self.negotiated {
            builder.insert_header((header::VARY, "Accept-Language"));
        }
        builder.extensions_mut().insert(self.resource.cache_tags());
        builder.extensions_mut().insert(CacheKind::One);
        match self.fields.to_response(&mut builder, &self.resource) {
            Ok(response) => response,
            Err(problem) => HttpResponse::from_error(problem),
        }
    }
}

/// The answer to a `PUT`, which may have created the resource.
#[derive(Debug)]
pub struct Replaced<R>(pub ResourceResponse<R>);

impl<R: Representation> Responder for Replaced<R> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        self.0.respond_to(request)
    }
}

/// The answer to a deletion: 204, without a body.
#[derive(Clone, Copy, Debug)]
pub struct NoContent;

impl Responder for NoContent {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::NoContent().finish()
    }
}
