//! Validates JSON request bodies against their published schema, and reports every fault at once.

mod faults;
mod merge_patch;

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::messages;
use crate::http::schema::{HasFields, TypeSchema};
use crate::http::values::{is_http_url, parse_timestamp};
use crate::problem::{Fault, FaultCode, Problem};
use faults::{escape, faults_of, is_superseded};

pub use merge_patch::{is_no_op, merge};

/// The most fields that one object may have: far more than any schema has, few enough to check quickly.
const MOST_FIELDS: usize = 200;

/// Validates documents of one type.
pub struct SchemaValidator {
    validator: Validator,
    /// Read-only fields: accepted, so that a resource that was read can be sent back, and ignored.
    read_only: Vec<String>,
}

impl SchemaValidator {
    /// The validator of a type.
    pub fn of<T: ToSchema + 'static>() -> &'static Self {
        Self::cached(TypeId::of::<T>(), || {
            Self::new(TypeSchema::received::<T>(), Vec::new())
        })
    }

    /// The validator of a type that a request writes a resource with: it ignores the resource's other fields.
    pub fn of_written<T: ToSchema + 'static, R: HasFields>() -> &'static Self {
        Self::cached(TypeId::of::<(T, R)>(), || {
            let schema = TypeSchema::received::<T>();
            let list_fields = R::list_fields(&mut Vec::new()).into_iter();
            let list_fields = list_fields.map(|(name, _)| name.to_owned());
            let resource = TypeSchema::sent::<R>();
            let all = resource.properties().cloned().chain(list_fields);
            let read_only = all.filter(|field| schema.properties().all(|it| it != field));
            Self::new(schema, read_only.collect())
        })
    }

    /// Each validator is made once and kept as long as the process runs.
    fn cached(of: TypeId, new: impl FnOnce() -> Self) -> &'static Self {
        static ALL: LazyLock<Mutex<HashMap<TypeId, &'static SchemaValidator>>> =
            LazyLock::new(Mutex::default);
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(of).or_insert_with(|| Box::leak(Box::new(new())))
    }

    fn new(schema: &TypeSchema, read_only: Vec<String>) -> Self {
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .with_format("date-time", |text: &str| parse_timestamp(text).is_ok())
            .with_format("uri", is_http_url)
            .with_format("bcp47", |text: &str| {
                crate::http::language::canonical(text).is_ok()
            })
            .with_format("slug", crate::http::id_or_slug::is_slug)
            .build(&schema.document())
            .unwrap_or_else(|error| panic!("the schema of {} is invalid: {error}", schema.name));
        Self {
            validator,
            read_only,
        }
    }

    /// Removes the read-only fields, and finds every fault in the rest.
    pub fn check(&self, document: &mut Value) -> Result<(), Problem> {
        if let Some(fields) = document.as_object_mut() {
            fields.retain(|name, _| !self.read_only.contains(name));
        }
        let mut faults = Vec::new();
        too_many_fields(document, "", &mut faults);
        if !faults.is_empty() {
            return Err(Problem::Invalid(faults));
        }
        whole_numbers(document);
        faults = self
            .validator
            .iter_errors(document)
            .flat_map(|error| faults_of(&error))
            .collect();
        if faults.is_empty() {
            return Ok(());
        }
        faults.sort();
        faults.dedup();
        let all = faults.clone();
        faults.retain(|fault| !is_superseded(&all, fault));
        Err(Problem::Invalid(faults))
    }

    /// Validates and deserializes a document.
    pub fn read<T: DeserializeOwned>(&self, mut document: Value) -> Result<T, Problem> {
        self.check(&mut document)?;
        serde_path_to_error::deserialize(document).map_err(|error| {
            let pointer: String = error
                .path()
                .iter()
                .map(|step| format!("/{}", escape(&step.to_string())))
                .collect();
            Problem::Invalid(vec![Fault::at(
                pointer,
                FaultCode::Invalid,
                messages::not_in_schema(error.inner().to_string()),
            )])
        })
    }
}

fn too_many_fields(document: &Value, pointer: &str, faults: &mut Vec<Fault>) {
    match document {
        Value::Object(fields) if fields.len() > MOST_FIELDS => {
            faults.push(Fault::at(
                pointer,
                FaultCode::TooMany,
                messages::at_most_fields(MOST_FIELDS),
            ));
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                too_many_fields(value, &format!("{pointer}/{}", escape(name)), faults);
            }
        }
        // The schema limits a list's length; items beyond this many are not looked at.
        Value::Array(items) => {
            for (n, item) in items.iter().take(MOST_FIELDS).enumerate() {
                too_many_fields(item, &format!("{pointer}/{n}"), faults);
            }
        }
        _ => {}
    }
}

/// Writes `1.0` as `1`: JSON Schema takes both as integers, serde only the second.
fn whole_numbers(document: &mut Value) {
    match document {
        Value::Number(number) => {
            if let Some(float) = number
                .as_f64()
                .filter(|float| number.is_f64() && float.fract() == 0.0 && float.abs() < 1e15)
            {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "it is whole and small enough"
                )]
                let whole = float as i64;
                *document = whole.into();
            }
        }
        Value::Object(fields) => fields.values_mut().for_each(whole_numbers),
        Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        _ => {}
    }
}
