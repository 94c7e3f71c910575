//! The examples of bodies: each stands once in the contract's components, under the name of its schema, and not in the
//! schema itself, where generators of clients would copy it into the comments of a type.

use serde_json::{Map, Value, json};

use crate::http::schema::reference_of;

/// Moves the examples of the schemas to the bodies of requests and responses.
pub fn share(document: &mut Value) {
    let mut schemas = document["components"]["schemas"].take();
    let schemas = schemas.as_object_mut().map(std::mem::take);
    let mut schemas = schemas.unwrap_or_default();
    let mut examples = Map::new();
    add_to_bodies(&mut document["paths"], &schemas, &mut examples);
    let responses = &mut document["components"]["responses"];
    add_to_bodies(responses, &schemas, &mut examples);
    schemas.values_mut().for_each(remove);
    examples.sort_keys();
    document["components"]["schemas"] = schemas.into();
    document["components"]["examples"] = examples.into();
}

fn remove(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.remove("example");
            object.values_mut().for_each(remove);
        }
        Value::Array(items) => items.iter_mut().for_each(remove),
        _ => {}
    }
}

fn add_to_bodies(
    value: &mut Value,
    schemas: &Map<String, Value>,
    examples: &mut Map<String, Value>,
) {
    match value {
        Value::Object(object) => {
            let media = object.get_mut("content").and_then(Value::as_object_mut);
            for (_, media) in media.into_iter().flatten() {
                let name = reference_of(&media["schema"]).map(str::to_owned);
                let name = name.filter(|_| media.get("examples").is_none());
                let Some(name) = name else { continue };
                let Some(value) = example_of(&name, schemas) else {
                    continue;
                };
                media["examples"] =
                    json!({"example": {"$ref": format!("#/components/examples/{name}")}});
                examples.insert(name, json!({"value": value}));
            }
            for (_, inner) in object {
                add_to_bodies(inner, schemas, examples);
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| add_to_bodies(item, schemas, examples)),
        _ => {}
    }
}

/// The example of a schema or, if it has none, one made of those of its properties and of what these refer to.
fn example_of(name: &str, schemas: &Map<String, Value>) -> Option<Value> {
    let schema = schemas.get(name)?;
    schema
        .get("example")
        .cloned()
        .or_else(|| made_of(schema, schemas))
}

fn made_of(schema: &Value, schemas: &Map<String, Value>) -> Option<Value> {
    if let Some(example) = schema.get("example").or_else(|| schema.get("const")) {
        return Some(example.clone());
    }
    if let Some(name) = reference_of(schema) {
        return example_of(name, schemas);
    }
    if let Some(first) = schema["oneOf"].get(0) {
        return made_of(first, schemas);
    }
    if let Some(items) = schema.get("items") {
        return Some(json!([made_of(items, schemas)?]));
    }
    if let Some(properties) = schema["properties"].as_object() {
        let required = schema["required"].as_array()?;
        let required = properties
            .iter()
            .filter(|(name, _)| required.iter().any(|it| it == *name));
        let members =
            required.map(|(name, property)| Some((name.clone(), made_of(property, schemas)?)));
        return members.collect::<Option<Map<_, _>>>().map(Value::Object);
    }
    let types = schema["type"].as_array()?;
    types.iter().any(|it| it == "null").then_some(Value::Null)
}
