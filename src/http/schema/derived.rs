//! Types whose schema follows from that of another: the fields that `fields` selects, a patch, a page.

use std::borrow::Cow;
use std::marker::PhantomData;

use serde_json::{Map, Value, json};
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::schema::{AnyOfBuilder, ArrayBuilder, ObjectBuilder};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::NamedSchema;

/// Marks a schema that is completed from another.
pub const MARK: &str = "x-derived";

/// A type of which `fields` selects.
pub trait HasFields: ToSchema + 'static {
    /// Whether lists hold it.
    const IS_LISTED: bool = true;
    /// The most that one page has.
    const MAX_ITEMS: usize = 100;
    /// Fields that only come when they are asked for.
    const ON_REQUEST: &'static [&'static str] = &[];

    /// Fields that only a list can have; adds the schemas that they refer to.
    fn list_fields(_schemas: &mut Vec<NamedSchema>) -> Vec<(&'static str, RefOr<Schema>)> {
        Vec::new()
    }
}

/// A type with only those fields that `fields` selected.
#[derive(Debug)]
pub struct Selected<T>(PhantomData<fn() -> T>);

impl<T: HasFields> PartialSchema for Selected<T> {
    fn schema() -> RefOr<Schema> {
        let listed = T::IS_LISTED;
        let mark = json!({"as": "selected", "from": T::name(), "listed": listed, "on_request": T::ON_REQUEST});
        let fields = T::list_fields(&mut Vec::new()).into_iter();
        fields
            .fold(marked(&mark), |object, (name, schema)| {
                object.property(name, schema)
            })
            .into()
    }
}

impl<T: HasFields> ToSchema for Selected<T> {
    fn name() -> Cow<'static, str> {
        let kind = if T::IS_LISTED { "Listed" } else { "Partial" };
        format!("{kind}{}", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<NamedSchema>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
        T::list_fields(schemas);
    }
}

/// A type that a `POST` or `PUT` sends, and a `PATCH` some fields of.
pub trait Patchable: ToSchema + 'static {
    fn patch_example() -> Value;
}

/// A JSON Merge Patch (RFC 7396) of a type.
#[derive(Debug)]
pub struct Patch<T>(PhantomData<fn() -> T>);

impl<T: Patchable> PartialSchema for Patch<T> {
    fn schema() -> RefOr<Schema> {
        let mark = json!({"as": "patch", "from": T::name(), "example": T::patch_example()});
        marked(&mark).into()
    }
}

impl<T: Patchable> ToSchema for Patch<T> {
    fn name() -> Cow<'static, str> {
        let name = T::name();
        format!("{}Patch", name.strip_prefix("New").unwrap_or(&name)).into()
    }

    fn schemas(schemas: &mut Vec<NamedSchema>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

/// The schema of a page of such items, to which the caller adds properties; its example gets the example of the item.
pub fn derived_page<T: HasFields>(max_items: usize, example: &Value) -> ObjectBuilder {
    let mark = json!({"as": "page", "from": Selected::<T>::name(), "example": example});
    let selected = super::reference::<Selected<T>>();
    let item: RefOr<Schema> = match T::IS_LISTED {
        true => selected.into(),
        false => AnyOfBuilder::new()
            .item(super::reference::<T>())
            .item(selected)
            .into(),
    };
    let items = ArrayBuilder::new().items(item).max_items(Some(max_items));
    marked(&mark).property("items", items).required("items")
}

fn marked(mark: &Value) -> ObjectBuilder {
    let mark = ExtensionsBuilder::new().add(MARK, mark.clone()).build();
    ObjectBuilder::new().extensions(Some(mark))
}

/// Completes a marked schema from the complete one that it is derived from.
pub fn derive(mark: &Value, base: Value, schema: Value) -> Value {
    match mark["as"].as_str() {
        Some("selected") => selected(mark, base, schema),
        Some("patch") => patch(mark, base),
        _ => page(mark, &base, schema),
    }
}

fn selected(mark: &Value, mut selected: Value, own: Value) -> Value {
    let description = selected["description"].as_str().unwrap_or_default();
    let addition = match mark["listed"] == true {
        true => "In a list: `fields` selects which fields are present.",
        false => "With only the fields that `fields` selected.",
    };
    selected["description"] = format!("{description} {addition}").into();
    if let Some(example) = selected["example"].as_object_mut() {
        let on_request = mark["on_request"].as_array().into_iter().flatten();
        on_request.filter_map(Value::as_str).for_each(|name| {
            example.remove(name);
        });
    }
    if let (Some(properties), Some(own)) = (
        selected["properties"].as_object_mut(),
        own["properties"].as_object(),
    ) {
        properties.extend(own.clone());
    }
    require_nothing(&mut selected);
    let properties = selected["properties"].as_object_mut().into_iter().flatten();
    properties.for_each(|(_, inner)| require_nothing(inner));
    selected
}

/// Any field can be left out.
fn require_nothing(schema: &mut Value) {
    if let Some(object) = schema.as_object_mut() {
        object.remove("required");
    }
}

fn patch(mark: &Value, mut patch: Value) -> Value {
    patch["description"] = "A JSON Merge Patch (RFC 7396): `null` clears a field, a field that is left out stays. A `slug` that is \
        null stays as well. Read-only fields are ignored."
        .into();
    patch["example"] = mark["example"].clone();
    require_nothing(&mut patch);
    for (_, property) in patch["properties"].as_object_mut().into_iter().flatten() {
        // An object within is patched too.
        require_nothing(property);
        if let Some(property) = property.as_object_mut() {
            property.remove("default");
            allow_clearing(property);
        }
    }
    patch
}

/// A list that is cleared is an empty one; of a map, all entries or one can be cleared.
fn allow_clearing(property: &mut Map<String, Value>) {
    if property.get("type") == Some(&json!("array")) && !property.contains_key("minItems") {
        property.insert("type".into(), json!(["array", "null"]));
    }
    let values = property.get_mut("additionalProperties");
    if let Some(values) = values.filter(|values| values.is_object()) {
        values["type"] = json!(["string", "null"]);
        property.insert("type".into(), json!(["object", "null"]));
    }
}

fn page(mark: &Value, item: &Value, mut page: Value) -> Value {
    page["example"] = mark["example"].clone();
    page["example"]["items"] = json!([item["example"]]);
    page
}
