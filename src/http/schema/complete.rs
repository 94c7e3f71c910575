//! Completes the schemas of a type and all that it refers to.

use serde_json::{Map, Value, json};

use super::derived::{MARK, derive, require_nothing};
use super::patterns::write_pattern;
use super::{SCHEMAS, reference_of};

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
        let mut done = completion.done;
        if !sent {
            rename_received(&mut done);
            done.values_mut().for_each(describe_defaults);
        }
        done
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
            simplify(&mut schema, self.sent);
            schema = derive(&mark, base, schema);
            if mark["as"] == "patch" {
                self.patch_within(&mut schema);
            }
        } else {
            self.join_parts(&mut schema);
            if self.sent {
                require_nullable(&mut schema);
            }
            simplify(&mut schema, self.sent);
        }
        self.done.insert(name.to_owned(), schema.clone());
        schema
    }

    /// Lets a patch change some fields of an object within: such an object has a patch of its own.
    fn patch_within(&mut self, patch: &mut Value) {
        let properties = patch["properties"].as_object_mut().into_iter().flatten();
        for (_, property) in properties {
            let Some(target) = nullable_reference(property) else {
                continue;
            };
            let mut inner = self.completed(&target);
            if inner.get("properties").is_none() {
                continue;
            }
            require_nothing(&mut inner);
            let name = format!("{target}Patch");
            property["oneOf"][0] = json!({"$ref": format!("{SCHEMAS}{name}")});
            self.done.insert(name, inner);
        }
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
}

/// Writes a schema in the forms that generators of clients understand: a nullable reference as the reference or null, an
/// enum with a default as one schema, the tag of a union as a constant, kinds of text as patterns.
fn simplify(schema: &mut Value, sent: bool) {
    if let Some(target) = nullable_reference(schema) {
        let choices = schema["oneOf"].as_array().into_iter().flatten();
        let description = choices
            .filter_map(|choice| choice.get("description"))
            .next()
            .cloned();
        *schema = json!({"oneOf": [{"$ref": format!("{SCHEMAS}{target}")}, {"type": "null"}]});
        if let Some(description) = description {
            schema["description"] = description;
        }
        return;
    }
    if let Some(parts) = schema.get_mut("allOf").map(Value::take) {
        // An enum and its default.
        let parts = parts.as_array().into_iter().flatten().rev();
        let parts = parts.filter_map(Value::as_object).flatten();
        *schema = parts
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
    }
    match schema {
        Value::Object(object) => {
            write_pattern(object, sent);
            write_constant(object);
            let inner = object.values_mut();
            inner.for_each(|value| simplify(value, sent));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| simplify(value, sent)),
        _ => {}
    }
}

/// An enum with one value is a constant.
fn write_constant(schema: &mut Map<String, Value>) {
    if let Some([value]) = schema
        .get("enum")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    {
        let value = value.clone();
        schema.remove("enum");
        schema.insert("const".into(), value);
    }
}

/// Gives a type that responses carry as well a name of its own in requests, where fields may be left out.
fn rename_received(schemas: &mut Map<String, Value>) {
    let differs = |schema: &Value| {
        let mut sent = schema.clone();
        require_nullable(&mut sent);
        sent.get("required") != schema.get("required") && schema.get("properties").is_some()
    };
    let is_own = |name: &str| name.starts_with("New") || name.ends_with("Patch");
    let shared = schemas
        .iter()
        .filter(|(name, schema)| !is_own(name) && differs(schema));
    let shared: Vec<String> = shared.map(|(name, _)| name.clone()).collect();
    for schema in schemas.values_mut() {
        rename_references(schema, &shared);
    }
    for name in shared {
        if let Some(schema) = schemas.remove(&name) {
            schemas.insert(format!("New{name}"), schema);
        }
    }
}

fn rename_references(schema: &mut Value, shared: &[String]) {
    let name = reference_of(schema).filter(|name| shared.iter().any(|it| it == name));
    if let Some(name) = name.map(str::to_owned) {
        schema["$ref"] = format!("{SCHEMAS}New{name}").into();
    }
    match schema {
        Value::Object(object) => {
            let inner = object.values_mut();
            inner.for_each(|value| rename_references(value, shared));
        }
        Value::Array(list) => list
            .iter_mut()
            .for_each(|value| rename_references(value, shared)),
        _ => {}
    }
}

/// Says the defaults of a request body in words: of a field with `default`, generators make one that is required.
fn describe_defaults(schema: &mut Value) {
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (_, property) in properties.into_iter().flatten() {
        let Some(default) = property.as_object_mut().and_then(|it| it.remove("default")) else {
            continue;
        };
        let default = match &default {
            Value::Array(_) | Value::Object(_) => "empty".to_owned(),
            Value::String(word) => format!("`{word}`"),
            other => format!("`{other}`"),
        };
        let description = property["description"].as_str().unwrap_or_default();
        let description = format!("{description} Default: {default}.");
        property["description"] = description.trim_start().into();
    }
}

/// Writes nullable references out, because a fault within a `oneOf` has no place.
pub fn write_out_nullable(schema: &mut Value, schemas: &Map<String, Value>) {
    if let Some(target) = nullable_reference(schema) {
        let mut target = schemas[&target].clone();
        target["type"] = json!([target["type"], "null"]);
        if let Some(words) = target.get_mut("enum").and_then(Value::as_array_mut) {
            words.push(Value::Null);
        }
        *schema = target;
    }
    match schema {
        Value::Object(object) => {
            let inner = object.values_mut();
            inner.for_each(|value| write_out_nullable(value, schemas));
        }
        Value::Array(list) => list
            .iter_mut()
            .for_each(|value| write_out_nullable(value, schemas)),
        _ => {}
    }
}

/// The schema that this one refers to, or allows null instead.
pub fn nullable_reference(schema: &Value) -> Option<String> {
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
