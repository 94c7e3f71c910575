//! Reading JSON by path.

use serde_json::Value;

/// Paths are JSON pointers (`/items/0/title`); a `*` stands for every element of an array (`/items/*/title`).
pub trait JsonPath {
    /// The value at this path, which must exist.
    fn at(&self, path: &str) -> &Value;

    /// The string at this path.
    fn text(&self, path: &str) -> &str;

    /// The array at this path.
    fn list(&self, path: &str) -> &[Value];

    /// Every value that a path with `*` matches, in document order.
    fn all(&self, path: &str) -> Vec<&Value>;

    /// The same as strings; what is no string is written as JSON.
    fn texts(&self, path: &str) -> Vec<String>;
}

impl JsonPath for Value {
    #[track_caller]
    fn at(&self, path: &str) -> &Value {
        match self.pointer(path) {
            Some(value) => value,
            None => panic!("no {path} in {self}"),
        }
    }

    #[track_caller]
    fn text(&self, path: &str) -> &str {
        match self.at(path) {
            Value::String(text) => text,
            other => panic!("{path} is {other}, no string, in {self}"),
        }
    }

    #[track_caller]
    fn list(&self, path: &str) -> &[Value] {
        match self.at(path) {
            Value::Array(elements) => elements,
            other => panic!("{path} is {other}, no array, in {self}"),
        }
    }

    #[track_caller]
    fn all(&self, path: &str) -> Vec<&Value> {
        let mut parts = path.split("/*");
        let first = parts.next().unwrap_or_default();
        let mut values = vec![self.at(first)];
        for part in parts {
            let mut next = Vec::new();
            for array in values {
                next.extend(array.list("").iter().map(|element| element.at(part)));
            }
            values = next;
        }
        values
    }

    #[track_caller]
    fn texts(&self, path: &str) -> Vec<String> {
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        self.all(path).into_iter().map(text).collect()
    }
}

/// The path of a resource: `path_of("articles", &article)`.
#[track_caller]
pub fn path_of(list: &str, resource: &Value) -> String {
    format!("/v1/{list}/{}", resource.text("/id"))
}

/// A document with the fields of another on top.
pub fn with(mut document: Value, more: Value) -> Value {
    if let (Value::Object(document), Value::Object(more)) = (&mut document, more) {
        document.extend(more);
    }
    document
}

/// A document without the `id` of each of its resources, which `fields` always leaves there; those within others stay.
pub fn without_id(document: &Value) -> Value {
    let mut document = document.clone();
    match &mut document {
        Value::Object(object) => {
            object.shift_remove("id");
            for name in ["items", "children"] {
                if let Some(inner) = object.get_mut(name) {
                    *inner = without_id(inner);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = without_id(item)),
        _ => {}
    }
    document
}
