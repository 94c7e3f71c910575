//! The body of a `PATCH`: a JSON Merge Patch (RFC 7396), and the fields that `clear` names.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde_json::{Map, Value};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use crate::http::json_body::{Body, MERGE_PATCH};
use crate::http::messages;
use crate::http::paging::FieldList;
use crate::http::query_parameters::{QueryParameters, parse};
use crate::http::schema::{Patch, Patchable, TypeSchema};
use crate::problem::{Fault, FaultCode, Problem};
use crate::query_parameters;

query_parameters! {
    /// The parameter of every `PATCH`.
    pub struct Clear {
        /// Fields to clear, separated by commas, as if the body had `null` for each: for clients that leave out what is null,
        /// as many generated ones do.
        #[example("source")]
        pub clear: Option<FieldList>,
    }
}

/// The body of a `PATCH`, to be read.
pub struct PatchBody {
    body: Body,
    /// Faults wait until the body is read, when the caller's rights are known.
    clear: Result<Clear, Vec<Fault>>,
}

impl PatchBody {
    /// The same with another limit of its length.
    pub fn at_most(self, max_bytes: usize) -> Self {
        Self {
            body: self.body.at_most(max_bytes),
            ..self
        }
    }

    /// Reads the patch of a `T`, and validates and converts it with `convert`.
    pub async fn read<T: Patchable, P: Send + 'static>(
        self,
        convert: impl FnOnce(Value) -> Result<P, Problem> + Send + 'static,
    ) -> Result<P, Problem> {
        let clear = self.clear.map_err(Problem::InvalidParameters)?;
        let convert = move |mut patch: Value| {
            if let (Some(names), Some(patch)) = (clear.clear, patch.as_object_mut()) {
                add_nulls::<T>(&names.0, patch).map_err(Problem::InvalidParameters)?;
            }
            convert(patch)
        };
        Ok(self.body.read_as(MERGE_PATCH, convert).await?.0)
    }
}

/// Adds a null to the patch for each of these fields.
fn add_nulls<T: Patchable>(names: &str, patch: &mut Map<String, Value>) -> Result<(), Vec<Fault>> {
    let schema = TypeSchema::received::<Patch<T>>().root();
    let properties = schema["properties"].as_object();
    let nullable = properties
        .into_iter()
        .flatten()
        .filter(|(_, it)| is_nullable(it));
    let nullable: Vec<&str> = nullable.map(|(name, _)| name.as_str()).collect();
    let mut faults = Vec::new();
    for name in names.split(',') {
        if !nullable.contains(&name) {
            let known = nullable.join(", ");
            let detail = messages::not_clearable(name, known);
            faults.push(Fault::of("clear", FaultCode::Invalid, detail));
        } else if patch.get(name).is_some_and(|value| !value.is_null()) {
            let detail = messages::cleared_and_set(name);
            faults.push(Fault::of("clear", FaultCode::IncompatibleWithBody, detail));
        } else {
            patch.insert(name.to_owned(), Value::Null);
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults)
    }
}

fn is_nullable(schema: &Value) -> bool {
    let types = schema["type"].as_array().into_iter().flatten();
    let choices = schema["oneOf"].as_array().into_iter().flatten();
    let mut types = types.chain(choices.map(|choice| &choice["type"]));
    types.any(|it| it == "null")
}

impl FromRequest for PatchBody {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (clear, _, faults) = parse::<Clear>(request.query_string());
        let clear = if faults.is_empty() {
            Ok(clear)
        } else {
            Err(faults)
        };
        let body = Body::from_request(request, payload).into_inner();
        ready(body.map(|body| Self { body, clear }))
    }
}

impl IntoParams for PatchBody {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        Clear::declarations()
    }
}
