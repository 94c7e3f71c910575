//! Responses that can be sent again: stored as they were sent first.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use actix_web::{HttpRequest, HttpResponse, Responder};
use diesel::prelude::*;
use serde_json::{Map, Value};
use utoipa::openapi::{RefOr, Response};
use utoipa::{IntoResponses, ToSchema};

use crate::http::preconditions::Version;
use crate::http::resource_response::{Representation, ResourceHead, ResourceResponse};
use crate::http::responses::{created, entry};
use crate::problem::Problem;
use crate::schema::idempotency_keys;

static IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The response to a creation: the new resource, or the stored first response of the same request.
#[derive(Debug)]
pub struct Created<R> {
    response: StoredResponse,
    resource: PhantomData<fn() -> R>,
}

impl<R> From<StoredResponse> for Created<R> {
    fn from(response: StoredResponse) -> Self {
        Self {
            response,
            resource: PhantomData,
        }
    }
}

impl<R> Responder for Created<R> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.response.into_response()
    }
}

impl<R: Representation + ToSchema + 'static> IntoResponses for Created<R> {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [entry("201", created::<R>())].into()
    }
}

/// A response as it is stored, or came out of storage.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredResponse {
    head: ResourceHead,
    body: Vec<u8>,
    /// Whether it was sent before.
    replayed: bool,
}

impl StoredResponse {
    /// Serializes a response that was not sent yet.
    pub fn new<R: Representation>(response: &ResourceResponse<R>) -> Result<Self, Problem> {
        Ok(Self {
            head: response.head(),
            body: response.body()?,
            replayed: false,
        })
    }

    fn into_response(self) -> HttpResponse {
        let mut response = self.head.into_builder();
        response.content_type(header::ContentType::json());
        if self.replayed {
            response.insert_header((IDEMPOTENCY_REPLAYED.clone(), "true"));
        }
        response.body(self.body)
    }

    /// The row that stores it. `encrypt` gets the body.
    pub(super) fn to_row<'a>(
        &'a self,
        request_digest: &'a [u8],
        encrypt: impl FnOnce(&[u8]) -> Result<Vec<u8>, Problem>,
    ) -> Result<NewStoredRow<'a>, Problem> {
        let headers: Map<String, Value> = self
            .head
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.as_str().into()))
            .collect();
        Ok(NewStoredRow {
            request_digest,
            response_status: self.head.status.as_u16().cast_signed(),
            response_headers: Value::Object(headers),
            response_body: encrypt(&self.body)?,
            resource_version: self.head.version.as_ref().map(Version::as_str),
        })
    }
}

#[derive(HasQuery)]
#[diesel(table_name = idempotency_keys)]
pub(super) struct StoredRow {
    pub request_digest: Vec<u8>,
    response_status: i16,
    response_headers: Value,
    pub response_body: Vec<u8>,
    resource_version: Option<String>,
}

#[derive(Clone, Insertable, AsChangeset)]
#[diesel(table_name = idempotency_keys, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(super) struct NewStoredRow<'a> {
    request_digest: &'a [u8],
    response_status: i16,
    response_headers: Value,
    response_body: Vec<u8>,
    resource_version: Option<&'a str>,
}

impl StoredRow {
    /// The response to replay; the body is decrypted already.
    pub fn into_response(self) -> Result<StoredResponse, Problem> {
        let status = u16::try_from(self.response_status).map_err(Problem::internal)?;
        let mut headers = Vec::new();
        for (name, value) in self.response_headers.as_object().into_iter().flatten() {
            let name = name.parse::<HeaderName>().map_err(Problem::internal)?;
            headers.push((name, value.as_str().unwrap_or_default().to_owned()));
        }
        Ok(StoredResponse {
            head: ResourceHead {
                status: StatusCode::from_u16(status).map_err(Problem::internal)?,
                headers,
                version: self.resource_version.map(Version::from_text),
            },
            body: self.response_body,
            replayed: true,
        })
    }
}
