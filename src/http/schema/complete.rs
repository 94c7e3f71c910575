//! Completes the schemas of a type and all that it refers to.

use serde_json::{Map, Value, json};

use super::derived::{MARK, derive};
use super::patterns::write_pattern;
use super::reference_of;

/// Schemas as utoipa derived them, and those that are complete.
pub struct SchemaCompletion {
    derived: Map<String, Value>,
    /// Whether responses carry them.
    sent: bool,
    done: Map<String, Value>,
}

impl SchemaCompletion {
    pub fn of(derived: Map<String, Value>, sent: bool) -> Map<String, Value> {
        let names: Vec<String> = derived.keys().cloned().collect();
        let mut completion = Self {
            derived,
            sent,
            done: Map::new(),
        };
        for name in names {
            completion.completed(&name);
        }
        completion.done
    }

    /// The complete schema of this name.
    fn completed(&mut self, name: &str) -> Value {
        if let Some(done) = self.done.get(name) {
            return done.clone();
        }
        let mut schema = self.derived[name].clone();
        if let Some(mark) = schema.as_object_mut().and_then(|it| it.remove(MARK)) {
            let base = mark["from"].as_str().unwrap_or_default();
            let base = self.completed(base);
            self.write_out(&mut schema);
            schema = derive(&mark, base, schema);
        } else {
            self.join_parts(&mut schema);
            if self.sent {
                require_nullable(&mut schema);
            }
            self.write_out(&mut schema);
        }
        self.done.insert(name.to_owned(), schema.clone());
        schema
    }

    /// Joins the parts of a flattened struct to one object, which every generator of clients understands.
    fn join_parts(&self, schema: &mut Value) {
        let Some(parts) = schema.get_mut("allOf").map(Value::take) else {
            return;
        };
        let object = schema.as_object_mut().expect("a schema is an object");
        object.remove("allOf");
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for part in parts.as_array().into_iter().flatten() {
            let mut part = match reference_of(part) {
                Some(name) => self.derived[name].clone(),
                None => part.clone(),
            };
            self.join_parts(&mut part);
            properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
            required.extend(part["required"].as_array().cloned().unwrap_or_default());
        }
        object.insert("type".into(), json!("object"));
        object.insert("required".into(), required.into());
        object.insert("properties".into(), properties.into());
    }

    /// Writes a schema out: nullable references as nullable objects, an enum with a default as one schema, kinds of text as
    /// patterns.
    fn write_out(&mut self, schema: &mut Value) {
        if let Some(target) = nullable_reference(schema) {
            let description = schema["oneOf"]
                .as_array()
                .and_then(|choices| choices.iter().find_map(|choice| choice.get("description")))
                .cloned();
            *schema = self.completed(&target);
            schema["type"] = json!(["object", "null"]);
            // The resource with only some of its fields has an example of its own.
            if let (Some(object), true) = (
                schema.as_object_mut(),
                self.derived[&target].get(MARK).is_some(),
            ) {
                object.remove("example");
            }
            if let Some(description) = description {
                schema["description"] = description;
            }
            return;
        }
        if let Some(parts) = schema.get_mut("allOf").map(Value::take) {
            // An enum and its default.
            let parts = parts.as_array().into_iter().flatten().rev();
            let mut all = Map::new();
            all.extend(
                parts
                    .filter_map(Value::as_object)
                    .flatten()
                    .map(|(name, value)| (name.clone(), value.clone())),
            );
            *schema = all.into();
        }
        match schema {
            Value::Object(object) => {
                write_pattern(object);
                object.values_mut().for_each(|value| self.write_out(value));
            }
            Value::Array(list) => list.iter_mut().for_each(|value| self.write_out(value)),
            _ => {}
        }
    }
}

/// The schema that this one refers to, or allows null instead.
fn nullable_reference(schema: &Value) -> Option<String> {
    let choices = schema.get("oneOf")?.as_array()?;
    let [_, _] = choices.as_slice() else {
        return None;
    };
    choices.iter().find(|choice| choice["type"] == "null")?;
    choices.iter().find_map(reference_of).map(str::to_owned)
}

/// Requires every property that may be null: in a response a missing value is null. One that may not be null and has no
/// value is left out.
fn require_nullable(schema: &mut Value) {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return;
    };
    let names = properties
        .iter()
        .filter(|(name, schema)| {
            required.iter().any(|it| it == name.as_str()) || is_nullable(schema)
        })
        .map(|(name, _)| name.as_str());
    schema["required"] = names.collect();
}

fn is_nullable(schema: &Value) -> bool {
    let is_null = |schema: &Value| schema["type"] == "null";
    let types = schema["type"].as_array().into_iter().flatten();
    let choices = schema["oneOf"].as_array().into_iter().flatten();
    types.into_iter().any(|it| it == "null") || choices.into_iter().any(is_null)
}
