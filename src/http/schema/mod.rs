//! The JSON Schema of a type, as the contract publishes it and as requests are validated against it.
//!
//! utoipa derives a schema for each type alone. Here a type and all that it refers to become what clients' generators
//! understand: flattened parts joined, kinds of text as patterns, defaults of request bodies in words.

mod complete;
mod derived;
mod fields;
mod patterns;

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa::openapi::{Ref, RefOr, Schema};

pub use derived::{HasFields, Listed, Patch, Patchable, page_schema};
pub use fields::{Field, FieldNames};
pub use patterns::write_pattern;

use complete::{SchemaCompletion, nullable_reference, write_out_nullable};

/// Where a reference to a schema begins.
pub const SCHEMAS: &str = "#/components/schemas/";

/// A name and a schema, as utoipa collects them.
pub type NamedSchema = (String, RefOr<Schema>);

/// The schema of a type and those that it refers to, by their names in the contract.
#[derive(Debug)]
pub struct TypeSchema {
    pub name: String,
    pub components: Map<String, Value>,
}

impl TypeSchema {
    /// The schema of a type that responses carry: every field is present, a missing value is null.
    pub fn sent<T: ToSchema + 'static>() -> &'static Self {
        Self::cached::<T>(&SENT, true)
    }

    /// All schemas of types that responses carry, by name: of every type that [`Self::sent`] was asked for.
    pub fn all_sent() -> Map<String, Value> {
        let all = SENT.lock().unwrap_or_else(PoisonError::into_inner);
        let components = all.values().flat_map(|schema| schema.components.clone());
        components.collect()
    }

    /// The schema of a type that requests carry.
    pub fn received<T: ToSchema + 'static>() -> &'static Self {
        static RECEIVED: Cache = LazyLock::new(Mutex::default);
        Self::cached::<T>(&RECEIVED, false)
    }

    /// The type's own schema.
    pub fn root(&self) -> &Value {
        &self.components[&self.name]
    }

    /// The names of its properties.
    pub fn properties(&self) -> impl Iterator<Item = &String> {
        let properties = self.root()["properties"].as_object();
        properties.into_iter().flat_map(Map::keys)
    }

    /// The schema that this one is or refers to, null aside.
    pub fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let nullable = nullable_reference(schema);
        let name = nullable.as_deref().or_else(|| reference_of(schema));
        name.map_or(schema, |name| &self.components[name])
    }

    /// As a document of its own, for a validator.
    pub fn document(&self) -> Value {
        let mut schemas = Value::Object(self.components.clone());
        write_out_nullable(&mut schemas, &self.components);
        json!({
            "$ref": format!("{SCHEMAS}{}", self.name),
            "components": {"schemas": schemas},
        })
    }

    fn cached<T: ToSchema + 'static>(cache: &Cache, sent: bool) -> &'static Self {
        let known = |all: &HashMap<_, &'static Self>| all.get(&TypeId::of::<T>()).copied();
        if let Some(schema) = known(&cache.lock().unwrap_or_else(PoisonError::into_inner)) {
            return schema;
        }
        let mut collected = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut collected);
        let schema = Self {
            name: T::name().into_owned(),
            components: SchemaCompletion::of(as_json(collected), sent),
        };
        let mut all = cache.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(TypeId::of::<T>())
            .or_insert_with(|| Box::leak(Box::new(schema)))
    }
}

static SENT: Cache = LazyLock::new(Mutex::default);

/// One schema for each type, made once and kept as long as the process runs.
type Cache = LazyLock<Mutex<HashMap<TypeId, &'static TypeSchema>>>;

/// Schemas of request bodies, as utoipa collected them for a document.
pub fn complete_received(collected: Map<String, Value>) -> Map<String, Value> {
    SchemaCompletion::of(collected, false)
}

/// A reference to the schema of a type.
pub fn reference<T: ToSchema>() -> Ref {
    Ref::from_schema_name(T::name())
}

/// The name in `{"$ref": "#/components/schemas/NAME"}`.
pub fn reference_of(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix(SCHEMAS)
}

fn as_json(collected: Vec<NamedSchema>) -> Map<String, Value> {
    let json = |(name, schema)| {
        let schema = serde_json::to_value(&schema).expect("a schema is JSON");
        (name, schema)
    };
    collected.into_iter().map(json).collect()
}
