//! The names of a type's fields, which `fields` can select.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use serde_json::Value;

use super::{HasFields, TypeSchema};

/// A field, and the names of the fields within it where that is an object or a list of objects.
#[derive(Debug)]
pub struct Field {
    pub name: String,
    pub inner: Vec<String>,
}

/// The fields of a type, in the order in which they are sent.
pub struct FieldNames;

impl FieldNames {
    pub fn of<T: HasFields>() -> &'static [Field] {
        static ALL: LazyLock<Mutex<HashMap<TypeId, &'static [Field]>>> =
            LazyLock::new(Mutex::default);
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(TypeId::of::<T>())
            .or_insert_with(|| Box::leak(read::<T>().into_boxed_slice()))
    }
}

fn read<T: HasFields>() -> Vec<Field> {
    let schema = TypeSchema::sent::<T>();
    let names = |schema: &Value| -> Vec<String> {
        let properties = schema["properties"].as_object();
        let names = properties.into_iter().flat_map(|all| all.keys().cloned());
        names.collect()
    };
    // A union has the fields of all its types.
    let union = schema.root()["oneOf"].as_array().into_iter().flatten();
    let types = union.map(|it| schema.resolve(it)).chain([schema.root()]);
    let properties = types.filter_map(|it| it["properties"].as_object());
    let mut fields: Vec<Field> = Vec::new();
    for (name, field) in properties.flatten() {
        if fields.iter().all(|known| known.name != *name) {
            fields.push(Field {
                name: name.clone(),
                inner: names(schema.resolve(field.get("items").unwrap_or(field))),
            });
        }
    }
    fields
}
