//! Types whose schema follows from that of another: an item of a list, a patch.

use std::borrow::Cow;
use std::marker::PhantomData;

use serde_json::{Map, Value, json};
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::NamedSchema;

/// Marks a schema that is completed from another.
pub const MARK: &str = "x-derived";

/// A type of which `fields` selects.
pub trait HasFields: ToSchema + 'static {
    /// The most that one page has.
    const MAX_ITEMS: usize = 100;
    /// Fields that lists have only when they are asked for.
    const ON_REQUEST: &'static [&'static str] = &[];

    /// Fields that only a list can have; adds the schemas that they refer to.
    fn list_fields(_schemas: &mut Vec<NamedSchema>) -> Vec<(&'static str, RefOr<Schema>)> {
        Vec::new()
    }
}

/// A type as an item of a list: the same, unless a list has fields that the type alone has not, or not all of its own.
#[derive(Debug)]
pub struct Listed<T>(PhantomData<fn() -> T>);

impl<T: HasFields> Listed<T> {
    fn is_same() -> bool {
        T::ON_REQUEST.is_empty() && T::list_fields(&mut Vec::new()).is_empty()
    }
}

impl<T: HasFields> PartialSchema for Listed<T> {
    fn schema() -> RefOr<Schema> {
        if Self::is_same() {
            return T::schema();
        }
        let mark = json!({"as": "listed", "from": T::name(), "on_request": T::ON_REQUEST});
        let fields = T::list_fields(&mut Vec::new()).into_iter();
        fields
            .fold(marked(&mark), |object, (name, schema)| {
                object.property(name, schema)
            })
            .into()
    }
}

impl<T: HasFields> ToSchema for Listed<T> {
    fn name() -> Cow<'static, str> {
        match Self::is_same() {
            true => T::name(),
            false => format!("Listed{}", T::name()).into(),
        }
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

/// The schema of a page of such items, to which the caller adds properties.
pub fn page_schema<T: HasFields>(max_items: usize) -> ObjectBuilder {
    let item = super::reference::<Listed<T>>();
    let items = ArrayBuilder::new().items(item).max_items(Some(max_items));
    ObjectBuilder::new()
        .property("items", items)
        .required("items")
}

fn marked(mark: &Value) -> ObjectBuilder {
    let mark = ExtensionsBuilder::new().add(MARK, mark.clone()).build();
    ObjectBuilder::new().extensions(Some(mark))
}

/// Completes a marked schema from the complete one that it is derived from.
pub fn derive(mark: &Value, base: Value, schema: Value) -> Value {
    match mark["as"].as_str() {
        Some("listed") => listed(mark, base, &schema),
        _ => patch(mark, base),
    }
}

fn listed(mark: &Value, mut listed: Value, own: &Value) -> Value {
    let on_request = mark["on_request"].as_array().into_iter().flatten();
    let on_request: Vec<&str> = on_request.filter_map(Value::as_str).collect();
    let description = listed["description"].as_str().unwrap_or_default();
    let mut description = format!("{description} In a list");
    if !on_request.is_empty() {
        let names = on_request.join("`, `");
        description =
            format!("{description}, where `{names}` are present only if `fields` names them");
    }
    listed["description"] = format!("{description}.").into();
    if let Some(example) = listed["example"].as_object_mut() {
        example.retain(|name, _| !on_request.contains(&name.as_str()));
    }
    if let Some(required) = listed["required"].as_array_mut() {
        required.retain(|name| !on_request.iter().any(|it| name == it));
    }
    if let (Some(properties), Some(own)) = (
        listed["properties"].as_object_mut(),
        own["properties"].as_object(),
    ) {
        properties.extend(own.clone());
    }
    listed
}

/// Any field can be left out.
pub fn require_nothing(schema: &mut Value) {
    if let Some(object) = schema.as_object_mut() {
        object.remove("required");
    }
}

fn patch(mark: &Value, mut patch: Value) -> Value {
    patch["description"] = "A JSON Merge Patch (RFC 7396): a field that is left out stays; `null` clears it, and so does the \
        parameter `clear`, for clients that can't send `null`. A `slug` that is null stays as well. Read-only fields are \
        ignored."
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
