//! The document's schemas: those of request bodies, which utoipa collects, and those of responses, which their types bring.

use serde_json::{Map, Value};

use crate::http::responses::CONTENT_SCHEMA;
use crate::http::schema::{TypeSchema, complete_received, reference_of};
use crate::problem::ProblemBody;

/// Every complete schema that is known, by name.
pub fn complete(collected: &mut Value) -> Map<String, Value> {
    let collected = collected.as_object_mut().map(std::mem::take);
    TypeSchema::sent::<ProblemBody<'static>>();
    let mut known = TypeSchema::all_sent();
    known.extend(complete_received(collected.unwrap_or_default()));
    known
}

/// The schemas that the document references, directly or through others, by name.
pub fn referenced(document: &Value, mut known: Map<String, Value>) -> Map<String, Value> {
    let mut found = Map::new();
    let mut names = Vec::new();
    add_references(document, &mut names);
    while let Some(name) = names.pop() {
        if let Some(schema) = known.remove(&name) {
            add_references(&schema, &mut names);
            found.insert(name, schema);
        }
    }
    found.sort_keys();
    found
}

/// Removes what says nothing to a client, or misleads generators.
///
/// - Formats that only this server knows and `uri` have a pattern (and some languages' types of URLs refuse what others
///   accept), those of whole numbers have limits.
/// - `uniqueItems`: generators make sets of such lists, which in some languages lose the order.
pub fn simplify(value: &mut Value) {
    match value {
        Value::Object(object) => {
            let format = object.get("format").and_then(Value::as_str);
            if format.is_some_and(|it| ["slug", "bcp47", "uri", "int32", "int64"].contains(&it)) {
                object.remove("format");
            }
            object.remove("uniqueItems");
            if let Some(content) = object.remove(CONTENT_SCHEMA) {
                object.insert("contentMediaType".into(), "application/json".into());
                object.insert("contentSchema".into(), content);
            }
            object.values_mut().for_each(simplify);
        }
        Value::Array(items) => items.iter_mut().for_each(simplify),
        _ => {}
    }
}

fn add_references(value: &Value, names: &mut Vec<String>) {
    names.extend(reference_of(value).map(str::to_owned));
    match value {
        Value::Object(object) => object.values().for_each(|it| add_references(it, names)),
        Value::Array(list) => list.iter().for_each(|it| add_references(it, names)),
        _ => {}
    }
}
