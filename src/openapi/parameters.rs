//! Parameters that operations of one kind share.

use serde_json::{Map, Value, json};

use super::operations::Facts;
use crate::http::schema::reference_of;
use crate::idempotency::LONGEST_KEY;

pub fn complete(facts: &Facts, operation: &mut Value, schemas: &Map<String, Value>) {
    let example = facts
        .takes_fields
        .then(|| fields_example(operation, schemas))
        .flatten();
    let mut parameters = match operation["parameters"].take() {
        Value::Array(parameters) => parameters,
        _ => Vec::new(),
    };
    for parameter in &mut parameters {
        if let (Some(example), true) = (&example, parameter["name"] == "fields") {
            parameter["example"] = example.as_str().into();
        }
    }
    if facts.is_conditional() {
        parameters.extend(preconditions(facts));
    }
    if facts.method == "post" {
        parameters.push(idempotency_key());
    }
    if facts.reads {
        parameters.push(json!({
            "name": "If-None-Match", "in": "header", "required": false,
            "description": "The `ETag` of a stored response: 304 if it is still current.",
            "schema": {"type": "string"}, "example": "\"0123456789abcdef01234567\"",
        }));
    }
    operation["parameters"] = parameters.into();
}

/// An example of `fields` for a response whose type has no `id`: its first two fields and one within another.
fn fields_example(operation: &Value, schemas: &Map<String, Value>) -> Option<String> {
    let resolve = |schema: &Value| {
        let schema = schema["anyOf"].get(0).unwrap_or(schema);
        let known = reference_of(schema).and_then(|name| schemas.get(name));
        known.cloned()
    };
    let body = resolve(&operation["responses"]["200"]["content"]["application/json"]["schema"])?;
    let item = resolve(&body["properties"]["items"]["items"]).unwrap_or(body);
    let properties = item["properties"].as_object()?;
    if properties.contains_key("id") {
        return None;
    }
    let within = properties.iter().find_map(|(name, schema)| {
        let schema = schema.get("items").unwrap_or(schema);
        let schema = resolve(schema).unwrap_or_else(|| schema.clone());
        let inner = schema["properties"].as_object()?;
        let (inner, _) = inner.get_key_value("slug").or(inner.iter().nth(1))?;
        Some(format!("{name}.{inner}"))
    });
    let names = properties.keys().take(2).cloned().chain(within);
    Some(names.collect::<Vec<_>>().join(","))
}

fn preconditions(facts: &Facts) -> Vec<Value> {
    let mut parameters = vec![
        json!({
            "name": "If-Match", "in": "header", "required": false,
            "description": "The `ETag` of the version to change: 412 if the current version is another.",
            "schema": {"type": "string", "pattern": "^(\\*|(W/)?\"[!#-~]*\"(, (W/)?\"[!#-~]*\")*)$"},
            "example": "\"1-5f0c2b7a9e1d-0123456789abcdef01234567\"",
        }),
        json!({
            "name": "If-Unmodified-Since", "in": "header", "required": false,
            "description": "The `updated_at` of the version to change, as an HTTP date, where there is no `If-Match`: 412 if it has changed since. Two changes within one second can't be told apart.",
            "schema": {"type": "string"}, "example": "Mon, 23 Nov 2026 14:00:00 GMT",
        }),
    ];
    if facts.method == "put" {
        parameters.push(json!({
            "name": "If-None-Match", "in": "header", "required": false,
            "description": "`*`: only create, never replace.",
            "schema": {"type": "string"}, "example": "*",
        }));
    }
    parameters
}

fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "Identifies the request, so that a repetition within 24 hours gets the stored response instead of being executed again. A UUID, for example.",
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
        "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
    })
}
