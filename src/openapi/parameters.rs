//! Parameters that operations of one kind share.

use serde_json::{Map, Value, json};

use super::operations::Facts;
use crate::http::parameter_types::NAMED;
use crate::http::schema::{SCHEMAS, reference_of};
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
        refer_to_named(&mut parameter["schema"]);
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

/// Refers to the schema of an enum by its name.
fn refer_to_named(schema: &mut Value) {
    let Some(name) = schema.as_object_mut().and_then(|it| it.remove(NAMED)) else {
        return;
    };
    let name = name.as_str().unwrap_or_default();
    let named = json!({"$ref": format!("{SCHEMAS}{name}")});
    *schema = match schema.get("default") {
        Some(default) => json!({"allOf": [named], "default": default}),
        None => named,
    };
}

/// Moves the parameters that several operations have to the contract's components, each described once. Of several of one
/// name, the one that most operations have keeps it.
pub fn share(paths: &mut Map<String, Value>) -> Value {
    let mut uses: Vec<(Value, String, usize)> = Vec::new();
    for_each(paths, |place, parameter| {
        match uses.iter_mut().find(|(known, ..)| known == parameter) {
            Some((.., count)) => *count += 1,
            None => uses.push((parameter.clone(), place.to_owned(), 1)),
        }
    });
    uses.retain(|(.., count)| *count > 1);
    uses.sort_by_key(|(.., count)| std::cmp::Reverse(*count));
    let mut components = Map::new();
    let mut names = Vec::new();
    for (parameter, place, _) in uses {
        let name = parameter["name"].as_str().unwrap_or_default();
        let name = match components.contains_key(name) {
            true => format!("{place}_{name}"),
            false => name.to_owned(),
        };
        names.push((parameter.clone(), name.clone()));
        components.insert(name, parameter);
    }
    for_each(paths, |_, parameter| {
        if let Some((_, name)) = names.iter().find(|(known, _)| known == parameter) {
            *parameter = json!({"$ref": format!("#/components/parameters/{name}")});
        }
    });
    components.sort_keys();
    components.into()
}

/// Calls a function for each parameter, with the name of the operation or, for a parameter in the path, of the resource.
fn for_each(paths: &mut Map<String, Value>, mut call: impl FnMut(&str, &mut Value)) {
    for (path, operations) in paths {
        let resource = path.split('/').nth(2).unwrap_or_default();
        for (_, operation) in operations.as_object_mut().into_iter().flatten() {
            let operation_id = operation["operationId"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            for parameter in operation["parameters"].as_array_mut().into_iter().flatten() {
                let place = match parameter["in"] == "path" {
                    true => resource,
                    false => &operation_id,
                };
                call(place, parameter);
            }
        }
    }
}

/// An example of `fields` for a response whose type has no `id`: its first two fields and one within another.
fn fields_example(operation: &Value, schemas: &Map<String, Value>) -> Option<String> {
    let resolve = |schema: &Value| {
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
