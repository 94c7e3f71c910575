//! Parameters that operations of one kind share.

use serde_json::{Map, Value, json};

use super::operations::Facts;
use crate::http::parameter_types::NAMED;
use crate::http::schema::SCHEMAS;
use crate::idempotency::LONGEST_KEY;

/// A path parameter that names something in the sample content, by the resource.
const SAMPLES: [(&str, &str); 6] = [
    ("headlines", "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d13"),
    ("articles", "tadla-arroser-la-nuit"),
    ("categories", "economie"),
    ("authors", "meriem-aghzafi"),
    ("tags", "cooperatives"),
    ("keys", "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d41"),
];

/// Adds to the parameters of an operation. What is optional has no `example`: tools that try an operation out would send it.
pub fn complete(facts: &Facts, path: &str, operation: &mut Value) {
    let mut parameters = match operation["parameters"].take() {
        Value::Array(parameters) => parameters,
        _ => Vec::new(),
    };
    for parameter in &mut parameters {
        refer_to_named(&mut parameter["schema"]);
        let resource = path.split('/').nth(2);
        let sample = SAMPLES.iter().find(|(name, _)| Some(*name) == resource);
        if let (true, Some((_, sample))) = (parameter["in"] == "path", sample) {
            parameter["example"] = (*sample).into();
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
            "description": "The `ETag` of a stored response: 304 if it is still current. For example: `\"0123456789abcdef01234567\"`.",
            "schema": {"type": "string"},
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

fn preconditions(facts: &Facts) -> Vec<Value> {
    let mut parameters = vec![
        json!({
            "name": "If-Match", "in": "header", "required": false,
            "description": "The `ETag` of the version to change: 412 if the current version is another. For example: `\"1-5f0c2b7a9e1d-0123456789abcdef01234567\"`.",
            "schema": {"type": "string", "pattern": "^(\\*|(W/)?\"[!#-~]*\"(, (W/)?\"[!#-~]*\")*)$"},
        }),
        json!({
            "name": "If-Unmodified-Since", "in": "header", "required": false,
            "description": "The `updated_at` of the version to change, as an HTTP date, where there is no `If-Match`: 412 if it has changed since. Two changes within one second can't be told apart. For example: `Mon, 23 Nov 2026 14:00:00 GMT`.",
            "schema": {"type": "string"},
        }),
    ];
    if facts.method == "put" {
        parameters.push(json!({
            "name": "If-None-Match", "in": "header", "required": false,
            "description": "`*`: only create, never replace.",
            "schema": {"type": "string"},
        }));
    }
    parameters
}

fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "Identifies the request, so that a repetition within 24 hours gets the stored response instead of being executed again. A UUID, for example: `8e03978e-40d5-43dd-bc93-6894a57f9324`.",
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
    })
}
