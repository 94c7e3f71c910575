//! A fault: what is wrong at one place of a request.

use serde::Serialize;
use utoipa::ToSchema;

use super::FaultCode;
use super::text::{Language, Text};

/// One fault of a request, and its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    pub pointer: Option<String>,
    pub parameter: Option<String>,
    pub code: FaultCode,
    pub detail: Text,
}

impl Fault {
    /// A fault at a place in the body.
    pub fn at(pointer: impl Into<String>, code: FaultCode, detail: Text) -> Self {
        Self {
            pointer: Some(pointer.into()),
            parameter: None,
            code,
            detail,
        }
    }

    /// A fault in a query parameter.
    pub fn of(parameter: impl Into<String>, code: FaultCode, detail: Text) -> Self {
        Self {
            pointer: None,
            parameter: Some(parameter.into()),
            code,
            detail,
        }
    }

    /// A fault without a place.
    pub fn general(code: FaultCode, detail: Text) -> Self {
        Self {
            pointer: None,
            parameter: None,
            code,
            detail,
        }
    }

    /// The fault as it is sent.
    pub fn body(&self, language: Language) -> FaultBody<'_> {
        FaultBody {
            pointer: self.pointer.as_deref(),
            parameter: self.parameter.as_deref(),
            code: self.code,
            detail: self.detail.in_language(language),
        }
    }
}

/// One fault of a request, and its place.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Fault, example = json!({"pointer": "/title", "parameter": null, "code": "too_long", "detail": "at most 300 characters"}))]
pub struct FaultBody<'a> {
    /// Place in the body (JSON Pointer, RFC 6901).
    #[schema(example = "/title")]
    pub pointer: Option<&'a str>,
    /// Name of the query parameter.
    #[schema(example = "limit")]
    pub parameter: Option<&'a str>,
    pub code: FaultCode,
    /// Description, for people, in English or French (`Accept-Language`).
    #[schema(example = "at most 300 characters")]
    pub detail: &'a str,
}
